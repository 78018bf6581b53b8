"""A pytest fixture: a DICOM archive of the test's own, that does wrong what it is told to."""

import json
import os
import pathlib
import subprocess
import urllib.request

import pytest


def binary(name: str) -> str:
    """The program in the folder that DICOM_BINARIES names, or in PATH."""
    folder = os.environ.get("DICOM_BINARIES")
    return str(pathlib.Path(folder) / name) if folder else name


class Archive:
    """A running `dicom-mock-archive`."""

    def __init__(self, *arguments: str):
        addresses = ("--http", "127.0.0.1:0", "--dimse", "127.0.0.1:0", "--control", "127.0.0.1:0")
        self.process = subprocess.Popen([binary("dicom-mock-archive"), *addresses, *arguments], stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.web, self.dimse, self.ae_title = ready["dicomweb"], ready["dimse"], ready["ae_title"]
        self.control = ready["control"]

    def call(self, method: str, path: str, body=None, accept: str = "application/json") -> str:
        """A call of the control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.control + path, data, {"Content-Type": "application/json", "Accept": accept}, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def inject(self, then: dict, when: dict | None = None, often=None) -> int:
        """Puts a rule into force; its number."""
        rule = {"then": then, "when": when or {}}
        if often:
            rule["often"] = often
        return json.loads(self.call("POST", "/rules", rule))["id"]

    def verify(self, rule: int, count: int) -> None:
        """Fails unless the rule acted so many times."""
        self.call("POST", "/verify", {"rule": rule, "count": count})

    def stored(self) -> list[str]:
        """SOP Instance UIDs of all that it holds."""
        return json.loads(self.call("GET", "/stored"))

    def journal(self) -> str:
        return self.call("GET", "/journal", accept="text/plain")

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=10)


@pytest.fixture
def archive():
    started = Archive("--empty")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def slices(tmp_path_factory) -> list[bytes]:
    """Ten files of one CT series, of a patient that never lived."""
    folder = tmp_path_factory.mktemp("fixtures")
    subprocess.run([binary("dicom-fixtures"), "write", str(folder), "--only", "ct"], check=True, stdout=subprocess.DEVNULL)
    return [path.read_bytes() for path in sorted(folder.rglob("*.dcm"))[:10]]
