"""pynetdicom stores instances and asks for commitment to them."""

import threading

import pydicom
import pytest
from pynetdicom import evt
from pynetdicom.sop_class import (
    BasicTextSRStorage,
    CTImageStorage,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from mock import running
from samples import images, uids
from scu import EXPLICIT, FIND, associated, keys, rows, serving

PRIVATE = "1.2.826.0.1.3680043.9.9999.1.1"
UNKNOWN = "1.2.840.10008.5.1.4.1.1.99999"


def an_instance(sop_class: str, number: int = 1) -> pydicom.Dataset:
    """The least that can be stored."""
    instance = pydicom.Dataset()
    instance.file_meta = pydicom.dataset.FileMetaDataset()
    instance.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    instance.SOPClassUID = sop_class
    instance.SOPInstanceUID = f"2.25.1000{number}"
    instance.StudyInstanceUID = "2.25.10"
    instance.SeriesInstanceUID = "2.25.11"
    instance.PatientID = "P1"
    instance.PatientName = "Test^Patient"
    instance.Modality = "OT"
    instance.add_new(0x00091010, "LO", "private value")
    instance.add_new(0x00090010, "LO", "INTEROP")
    return instance


def count(archive) -> int:
    """How many instances the archive lists."""
    with associated(archive, FIND["STUDY"]) as association:
        found = rows(association.send_c_find(keys("STUDY", StudyInstanceUID="", NumberOfStudyRelatedInstances=""), FIND["STUDY"]))
    return sum(row.NumberOfStudyRelatedInstances for row in found)


def test_what_is_stored_is_found_with_its_values(archive, files):
    slices = [pydicom.dcmread(path) for path in images(files)]
    with associated(archive, CTImageStorage, FIND["STUDY"]) as association:
        for instance in slices:
            assert association.send_c_store(instance).Status == 0x0000
        study, series, _ = uids(slices[0])
        wanted = keys("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=series, SOPInstanceUID="", InstanceNumber="")
        found = rows(association.send_c_find(wanted, FIND["STUDY"]))
    assert {row.SOPInstanceUID: row.InstanceNumber for row in found} == {
        instance.SOPInstanceUID: instance.InstanceNumber for instance in slices
    }


def test_what_is_stored_over_tls_is_there(secure, files, certificates):
    with associated(secure, (CTImageStorage, EXPLICIT), FIND["STUDY"], tls=certificates.client()) as association:
        for path in images(files)[:3]:
            assert association.send_c_store(path).Status == 0x0000
        found = rows(association.send_c_find(keys("STUDY", StudyInstanceUID="", NumberOfStudyRelatedInstances=""), FIND["STUDY"]))
    assert [row.NumberOfStudyRelatedInstances for row in found] == [3]


@pytest.mark.parametrize("sop_class", [BasicTextSRStorage, UNKNOWN, PRIVATE], ids=["known", "unknown", "private"])
def test_an_instance_of_any_class_is_stored(archive, sop_class):
    with associated(archive, sop_class) as association:
        assert association.send_c_store(an_instance(sop_class)).Status == 0x0000
    with associated(archive, FIND["STUDY"]) as association:
        wanted = keys("IMAGE", StudyInstanceUID="2.25.10", SeriesInstanceUID="2.25.11", SOPInstanceUID="", SOPClassUID="")
        assert [row.SOPClassUID for row in rows(association.send_c_find(wanted, FIND["STUDY"]))] == [sop_class]


def test_a_class_that_policy_does_not_take_has_no_context():
    with running("--empty", "--sop-classes", CTImageStorage) as archive:
        with associated(archive, CTImageStorage, PRIVATE) as association:
            assert [context.abstract_syntax for context in association.rejected_contexts] == [PRIVATE]


@pytest.mark.parametrize("missing", ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID"])
def test_an_instance_that_does_not_say_what_it_is_fails_and_the_next_is_stored(archive, tmp_path, missing):
    lame = an_instance(CTImageStorage, 1)
    lame.file_meta.MediaStorageSOPClassUID = lame.SOPClassUID
    lame.file_meta.MediaStorageSOPInstanceUID = lame.SOPInstanceUID
    delattr(lame, missing)
    path = tmp_path / "lame.dcm"
    lame.save_as(path, enforce_file_format=True)
    with associated(archive, (CTImageStorage, EXPLICIT)) as association:
        # From a file pynetdicom sends the bytes of the data set, and its request says what the file meta information says.
        status = association.send_c_store(path).Status
        assert status & 0xF000 in (0xA000, 0xC000), hex(status)
        assert association.send_c_store(an_instance(CTImageStorage, 2)).Status == 0x0000
    assert count(archive) == 1


def test_a_duplicate_is_answered_as_policy_says():
    one, other = an_instance(CTImageStorage), an_instance(CTImageStorage)
    other.Modality = "CT"
    for policy, status, modality in [("keep", 0x0000, "OT"), ("replace", 0x0000, "CT"), ("reject:0111", 0x0111, "OT")]:
        with running("--empty", "--duplicates", policy) as archive:
            with associated(archive, CTImageStorage, FIND["STUDY"]) as association:
                assert association.send_c_store(one).Status == 0x0000
                assert association.send_c_store(other).Status == status, policy
                found = rows(association.send_c_find(keys("SERIES", StudyInstanceUID="2.25.10", Modality=""), FIND["STUDY"]))
                assert [row.Modality for row in found] == [modality], policy


def test_a_second_patient_in_a_study_is_answered_as_policy_says():
    one, other = an_instance(CTImageStorage, 1), an_instance(CTImageStorage, 2)
    other.PatientID = "P2"
    for policy, status, kept in [("accept", 0x0000, 2), ("coerce", 0xB000, 2), ("split", 0x0000, 2), ("reject:A778", 0xA778, 1)]:
        with running("--empty", "--patient-conflict", policy) as archive:
            with associated(archive, CTImageStorage) as association:
                assert association.send_c_store(one).Status == 0x0000
                assert association.send_c_store(other).Status == status, policy
            assert count(archive) == kept, policy


class Events:
    """Takes N-EVENT-REPORT: event type, committed and failed instances with their reason."""

    def __init__(self):
        self.arrived = threading.Event()

    def __call__(self, event):
        information = event.event_information
        self.type = event.request.EventTypeID
        self.transaction = information.TransactionUID
        self.committed = {item.ReferencedSOPInstanceUID for item in information.get("ReferencedSOPSequence", [])}
        self.failed = {item.ReferencedSOPInstanceUID: item.FailureReason for item in information.get("FailedSOPSequence", [])}
        self.arrived.set()
        return 0x0000, None

    def handlers(self) -> list:
        return [(evt.EVT_N_EVENT_REPORT, self)]


def commitment(*instances: tuple[str, str]) -> pydicom.Dataset:
    """A request for pairs of class and instance."""
    request = pydicom.Dataset()
    request.TransactionUID = "2.25.4711"
    request.ReferencedSOPSequence = []
    for sop_class, instance in instances:
        item = pydicom.Dataset()
        item.ReferencedSOPClassUID = sop_class
        item.ReferencedSOPInstanceUID = instance
        request.ReferencedSOPSequence.append(item)
    return request


def ask_commitment(association, *instances) -> int:
    status, _ = association.send_n_action(
        commitment(*instances), 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    return status.Status


def test_commitment_is_reported_on_the_same_association(archive):
    stored = an_instance(CTImageStorage)
    events = Events()
    with associated(archive, CTImageStorage, StorageCommitmentPushModel, evt_handlers=events.handlers()) as association:
        assert association.send_c_store(stored).Status == 0x0000
        assert ask_commitment(association, (CTImageStorage, stored.SOPInstanceUID)) == 0x0000
        assert events.arrived.wait(20)
    assert (events.type, events.transaction) == (1, "2.25.4711")
    assert (events.committed, events.failed) == ({stored.SOPInstanceUID}, {})


def test_what_is_not_there_is_not_committed_to(archive):
    stored = an_instance(CTImageStorage)
    events = Events()
    with associated(archive, CTImageStorage, StorageCommitmentPushModel, evt_handlers=events.handlers()) as association:
        assert association.send_c_store(stored).Status == 0x0000
        asked = (CTImageStorage, stored.SOPInstanceUID), (CTImageStorage, "2.25.404"), (BasicTextSRStorage, stored.SOPInstanceUID)
        assert ask_commitment(association, asked[0], asked[1]) == 0x0000
        assert events.arrived.wait(20)
    assert events.type == 2
    assert (events.committed, events.failed) == ({stored.SOPInstanceUID}, {"2.25.404": 0x0112})


def test_commitment_is_reported_on_a_new_association_to_who_has_left():
    answered = threading.Event()

    def leave(event):
        # Not before the request has its answer, which comes first.
        answered.wait(20)
        event.assoc.abort()
        return 0x0000, None

    stored = an_instance(CTImageStorage)
    events = Events()
    with serving([(StorageCommitmentPushModel,)], events.handlers(), title="PYNETDICOM") as port:
        with running("--empty", "--destinations", f"PYNETDICOM=127.0.0.1:{port}") as archive:
            leaving = [(evt.EVT_N_EVENT_REPORT, leave)]
            with associated(archive, CTImageStorage, StorageCommitmentPushModel, evt_handlers=leaving) as association:
                assert association.send_c_store(stored).Status == 0x0000
                assert ask_commitment(association, (CTImageStorage, stored.SOPInstanceUID)) == 0x0000
                answered.set()
                assert events.arrived.wait(20)
    assert (events.type, events.committed) == (1, {stored.SOPInstanceUID})
