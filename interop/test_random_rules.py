"""Rules drawn at random against dcmtk, dicomweb-client and our own store command: whatever they do, the archive stands, lets go of every connection, and has nothing half."""

import json
import multiprocessing
import os
import pathlib
import random
import subprocess
import time

import pydicom
import pytest
import requests
from dicomweb_client import DICOMwebClient

from dcmtk import ENVIRONMENT
from mock import BINARIES, running
from samples import images

SEEDS = range(12)
RULES = 4
# A client here waits no longer for anything; what it does not get is no matter.
PATIENCE = 1
# And is killed after this, where the rest would come byte by byte.
LEAVE = 4
# What the archive may take to let go of who has gone, on a machine that has other things to do.
BOUND = 60

# These make another instance of what is sent, which is their purpose.
CHANGES = ("coerce", "drops-private", "drop-private", "patient-conflict", "conflict-coerce", "merge")


@pytest.fixture(scope="module")
def names() -> list[str]:
    """Every fault that can be named without fields."""
    listed = subprocess.run([BINARIES / "dicom-mock-archive", "faults", "--json"], check=True, capture_output=True)
    faults = json.loads(listed.stdout)
    named = [fault["name"] for fault in faults if not (fault.get("fields") or {}).get("required")]
    return [name for name in named if not any(word in name for word in CHANGES)]


def drawn(chance: random.Random, names: list[str]) -> dict:
    """A rule as somebody could write it."""
    when = chance.choice([{}, {}, {"protocol": "web"}, {"protocol": "dimse"}, {"service": chance.choice(["store", "search", "retrieve"])}])
    often = chance.choice(
        ["always", "once", {"every": 2}, {"nth": {"from": 2, "to": 4}}, {"seeded": {"p": 0.5, "seed": chance.randrange(100)}}]
    )
    return {"when": when, "then": chance.choice(names), "often": often}


class Impatient(requests.Session):
    """A session whose every request ends in time."""

    def request(self, *arguments, **named):
        named["timeout"] = PATIENCE
        return super().request(*arguments, **named)


def over_dimse(archive, paths) -> None:
    peer = ("-aec", archive.ae_title, "-to", PATIENCE, "-ta", PATIENCE, "-td", PATIENCE, archive.host, archive.port)
    study = ("-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID")
    for command in (
        ("storescu", *peer, *paths),
        ("echoscu", *peer),
        ("findscu", "-S", *peer, *study),
        ("storescu", "-xs", *peer, paths[0]),
    ):
        try:
            subprocess.run([str(part) for part in command], capture_output=True, timeout=LEAVE / 2, env=ENVIRONMENT)
        except subprocess.TimeoutExpired:
            pass


def over_web(url, slices) -> None:
    client = DICOMwebClient(url=url, session=Impatient())
    study = slices[0].StudyInstanceUID
    for ask in (
        lambda: client.store_instances(slices[:2]),
        lambda: client.store_instances(slices[2:]),
        client.search_for_studies,
        lambda: client.search_for_instances(study_instance_uid=study),
        lambda: client.retrieve_study_metadata(study),
        lambda: client.retrieve_study(study),
    ):
        try:
            ask()
        except Exception:  # noqa: BLE001: whatever the rules make of it
            pass


def by_our_own(archive, paths, queue) -> None:
    """Our own client gives up late: it is killed wherever it is then."""
    dimse = ("--dimse", f"{archive.host}:{archive.port}", "--called", archive.ae_title)
    for way in (("--dicomweb-host", archive.web), dimse):
        command = (BINARIES / "dicom-mcp-server", "store", *paths, *way, "--queue", queue)
        try:
            subprocess.run([str(part) for part in command], capture_output=True, timeout=LEAVE / 4)
        except subprocess.TimeoutExpired:
            pass


def killed_in_time(target, *arguments) -> None:
    """Runs a function in a process of its own, which is killed if it takes too long."""
    child = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    child.start()
    child.join(LEAVE)
    child.kill()
    child.join()


def sockets(archive) -> int:
    """How many sockets the process has."""
    folder = pathlib.Path(f"/proc/{archive.process.pid}/fd")
    links = []
    for link in folder.iterdir():
        try:
            links.append(os.readlink(link))
        except FileNotFoundError:
            continue
    return sum(link.startswith("socket:") for link in links)


def until(holds, what: str) -> None:
    """Waits until something holds: how long it takes is no matter, within reason."""
    end = time.monotonic() + BOUND
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def answers(archive) -> bool:
    try:
        return requests.get(f"{archive.web}/studies", timeout=PATIENCE).status_code in (200, 204)
    except requests.RequestException:
        return False


def whole(sent: pydicom.Dataset, got: pydicom.Dataset) -> bool:
    """Whether what was stored is what was sent, element by element."""
    return all(got.get_item(element.tag) is not None and got[element.tag] == element for element in sent)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_archive_stands_whatever_is_thrown_at_it(seed, names, files, tmp_path):
    chance = random.Random(seed)
    # Seed 0 is without rules, so that there is something to compare.
    rules = [drawn(chance, names) for _ in range(RULES if seed else 0)]
    paths = images(files)[:4]
    slices = [pydicom.dcmread(path) for path in paths]
    sent = {one.SOPInstanceUID: one for one in slices}
    with running("--empty", "--storage", tmp_path / "stored") as archive:
        idle = sockets(archive)
        for rule in rules:
            archive.inject(rule)
        killed_in_time(over_web, archive.web, slices)
        over_dimse(archive, paths)
        by_our_own(archive, paths, tmp_path / "queue")
        archive.call("DELETE", "/rules")

        until(lambda: answers(archive), f"no answer after {rules}")
        until(lambda: sockets(archive) <= idle, f"connections are held after {rules}")
        rows = requests.get(f"{archive.web}/instances", timeout=BOUND)
        stored = rows.json() if rows.status_code == 200 else []
        assert seed or len(stored) == len(sent)
        for row in stored:
            study, series, instance = (row[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
            path = f"{archive.web}/studies/{study}/series/{series}/instances/{instance}"
            file = requests.get(path, headers={"Accept": "application/dicom; transfer-syntax=*"}, timeout=BOUND)
            assert file.status_code == 200, (path, rules)
            got = pydicom.dcmread(pydicom.filebase.DicomBytesIO(file.content))
            assert whole(sent[instance], got), (instance, rules)
