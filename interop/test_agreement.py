"""Both protocols tell the same of the same archive: searches, instances, and what was stored by either."""

import io
import json

import pydicom
import pytest
import requests
from pynetdicom import build_role

from mock import running
from samples import as_sent, data_set, takable, uids
from scu import FIND, GET, Received, associated, extended, keys, rows
from test_files import on_the_wire, stow, wado

LEVELS = {"STUDY": "studies", "SERIES": "series", "IMAGE": "instances"}

# Searches as keys: what is asked, at which level.
SEARCHES = [
    ("STUDY", {}),
    ("STUDY", {"PatientName": "DOE*"}),
    ("STUDY", {"PatientName": "doe^john"}),
    ("STUDY", {"PatientName": "*=山田*"}),
    ("STUDY", {"PatientName": "MÜLLER*"}),
    ("STUDY", {"PatientName": "?OE^J*"}),
    ("STUDY", {"PatientID": "MRN-1001"}),
    ("STUDY", {"PatientID": "mrn-1001"}),
    ("STUDY", {"PatientID": "MRN-1*"}),
    ("STUDY", {"StudyDate": "20240101-20241231"}),
    ("STUDY", {"StudyDate": "-20231231"}),
    ("STUDY", {"StudyDate": "20250101-"}),
    ("STUDY", {"StudyTime": "080000-120000"}),
    ("STUDY", {"ModalitiesInStudy": "MR"}),
    ("STUDY", {"ModalitiesInStudy": "MR", "PatientSex": "F"}),
    ("STUDY", {"AccessionNumber": "*1"}),
    ("STUDY", {"PatientID": "nobody"}),
    ("SERIES", {"Modality": "CT"}),
    ("SERIES", {"Modality": "SR"}),
    ("SERIES", {"SeriesNumber": "1"}),
    ("SERIES", {"SeriesDescription": "*"}),
    ("IMAGE", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}),
    ("IMAGE", {"InstanceNumber": "3"}),
]

