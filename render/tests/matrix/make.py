"""Encodes a small phantom in every way other people's encoders can, and writes what other people's decoders make of it.

Run in this folder: python make.py. Needs dcmtk on the path and Python with pydicom, pylibjpeg (openjpeg, libjpeg, rle), imagecodecs and
numpy; PROVENANCE.md has the versions. Writes NAME.dcm, NAME.raw (the samples of the first frame, little endian, pixel by pixel) and, where
dcmtk can draw the samples, NAME.pnm.
"""
import copy
import pathlib
import subprocess
import tempfile
import zlib

import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

HERE = pathlib.Path(__file__).parent
W, H = 32, 24
LOSSY = {}

for old in [*HERE.glob("*.dcm"), *HERE.glob("*.raw"), *HERE.glob("*.pnm")]:
    old.unlink()


def phantom(top):
    """A disc on a slope with some texture, from 0 to about top."""
    y, x = np.mgrid[0:H, 0:W].astype(float)
    slope = (x / (W - 1) * 0.5 + y / (H - 1) * 0.25)
    disc = (((x - 18) / 9) ** 2 + ((y - 11) / 7) ** 2 < 1) * 0.2
    texture = 0.05 * np.random.default_rng(5).random((H, W))
    return np.clip((slope + disc + texture) * top, 0, top)


