"""pynetdicom: associations with the archive, and servers for the archive to call."""

import contextlib
import threading
import time

import pydicom
from pynetdicom import AE, _config, evt
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

# A file is sent as its bytes, not parsed and written anew.
_config.STORE_SEND_CHUNKED_DATASET = True
_config.UNRESTRICTED_STORAGE_SERVICE = True

FIND = {"PATIENT": PatientRootQueryRetrieveInformationModelFind, "STUDY": StudyRootQueryRetrieveInformationModelFind}
MOVE = {"PATIENT": PatientRootQueryRetrieveInformationModelMove, "STUDY": StudyRootQueryRetrieveInformationModelMove}
GET = {"PATIENT": PatientRootQueryRetrieveInformationModelGet, "STUDY": StudyRootQueryRetrieveInformationModelGet}

EXPLICIT = "1.2.840.10008.1.2.1"

PENDING = (0xFF00, 0xFF01)


class Checkpoint(threading.Event):
    """Where pynetdicom's reactor waits while an operation has the association for itself.

    Its own event lets the reactor slip through once after it was cleared, and take the response away from the operation: rare, but
    the faster the archive answers, the less so. This one gives the reactor the time to say that it is on its way.
    """

    def clear(self) -> None:
        super().clear()
        time.sleep(0.003)


def guarded(association):
    """The association, its reactor waiting at a checkpoint with less of a gap."""
    if association.is_established:
        association._reactor_checkpoint = Checkpoint()
        association._reactor_checkpoint.set()
    return association


def open_association(client, archive, called=None, evt_handlers=(), **options):
    """The association as `associate()` leaves it, with `rejection`: result, source and reason of the A-ASSOCIATE-RJ that came, or None.

    pynetdicom calls a rejection an abort when the connection is closed by it before its main thread has looked at the socket. The PDU
    itself is always seen.
    """
    rejections = []

    def seen(event):
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            rejections.append((event.pdu.result, event.pdu.source, event.pdu.reason_diagnostic))

    handlers = [*evt_handlers, (evt.EVT_PDU_RECV, seen)]
    association = client.associate(archive.host, archive.port, ae_title=called or archive.ae_title, evt_handlers=handlers, **options)
    association.rejection = rejections[0] if rejections else None
    return guarded(association)


@contextlib.contextmanager
def associated(archive, *contexts, title="PYNETDICOM", called=None, tls=None, max_pdu=16382, **options):
    """An association with these contexts: abstract syntaxes, or pairs of one and its transfer syntaxes."""
    client = AE(ae_title=title)
    client.acse_timeout = client.dimse_timeout = client.network_timeout = 20
    for context in contexts:
        client.add_requested_context(*context) if isinstance(context, tuple) else client.add_requested_context(context)
    secured = {"tls_args": (tls, "127.0.0.1")} if tls else {}
    association = open_association(client, archive, called, max_pdu=max_pdu, **secured, **options)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def keys(level=None, **wanted) -> pydicom.Dataset:
    """An identifier."""
    identifier = pydicom.Dataset()
    if level:
        identifier.QueryRetrieveLevel = level
    for keyword, value in wanted.items():
        setattr(identifier, keyword, value)
    return identifier


def rows(answers, final=0x0000) -> list[pydicom.Dataset]:
    """The matches; the search has to end with this status."""
    answers = list(answers)
    assert answers[-1][0].Status == final, answers[-1][0]
    return [row for status, row in answers if status.Status in PENDING]


def extended(sop_class, *flags: int) -> SOPClassExtendedNegotiation:
    """An extended negotiation item of query/retrieve: relational, combined dates and times, fuzzy names."""
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = sop_class
    item.service_class_application_information = bytes(flags)
    return item


@contextlib.contextmanager
def serving(contexts, handlers, title="DEST", tls=None):
    """A server on a free port; its port."""
    server = AE(ae_title=title)
    for sop_class, *syntaxes in contexts:
        server.add_supported_context(sop_class, *syntaxes, scu_role=True, scp_role=True)
    listener = server.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers, ssl_context=tls)
    try:
        yield listener.server_address[1]
    finally:
        listener.shutdown()


class Received:
    """What arrives by C-STORE, by SOP Instance UID: the transfer syntax and the bytes of the data set."""

    def __init__(self, status=0x0000):
        self.status = status
        self.instances: dict[str, tuple[str, bytes]] = {}

    def __call__(self, event):
        request = event.request
        self.instances[request.AffectedSOPInstanceUID] = (event.context.transfer_syntax, request.DataSet.getvalue())
        return self.status(event) if callable(self.status) else self.status

    def handlers(self) -> list:
        return [(evt.EVT_C_STORE, self)]
