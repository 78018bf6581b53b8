"""pynetdicom retrieves: C-MOVE to servers of its own, C-GET on the association."""

import threading

import pydicom
import pytest
from pynetdicom import build_role
from pynetdicom.sop_class import CTImageStorage, MRImageStorage

from mock import running
from samples import data_set, images
from scu import EXPLICIT, FIND, GET, MOVE, PENDING, Received, associated, extended, keys, rows, serving

IMPLICIT = "1.2.840.10008.1.2"


def uid(path, keyword) -> str:
    return pydicom.dcmread(path, stop_before_pixels=True)[keyword].value


def store(archive, paths) -> dict[str, bytes]:
    """The data sets of the files by SOP Instance UID, after they were stored in explicit little endian."""
    with associated(archive, (CTImageStorage, EXPLICIT), (MRImageStorage, EXPLICIT)) as association:
        for path in paths:
            assert association.send_c_store(path).Status == 0x0000
    return {uid(path, "SOPInstanceUID"): data_set(path) for path in paths}


def moving(association, identifier, root="STUDY", to="DEST", **options):
    """The statuses of a move, each with its counts."""
    return counted(association.send_c_move(identifier, to, MOVE[root], **options))


def counted(answers) -> list[tuple[int, dict[str, int]]]:
    names = ("Remaining", "Completed", "Failed", "Warning")
    return [
        (status.Status, {name.lower(): getattr(status, f"NumberOf{name}Suboperations") for name in names if f"NumberOf{name}Suboperations" in status})
        for status, _ in answers
    ]


@pytest.fixture
def destination():
    """A server of CT and MR, and what arrived there."""
    received = Received()
    with serving([(CTImageStorage, [EXPLICIT, IMPLICIT]), (MRImageStorage, [EXPLICIT, IMPLICIT])], received.handlers()) as port:
        yield received, f"DEST=127.0.0.1:{port}"


def test_a_move_brings_a_study_byte_for_byte_and_counts(destination, files):
    received, address = destination
    paths = images(files)
    with running("--empty", "--destinations", address) as archive:
        sent = store(archive, paths)
        with associated(archive, MOVE["STUDY"]) as association:
            answers = moving(association, keys("STUDY", StudyInstanceUID=uid(paths[0], "StudyInstanceUID")))
    assert {instance: data for instance, (_, data) in received.instances.items()} == sent
    pending, (status, counts) = answers[:-1], answers[-1]
    assert status == 0x0000 and counts == {"completed": 10, "failed": 0, "warning": 0}
    assert all(status == 0xFF00 and sum(counts.values()) == 10 for status, counts in pending)
    remaining = [counts["remaining"] for _, counts in pending]
    assert remaining == sorted(remaining, reverse=True)


def test_a_move_names_who_asked_for_it(files):
    origins = []
    received = Received(lambda event: origins.append((event.request.MoveOriginatorApplicationEntityTitle, event.request.MoveOriginatorMessageID)) or 0)
    with serving([(CTImageStorage, EXPLICIT)], received.handlers()) as port:
        with running("--empty", "--destinations", f"DEST=127.0.0.1:{port}") as archive:
            store(archive, images(files)[:2])
            with associated(archive, MOVE["STUDY"], title="ORIGIN") as association:
                moving(association, keys("STUDY", StudyInstanceUID=uid(images(files)[0], "StudyInstanceUID")), msg_id=11)
    assert [(str(title).strip(), number) for title, number in origins] == [("ORIGIN", 11)] * 2


def test_every_level_moves_what_it_names(destination, files):
    received, address = destination
    paths = images(files)
    names = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
    with running("--empty", "--destinations", address) as archive:
        sent = store(archive, paths)
        above = {}
        with associated(archive, MOVE["PATIENT"]) as association:
            for level, key in names.items():
                above[key] = uid(paths[0], key)
                received.instances.clear()
                assert moving(association, keys(level, **above), "PATIENT")[-1][0] == 0x0000
                wanted = {above[key]} if level == "IMAGE" else set(sent)
                assert set(received.instances) == wanted, level


def test_a_move_of_nothing_succeeds_and_an_unknown_destination_is_a801(destination):
    _, address = destination
    with running("--empty", "--destinations", address) as archive, associated(archive, MOVE["STUDY"]) as association:
        assert moving(association, keys("STUDY", StudyInstanceUID="1.2.3"))[-1] == (0x0000, {"completed": 0, "failed": 0, "warning": 0})
        assert [status for status, _ in moving(association, keys("STUDY", StudyInstanceUID="1.2.3"), to="NOBODY")] == [0xA801]


