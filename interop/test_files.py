"""Every file that an archive can take is taken, listed, and given back as it came, over both protocols."""

import io

import numpy
import pydicom
import pytest
import requests
from pynetdicom import build_role

from mock import running
from samples import FIXTURES, MORE, as_sent, data_set, every_file, is_whole, takable, uids
from scu import FIND, GET, Received, associated, keys, rows

IMPLICIT, BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"


def name(path) -> str:
    for folder in (FIXTURES, *MORE):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return path.name


@pytest.fixture(scope="module")
def taker():
    """An archive where the last content of a UID counts, as several files have the same."""
    with running("--empty", "--duplicates", "replace") as archive:
        yield archive


def stow(archive, *contents: bytes) -> requests.Response:
    """Stores files as their bytes."""
    parts = [b"--boundary\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n" for content in contents]
    return requests.post(
        f"{archive.web}/studies",
        data=b"".join(parts) + b"--boundary--\r\n",
        headers={
            "Content-Type": 'multipart/related; type="application/dicom"; boundary=boundary',
            "Accept": "application/dicom+json",
        },
        timeout=30,
    )


def wado(archive, head: pydicom.Dataset, media_type="application/dicom; transfer-syntax=*") -> bytes:
    study, series, instance = uids(head)
    path = f"/studies/{study}/series/{series}/instances/{instance}"
    answer = requests.get(archive.web + path, headers={"Accept": media_type}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.content


def listed(archive, head: pydicom.Dataset) -> list[tuple[str, str]]:
    """Class and instance of what QIDO-RS lists under the file's series."""
    study, series, _ = uids(head)
    answer = requests.get(
        f"{archive.web}/studies/{study}/series/{series}/instances", headers={"Accept": "application/dicom+json"}, timeout=30
    )
    return [(row["00080016"]["Value"][0], row["00080018"]["Value"][0]) for row in answer.json()]


@pytest.mark.parametrize("path", takable(), ids=name)
def test_what_is_stored_by_stow_rs_comes_back_byte_for_byte_by_wado_rs(taker, path):
    content = path.read_bytes()
    head = pydicom.dcmread(path, stop_before_pixels=True)
    answer = stow(taker, content)
    assert answer.status_code == 200, answer.text
    assert (head.SOPClassUID, head.SOPInstanceUID) in listed(taker, head)
    back = wado(taker, head)
    if head.file_meta.TransferSyntaxUID in (IMPLICIT, BIG_ENDIAN):
        # These never leave over DICOMweb (PS3.18 8.7.3): the same values, written otherwise.
        assert pydicom.dcmread(io.BytesIO(back), stop_before_pixels=True).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        equal_values(pydicom.dcmread(io.BytesIO(back)), pydicom.dcmread(path))
    else:
        assert back == content


@pytest.mark.parametrize("path", takable(), ids=name)
def test_what_is_stored_by_c_store_comes_back_byte_for_byte_by_c_get(taker, tmp_path, path):
    head = pydicom.dcmread(path, stop_before_pixels=True)
    syntax = head.file_meta.TransferSyntaxUID
    received = Received()
    with associated(
        taker,
        FIND["STUDY"],
        GET["STUDY"],
        (head.SOPClassUID, syntax),
        ext_neg=[build_role(head.SOPClassUID, scp_role=True, scu_role=True)],
        evt_handlers=received.handlers(),
    ) as association:
        assert association.send_c_store(as_sent(path, tmp_path)).Status == 0x0000
        study, series, instance = uids(head)
        wanted = keys("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID=instance)
        (row,) = rows(association.send_c_find(wanted, FIND["STUDY"]))
        assert row.SOPInstanceUID == instance
        rows(association.send_c_get(wanted, GET["STUDY"]))
    assert received.instances == {instance: (syntax, on_the_wire(path, syntax))}


def on_the_wire(path, syntax: str) -> bytes:
    """The data set of a file as it goes out over DIMSE: a deflated one is padded where it is odd (PS3.5 A.5), which files often are not."""
    data = data_set(path)
    return data + b"\0" if syntax == DEFLATED and len(data) % 2 else data


def equal_values(back: pydicom.Dataset, sent: pydicom.Dataset) -> None:
    """Element by element; group lengths are a matter of how a data set is written."""
    back_elements = {element.tag: element for element in back}
    sent_elements = {element.tag: element for element in sent if element.tag.element != 0 or element.tag.group == 2}
    assert list(back_elements) == list(sent_elements)
    for tag, element in sent_elements.items():
        other = back_elements[tag]
        if element.VR == "SQ":
            assert len(other.value) == len(element.value), element
            for one, another in zip(other.value, element.value, strict=True):
                equal_values(one, another)
        elif other.VR == "UN" != element.VR:
            # Private values of implicit VR, which pydicom's dictionary has a VR for and others have not.
            assert (other.value or b"") == written(element), element
        elif isinstance(element.value, bytes):
            assert words(other, True) == words(element, sent.original_encoding[1]), element
        else:
            assert other.value == element.value, element


def written(element: pydicom.DataElement) -> bytes:
    """The bytes of a value in little endian."""
    out = pydicom.filebase.DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, True
    pydicom.filewriter.write_data_element(out, element)
    return out.getvalue()[8:]


def words(element: pydicom.DataElement, is_little_endian: bool) -> bytes:
    """A binary value in little endian."""
    if is_little_endian or element.VR not in ("OW", "OF", "OL", "OD", "OV"):
        return element.value
    width = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}[element.VR]
    return numpy.frombuffer(element.value, f">u{width}").astype(f"<u{width}").tobytes()


def test_a_file_that_does_not_say_where_it_belongs_is_refused_and_the_others_are_kept(taker):
    lame = [path for path in every_file() if not is_whole(pydicom.dcmread(path, force=True, stop_before_pixels=True))]
    assert lame, "no such file among the samples"
    whole = takable()[:3]
    for path in lame:
        answer = stow(taker, path.read_bytes(), *(one.read_bytes() for one in whole))
        assert answer.status_code == 202, (path, answer.text)
        body = answer.json()
        body = body[0] if isinstance(body, list) else body
        assert len(body["00081199"]["Value"]) == len(whole)
        failed = body.get("00081198", {}).get("Value", []) + body.get("0008119A", {}).get("Value", [])
        assert len(failed) == 1, (path, body)


def test_all_files_in_one_request_are_all_answered(taker):
    """One part each; what has the same UID as another is answered for itself."""
    paths = takable()
    answer = stow(taker, *(path.read_bytes() for path in paths))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    body = body[0] if isinstance(body, list) else body
    assert len(body["00081199"]["Value"]) == len(paths)


@pytest.mark.parametrize("path", takable(), ids=name)
def test_the_metadata_has_the_attributes_of_the_file(taker, path):
    stow(taker, path.read_bytes())
    sent = pydicom.dcmread(path)
    study, series, instance = uids(sent)
    answer = requests.get(
        f"{taker.web}/studies/{study}/series/{series}/instances/{instance}/metadata",
        headers={"Accept": "application/dicom+json"},
        timeout=30,
    )
    assert answer.status_code == 200
    (row,) = answer.json()
    tags = {f"{int(element.tag):08X}" for element in sent if element.tag.element != 0}
    # Metadata say what is found where; the character set is that of JSON.
    assert set(row) - {"00080005"} == tags - {"00080005"}
