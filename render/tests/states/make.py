"""Presentation states, overlays and grey value transformations of a small phantom, and what DCMTK shows of them.

Run in this folder: python make.py. Needs DCMTK 3.6.7 (dcmp2pgm, dcmj2pnm) on the path, and Python with pydicom 3.0.2 and numpy. NAME.dcm is
an image of our own phantom; NAME.pr.dcm, where it is there, a presentation state for image.dcm; NAME.pgm what DCMTK shows: dcmp2pgm of
states, dcmj2pnm +Wi 1, +Wl 1 or +Wm of images.
"""
import copy
import pathlib
import subprocess

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

HERE = pathlib.Path(__file__).parent
W, H = 48, 40
CLASS, IMAGE, SERIES, STUDY = "1.2.840.10008.5.1.4.1.1.2", "2.25.11", "2.25.12", "2.25.13"
for old in [*HERE.glob("*.dcm"), *HERE.glob("*.pgm")]:
    old.unlink()


def save(ds, name, kind):
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = kind, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID, ds.file_meta.ImplementationClassUID = ExplicitVRLittleEndian, "2.25.2"
    pydicom.dcmwrite(HERE / name, ds, implicit_vr=False, little_endian=True, enforce_file_format=True)


y, x = np.mgrid[0:H, 0:W].astype(float)
values = 200 + x * 60 + y * 10 + 500 * (((x - 28) / 10) ** 2 + ((y - 18) / 8) ** 2 < 1)
samples = values.round().astype(np.uint16)


def image():
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID = CLASS, IMAGE, SERIES, STUDY
    ds.PatientID, ds.PatientName, ds.Modality = "1", "Phantom", "CT"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = H, W, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleSlope, ds.RescaleIntercept = "1", "-1000"
    ds.WindowCenter, ds.WindowWidth = ["600", "0"], ["2400", "500"]
    ds.PixelData = samples.tobytes()
    ds["PixelData"].VR = "OW"
    return ds


def item(**attributes):
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def lut(first, entries, bits, **more):
    table = item(LUTDescriptor=[len(entries), first, bits], **more)
    table.add_new(0x00283006, "US", [int(v) for v in entries])
    return table


def shown(name, *options):
    subprocess.run(["dcmj2pnm", "-q", *options, "--write-raw-pnm", HERE / f"{name}.dcm", HERE / f"{name}.pgm"], check=True)


def picture(name, *options, **changes):
    ds = image()
    for keyword, value in changes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    save(ds, f"{name}.dcm", CLASS)
    shown(name, *options)


