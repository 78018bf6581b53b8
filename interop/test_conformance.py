"""The harness over archives that we did not write: what each is known to fail is committed, with a reason for every failure.

UPDATE_REFERENCES=1 writes how the checks end; new failures then need their reason in the waivers."""

import json
import os
import pathlib
import subprocess

import pytest
from junitparser import JUnitXml

from dcmqrscp import dcmqrscp
from dcmtk import free_port
from mock import BINARIES
from orthanc import orthanc

KNOWN = pathlib.Path(__file__).parent / "conformance"
OURS = "CONF_SCP"
OPEN = {f"DicomAlwaysAllow{service}": True for service in ("Echo", "Find", "Get", "Move", "Store")}


def judge(folder: pathlib.Path, name: str, *target: str) -> dict:
    """Judges an archive with the waivers that it has; the report."""
    done = subprocess.run(
        [
            *(BINARIES / "dicom-conformance", "run", *target, "--seed", "41", "--timeout", "10"),
            *("--waivers", KNOWN / f"{name}.waivers.toml", "--json", folder / "r.json", "--junit", folder / "r.xml"),
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    report = json.loads((folder / "r.json").read_text()) if (folder / "r.json").exists() else None
    assert report, done.stdout + done.stderr
    ended = "".join(f"{one['id']:<36} {one['outcome']}\n" for one in report["checks"])
    if "UPDATE_REFERENCES" in os.environ:
        (KNOWN / f"{name}.txt").write_text(ended)
    assert done.returncode == 0, done.stdout
    assert ended == (KNOWN / f"{name}.txt").read_text()
    agrees(report, folder / "r.xml")
    return report


def agrees(report: dict, path: pathlib.Path) -> None:
    """JUnit as another program reads it says the same as the report."""
    suites = JUnitXml.fromfile(str(path))
    count = report["counts"].get
    assert suites.tests == len(report["checks"]) == sum(len(list(suite)) for suite in suites)
    assert suites.failures == count("fail", 0) + count("untestable", 0)
    assert suites.errors == count("error", 0)
    assert suites.skipped == sum(count(outcome, 0) for outcome in ("not-applicable", "not-observed", "waived"))


def test_orthanc_fails_what_is_known_and_nothing_else(tmp_path):
    port = free_port()
    with orthanc(tmp_path, {}, **OPEN) as archive:
        archive.ask("PUT", f"/modalities/{OURS}", data=json.dumps([OURS, "127.0.0.1", port]))
        address = f"127.0.0.1:{archive.port}"
        target = ("--jobs", "2", "--web", archive.web, "--dimse", address, "--called", archive.ae_title, "--move-destination", f"{OURS}={port}")
        report = judge(tmp_path, "orthanc", *target)
    assert report["counts"]["pass"] > 150


def test_dcmqrscp_fails_what_is_known_and_nothing_else(tmp_path):
    # One check at a time: while two associations store at once it loses instances from its index, now these and now those.
    port = free_port()
    with dcmqrscp(tmp_path, {OURS: port}) as archive:
        target = ("--dimse", f"{archive.host}:{archive.port}", "--called", archive.ae_title, "--move-destination", f"{OURS}={port}")
        report = judge(tmp_path, "dcmqrscp", *target)
    assert report["counts"]["pass"] > 60


@pytest.mark.parametrize("more, status", [((), 0), (("--fault", "stow.partial-200"), 1)])
def test_junit_of_our_archive_is_read_by_another_program(tmp_path, more, status):
    written = ("--json", tmp_path / "r.json", "--junit", tmp_path / "r.xml")
    done = subprocess.run([BINARIES / "dicom-conformance", "--only", "stow.partial", *more, *written], capture_output=True, timeout=120)
    assert done.returncode == status, done.stdout
    agrees(json.loads((tmp_path / "r.json").read_text()), tmp_path / "r.xml")
