"""What the questions send: bodies of STOW-RS and data sets of C-STORE, some of them wrong."""

import gzip
import io

import pydicom

CT = "1.2.840.10008.5.1.4.1.1.2"


def an_instance(number: int, **changed) -> pydicom.Dataset:
    """A small CT image of a study that no archive has yet; `None` takes an attribute away."""
    instance = pydicom.Dataset()
    instance.file_meta = pydicom.dataset.FileMetaDataset()
    instance.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    instance.file_meta.MediaStorageSOPClassUID = changed.get("SOPClassUID") or CT
    instance.file_meta.MediaStorageSOPInstanceUID = f"2.25.7{number}"
    values = {
        "SOPClassUID": CT,
        "SOPInstanceUID": f"2.25.7{number}",
        "StudyInstanceUID": f"2.25.5{number}",
        "SeriesInstanceUID": f"2.25.6{number}",
        "PatientID": f"LIKE-{number}",
        "PatientName": "Like^Patient",
        "Modality": "CT",
        "StudyDate": "20240101",
        "Rows": 2,
        "Columns": 2,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        **changed,
    }
    for keyword, value in values.items():
        if value is not None:
            setattr(instance, keyword, value)
    instance.add_new(0x7FE00010, "OB", b"\0\1\2\3")
    return instance


def file(number: int, **changed) -> bytes:
    out = io.BytesIO()
    an_instance(number, **changed).save_as(out, enforce_file_format=True)
    return out.getvalue()


def part(content: bytes, content_type: str | None = "application/dicom", end: bytes = b"\r\n") -> bytes:
    header = b"" if content_type is None else b"Content-Type: " + content_type.encode() + end
    return b"--boundary" + end + header + end + content + end


def body(*contents: bytes) -> bytes:
    return b"".join(map(part, contents)) + b"--boundary--\r\n"


GARBAGE = b"this is no DICOM file " * 20
RELATED = 'multipart/related; type="application/dicom"; boundary=boundary'


def upload(name: str) -> tuple[bytes, str, dict]:
    """Body, Content-Type and further headers."""
    whole = body(file(90))
    bodies = {
        "one": (body(file(1)), RELATED),
        "changed": (body(file(1, StudyDescription="changed")), RELATED),
        "two": (body(file(2)), RELATED),
        "three": (body(file(3)), RELATED),
        "four": (body(file(4, StudyInstanceUID="2.25.54")), RELATED),
        "five": (body(file(5)), RELATED),
        "good-and-garbage": (body(file(6), GARBAGE), RELATED),
        "garbage": (body(GARBAGE), RELATED),
        "no-study-uid": (body(file(7, StudyInstanceUID=None)), RELATED),
        "no-patient-id": (body(file(8, PatientID=None)), RELATED),
        "other-patient": (body(file(9, StudyInstanceUID="2.25.51", SeriesInstanceUID="2.25.69", PatientID="LIKE-OTHER")), RELATED),
        "unknown-class": (body(file(10, SOPClassUID="1.2.840.10008.5.1.4.1.1.99999")), RELATED),
        "truncated": (body(file(11)[:-3]), RELATED),
        "no-preamble": (body(file(12)[132:]), RELATED),
        "empty": (b"", RELATED),
        "only-the-end": (b"--boundary--\r\n", RELATED),
        "no-end": (part(file(13)), RELATED),
        "wrong-boundary": (body(file(14)).replace(b"--boundary", b"--another"), RELATED),
        "no-boundary": (whole, 'multipart/related; type="application/dicom"'),
        "no-type": (body(file(15)), "multipart/related; boundary=boundary"),
        "type-jpeg": (body(file(16)), 'multipart/related; type="image/jpeg"; boundary=boundary'),
        "line-feeds": (part(file(17), end=b"\n") + b"--boundary--\n", RELATED),
        "part-of-no-type": (part(file(18), None) + b"--boundary--\r\n", RELATED),
        "part-of-wrong-type": (part(file(19), "text/plain") + b"--boundary--\r\n", RELATED),
        "preamble-text": (b"This is for readers of mail.\r\n" + body(file(20)), RELATED),
        "quoted-boundary": (body(file(21)), 'multipart/related; type="application/dicom"; boundary="boundary"'),
        "gzip": (gzip.compress(body(file(22))), RELATED),
        "chunked": (body(file(23)), RELATED),
        "single-part": (file(24), "application/dicom"),
        "json-body": (b"[]", "application/dicom+json"),
    }
    content, content_type = bodies[name]
    return content, content_type, {"Content-Encoding": "gzip"} if name == "gzip" else {}


def data_set(name: str) -> tuple[str, str, bytes]:
    """SOP class and instance as the request of a C-STORE names them, and the data set in explicit little endian."""
    instances = {
        "dimse-one": an_instance(31),
        "dimse-changed": an_instance(31, StudyDescription="changed"),
        "dimse-other-patient": an_instance(32, StudyInstanceUID="2.25.531", SeriesInstanceUID="2.25.632", PatientID="LIKE-OTHER"),
        "dimse-no-study-uid": an_instance(33, StudyInstanceUID=None),
        "dimse-no-patient-id": an_instance(34, PatientID=None),
        "dimse-class-mismatch": an_instance(35, SOPClassUID="1.2.840.10008.5.1.4.1.1.4"),
        "dimse-garbage": None,
    }
    instance = instances[name]
    if instance is None:
        return CT, "2.25.736", GARBAGE
    out = pydicom.filebase.DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, False
    plain = pydicom.Dataset(instance)
    pydicom.filewriter.write_dataset(out, plain)
    return CT, instance.SOPInstanceUID, out.getvalue()
