"""Orthanc as a client of the archive: it sends, searches, retrieves and asks for commitment, over DICOMweb and DIMSE."""

import io

import pydicom
import pytest
import requests

from dcmtk import free_port
from mock import running
from orthanc import orthanc
from samples import data_set, images, takable, uids
from test_files import stow, wado


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """An archive and an Orthanc that know each other; each test clears them."""
    folder = tmp_path_factory.mktemp("orthanc")
    port = free_port()
    with running("--empty", "--duplicates", "replace", "--destinations", f"ORTHANC=127.0.0.1:{port}") as archive:
        with orthanc(folder, {"mock": archive}, port=port) as other:
            yield archive, other


@pytest.fixture
def both(pair):
    archive, other = pair
    archive.call("POST", "/reset", {"rules": True, "data": True, "journal": True})
    other.clear()
    return pair


def listed(archive) -> set[str]:
    answer = requests.get(f"{archive.web}/instances", headers={"Accept": "application/dicom+json"}, timeout=20)
    return {row["00080018"]["Value"][0] for row in (answer.json() if answer.content else [])}


def held(paths) -> dict[str, pydicom.Dataset]:
    return {one.SOPInstanceUID: one for one in map(pydicom.dcmread, paths)}


def test_it_gets_an_echo(both):
    archive, other = both
    assert other.post("/modalities/mock/echo", {}) is not None


def test_what_it_sends_by_stow_rs_is_there_byte_for_byte(both, files):
    archive, other = both
    sent = other.take(images(files))
    answer = other.post("/dicom-web/servers/mock/stow", {"Resources": sent})
    assert answer["InstancesCount"] == "10"
    for instance, content in other.files().items():
        assert wado(archive, pydicom.dcmread(io.BytesIO(content))) == content, instance
    assert listed(archive) == set(held(images(files)))


def test_what_it_sends_by_c_store_is_there_with_every_value(both, files):
    archive, other = both
    other.post("/modalities/mock/store", {"Resources": other.take(images(files)), "Synchronous": True})
    for instance, sent in held(images(files)).items():
        assert pydicom.dcmread(io.BytesIO(wado(archive, sent))) == sent, instance


def test_it_is_told_when_an_instance_was_refused(both, files):
    archive, other = both
    refused = pydicom.dcmread(images(files)[3]).SOPInstanceUID
    sent = other.take(images(files))
    archive.inject({"when": {"instance": refused}, "then": {"refuse-instance": {"reason": "A700"}}})
    for path in ("/modalities/mock/store", "/dicom-web/servers/mock/stow"):
        answer = requests.post(other.url + path, json={"Resources": sent, "Synchronous": True}, timeout=60)
        assert answer.status_code >= 400, (path, answer.text)


