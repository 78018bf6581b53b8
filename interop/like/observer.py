"""Asks an archive the questions, and writes down what it answered: statuses, headers and the shape of bodies, no value of its own making."""

import contextlib
import io
import json
import re

import pydicom
import requests
from PIL import Image
from pynetdicom import AE, build_role, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import AsynchronousOperationsWindowNegotiation
from pynetdicom.sop_class import (
    CTImageStorage,
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    MRImageStorage,
    PatientStudyOnlyQueryRetrieveInformationModelFind,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)

from scu import EXPLICIT, FIND, GET, MOVE, PENDING, extended, open_association

from .questions import Dimse, Web
from .uploads import CT, data_set, upload

# Headers that say what an archive can do; dates, lengths and names of servers do not.
HEADERS = (
    *("content-type", "etag", "last-modified", "cache-control", "warning", "location", "allow", "www-authenticate"),
    *("access-control-allow-origin", "content-encoding", "content-range", "accept-ranges", "vary"),
)

MODELS = {**FIND, "PATIENT-STUDY-ONLY": PatientStudyOnlyQueryRetrieveInformationModelFind, "WORKLIST": ModalityWorklistInformationFind}


def ask_web(base: str, question: Web, names: dict, session: requests.Session) -> dict:
    """The facts of one answer over HTTP."""
    headers = {"Accept": question.accept, **question.headers}
    content = None
    if question.upload:
        content, content_type, more = upload(question.upload)
        headers |= {"Content-Type": content_type, **more}
        if question.upload == "chunked":
            content = iter([content[:100], content[100:]])
    try:
        answer = session.request(
            question.method,
            base + question.path.format(**names),
            # None keeps the library from adding a header of its own.
            headers={"Accept-Encoding": None, "User-Agent": "interop", **headers},
            data=content,
            timeout=20,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        return {"status": None, "error": type(error).__name__}
    said = {name: value for name, value in ((name, answer.headers.get(name)) for name in HEADERS) if value is not None}
    return {
        "status": answer.status_code,
        "headers": {name: plain(value) if name != "etag" else "some" for name, value in said.items()},
        "body": shape(answer),
    }


def plain(value: str) -> str:
    """A header's value without what is different each time."""
    value = re.sub(r"https?://[^/\s\"]+/[\w-]+", "BASE", value)
    value = re.sub(r"boundary=\"?[^;\"]+\"?", "boundary=...", value)
    return re.sub(r"\d+(\.\d+){4,}", "UID", value)


def shape(answer: requests.Response):
    """What a body is like: not its values, but how many of what."""
    content_type = answer.headers.get("Content-Type", "")
    if not answer.content:
        return "empty"
    if content_type.startswith("multipart/related"):
        boundary = re.search(r"boundary=\"?([^;\"]+)", content_type)
        pieces = answer.content.split(b"--" + boundary[1].encode())[1:-1] if boundary else []
        heads = [piece.split(b"\r\n\r\n", 1)[0].decode("latin-1") for piece in pieces]
        types = sorted({plain(found[1]) for head in heads if (found := re.search(r"(?im)^content-type: *([^\r\n]*)", head))})
        names = sorted({line.split(":")[0].lower() for head in heads for line in head.split("\r\n") if ":" in line})
        syntaxes = sorted({syntax(piece.split(b"\r\n\r\n", 1)[-1]) for piece in pieces} - {None})
        return {"parts": len(pieces), "types": types, "headers": names, "transfer syntaxes": syntaxes}
    if "image/" in content_type:
        with contextlib.suppress(OSError):
            image = Image.open(io.BytesIO(answer.content))
            return {"image": image.format, "size": list(image.size)}
    if "json" in content_type:
        with contextlib.suppress(ValueError):
            return json_shape(json.loads(answer.text))
    if "dicom" in content_type and "xml" not in content_type:
        return {"file": syntax(answer.content)}
    return "some"


def syntax(content: bytes) -> str | None:
    """The transfer syntax of a file."""
    with contextlib.suppress(Exception):
        return str(pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True).file_meta.TransferSyntaxUID)
    return None


# Sequences of a store response, and what their items say.
OUTCOMES = {"00081199": "referenced", "00081198": "failed", "0008119A": "other failures"}


def json_shape(body):
    """Of a store response its outcomes with their codes; of a list its length and the attributes of the first row; else the names."""
    rows = body if isinstance(body, list) else [body]
    if rows and isinstance(rows[0], dict) and set(rows[0]) & set(OUTCOMES):
        said = {}
        for tag, name in OUTCOMES.items():
            if tag in rows[0]:
                items = rows[0][tag].get("Value", [])
                codes = sorted({f"{item[key]['Value'][0]:04X}" for item in items for key in ("00081197", "00081196") if key in item})
                said[name] = {"items": len(items), "codes": codes}
        return said
    if isinstance(body, list):
        return {"rows": len(body), "tags": sorted(body[0]) if body and isinstance(body[0], dict) else []}
    return {"names": sorted(body)}