FIRST = ("+Wi", "1")
ramp = (np.linspace(0, 1, 512) ** 2 * 4095).astype(int)
picture("window-linear", *FIRST)
picture("window-second", "+Wi", "2")
picture("window-sigmoid", *FIRST, VOILUTFunction="SIGMOID")
picture("rescale-slope", *FIRST, RescaleSlope="0.5", RescaleIntercept="-200", WindowCenter="500", WindowWidth="900")
picture("monochrome1", *FIRST, PhotometricInterpretation="MONOCHROME1")
picture("inverse", *FIRST, PresentationLUTShape="INVERSE")
picture("voi-lut", "+Wl", "1", RescaleIntercept="0", VOILUTSequence=[lut(0, ramp[::1].tolist() + [4095] * 3584, 12)], WindowCenter=None, WindowWidth=None)
picture("modality-lut", *FIRST, RescaleSlope=None, RescaleIntercept=None, ModalityLUTSequence=[lut(200, (np.sqrt(np.arange(3000) / 3000) * 4095).astype(int), 12, ModalityLUTType="US")], WindowCenter="2000", WindowWidth="3000")
# Overlays: of their own, and in a bit of the pixels.
bits = ((x.astype(int) + y.astype(int)) % 7 == 0) & (y < 20)
own = image()
own.add_new(0x60000010, "US", 20)
own.add_new(0x60000011, "US", 30)
own.add_new(0x60000040, "CS", "G")
own.add_new(0x60000050, "SS", [5, -3])
own.add_new(0x60000100, "US", 1)
own.add_new(0x60000102, "US", 0)
own.add_new(0x60003000, "OW", np.packbits(bits[:20, :30].ravel(), bitorder="little").tobytes() + b"\0" * (600 // 8 % 2))
save(own, "overlay.dcm", CLASS)
shown("overlay", "+Wi", "1", "+O", "0", "+Omr")
embedded = image()
embedded.PixelData = (samples | (bits.astype(np.uint16) << 13)).tobytes()
for tag, vr, value in [(0x60020010, "US", H), (0x60020011, "US", W), (0x60020040, "CS", "G"), (0x60020050, "SS", [1, 1]), (0x60020100, "US", 16), (0x60020102, "US", 13)]:
    embedded.add_new(tag, vr, value)
save(embedded, "overlay-embedded.dcm", CLASS)
shown("overlay-embedded", "+Wi", "1", "+O", "0", "+Omr")

save(image(), "image.dcm", CLASS)


def state(name, **attributes):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.11.1", "2.25.20"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = STUDY, "2.25.21"
    ds.PatientID, ds.PatientName, ds.Modality, ds.PatientBirthDate, ds.PatientSex = "1", "Phantom", "PR", "", ""
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName = "", "", "", "", ""
    ds.Manufacturer, ds.SeriesNumber, ds.InstanceNumber, ds.ContentLabel, ds.ContentDescription = "", 1, 1, name.replace("-", "_").upper(), ""
    ds.PresentationCreationDate, ds.PresentationCreationTime, ds.ContentCreatorName = "20240101", "120000", ""
    reference = item(ReferencedSOPClassUID=CLASS, ReferencedSOPInstanceUID=IMAGE)
    ds.ReferencedSeriesSequence = [item(SeriesInstanceUID=SERIES, ReferencedImageSequence=[reference])]
    ds.DisplayedAreaSelectionSequence = [item(DisplayedAreaTopLeftHandCorner=[1, 1], DisplayedAreaBottomRightHandCorner=[W, H], PresentationSizeMode="SCALE TO FIT", PresentationPixelAspectRatio=[1, 1])]
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1000", "1", "HU"
    ds.SoftcopyVOILUTSequence = [item(WindowCenter="900", WindowWidth="1500")]
    ds.PresentationLUTShape = "IDENTITY"
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    if "PresentationLUTSequence" in ds:  # one or the other
        del ds.PresentationLUTShape
    save(ds, f"{name}.pr.dcm", ds.SOPClassUID)
    subprocess.run(["dcmp2pgm", "-q", "-p", HERE / f"{name}.pr.dcm", HERE / "image.dcm", HERE / f"{name}.pgm"], check=True)


state("state-window")
state("state-rescale", RescaleIntercept="0")
state("state-inverse", PresentationLUTShape="INVERSE")
state("state-voi-lut", RescaleIntercept="0", SoftcopyVOILUTSequence=[item(VOILUTSequence=[lut(0, ramp.tolist() + [4095] * 3584, 12)])])
state("state-lut", PresentationLUTSequence=[lut(0, [int(65535 * (i / 255) ** 2) for i in range(256)], 16)])
def shuttered(name, open_, value, **attributes):
    """dcmp2pgm draws no shutters: the pixels outside of PS3.3 C.7.6.11's shape, edges included in what is seen, get the value."""
    state(name, ShutterPresentationValue=value, **attributes)
    path = HERE / f"{name}.pgm"
    picture = bytearray(path.read_bytes())
    levels = np.frombuffer(bytes(picture[-W * H :]), np.uint8).reshape(H, W)
    picture[-W * H :] = np.where(open_, levels, value >> 8).astype(np.uint8).tobytes()
    path.write_bytes(bytes(picture))


c, r = x + 1, y + 1  # columns and rows count from 1
state_rectangle = (c >= 8) & (c <= 40) & (r >= 5) & (r <= 30)
shuttered("state-rectangle", state_rectangle, 0x4000, ShutterShape="RECTANGULAR", ShutterLeftVerticalEdge=8, ShutterRightVerticalEdge=40, ShutterUpperHorizontalEdge=5, ShutterLowerHorizontalEdge=30)
shuttered("state-circle", np.hypot(c - 24, r - 20) <= 15, 0, ShutterShape="CIRCULAR", CenterOfCircularShutter=[20, 24], RadiusOfCircularShutter=15)
shuttered("state-both", state_rectangle & (np.hypot(c - 24, r - 20) <= 15), 0, ShutterShape=["RECTANGULAR", "CIRCULAR"], ShutterLeftVerticalEdge=8, ShutterRightVerticalEdge=40, ShutterUpperHorizontalEdge=5, ShutterLowerHorizontalEdge=30, CenterOfCircularShutter=[20, 24], RadiusOfCircularShutter=15)
# A polygon with upright edges; of those, the left and the upper one belong to it.
shuttered("state-polygon", (c >= 5) & (c < 39) & (r >= 5) & (r < 29), 0, ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=[5.5, 5.5, 5.5, 39.5, 29.5, 39.5, 29.5, 5.5] if False else [5, 5, 5, 39, 29, 39, 29, 5])
state("state-turned", ImageRotation=90, ImageHorizontalFlip="N")
state("state-mirrored", ImageRotation=180, ImageHorizontalFlip="Y")
print(len(list(HERE.glob("*.pgm"))), "pictures")
