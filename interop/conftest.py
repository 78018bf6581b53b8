"""What every peer's test starts from: our binaries, on free ports, with the demo patients or empty."""

import contextlib
import json
import os
import pathlib
import subprocess
import urllib.request

import pytest

BINARIES = pathlib.Path(os.environ.get("DICOM_BINARIES", "target/release")).resolve()


class Archive:
    """A running `dicom-mock-archive` and the addresses of its ready line."""

    def __init__(self, *arguments: str):
        self.process = subprocess.Popen(
            [
                BINARIES / "dicom-mock-archive",
                *("--http", "127.0.0.1:0", "--dimse", "127.0.0.1:0", "--control", "127.0.0.1:0"),
                *arguments,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = json.loads(self.process.stdout.readline())
        self.web = ready["dicomweb"]
        self.control = ready["control"]
        self.ae_title = ready["ae_title"]
        self.host, port = ready["dimse"].rsplit(":", 1)
        self.port = int(port)

    def call(self, method: str, path: str, body=None, accept="application/json"):
        """One call of the control API; the answer's text."""
        request = urllib.request.Request(
            self.control + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Accept": accept},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()

    def inject(self, rule: dict) -> None:
        self.call("POST", "/rules", rule)

    def journal(self) -> str:
        return self.call("GET", "/journal", accept="text/plain")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()


@contextlib.contextmanager
def running(*arguments: str):
    archive = Archive(*arguments)
    try:
        yield archive
    finally:
        archive.stop()


@pytest.fixture
def archive():
    """An empty archive of this test's own."""
    with running("--empty") as started:
        yield started


@pytest.fixture(scope="session")
def demo():
    """The archive with the demo patients; read only by agreement."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> pathlib.Path:
    """Every fixture written as files, by the program users have for it."""
    folder = tmp_path_factory.mktemp("fixtures")
    subprocess.run([BINARIES / "dicom-fixtures", "write", folder], check=True, stdout=subprocess.DEVNULL)
    return folder
