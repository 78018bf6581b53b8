"""The files that are sent: real ones, ours in many transfer syntaxes, and more where an environment variable names folders."""

import os
import pathlib

import pydicom

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"

# UN stays what it is: its bytes have no order that a reader may assume (PS3.5 6.2.2).
pydicom.config.replace_un_with_known_vr = False

# More folders of DICOM files, separated as in PATH; the lane passes without.
MORE = [pathlib.Path(folder) for folder in os.environ.get("DICOM_SAMPLES", "").split(os.pathsep) if folder]


def images(files: pathlib.Path) -> list[pathlib.Path]:
    """Ten slices of one CT series."""
    return sorted((files / "ct").glob("*.dcm"))[:10]


def every_file() -> list[pathlib.Path]:
    """Real files and ours in other encoders' syntaxes, and those of `DICOM_SAMPLES`; each content once."""
    found = {}
    for folder in (FIXTURES / "real", FIXTURES / "encoded", *MORE):
        for path in sorted(folder.rglob("*.dcm")):
            found.setdefault(path.read_bytes(), path)
    return list(found.values())


def takable() -> list[pathlib.Path]:
    """Those that are whole: with the UIDs that place an instance in a series and a study, which PS3.10 and PS3.3 demand."""
    return [path for path in every_file() if is_whole(pydicom.dcmread(path, force=True, stop_before_pixels=True))]


def is_whole(head: pydicom.Dataset) -> bool:
    wanted = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    return "TransferSyntaxUID" in head.file_meta and all(head.get(keyword) for keyword in wanted)


def data_set(path_or_bytes) -> bytes:
    """The bytes after the file meta information."""
    content = path_or_bytes if isinstance(path_or_bytes, bytes) else path_or_bytes.read_bytes()
    assert content[128:132] == b"DICM" and content[132:140] == b"\x02\x00\x00\x00UL\x04\x00", "no group length first"
    return content[144 + int.from_bytes(content[140:144], "little") :]


def as_sent(path: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The file for C-STORE, whose request has to name what the data set is (PS3.7 9.1.1.1): pynetdicom takes it from the file meta
    information, which is wrong in some real files."""
    head = pydicom.dcmread(path, stop_before_pixels=True)
    meta = head.file_meta
    if (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (head.SOPClassUID, head.SOPInstanceUID):
        return path
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = head.SOPClassUID, head.SOPInstanceUID
    right = folder / path.name
    with right.open("wb") as file:
        file.write(bytes(128) + b"DICM")
        pydicom.filewriter.write_file_meta_info(file, meta)
        file.write(data_set(path))
    return right


def uids(head: pydicom.Dataset) -> tuple[str, str, str]:
    """Study, series, instance."""
    return head.StudyInstanceUID, head.SeriesInstanceUID, head.SOPInstanceUID
