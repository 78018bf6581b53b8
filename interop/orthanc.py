"""Debian's Orthanc with its DICOMweb plugin, started for a test and asked over its REST interface."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess

import requests

from dcmtk import free_port, listening

PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"


class Orthanc:
    """A running Orthanc that knows archives by name, over both protocols."""

    def __init__(self, folder: pathlib.Path, archives: dict, port: int | None = None, **settings):
        self.http, self.port = free_port(), port or free_port()
        self.ae_title = "ORTHANC"
        self.host = "127.0.0.1"
        self.url = f"http://127.0.0.1:{self.http}"
        self.web = f"{self.url}/dicom-web"
        self.session = requests.Session()
        self.session.trust_env = False
        configuration = {
            "Name": "interop",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "HttpPort": self.http,
            "DicomPort": self.port,
            "DicomAet": self.ae_title,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "SslVerifyPeers": False,
            "Plugins": [PLUGIN],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Servers": {name: [f"{one.web}/"] for name, one in archives.items()}},
            "DicomModalities": {name: [one.ae_title, one.host, one.port] for name, one in archives.items()},
            **settings,
        }
        folder.mkdir(exist_ok=True)
        (folder / "orthanc.json").write_text(json.dumps(configuration))
        # The log is for who looks into a failure.
        self.log = (folder / "orthanc.log").open("w")
        self.process = subprocess.Popen(
            ["Orthanc", "--verbose", str(folder / "orthanc.json")],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TCP_NODELAY": "1"},
        )
        listening(self.process, self.port)
        listening(self.process, self.http)
        # The plugin learns of its servers a moment after that.
        while set(self.get("/dicom-web/servers")) != set(archives):
            with contextlib.suppress(subprocess.TimeoutExpired):
                raise AssertionError(f"Orthanc ended with {self.process.wait(timeout=0.02)}")

    def get(self, path: str):
        return self.ask("GET", path)

    def post(self, path: str, body):
        """Posts JSON, or bytes as they are; the JSON of the answer."""
        return self.ask("POST", path, data=body if isinstance(body, bytes) else json.dumps(body))

    def ask(self, method: str, path: str, **options):
        answer = self.session.request(method, self.url + path, timeout=60, **options)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.content

    def take(self, paths) -> list[str]:
        """Stores files in it; their identifiers there."""
        return [self.post("/instances", path.read_bytes())["ID"] for path in paths]

    def files(self) -> dict[str, bytes]:
        """What it holds, by SOP Instance UID."""
        instances = self.get("/instances?expand")
        return {one["MainDicomTags"]["SOPInstanceUID"]: self.get(f"/instances/{one['ID']}/file") for one in instances}

    def clear(self) -> None:
        for patient in self.get("/patients"):
            self.ask("DELETE", f"/patients/{patient}")

    def stop(self) -> None:
        # It takes its time for an orderly end, and nothing of it is needed.
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)
        self.session.close()
        self.log.close()


@contextlib.contextmanager
def orthanc(folder: pathlib.Path, archives: dict, **settings):
    started = Orthanc(folder, archives, **settings)
    try:
        yield started
    finally:
        started.stop()