def ask_dimse(archive, question: Dimse, names: dict, destination) -> dict:
    """The facts of one operation. `destination` is where moves go (`DEST`)."""
    given = filled(question.given, names)
    ask = {"associate": associate, "echo": echo, "find": find, "get": get, "move": move, "store": store, "commit": commit}[question.service]
    try:
        fact = ask(archive, given, destination)
        for _ in range(5):
            # A peer that rejects and closes at once is sometimes seen to close only.
            if fact.get("rejected") != "aborted":
                break
            fact = ask(archive, given, destination)
        return fact
    except (RuntimeError, ValueError) as error:
        return {"error": re.sub(r"'[^']*'", "...", str(error))[:60]}


def filled(value, names: dict):
    if isinstance(value, str):
        return value.format(**names)
    if isinstance(value, dict):
        return {key: filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return value


@contextlib.contextmanager
def association(archive, contexts, calling="PYNETDICOM", called=None, **options):
    client = AE(ae_title=calling)
    client.acse_timeout = client.dimse_timeout = client.network_timeout = 15
    for context in contexts:
        client.add_requested_context(*context) if isinstance(context, tuple) else client.add_requested_context(context)
    opened = open_association(client, archive, called, **options)
    try:
        yield opened
    finally:
        if opened.is_established:
            opened.release()


def refusal(opened) -> dict:
    if opened.rejection:
        return {"rejected": list(opened.rejection)}
    return {"rejected": "aborted" if opened.is_aborted else "closed"}


SYNTAXES = [
    *("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50"),
    *("1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80"),
    *("1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102"),
    *("1.2.840.10008.1.2.4.107", "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.5", "1.2.3.4.5"),
]
CLASSES = [
    *("1.2.840.10008.1.1", CT, "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.99999", "1.2.826.0.1.3680043.9.9999.1"),
    *(*FIND.values(), *MOVE.values(), *GET.values(), ModalityWorklistInformationFind, StorageCommitmentPushModel),
    *(ModalityPerformedProcedureStep, PatientStudyOnlyQueryRetrieveInformationModelFind),
]


def associate(archive, given: dict, _) -> dict:
    contexts, items = [Verification], []
    if given.get("syntaxes"):
        contexts = [(CTImageStorage, [one]) for one in SYNTAXES]
    if given.get("classes"):
        contexts = [(one, [EXPLICIT]) for one in CLASSES]
    if "window" in given:
        window = AsynchronousOperationsWindowNegotiation()
        window.maximum_number_operations_invoked, window.maximum_number_operations_performed = given["window"]
        items.append(window)
    if "extended" in given:
        contexts = [FIND["STUDY"]]
        items.append(extended(FIND["STUDY"], *given["extended"]))
    if given.get("roles"):
        contexts = [GET["STUDY"], CTImageStorage]
        items.append(build_role(CTImageStorage, scu_role=True, scp_role=True))
    options = {"calling": given.get("calling", "PYNETDICOM"), "called": given.get("called")}
    with association(archive, contexts, ext_neg=items, **options) as opened:
        if not opened.is_established:
            return refusal(opened)
        peer = opened.acceptor
        fact = {"accepted": True}
        if given.get("syntaxes"):
            # Contexts of one class each with its own transfer syntax: those that were taken.
            fact["taken"] = sorted({one.transfer_syntax[0] for one in opened.accepted_contexts}, key=SYNTAXES.index)
        elif given.get("classes"):
            fact["taken"] = [one.abstract_syntax for one in opened.accepted_contexts]
            fact["refused"] = {one.abstract_syntax: one.result for one in opened.rejected_contexts}
        elif "window" in given:
            fact["window"] = list(peer.asynchronous_operations)
        elif "extended" in given:
            fact["extended"] = {str(uid): answer.hex() for uid, answer in peer.sop_class_extended.items()}
        elif given.get("roles"):
            fact["roles"] = {str(uid): [role.scu_role, role.scp_role] for uid, role in peer.role_selection.items()}
        else:
            fact["max pdu"] = peer.maximum_length
        return fact


def echo(archive, _, __) -> dict:
    with association(archive, [Verification]) as opened:
        return {"status": f"{opened.send_c_echo().Status:04X}"} if opened.is_established else refusal(opened)


def identifier(given: dict) -> pydicom.Dataset:
    made = pydicom.Dataset()
    if given.get("level"):
        made.QueryRetrieveLevel = given["level"]
    for keyword, value in given["keys"].items():
        setattr(made, keyword, value)
    if given.get("private"):
        made.add_new(0x00091001, "LO", "whatever")
    return made


def counted(statuses: list[pydicom.Dataset]) -> dict:
    """Pending responses by their status and number, the final status, and its counts."""
    codes = [one.get("Status") for one in statuses]
    pending = [code for code in codes if code in PENDING]
    fact = {"pending": {f"{code:04X}": pending.count(code) for code in sorted(set(pending))}}
    last = statuses[-1]
    fact["final"] = f"{last.Status:04X}" if "Status" in last else None
    for name in ("Remaining", "Completed", "Failed", "Warning"):
        if (keyword := f"NumberOf{name}Suboperations") in last:
            fact[name.lower()] = last[keyword].value
    return fact


def find(archive, given: dict, _) -> dict:
    model = MODELS[given["root"]]
    items = [extended(model, *given["extended"])] if "extended" in given else []
    with association(archive, [(model, [EXPLICIT])], ext_neg=items) as opened:
        if not opened.is_established:
            return refusal(opened)
        answers = []
        for answer in opened.send_c_find(identifier(given), model, msg_id=1):
            answers.append(answer)
            if len(answers) == given.get("cancel_after"):
                opened.send_c_cancel(1, query_model=model)
        fact = counted([status for status, _ in answers])
        rows = [row for status, row in answers if status.get("Status") in PENDING and row]
        fact["keywords"] = sorted(element.keyword or str(element.tag) for element in rows[0]) if rows else []
        return fact


def receiving(given: dict, received: list):
    """What a client or a destination answers to each C-STORE."""

    def handle(event) -> int:
        received.append((event.request.AffectedSOPInstanceUID, event.context.transfer_syntax))
        only = given.get("refuse_only", event.request.AffectedSOPInstanceUID)
        return given["refuse"] if "refuse" in given and only == event.request.AffectedSOPInstanceUID else 0x0000

    return handle


def brought(answers, received: list) -> dict:
    fact = counted([status for status, _ in answers])
    last = answers[-1][1]
    listed = last.get("FailedSOPInstanceUIDList") if last else None
    fact["listed as failed"] = 0 if not listed else 1 if isinstance(listed, str) else len(listed)
    fact["came"] = len(received)
    fact["transfer syntaxes"] = sorted({syntax for _, syntax in received})
    return fact


def get(archive, given: dict, _) -> dict:
    received: list = []
    classes = [CTImageStorage, MRImageStorage]
    items = [build_role(one, scp_role=True) for one in classes] if given.get("roles", True) else []
    contexts = [(GET["STUDY"], [EXPLICIT]), *((one, [EXPLICIT]) for one in classes)]
    with association(archive, contexts, ext_neg=items, evt_handlers=[(evt.EVT_C_STORE, receiving(given, received))]) as opened:
        if not opened.is_established:
            return refusal(opened)
        return brought(list(opened.send_c_get(identifier(given), GET["STUDY"])), received)


def move(archive, given: dict, destination) -> dict:
    received: list = []
    destination.handle = receiving(given, received)
    with association(archive, [(MOVE["STUDY"], [EXPLICIT])]) as opened:
        if not opened.is_established:
            return refusal(opened)
        return brought(list(opened.send_c_move(identifier(given), given.get("to", "DEST"), MOVE["STUDY"])), received)


def store(archive, given: dict, _) -> dict:
    sop_class, instance, content = data_set(given["upload"])
    with association(archive, [(CTImageStorage, [EXPLICIT])]) as opened:
        if not opened.is_established:
            return refusal(opened)
        request = C_STORE()
        request.MessageID = 1
        request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = sop_class, instance
        request.Priority = 2
        request.DataSet = io.BytesIO(content)
        # As pynetdicom's own send_c_store does it, but for the data set, which it would not send as it is.
        opened._reactor_checkpoint.clear()
        opened.dimse.send_msg(request, opened.accepted_contexts[0].context_id)
        _, response = opened.dimse.get_msg(block=True)
        opened._reactor_checkpoint.set()
        return {"status": f"{response.Status:04X}" if response is not None else "aborted"}


def commit(archive, given: dict, _) -> dict:
    import threading

    events, arrived = [], threading.Event()

    def report(event):
        information = event.event_information
        reasons = [f"{item.FailureReason:04X}" for item in information.get("FailedSOPSequence", [])]
        events.append({"type": event.request.EventTypeID, "committed": len(information.get("ReferencedSOPSequence", [])), "failed": reasons})
        arrived.set()
        return 0x0000, None

    with association(archive, [(StorageCommitmentPushModel, [EXPLICIT])], evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)]) as opened:
        if not opened.is_established or not opened.accepted_contexts:
            return {"accepted": False}
        request = pydicom.Dataset()
        request.TransactionUID = "2.25.99"
        request.ReferencedSOPSequence = []
        for instance in given["keys"]:
            item = pydicom.Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT, instance
            request.ReferencedSOPSequence.append(item)
        status, _ = opened.send_n_action(request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
        # Where the report comes on an association of the archive's own, it is none of this question.
        arrived.wait(2)
        return {"status": f"{status.Status:04X}" if "Status" in status else "aborted", "events here": events}


class Destination:
    """Where moves go; what it does with what comes is set by each question."""

    def __init__(self):
        self.handle = lambda event: 0x0000
        server = AE(ae_title="DEST")
        for sop_class in (CTImageStorage, MRImageStorage):
            server.add_supported_context(sop_class, [EXPLICIT, "1.2.840.10008.1.2"])
        self.listener = server.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda event: self.handle(event))])
        self.port = self.listener.server_address[1]

    def stop(self) -> None:
        self.listener.shutdown()
