"""Facts: what an archive answered to each question, and where two archives differ."""

import contextlib
import json
import pathlib

import pydicom
import requests

from dcmqrscp import dcmqrscp
from dcmtk import free_port
from mock import running
from orthanc import orthanc
from samples import images, uids
from scu import EXPLICIT, associated

from .observer import Destination, ask_dimse, ask_web
from .questions import OPERATIONS, RETRIEVE, SEARCH, STORE

FOLDER = pathlib.Path(__file__).parent


def of(name: str) -> dict:
    """The facts that were recorded of a real archive."""
    return json.loads((FOLDER / f"{name}.json").read_text())


@contextlib.contextmanager
def real(name: str, folder: pathlib.Path):
    """The real archive of this name, and where its moves go."""
    destination, nobody_home = Destination(), free_port()
    try:
        if name == "dcmqrscp":
            with dcmqrscp(folder, {"DEST": destination.port, "DOWN": nobody_home}) as archive:
                yield archive, destination
        elif name == "orthanc-1.10":
            # Searches and retrievals are for modalities that it knows.
            asker = ["PYNETDICOM", "127.0.0.1", free_port()]
            modalities = {"asker": asker, "dest": ["DEST", "127.0.0.1", destination.port], "down": ["DOWN", "127.0.0.1", nobody_home]}
            # What Debian's package comes with, but for addresses, and moves to two known destinations.
            settings = {"DicomModalities": modalities, "DicomScuTimeout": 5}
            with orthanc(folder, {}, **settings) as archive:
                yield archive, destination
        else:
            raise ValueError(name)
    finally:
        destination.stop()


@contextlib.contextmanager
def ours(like: str | None):
    """Our archive as it is, or like another."""
    destination = Destination()
    settings = ["--empty", "--destinations", f"DEST=127.0.0.1:{destination.port}", "--destinations", f"DOWN=127.0.0.1:{free_port()}"]
    try:
        with running(*settings, *(["--like", like] if like else [])) as archive:
            yield archive, destination
    finally:
        destination.stop()


def observe(archive, destination, files: pathlib.Path) -> dict:
    """Gives the archive the same instances as every other, and asks it everything."""
    names = prepare(archive, files)
    facts = {}
    # Searches and retrievals first: what is stored later is not in their answers.
    for question in OPERATIONS:
        if question.service not in ("store", "commit"):
            facts[question.name] = ask_dimse(archive, question, names, destination)
    if hasattr(archive, "web"):
        with requests.Session() as session:
            session.trust_env = False
            for question in (*SEARCH, *RETRIEVE, *STORE):
                facts[question.name] = ask_web(archive.web, question, names, session)
    for question in OPERATIONS:
        if question.service in ("store", "commit"):
            facts[question.name] = ask_dimse(archive, question, names, destination)
    return facts


def prepare(archive, files: pathlib.Path) -> dict[str, str]:
    """Stores the instances; what the questions call them."""
    ct = images(files)
    mr = sorted((files / "mr").glob("*.dcm"))[:3]
    encoded = [files / "encoded" / f"{name}.dcm" for name in ("ct-jpeg-lossless-sv1", "us-jpeg-baseline-444")]
    for path in [*ct, *mr, *encoded]:
        head = pydicom.dcmread(path, stop_before_pixels=True)
        with associated(archive, (head.SOPClassUID, [head.file_meta.TransferSyntaxUID or EXPLICIT])) as association:
            # An archive that does not take a compressed image is asked for it all the same.
            if association.is_established or path in ct:
                assert association.send_c_store(path).Status == 0x0000, path
    first = pydicom.dcmread(ct[0], stop_before_pixels=True)
    study, series, instance = uids(first)
    other = pydicom.dcmread(mr[0], stop_before_pixels=True)
    compressed = uids(pydicom.dcmread(encoded[0], stop_before_pixels=True))
    return {
        **{"study": study, "series": series, "instance": instance, "other": other.StudyInstanceUID},
        **dict(zip(("encoded_study", "encoded_series", "encoded"), compressed, strict=True)),
        **{"patient": first.PatientID, "patient_lower": first.PatientID.lower(), "date": first.StudyDate, "new_study": "2.25.54"},
        "bulk": bulk(archive, study, series, instance),
    }


def bulk(archive, study: str, series: str, instance: str) -> str:
    """Where the pixel data of an instance is, below it, by its own metadata."""
    if not hasattr(archive, "web"):
        return ""
    path = f"/studies/{study}/series/{series}/instances/{instance}/"
    try:
        answer = requests.get(archive.web + path + "metadata", headers={"Accept": "application/dicom+json"}, timeout=20)
    except requests.ConnectionError:
        # One that is like an archive without web services.
        return ""
    return answer.json()[0]["7FE00010"]["BulkDataURI"].split(path)[1]


def differences(one: dict, other: dict) -> dict[str, tuple]:
    """Questions with another answer: to each, what differs, of both."""
    different = {}
    for name in sorted(set(one) | set(other)):
        left, right = one.get(name), other.get(name)
        if left != right:
            keys = sorted(set(left or {}) | set(right or {}))
            different[name] = tuple(
                {key: (side or {}).get(key) for key in keys if (left or {}).get(key) != (right or {}).get(key)} for side in (left, right)
            )
    return different


def summary(one: dict, other: dict) -> list[str]:
    """The questions with another answer, each with what differs."""
    return [f"{name}: {', '.join(left)}" for name, (left, _) in differences(one, other).items()]


def known(name: str) -> dict[str, str]:
    """What a personality is known to differ in from the real one, as in its list: each with the reason."""
    lines = (FOLDER / f"{name}.differences").read_text().splitlines()
    return dict((line.split("  # ", 1) + [""])[:2] for line in lines)
