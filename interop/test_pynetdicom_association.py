"""pynetdicom opens, negotiates and ends associations with the archive."""

import socket

import pytest
from pynetdicom import evt
from pynetdicom.pdu_primitives import AsynchronousOperationsWindowNegotiation, UserIdentityNegotiation
from pynetdicom.sop_class import CTImageStorage, ModalityPerformedProcedureStep, Verification

from mock import running
from samples import images
from scu import EXPLICIT, FIND, associated, keys, rows


def user(name: bytes, password: bytes | None = None) -> UserIdentityNegotiation:
    item = UserIdentityNegotiation()
    item.user_identity_type = 1 if password is None else 2
    item.primary_field = name
    item.secondary_field = password or b""
    item.positive_response_requested = True
    return item


def test_echo_is_answered(archive):
    with associated(archive, Verification) as association:
        assert [association.send_c_echo().Status for _ in range(3)] == [0, 0, 0]


def test_echo_is_answered_over_tls(secure, certificates):
    with associated(secure, Verification, tls=certificates.client()) as association:
        assert association.send_c_echo().Status == 0x0000


def test_the_archive_says_who_it_is(archive):
    with associated(archive, Verification) as association:
        assert association.acceptor.implementation_class_uid
        assert association.acceptor.implementation_version_name
        assert association.acceptor.maximum_length > 4096


def test_each_context_is_answered_for_itself(archive):
    with associated(
        archive,
        Verification,
        (CTImageStorage, ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.1"]),
        (CTImageStorage, ["1.2.840.10008.1.2.4.99999"]),
        ModalityPerformedProcedureStep,
        "1.2.840.10008.5.1.4.99999",
    ) as association:
        assert [(context.abstract_syntax, context.transfer_syntax) for context in association.accepted_contexts] == [
            (Verification, ["1.2.840.10008.1.2"]),
            (CTImageStorage, ["1.2.840.10008.1.2.4.70"]),
        ]
        assert {context.abstract_syntax: context.result for context in association.rejected_contexts} == {
            CTImageStorage: 4,
            ModalityPerformedProcedureStep: 3,
            "1.2.840.10008.5.1.4.99999": 3,
        }


def test_one_operation_at_a_time_is_agreed_to(archive):
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = 5
    window.maximum_number_operations_performed = 5
    with associated(archive, Verification, ext_neg=[window]) as association:
        assert association.acceptor.asynchronous_operations == (1, 1)
        assert association.send_c_echo().Status == 0x0000


def test_a_user_is_let_in_with_the_right_password_only():
    with running("--empty", "--logins", "anna:secret", "--logins", "bert") as archive:
        with associated(archive, Verification, ext_neg=[user(b"anna", b"secret")]) as association:
            assert association.send_c_echo().Status == 0x0000
            assert association.acceptor.user_identity is not None
        with associated(archive, Verification, ext_neg=[user(b"bert")]) as association:
            assert association.is_established
        for wrong in ([user(b"anna", b"wrong")], [user(b"carl", b"secret")], []):
            with associated(archive, Verification, ext_neg=wrong) as association:
                assert association.rejection == (1, 1, 1)


def test_titles_that_are_not_known_are_rejected_with_their_reason():
    with running("--empty", "--known-callers", "PYNETDICOM", "--called", "own") as archive:
        with associated(archive, Verification) as association:
            assert association.is_established
        with associated(archive, Verification, title="STRANGER") as association:
            assert association.rejection == (1, 1, 3)
        with associated(archive, Verification, called="ANOTHER") as association:
            assert association.rejection == (1, 1, 7)


def test_one_association_too_many_is_rejected_for_now():
    with running("--empty", "--max-associations", "1") as archive:
        with associated(archive, Verification), associated(archive, Verification) as second:
            assert second.rejection == (2, 3, 2)


@pytest.mark.parametrize("result, source, reason", [(1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 3, 1), (2, 3, 2)])
def test_any_rejection_is_understood_as_told(archive, result, source, reason):
    archive.inject({"then": {"reject-association": {"result": result, "source": source, "reason": reason}}})
    with associated(archive, Verification) as association:
        assert association.rejection == (result, source, reason)


@pytest.mark.parametrize("limit", [4096, 16382, 0])
def test_no_pdu_is_longer_than_the_client_takes(demo, limit):
    lengths = []

    def measure(event):
        if event.data[0] == 0x04:
            lengths.append(len(event.data) - 6)

    handlers = [(evt.EVT_DATA_RECV, measure)]
    with associated(demo, FIND["STUDY"], max_pdu=limit, evt_handlers=handlers) as association:
        assert rows(association.send_c_find(keys("STUDY", StudyInstanceUID="", PatientName=""), FIND["STUDY"]))
    assert lengths and (limit == 0 or max(lengths) <= limit)


def test_an_abort_in_the_middle_of_a_search_hurts_nobody_else(demo):
    with associated(demo, FIND["STUDY"]) as association, associated(demo, Verification) as other:
        next(association.send_c_find(keys("STUDY", StudyInstanceUID=""), FIND["STUDY"]))
        association.abort()
        assert other.send_c_echo().Status == 0x0000


def test_of_an_instance_whose_sender_vanishes_midway_nothing_is_there(archive, files):
    lengths = []

    def vanish(event):
        # The command and several parts of the data set have gone out by then.
        lengths.append(len(event.data))
        if len(lengths) == 6:
            event.assoc.dul.socket.socket.shutdown(socket.SHUT_RDWR)

    with associated(archive, (CTImageStorage, EXPLICIT), evt_handlers=[(evt.EVT_DATA_SENT, vanish)]) as association:
        association.dimse_timeout = 2
        association.send_c_store(images(files)[0])
    assert 50_000 < sum(lengths[:6]) < images(files)[0].stat().st_size
    with associated(archive, FIND["STUDY"]) as association:
        assert rows(association.send_c_find(keys("STUDY", StudyInstanceUID=""), FIND["STUDY"])) == []