# What is compared of each match.
COLUMNS = {
    "STUDY": [
        *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber"),
        *("StudyID", "StudyDescription", "ReferringPhysicianName", "ModalitiesInStudy", "NumberOfStudyRelatedSeries"),
        *("NumberOfStudyRelatedInstances", "SOPClassesInStudy"),
    ],
    "SERIES": ["SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "NumberOfSeriesRelatedInstances", "BodyPartExamined"],
    "IMAGE": ["SOPInstanceUID", "SOPClassUID", "InstanceNumber", "Rows", "Columns", "NumberOfFrames", "ContentDate"],
}


def over_http(archive, level: str, asked: dict) -> list[pydicom.Dataset]:
    parameters = {**asked, "includefield": ",".join(COLUMNS[level])}
    query = "&".join(f"{name}={requests.utils.quote(value)}" for name, value in parameters.items())
    answer = requests.get(f"{archive.web}/{LEVELS[level]}?{query}", headers={"Accept": "application/dicom+json"}, timeout=20)
    assert answer.status_code in (200, 204), answer.text
    return [pydicom.Dataset.from_json(row) for row in (answer.json() if answer.content else [])]


def over_dimse(archive, level: str, asked: dict) -> list[pydicom.Dataset]:
    identifier = keys(level, SpecificCharacterSet="ISO_IR 192", **{**dict.fromkeys(COLUMNS[level], ""), **asked})
    with associated(archive, FIND["STUDY"], ext_neg=[extended(FIND["STUDY"], 1)]) as association:
        return rows(association.send_c_find(identifier, FIND["STUDY"]))


def shown(row: pydicom.Dataset, column: str) -> list[str]:
    value = row.get(column)
    if value is None or value == "":
        return []
    return [str(one) for one in value] if isinstance(value, (list, pydicom.multival.MultiValue)) else [str(value)]


@pytest.mark.parametrize("level, asked", SEARCHES, ids=lambda part: part if isinstance(part, str) else json.dumps(part))
def test_a_search_finds_the_same_in_the_same_order_with_the_same_values(demo, level, asked):
    ours, theirs = over_http(demo, level, asked), over_dimse(demo, level, asked)
    assert [[(column, shown(row, column)) for column in COLUMNS[level]] for row in ours] == [
        [(column, shown(row, column)) for column in COLUMNS[level]] for row in theirs
    ]


def test_the_searches_above_find_something_and_not_everything(demo):
    found = {json.dumps(search): len(over_http(demo, *search)) for search in SEARCHES}
    assert sum(1 for count in found.values() if count) > len(SEARCHES) * 0.7, found
    assert len(set(found.values())) > 5, found


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """Two archives with the same files: one was given them by STOW-RS, the other by C-STORE."""
    folder = tmp_path_factory.mktemp("sent")
    settings = ("--empty", "--duplicates", "replace")
    with running(*settings) as by_web, running(*settings) as by_dimse:
        for path in takable():
            assert stow(by_web, path.read_bytes()).status_code == 200
            head = pydicom.dcmread(path, stop_before_pixels=True)
            with associated(by_dimse, (head.SOPClassUID, head.file_meta.TransferSyntaxUID)) as association:
                assert association.send_c_store(as_sent(path, folder)).Status == 0x0000, path
        yield by_web, by_dimse


@pytest.mark.parametrize("level", LEVELS)
def test_what_was_stored_by_either_protocol_is_listed_the_same(twins, level):
    by_web, by_dimse = twins
    everything = ("?includefield=all", {"Accept": "application/dicom+json"})
    lists = [requests.get(f"{one.web}/{LEVELS[level]}{everything[0]}", headers=everything[1], timeout=20).json() for one in twins]
    for rows_of_one in lists:
        for row in rows_of_one:
            row.pop("00081190", None)  # Retrieve URL: where this very archive is.
    assert lists[0] == lists[1] and lists[0]
    assert over_dimse(by_web, level, {}) == over_dimse(by_dimse, level, {})


def test_what_was_stored_by_either_protocol_comes_back_the_same_by_both(twins):
    seen = set()
    # The last file of a UID is the one that is kept.
    for path in reversed(takable()):
        head = pydicom.dcmread(path, stop_before_pixels=True)
        study, series, instance = uids(head)
        if instance in seen:
            continue
        seen.add(instance)
        syntax = head.file_meta.TransferSyntaxUID
        by_web = [data_set(wado(one, head)) for one in twins]
        assert by_web[0] == by_web[1], path
        for one in twins:
            received = Received()
            role = build_role(head.SOPClassUID, scp_role=True)
            with associated(one, GET["STUDY"], (head.SOPClassUID, syntax), ext_neg=[role], evt_handlers=received.handlers()) as association:
                wanted = keys("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID=instance)
                rows(association.send_c_get(wanted, GET["STUDY"]))
            assert received.instances == {instance: (syntax, on_the_wire(path, syntax))}, path
        if not syntax.is_implicit_VR and syntax.is_little_endian:
            assert by_web[0] == data_set(path), path


def test_the_demo_patients_come_back_the_same_by_both_protocols(demo):
    """WADO-RS of each study, C-GET of the same."""
    for study in over_http(demo, "STUDY", {}):
        answer = requests.get(
            f"{demo.web}/studies/{study.StudyInstanceUID}",
            headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'},
            timeout=30,
        )
        files = dict((pydicom.dcmread(io.BytesIO(part)).SOPInstanceUID, part) for part in parts(answer))
        assert len(files) == study.NumberOfStudyRelatedInstances
        heads = [pydicom.dcmread(io.BytesIO(part), stop_before_pixels=True) for part in files.values()]
        contexts = sorted({(head.SOPClassUID, head.file_meta.TransferSyntaxUID) for head in heads})
        roles = [build_role(sop_class, scp_role=True) for sop_class in sorted({sop_class for sop_class, _ in contexts})]
        received = Received()
        with associated(demo, GET["STUDY"], *contexts, ext_neg=roles, evt_handlers=received.handlers()) as association:
            rows(association.send_c_get(keys("STUDY", StudyInstanceUID=study.StudyInstanceUID), GET["STUDY"]))
        assert {instance: data for instance, (_, data) in received.instances.items()} == {
            instance: data_set(part) for instance, part in files.items()
        }


def parts(answer: requests.Response) -> list[bytes]:
    """The bodies of a multipart answer."""
    boundary = answer.headers["Content-Type"].split("boundary=")[1].strip('"').encode()
    pieces = answer.content.split(b"--" + boundary)
    assert pieces[-1].startswith(b"--")
    return [piece.split(b"\r\n\r\n", 1)[1][:-2] for piece in pieces[1:-1]]