def test_instances_that_the_destination_refuses_are_counted_and_listed(files):
    refused = {uid(path, "SOPInstanceUID") for path in images(files)[:2]}
    received = Received(lambda event: 0xA700 if event.request.AffectedSOPInstanceUID in refused else 0x0000)
    with serving([(CTImageStorage, EXPLICIT)], received.handlers()) as port:
        with running("--empty", "--destinations", f"DEST=127.0.0.1:{port}") as archive:
            store(archive, images(files))
            with associated(archive, MOVE["STUDY"]) as association:
                study = uid(images(files)[0], "StudyInstanceUID")
                answers = list(association.send_c_move(keys("STUDY", StudyInstanceUID=study), "DEST", MOVE["STUDY"]))
    status, identifier = answers[-1]
    assert status.Status == 0xB000
    assert (status.NumberOfCompletedSuboperations, status.NumberOfFailedSuboperations) == (8, 2)
    listed = identifier.FailedSOPInstanceUIDList
    assert {listed} if isinstance(listed, str) else set(listed) == refused


def test_a_move_that_is_cancelled_stops_sending(files):
    cancelled = threading.Event()
    # Each instance waits at the destination until the move was cancelled.
    received = Received(lambda event: 0x0000 if cancelled.wait(20) else 0xA700)
    with serving([(CTImageStorage, EXPLICIT)], received.handlers()) as port:
        with running("--empty", "--destinations", f"DEST=127.0.0.1:{port}") as archive:
            store(archive, images(files))
            with associated(archive, MOVE["STUDY"]) as association:
                study = uid(images(files)[0], "StudyInstanceUID")
                answers = association.send_c_move(keys("STUDY", StudyInstanceUID=study), "DEST", MOVE["STUDY"], msg_id=5)
                association.send_c_cancel(5, query_model=MOVE["STUDY"])
                # The archive has read the cancellation before this is answered.
                cancelled.set()
                status, counts = counted(answers)[-1]
    assert status == 0xFE00
    assert counts["completed"] + counts["remaining"] == 10 and counts["remaining"] > 0
    assert len(received.instances) == counts["completed"]


def test_a_relational_move_needs_no_keys_above(destination, files):
    received, address = destination
    with running("--empty", "--destinations", address) as archive:
        sent = store(archive, images(files))
        first = next(iter(sent))
        with associated(archive, MOVE["STUDY"]) as association:
            assert moving(association, keys("IMAGE", SOPInstanceUID=first))[-1][0] == 0xA900
        with associated(archive, MOVE["STUDY"], ext_neg=[extended(MOVE["STUDY"], 1)]) as association:
            assert moving(association, keys("IMAGE", SOPInstanceUID=first))[-1][0] == 0x0000
    assert set(received.instances) == {first}


def getting(archive, identifier, received, *, roles=(CTImageStorage,), contexts=((CTImageStorage, EXPLICIT),), root="STUDY", ext_neg=(), tls=None):
    """Gets; the statuses with their counts, and the last identifier."""
    with associated(
        archive,
        GET[root],
        *contexts,
        ext_neg=[*(build_role(sop_class, scp_role=True) for sop_class in roles), *ext_neg],
        evt_handlers=received.handlers(),
        tls=tls,
    ) as association:
        answers = list(association.send_c_get(identifier, GET[root]))
    return counted(answers), answers[-1][1]


def test_a_get_brings_a_study_byte_for_byte_and_counts(archive, files):
    sent = store(archive, images(files))
    received = Received()
    answers, _ = getting(archive, keys("STUDY", StudyInstanceUID=uid(images(files)[0], "StudyInstanceUID")), received)
    assert {instance: data for instance, (_, data) in received.instances.items()} == sent
    assert answers[-1] == (0x0000, {"completed": 10, "failed": 0, "warning": 0})
    assert all(status in PENDING and sum(counts.values()) == 10 for status, counts in answers[:-1])


def test_a_get_works_over_tls(secure, files, certificates):
    with associated(secure, (CTImageStorage, EXPLICIT), tls=certificates.client()) as association:
        for path in images(files):
            assert association.send_c_store(path).Status == 0x0000
    received = Received()
    wanted = keys("STUDY", StudyInstanceUID=uid(images(files)[0], "StudyInstanceUID"))
    answers, _ = getting(secure, wanted, received, tls=certificates.client())
    assert answers[-1][0] == 0x0000 and len(received.instances) == 10


