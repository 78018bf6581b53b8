"""Our archive as a process: started on free ports, told what to do and asked what happened by its control API."""

import contextlib
import json
import os
import pathlib
import subprocess
import urllib.request

BINARIES = pathlib.Path(os.environ.get("DICOM_BINARIES", "target/release")).resolve()


class Archive:
    """A running `dicom-mock-archive` and the addresses of its ready line."""

    def __init__(self, *arguments):
        self.start(*arguments)

    def start(self, *arguments) -> None:
        self.process = subprocess.Popen(
            [
                BINARIES / "dicom-mock-archive",
                *("--http", "127.0.0.1:0", "--dimse", "127.0.0.1:0", "--control", "127.0.0.1:0"),
                *map(str, arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        ready = json.loads(line)
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

    def kill(self) -> None:
        """Ends the process at once, as a power cut would."""
        self.process.kill()
        self.process.communicate(timeout=10)

    def replace(self, *arguments) -> None:
        """Starts another process in the place of one that was killed."""
        assert self.process.returncode is not None
        self.start(*arguments)

    def stop(self) -> None:
        """Ends the process, which must still be there and must not have panicked."""
        assert self.process.poll() is None, f"the archive ended with {self.process.returncode}: {self.process.stderr.read()}"
        self.process.terminate()
        _, said = self.process.communicate(timeout=10)
        assert "panicked" not in said, said


@contextlib.contextmanager
def running(*arguments: str):
    archive = Archive(*arguments)
    try:
        yield archive
    except BaseException:
        archive.process.kill()
        archive.process.communicate(timeout=10)
        raise
    else:
        archive.stop()