def colours():
    grey = phantom(255)
    y, x = np.mgrid[0:H, 0:W]
    return np.stack([grey, 255 - grey[:, ::-1], np.where((x // 8 + y // 8) % 2, 200, 60) + grey * 0.2], axis=-1).round().clip(0, 255).astype(np.uint8)


def ycbcr(rgb, partial=False):
    r, g, b = (rgb[..., i].astype(float) for i in range(3))
    y, cb, cr = 0.299 * r + 0.587 * g + 0.114 * b, None, None
    cb, cr = (b - y) / 1.772 + 128, (r - y) / 1.402 + 128
    if partial:
        y, cb, cr = 16 + y * 219 / 255, 128 + (cb - 128) * 224 / 255, 128 + (cr - 128) * 224 / 255
    return np.stack([y, cb, cr], axis=-1).round().clip(0, 255).astype(np.uint8)


def image(samples, photometric="MONOCHROME2", stored=None, signed=None, high=None, **more):
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.SOPInstanceUID = "2.25.1"
    ds.Modality = "OT"
    ds.Rows, ds.Columns = samples.shape[:2]
    ds.SamplesPerPixel = 3 if samples.ndim == 3 else 1
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated = samples.dtype.itemsize * 8
    if samples.dtype.kind != "f":
        ds.BitsStored = stored or ds.BitsAllocated
        ds.HighBit = high if high is not None else ds.BitsStored - 1
        ds.PixelRepresentation = int(samples.dtype.kind == "i" if signed is None else signed)
    if samples.ndim == 3:
        ds.PlanarConfiguration = 0
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def meta(syntax):
    m = FileMetaDataset()
    m.MediaStorageSOPClassUID, m.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "2.25.1"
    m.TransferSyntaxUID = UID(syntax)
    m.ImplementationClassUID = "2.25.2"
    return m


def padded(data):
    return data + b"\0" * (len(data) % 2)


def write(name, ds, syntax, data, vr=None, fragments=False):
    ds = copy.deepcopy(ds)
    ds.file_meta = meta(syntax)
    if fragments:
        ds.PixelData = encapsulate([data])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    elif vr in ("OF", "OD"):
        ds.add_new(0x7FE00008 if vr == "OF" else 0x7FE00009, vr, data)
    else:
        ds.PixelData = padded(data)
        ds["PixelData"].VR = vr or ("OW" if ds.BitsAllocated > 8 else "OB")
    if fragments:  # pydicom knows neither deflated frames nor JPEG XL
        from pydicom.filebase import DicomBytesIO
        from pydicom.filewriter import write_dataset, write_file_meta_info
        out = DicomBytesIO()
        out.write(b"\0" * 128 + b"DICM")
        write_file_meta_info(out, ds.file_meta, enforce_standard=True)
        out.is_little_endian, out.is_implicit_VR = True, False
        write_dataset(out, ds)
        (HERE / f"{name}.dcm").write_bytes(out.getvalue())
        return
    implicit, little = syntax == "1.2.840.10008.1.2", syntax != "1.2.840.10008.1.2.2"
    if syntax == "1.2.840.10008.1.2.1.99":
        pydicom.dcmwrite(HERE / f"{name}.dcm", ds, enforce_file_format=True)
    else:
        pydicom.dcmwrite(HERE / f"{name}.dcm", ds, implicit_vr=implicit, little_endian=little, enforce_file_format=True)


def reference(name, samples):
    samples = np.ascontiguousarray(samples)
    (HERE / f"{name}.raw").write_bytes(samples.astype(samples.dtype.newbyteorder("<")).tobytes())


def drawn(name, ds, samples, *options):
    """The picture that dcmtk draws of these samples."""
    with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
        native = copy.deepcopy(ds)
        native.file_meta = meta(ExplicitVRLittleEndian)
        native.PixelData = padded(np.ascontiguousarray(samples).tobytes())
        native["PixelData"].VR = "OW" if native.BitsAllocated > 8 else "OB"
        pydicom.dcmwrite(file.name, native, implicit_vr=False, little_endian=True, enforce_file_format=True)
        subprocess.run(["dcmj2pnm", "-q", *(options or ["-W" if "WindowCenter" not in ds else "+Wi", *(["1"] if "WindowCenter" in ds else [])]), "--write-raw-pnm", file.name, HERE / f"{name}.pnm"], check=True)


g8 = phantom(255).round().astype(np.uint8)
g12 = phantom(4095).round().astype(np.uint16)
g16 = phantom(65535).round().astype(np.uint16)
s16 = (phantom(6000) - 2000).round().astype(np.int16)
s12 = (phantom(4000) - 2000).round().astype(np.int16)
rgb = colours()
window = dict(WindowCenter="1900", WindowWidth="2500")
GREY = {
    "grey8": (image(g8), g8),
    "grey12": (image(g12, stored=12, **window), g12),
    "grey16": (image(g16, WindowCenter="30000", WindowWidth="40000"), g16),
    "signed16": (image(s16, WindowCenter="400", WindowWidth="3000"), s16),
}
RGB = {"rgb8": (image(rgb, "RGB"), rgb)}
ALL = GREY | RGB

# Native, in every order of bytes.
palette = dict(
    RedPaletteColorLookupTableDescriptor=[256, 0, 16], GreenPaletteColorLookupTableDescriptor=[256, 0, 16],
    BluePaletteColorLookupTableDescriptor=[256, 0, 16],
)
ramp = np.arange(256, dtype=np.uint16) * 257
for channel, values in [("Red", ramp), ("Green", ramp[::-1]), ("Blue", (ramp // 2 + 16384).astype(np.uint16))]:
    palette[f"{channel}PaletteColorLookupTableData"] = np.ascontiguousarray(values).tobytes()
wide = phantom(2**31).astype(np.uint32)
wide_signed = (phantom(2**31) - 2**30).astype(np.int32)
bits = (phantom(1) > 0.5).astype(np.uint8)
NATIVE = ALL | {
    "grey12-high15": (image(g12 << 4, stored=12, high=15, **window), (g12 << 4).astype(np.uint16)),
    "signed12": (image(s12, stored=12, WindowCenter="0", WindowWidth="2000"), s12),
    "grey32": (image(wide, WindowCenter="1000000000", WindowWidth="1500000000"), wide),
    "signed32": (image(wide_signed, WindowCenter="0", WindowWidth="1500000000"), wide_signed),
    "palette8": (image(g8, "PALETTE COLOR", **palette), g8),
    "mono1": (image(g8, "MONOCHROME1"), g8),
    "ybr-full": (image(ycbcr(rgb), "YBR_FULL"), ycbcr(rgb)),
    "rgb16": (image(rgb.astype(np.uint16) * 257, "RGB"), (rgb.astype(np.uint16) * 257)),
}
SYNTAXES = {"implicit": "1.2.840.10008.1.2", "explicit": "1.2.840.10008.1.2.1", "big": "1.2.840.10008.1.2.2", "deflated": "1.2.840.10008.1.2.1.99"}
for label, syntax in SYNTAXES.items():
    for kind, (ds, samples) in NATIVE.items():
        if label in ("implicit", "deflated") and kind not in ("grey12", "rgb8", "palette8"):
            continue
        name = f"{label}-{kind}"
        order = ">" if label == "big" else "<"
        data = np.ascontiguousarray(samples).astype(samples.dtype.newbyteorder(order)).tobytes()
        source = copy.deepcopy(ds)
        if label == "big" and "palette" in kind:  # pydicom writes words as they are given
            for channel in ("Red", "Green", "Blue"):
                keyword = f"{channel}PaletteColorLookupTableData"
                setattr(source, keyword, np.frombuffer(source[keyword].value, "<u2").astype(">u2").tobytes())
        write(name, source, syntax, data)
        reference(name, samples)
        if kind not in ("grey32", "signed32"):
            drawn(name, ds, samples)
planes = np.ascontiguousarray(rgb.transpose(2, 0, 1))
planar = image(rgb, "RGB")
planar.PlanarConfiguration = 1
write("explicit-rgb8-planar", planar, ExplicitVRLittleEndian, planes.tobytes())
reference("explicit-rgb8-planar", rgb)
drawn("explicit-rgb8-planar", RGB["rgb8"][0], rgb)
packed = np.packbits(bits.ravel(), bitorder="little")
one = image(bits)
one.BitsAllocated, one.BitsStored, one.HighBit = 1, 1, 0
write("explicit-grey1", one, ExplicitVRLittleEndian, packed.tobytes(), vr="OB")
(HERE / "explicit-grey1.raw").write_bytes(packed.tobytes())
for kind, dtype, vr in [("float", np.float32, "OF"), ("double", np.float64, "OD")]:
    samples = (phantom(3) - 1).astype(dtype)
    write(f"explicit-{kind}", image(samples, WindowCenter="0.5", WindowWidth="2", VOILUTFunction="LINEAR_EXACT"), ExplicitVRLittleEndian, samples.tobytes(), vr=vr)
    reference(f"explicit-{kind}", samples)
    levels = np.clip((samples.astype(float) - 0.5) / 2 + 0.5, 0, 1) * 255
    (HERE / f"explicit-{kind}.pnm").write_bytes(b"P5\n%d %d\n255\n" % (W, H) + levels.round().astype(np.uint8).tobytes())
for kind, partial in [("ybr-full-422", False), ("ybr-partial-422", True)]:
    full = ycbcr(rgb, partial)
    pairs = full.reshape(H, W // 2, 2, 3)
    shared = np.stack([pairs[:, :, 0, 0], pairs[:, :, 1, 0], pairs[:, :, :, 1].mean(axis=2).round(), pairs[:, :, :, 2].mean(axis=2).round()], axis=-1).astype(np.uint8)
    ds = image(rgb, "YBR_PARTIAL_422" if partial else "YBR_FULL_422")
    write(f"explicit-{kind}", ds, ExplicitVRLittleEndian, shared.tobytes())
    y = shared[:, :, :2].reshape(H, W)
    cb, cr = np.repeat(shared[:, :, 2], 2, axis=1), np.repeat(shared[:, :, 3], 2, axis=1)
    spread = np.stack([y, cb, cr], axis=-1)
    reference(f"explicit-{kind}", spread)
    if not partial:
        drawn(f"explicit-{kind}", image(spread, "YBR_FULL"), spread)

# RLE: packed by imagecodecs, put together here, read back by pylibjpeg-rle.
for kind, (ds, samples) in NATIVE.items():
    if kind in ("grey12-high15", "signed32", "mono1"):
        continue
    big = np.ascontiguousarray(samples).astype(samples.dtype.newbyteorder(">"))
    cells = np.frombuffer(big.tobytes(), np.uint8).reshape(H, W, -1)
    segments = [b"".join(imagecodecs.packbits_encode(cells[y, :, n].tobytes()) for y in range(H)) for n in range(cells.shape[2])]
    segments = [padded(segment) for segment in segments]
    starts = np.cumsum([64] + [len(segment) for segment in segments])[:-1]
    header = np.array([len(segments), *starts], "<u4").tobytes().ljust(64, b"\0")
    write(f"rle-{kind}", ds, "1.2.840.10008.1.2.5", header + b"".join(segments), fragments=True)
    if kind != "grey32":  # pydicom refuses 32 bits in RLE, PS3.5 does not
        back = pydicom.dcmread(HERE / f"rle-{kind}.dcm")
        from pydicom.pixels import pixel_array
        assert np.array_equal(pixel_array(back, raw=True, decoding_plugin="pylibjpeg"), samples), kind
    reference(f"rle-{kind}", samples)
    if kind != "grey32":
        drawn(f"rle-{kind}", ds, samples)

# One frame deflated, and plain bytes in fragments.
for kind, (ds, samples) in ALL.items():
    data = np.ascontiguousarray(samples).tobytes()
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    write(f"deflated-frame-{kind}", ds, "1.2.840.10008.1.2.8.1", padded(deflate.compress(data) + deflate.flush()), fragments=True)
    write(f"uncompressed-{kind}", ds, "1.2.840.10008.1.2.1.98", data, fragments=True)
    for label in ("deflated-frame", "uncompressed"):
        reference(f"{label}-{kind}", samples)
        drawn(f"{label}-{kind}", ds, samples)


def by_dcmtk(name, kind, program, *options, decoder):
    ds, samples = NATIVE[kind]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = copy.deepcopy(ds)
        source.file_meta = meta(ExplicitVRLittleEndian)
        source.PixelData = padded(np.ascontiguousarray(samples).tobytes())
        source["PixelData"].VR = "OW" if source.BitsAllocated > 8 else "OB"
        pydicom.dcmwrite(folder / "in.dcm", source, implicit_vr=False, little_endian=True, enforce_file_format=True)
        subprocess.run([program, "-q", "--uid-never", *options, folder / "in.dcm", HERE / f"{name}.dcm"], check=True)
        subprocess.run([*decoder, HERE / f"{name}.dcm", folder / "out.dcm"], check=True)
        back = pydicom.dcmread(folder / "out.dcm")
        shape = samples.shape
        width = 1 if back.BitsAllocated == 8 else 2
        decoded = np.frombuffer(back.PixelData[: int(np.prod(shape)) * width], dtype=f"<u{width}")
        decoded = decoded.reshape((3, H, W)).transpose(1, 2, 0) if back.get("PlanarConfiguration") == 1 else decoded.reshape(shape)
        reference(name, decoded)
        subprocess.run(["dcmj2pnm", "-q", "-W" if "WindowCenter" not in back else "+Wi", *(["1"] if "WindowCenter" in back else []), "--write-raw-pnm", folder / "out.dcm", HERE / f"{name}.pnm"], check=True)


DCMTK_JPEG = ["dcmdjpeg", "-q", "+cn"]
TO_RGB = ["dcmdjpeg", "-q", "+cp"]
for label, option, kinds in [
    ("jpeg-baseline", "+eb", ["grey8"]), ("jpeg-extended", "+ee", ["grey8", "grey12"]),
    ("jpeg-spectral", "+es", ["grey8", "grey12"]), ("jpeg-progressive", "+ep", ["grey8", "grey12"]),
    ("jpeg-lossless-sv1", "+e1", ["grey8", "grey12", "grey16", "signed16", "rgb8", "palette8"]),
]:
    for kind in kinds:
        by_dcmtk(f"{label}-{kind}", kind, "dcmcjpeg", option, decoder=DCMTK_JPEG)
for predictor in range(1, 8):
    by_dcmtk(f"jpeg-lossless-predictor{predictor}", "grey12", "dcmcjpeg", "+el", "+sv", str(predictor), decoder=DCMTK_JPEG)
by_dcmtk("jpeg-lossless-rgb8", "rgb8", "dcmcjpeg", "+el", "+sv", "6", decoder=DCMTK_JPEG)
for sampling, option in [("444", "+s4"), ("422", "+s2")]:
    by_dcmtk(f"jpeg-baseline-ybr{sampling}", "rgb8", "dcmcjpeg", "+eb", option, decoder=DCMTK_JPEG)
by_dcmtk("jpeg-progressive-ybr444", "rgb8", "dcmcjpeg", "+ep", "+s4", decoder=DCMTK_JPEG)
by_dcmtk("jpeg-spectral-ybr444", "rgb8", "dcmcjpeg", "+es", "+s4", decoder=DCMTK_JPEG)
by_dcmtk("jpeg-baseline-rgb8", "rgb8", "dcmcjpeg", "+eb", "+cr", decoder=DCMTK_JPEG)
LS = ["dcmdjpls", "-q"]
for kind in ("grey8", "grey12", "grey16", "signed16", "palette8"):
    by_dcmtk(f"jpegls-{kind}", kind, "dcmcjpls", "+el", decoder=LS)
for kind in ("grey8", "grey12"):
    by_dcmtk(f"jpegls-near-{kind}", kind, "dcmcjpls", "+en", "+md", "3", decoder=LS)
for interleave, option in [("none", "+in"), ("line", "+il"), ("sample", "+is")]:
    try:
        by_dcmtk(f"jpegls-rgb8-{interleave}", "rgb8", "dcmcjpls", "+el", option, decoder=LS)
    except subprocess.CalledProcessError as error:
        print("not encoded:", interleave, error)
by_dcmtk("jpegls-near-rgb8", "rgb8", "dcmcjpls", "+en", "+md", "2", decoder=LS)


def codestream(name, kind, syntax, data, decoded, photometric=None):
    ds, samples = ALL[kind] if kind in ALL else NATIVE[kind]
    ds = copy.deepcopy(ds)
    if name.startswith("jpeg-"):
        ds.PhotometricInterpretation = "YBR_FULL"
    drawn(name, ds, decoded)
    if photometric:
        ds.PhotometricInterpretation = photometric
    write(name, ds, syntax, padded(data), fragments=True)
    reference(name, decoded)


jpeg = imagecodecs.jpeg8_encode(rgb, level=90, subsampling="420")
codestream("jpeg-baseline-ybr420", "rgb8", "1.2.840.10008.1.2.4.50", jpeg, imagecodecs.jpeg8_decode(jpeg, colorspace="YCBCR", outcolorspace="YCBCR"), "YBR_FULL_422")
# JPEG 2000 by OpenJPEG.
for kind in ("grey8", "grey12", "grey16", "signed16", "rgb8"):
    ds, samples = ALL[kind]
    depth = 12 if kind == "grey12" else None
    data = imagecodecs.jpeg2k_encode(samples, level=0, codecformat="j2k", reversible=True, mct=kind == "rgb8", bitspersample=depth, resolutions=3)
    assert np.array_equal(imagecodecs.jpeg2k_decode(data), samples)
    codestream(f"j2k-lossless-{kind}", kind, "1.2.840.10008.1.2.4.90", data, samples, "YBR_RCT" if kind == "rgb8" else None)
    if kind in ("grey8", "grey12", "rgb8"):
        lossy = imagecodecs.jpeg2k_encode(samples, level=40, codecformat="j2k", reversible=False, mct=kind == "rgb8", bitspersample=depth, resolutions=3)
        codestream(f"j2k-{kind}", kind, "1.2.840.10008.1.2.4.91", lossy, imagecodecs.jpeg2k_decode(lossy), "YBR_ICT" if kind == "rgb8" else None)
# High-throughput JPEG 2000 by OpenJPH.
for kind in ("grey8", "grey12", "grey16", "signed16", "rgb8"):
    ds, samples = ALL[kind]
    data = imagecodecs.htj2k_encode(samples)
    for label, syntax in [("htj2k-lossless", ".201"), ("htj2k-rpcl", ".202")]:
        codestream(f"{label}-{kind}", kind, "1.2.840.10008.1.2.4" + syntax, data, imagecodecs.htj2k_decode(data), "YBR_RCT" if kind == "rgb8" else None)
    if kind in ("grey8", "rgb8"):
        lossy = imagecodecs.htj2k_encode(samples, reversible=False)
        codestream(f"htj2k-{kind}", kind, "1.2.840.10008.1.2.4.203", lossy, imagecodecs.htj2k_decode(lossy), "YBR_ICT" if kind == "rgb8" else None)
# JPEG XL by libjxl.
for kind in ("grey8", "grey12", "grey16", "rgb8"):
    ds, samples = ALL[kind]
    data = imagecodecs.jpegxl_encode(samples, lossless=True, usecontainer=False, bitspersample=12 if kind == "grey12" else None)
    codestream(f"jpegxl-lossless-{kind}", kind, "1.2.840.10008.1.2.4.110", data, samples)
    if kind in ("grey8", "rgb8"):
        lossy = imagecodecs.jpegxl_encode(samples, distance=1.0, usecontainer=False)
        codestream(f"jpegxl-{kind}", kind, "1.2.840.10008.1.2.4.112", lossy, imagecodecs.jpegxl_decode(lossy), "XYB" if kind == "rgb8" else None)
jpeg = imagecodecs.jpeg8_encode(rgb, level=90, subsampling="444")
again = imagecodecs.jpegxl_encode_jpeg(jpeg, usecontainer=True)
codestream("jpegxl-recompressed-rgb8", "rgb8", "1.2.840.10008.1.2.4.111", again, imagecodecs.jpegxl_decode(again), "YBR_FULL")
print(len(list(HERE.glob("*.dcm"))), "files", sum(f.stat().st_size for f in HERE.iterdir()), "bytes")
