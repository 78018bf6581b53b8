"""Makes the codestreams of this folder: a 32 x 32 picture of 16 bits, and a 32 x 24 one of 8.

Needs numpy, pillow, pydicom, pylibjpeg-openjpeg and DCMTK's dcmcjpls.
"""

import io
import pathlib
import subprocess
import tempfile

import numpy
import openjpeg
import pydicom
from PIL import Image
from pydicom.encaps import generate_frames

here = pathlib.Path(__file__).parent

y, x = numpy.mgrid[0:32, 0:32]
deep = ((x * 4001 + y * 257 + x * y * 31) % 65536).astype("<u2")
deep[0, :4] = [0, 65535, 32768, 1]
(here / "deep.raw").write_bytes(deep.tobytes())
(here / "deep.j2k").write_bytes(openjpeg.encode(deep, codec_format=0))

with tempfile.TemporaryDirectory() as folder:
    plain, coded = f"{folder}/plain.dcm", f"{folder}/coded.dcm"
    ds = pydicom.Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "2.25.1"
    ds.PhotometricInterpretation, ds.SamplesPerPixel = "MONOCHROME2", 1
    ds.Rows = ds.Columns = 32
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    ds.PixelData = deep.tobytes()
    ds["PixelData"].VR = "OW"
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.save_as(plain, enforce_file_format=True)
    subprocess.run(["dcmcjpls", plain, coded], check=True)
    (here / "deep.jls").write_bytes(next(generate_frames(pydicom.dcmread(coded).PixelData, number_of_frames=1)))

y, x = numpy.mgrid[0:24, 0:32]
shallow = (x * 6 + y * 2).astype("u1")
out = io.BytesIO()
Image.fromarray(shallow).save(out, "JPEG", quality=90)
data = out.getvalue()
(here / "shallow.jpg").write_bytes(data + b"\0" * (len(data) % 2))