def test_a_get_without_the_role_brings_nothing_and_says_so(archive, files):
    store(archive, images(files))
    received = Received()
    answers, identifier = getting(archive, keys("STUDY", StudyInstanceUID=uid(images(files)[0], "StudyInstanceUID")), received, roles=())
    assert answers[-1] == (0xA702, {"completed": 0, "failed": 10, "warning": 0})
    assert len(identifier.FailedSOPInstanceUIDList) == 10
    assert received.instances == {}


def test_a_get_of_two_classes_brings_the_one_that_was_negotiated_and_lists_the_other(archive, files):
    mr = sorted((files / "mr").glob("*.dcm"))[:3]
    sent = store(archive, [*images(files), *mr])
    received = Received()
    wanted = [uid(images(files)[0], "StudyInstanceUID"), uid(mr[0], "StudyInstanceUID")]
    answers, identifier = getting(archive, keys("STUDY", StudyInstanceUID=wanted), received)
    assert answers[-1] == (0xB000, {"completed": 10, "failed": 3, "warning": 0})
    others = {uid(path, "SOPInstanceUID") for path in mr}
    assert set(identifier.FailedSOPInstanceUIDList) == others
    assert set(received.instances) == set(sent) - others


def test_what_the_client_refuses_is_counted(archive, files):
    sent = store(archive, images(files))
    refused = sorted(sent)[0]
    received = Received(lambda event: 0xC000 if event.request.AffectedSOPInstanceUID == refused else 0x0000)
    answers, identifier = getting(archive, keys("STUDY", StudyInstanceUID=uid(images(files)[0], "StudyInstanceUID")), received)
    assert answers[-1] == (0xB000, {"completed": 9, "failed": 1, "warning": 0})
    assert identifier.FailedSOPInstanceUIDList == refused


def test_a_get_that_is_cancelled_ends_as_cancelled(archive, files):
    store(archive, images(files))

    def cancel(event):
        if len(received.instances) == 1:
            event.assoc.send_c_cancel(1, query_model=GET["STUDY"])
        return 0x0000

    received = Received(cancel)
    answers, _ = getting(archive, keys("STUDY", StudyInstanceUID=uid(images(files)[0], "StudyInstanceUID")), received)
    status, counts = answers[-1]
    assert status == 0xFE00
    assert counts["completed"] == len(received.instances) < 10
    assert counts["completed"] + counts["remaining"] == 10


def test_a_relational_get_needs_no_keys_above(archive, files):
    sent = store(archive, images(files))
    first = next(iter(sent))
    received = Received()
    answers, _ = getting(archive, keys("IMAGE", SOPInstanceUID=first), received, ext_neg=[extended(GET["STUDY"], 1)])
    assert answers[-1][0] == 0x0000 and set(received.instances) == {first}


def test_a_get_is_answered_at_every_level_of_both_roots(archive, files):
    sent = store(archive, images(files))
    names = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
    for root in ("PATIENT", "STUDY"):
        above = {}
        for level, key in names.items():
            if (root, level) == ("STUDY", "PATIENT"):
                continue
            above[key] = uid(images(files)[0], key)
            received = Received()
            answers, _ = getting(archive, keys(level, **above), received, root=root)
            assert answers[-1][0] == 0x0000, (root, level)
            assert set(received.instances) == ({above[key]} if level == "IMAGE" else set(sent)), (root, level)


def test_an_association_that_is_aborted_while_it_gets_hurts_nobody_else(archive, files):
    store(archive, images(files))

    def abort(event):
        event.assoc.abort()
        return 0x0000

    received = Received(abort)
    wanted = keys("STUDY", StudyInstanceUID=uid(images(files)[0], "StudyInstanceUID"))
    with associated(
        archive, GET["STUDY"], (CTImageStorage, EXPLICIT), ext_neg=[build_role(CTImageStorage, scp_role=True)], evt_handlers=received.handlers()
    ) as association:
        association.dimse_timeout = 0.5
        list(association.send_c_get(wanted, GET["STUDY"]))
        assert association.is_aborted
    with associated(archive, FIND["STUDY"]) as association:
        assert len(rows(association.send_c_find(keys("STUDY", StudyInstanceUID=""), FIND["STUDY"]))) == 1