def test_it_finds_by_c_find_what_is_there_and_brings_it_home_by_c_move(both, files):
    archive, other = both
    mr = sorted((files / "mr").glob("*.dcm"))
    assert stow(archive, *(path.read_bytes() for path in [*images(files), *mr])).status_code == 200
    query = other.post("/modalities/mock/query", {"Level": "Study", "Query": {"PatientName": "*", "ModalitiesInStudy": "CT"}})
    answers = other.get(f"/queries/{query['ID']}/answers")
    assert len(answers) == 1
    found = other.get(f"/queries/{query['ID']}/answers/0/content?simplify")
    first = pydicom.dcmread(images(files)[0])
    assert found["StudyInstanceUID"] == first.StudyInstanceUID
    assert found["PatientID"] == first.PatientID
    other.post(f"/queries/{query['ID']}/answers/0/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
    back = other.files()
    assert {instance: data_set(content) for instance, content in back.items()} == {
        instance: data_set(path) for path in images(files) for instance in [pydicom.dcmread(path).SOPInstanceUID]
    }


@pytest.mark.parametrize("level, keys, count", [("Study", ["StudyInstanceUID"], 10), ("Series", ["StudyInstanceUID", "SeriesInstanceUID"], 10), ("Instance", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"], 1)])  # fmt: skip
def test_it_moves_at_every_level(both, files, level, keys, count):
    archive, other = both
    assert stow(archive, *(path.read_bytes() for path in images(files))).status_code == 200
    first = pydicom.dcmread(images(files)[0])
    resource = {key: first[key].value for key in keys}
    other.post("/modalities/mock/move", {"Level": level, "Resources": [resource], "TargetAet": "ORTHANC", "Synchronous": True})
    assert len(other.files()) == count


def test_its_move_of_a_patient_is_refused_as_it_asks_the_study_root(both, files):
    archive, other = both
    assert stow(archive, images(files)[0].read_bytes()).status_code == 200
    patient = {"PatientID": pydicom.dcmread(images(files)[0]).PatientID}
    order = {"Level": "Patient", "Resources": [patient], "TargetAet": "ORTHANC", "Synchronous": True}
    answer = requests.post(f"{other.url}/modalities/mock/move", json=order, timeout=60)
    assert answer.status_code == 500 and "0xA900" in answer.text


def test_it_searches_and_reads_by_its_dicomweb_client(both, files):
    archive, other = both
    assert stow(archive, *(path.read_bytes() for path in images(files))).status_code == 200
    first = pydicom.dcmread(images(files)[0])
    study, series, instance = uids(first)
    rows = other.post("/dicom-web/servers/mock/qido", {"Uri": "/studies", "Arguments": {"PatientID": first.PatientID, "00100010": "*"}})
    assert [row["0020000D"]["Value"] for row in rows] == [study]
    headers = {"Accept": "application/dicom+json"}
    metadata = other.post("/dicom-web/servers/mock/get", {"Uri": f"/studies/{study}/metadata", "HttpHeaders": headers})
    assert {row["00080018"]["Value"][0] for row in metadata} == set(held(images(files)))


@pytest.mark.parametrize("level", ["study", "series", "instance"])
def test_it_retrieves_by_wado_rs_what_is_there(both, files, level):
    archive, other = both
    assert stow(archive, *(path.read_bytes() for path in images(files))).status_code == 200
    study, series, instance = uids(pydicom.dcmread(images(files)[0]))
    resource = {"Study": study, "Series": series, "Instance": instance}
    for below in {"study": ("Series", "Instance"), "series": ("Instance",), "instance": ()}[level]:
        resource.pop(below)
    other.post("/dicom-web/servers/mock/retrieve", {"Resources": [resource]})
    sent = {one: data_set(path) for path in images(files) for one in [pydicom.dcmread(path).SOPInstanceUID]}
    back = {one: data_set(content) for one, content in other.files().items()}
    assert back == ({instance: sent[instance]} if level == "instance" else sent)


def test_it_asks_for_commitment_and_is_told_on_an_association_to_it(both, files):
    archive, other = both
    sent = other.take(images(files)[:3])
    other.post("/modalities/mock/store", {"Resources": sent[:2], "Synchronous": True})
    transaction = other.post("/modalities/mock/storage-commitment", {"Resources": sent})["ID"]
    for _ in range(500):
        report = other.get(f"/storage-commitment/{transaction}")
        if report["Status"] != "Pending":
            break
    assert report["Status"] == "Failure", report
    held_here = [pydicom.dcmread(path).SOPInstanceUID for path in images(files)[:3]]
    assert {item["SOPInstanceUID"] for item in report["Success"]} == set(held_here[:2])
    assert [item["SOPInstanceUID"] for item in report["Failures"]] == held_here[2:]


def test_every_file_that_it_takes_the_archive_takes_too(both):
    archive, other = both
    for path in takable():
        content = path.read_bytes()
        theirs = stow(other, content)
        ours = stow(archive, content)
        if theirs.status_code == 200 and "00081199" in theirs.text:
            assert ours.status_code == 200, (path, ours.text)


def test_what_it_passes_on_to_the_archive_comes_back_to_it_unchanged(both):
    """Every file: into Orthanc, by STOW-RS to the archive, gone from Orthanc, back by WADO-RS and by C-MOVE."""
    archive, other = both
    taken = {}
    for path in filter(can_travel, takable()):
        answer = requests.post(other.url + "/instances", data=path.read_bytes(), timeout=60)
        if answer.ok and answer.json()["Status"] == "Success":
            taken[answer.json()["ID"]] = path
    other.post("/dicom-web/servers/mock/stow", {"Resources": list(taken)})
    before = other.files()
    studies = {pydicom.dcmread(path, stop_before_pixels=True).StudyInstanceUID for path in taken.values()}
    other.clear()
    for study in sorted(studies):
        other.post("/modalities/mock/move", {"Level": "Study", "Resources": [{"StudyInstanceUID": study}], "TargetAet": "ORTHANC", "Synchronous": True})
    after = other.files()
    assert set(after) == set(before)
    for instance, content in after.items():
        assert elements(content) == elements(before[instance]), instance


def can_travel(path) -> bool:
    """Whether Orthanc takes it by C-STORE: not a retired JPEG process, nor a data set of odd length, on which it waits without end."""
    syntax = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
    retired = [f"1.2.840.10008.1.2.4.{number}" for number in range(52, 67) if number != 57]
    return syntax not in retired and (syntax.is_deflated or len(data_set(path)) % 2 == 0)


def elements(content: bytes) -> list[pydicom.DataElement]:
    """Those that a toolkit on the way may not change: group lengths are its own, and it may write lengths and file meta information anew."""
    return [element for element in pydicom.dcmread(io.BytesIO(content)) if element.tag.element != 0]
