"""Destinations that want something special: TLS, certificates, no compression; and what it costs to give it to them."""

import contextlib
import pathlib
import ssl

import numpy
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from dcmtk import call, keys, peer, run, storescp
from mock import running
from samples import images, takable
from scu import Received, serving

IMPLICIT = str(ImplicitVRLittleEndian)


def move(archive, study: str) -> str:
    """What movescu says of moving a study to DEST."""
    return call("movescu", "-v", "-S", "-aem", "DEST", *keys("STUDY", StudyInstanceUID=study), *peer(archive))[1]


def read(folder: pathlib.Path) -> dict[str, pydicom.Dataset]:
    return {one.SOPInstanceUID: one for one in (pydicom.dcmread(path) for path in folder.iterdir())}


def secured(certificates, port: int, *more: str) -> str:
    settings = "&".join((f"ca={certificates.authority}", *more))
    return f"DEST=tls://127.0.0.1:{port}?{settings}"


def ours(certificates) -> tuple[str, str]:
    return f"certificate={certificates.chain}", f"key={certificates.key}"


def test_a_storescp_that_demands_a_certificate_gets_what_is_moved(files, tmp_path, certificates):
    options = ("+tls", certificates.key, certificates.chain, "+cf", certificates.authority, "-rc")
    study = pydicom.dcmread(images(files)[0]).StudyInstanceUID
    with storescp(tmp_path, *options) as port:
        with running("--load", files / "ct", "--destinations", secured(certificates, port, *ours(certificates))) as archive:
            assert "Received Final Move Response (Success)" in move(archive, study)
        assert set(read(tmp_path)) >= {pydicom.dcmread(path).SOPInstanceUID for path in images(files)}
        for path in tmp_path.iterdir():
            path.unlink()
        with running("--load", files / "ct", "--destinations", secured(certificates, port)) as archive:
            assert "Received Final Move Response (Success)" not in move(archive, study)
    assert read(tmp_path) == {}


def test_a_pynetdicom_server_over_tls_gets_what_is_moved(files, certificates):
    received = Received()
    head = pydicom.dcmread(images(files)[0])
    context = certificates.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(certificates.authority)
    with serving([(head.SOPClassUID,)], received.handlers(), tls=context) as port:
        with running("--load", files / "ct", "--destinations", secured(certificates, port, *ours(certificates))) as archive:
            assert "Received Final Move Response (Success)" in move(archive, head.StudyInstanceUID)
    assert head.SOPInstanceUID in received.instances


def test_the_clients_of_an_archive_prove_who_they_are(certificates):
    asking = ("--empty", "--tls", certificates.chain, certificates.key, "--client-ca", certificates.authority)
    trusting = ("+cf", certificates.authority, "-rc")
    with running(*asking) as archive:
        run("echoscu", "+tls", certificates.key, certificates.chain, *trusting, *peer(archive))
        with pytest.raises(AssertionError):
            run("echoscu", "+tla", *trusting, *peer(archive))


def picture(one: pydicom.Dataset) -> numpy.ndarray:
    """Its pixels, colours as RGB."""
    return pydicom.pixels.pixel_array(one).astype(numpy.int64)


def pictures() -> dict[str, tuple[pathlib.Path, pydicom.Dataset, numpy.ndarray]]:
    """The files whose pixels pydicom can decode, by SOP Instance UID."""
    found = {}
    for path in takable():
        one = pydicom.dcmread(path)
        with contextlib.suppress(Exception):
            found[one.SOPInstanceUID] = path, one, picture(one)
    return found


@pytest.mark.parametrize("option", ["+xi", "+xe"])
def test_whoever_takes_no_compression_gets_the_pixels_that_were_compressed(option, tmp_path):
    sent = pictures()
    load = [argument for path, _, _ in sent.values() for argument in ("--load", path)]
    with storescp(tmp_path, option) as port, running(*load, "--destinations", f"DEST=127.0.0.1:{port}") as archive:
        for study in {one.StudyInstanceUID for _, one, _ in sent.values()}:
            assert "Received Final Move Response (Success)" in move(archive, study), archive.journal()
    came = read(tmp_path)
    assert set(came) == set(sent)
    for uid, (path, was, pixels) in sent.items():
        syntax = came[uid].file_meta.TransferSyntaxUID
        assert syntax == IMPLICIT if option == "+xi" else not syntax.is_compressed
        # Decoders of JPEG may round otherwise (ISO 10918-2).
        tolerance = 2 if was.file_meta.TransferSyntaxUID.name.startswith(("JPEG Baseline", "JPEG Extended")) else 0
        assert abs(picture(came[uid]) - pixels).max() <= tolerance, path
    assert sum(was.file_meta.TransferSyntaxUID.is_compressed for _, was, _ in sent.values()) >= 6


MIB = 1024 * 1024


def large(folder: pathlib.Path, head: pydicom.Dataset, syntax: str) -> pathlib.Path:
    """An instance of 128 frames of a MiB each, and of 128 MiB or nearly nothing in a file."""
    head.NumberOfFrames, head.Rows, head.Columns, head.BitsAllocated, head.BitsStored, head.HighBit = 128, 1024, 512, 16, 16, 15
    if syntax == ExplicitVRBigEndian:
        head.PixelData = bytes(range(256)) * (128 * MIB // 256)
    else:
        # One segment for the high bytes and one for the low ones, each of 4096 runs of 128 zeros (PS3.5 G).
        segment = bytes((129, 0)) * 4096
        offsets = (2, 64, 64 + len(segment), *([0] * 13))
        frame = b"".join(number.to_bytes(4, "little") for number in offsets) + 2 * segment
        head.PixelData = pydicom.encaps.encapsulate([frame] * 128)
        head["PixelData"].is_undefined_length = True
    head["PixelData"].VR = "OW" if syntax == ExplicitVRBigEndian else "OB"
    head.SOPInstanceUID = head.file_meta.MediaStorageSOPInstanceUID = f"{head.SOPInstanceUID}.1"
    head.file_meta.TransferSyntaxUID = syntax
    path = folder / "large.dcm"
    pydicom.dcmwrite(path, head, implicit_vr=False, little_endian=syntax != ExplicitVRBigEndian, enforce_file_format=True)
    return path


def resident(archive, what: str) -> int:
    status = pathlib.Path(f"/proc/{archive.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(what)).split()[1]) * 1024


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, RLELossless])
def test_memory_does_not_grow_with_what_is_written_anew(syntax, files, tmp_path):
    head = pydicom.dcmread(images(files)[0])
    (tmp_path / "in").mkdir()
    path = large(tmp_path, head, syntax)
    with storescp(tmp_path / "in", "+xi", "--ignore") as port:
        with running("--load", path, "--destinations", f"DEST=127.0.0.1:{port}") as archive:
            # Forgets the peak that loading was.
            pathlib.Path(f"/proc/{archive.process.pid}/clear_refs").write_text("5")
            before = resident(archive, "VmRSS")
            assert "Received Final Move Response (Success)" in move(archive, head.StudyInstanceUID)
            grown = resident(archive, "VmHWM") - before
    assert grown < 16 * MIB, f"{grown / MIB:.0f} MiB"
