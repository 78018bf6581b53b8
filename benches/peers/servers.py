"""The archives of the table, each a process with a directory of its own.

What they leave stays until all is measured, as empty files: for minutes after files were deleted, ext4 takes twenty times as long to make one.
"""

import itertools
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.request

PLUGIN = pathlib.Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def reachable(number, patience=20.0):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", number), timeout=1).close()
            return
        except OSError:
            time.sleep(0.001)
    raise RuntimeError(f"nothing listens on port {number} after {patience} s")


class Server:
    """A running server; `web` and `dimse` are there where it has them."""

    web = None
    dimse = None
    title = "PEER"
    # Whether dcmtk in the server switches Nagle's algorithm off.
    nodelay = False
    numbers = itertools.count(1)

    def __init__(self, scratch):
        self.directory = pathlib.Path(scratch) / f"server-{next(Server.numbers)}"
        self.process = None
        self.ready = None

    def __enter__(self):
        self.directory.mkdir(parents=True)
        began = time.perf_counter()
        self.start()
        self.ready = time.perf_counter() - began
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for path in self.directory.rglob("*"):
            if path.is_file():
                os.truncate(path, 0)

    def run(self, command, **more):
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        quiet["env"] = dict(os.environ) | ({"TCP_NODELAY": "1"} if Server.nodelay else {})
        self.process = subprocess.Popen(command, **(quiet | more))

    def status(self, field):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
        return 0.0

    def forget_peak(self):
        """From now on the peak counts from what is resident now."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        self.resident = self.status("VmRSS:")

    def growth(self):
        """MiB that the peak went above what was resident."""
        return self.status("VmHWM:") - self.resident


class Ours(Server):
    name = "ours"
    binary = None
    storage = "directory"

    def start(self):
        directory = ["--storage", str(self.directory / "kept")]
        kept = {
            "directory": directory,
            "not synced": [*directory, "--sync", "never"],
            "memory": [],
            "headers": ["--retain", "headers"],
        }
        ports = [word for flag in ("--http", "--dimse", "--control") for word in (flag, "127.0.0.1:0")]
        self.run([str(self.binary), "--empty", *ports, *kept[self.storage]], stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline())
        self.web, self.control = ready["dicomweb"], ready["control"]
        self.dimse, self.title = int(ready["dimse"].rsplit(":", 1)[1].split("/")[0]), ready["ae_title"]

    def reset(self):
        request = urllib.request.Request(f"{self.control}/reset", method="POST")
        began = time.perf_counter()
        urllib.request.urlopen(request).read()
        return time.perf_counter() - began


class OursNotSynced(Ours):
    """As the peers do it: success is said before the disk has it."""

    name, storage = "ours, not synced", "not synced"


class OursInMemory(Ours):
    name, storage = "ours, memory", "memory"


class OursHeaders(Ours):
    name, storage = "ours, headers", "headers"


class Orthanc(Server):
    name, title = "Orthanc", "ORTHANC"

    def start(self):
        http, self.dimse = port(), port()
        configuration = {
            "HttpPort": http,
            "DicomPort": self.dimse,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StorageDirectory": str(self.directory / "kept"),
            "IndexDirectory": str(self.directory / "kept"),
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableMetadataCache": False},
            "DicomAlwaysAllowFind": True,
            "DicomCheckCalledAet": False,
        }
        if not PLUGIN.exists():
            raise RuntimeError(f"there is no {PLUGIN}")
        path = self.directory / "orthanc.json"
        path.write_text(json.dumps(configuration))
        self.run(["Orthanc", str(path)])
        self.web = f"http://127.0.0.1:{http}/dicom-web"
        reachable(http)
        urllib.request.urlopen(f"http://127.0.0.1:{http}/system").read()
        reachable(self.dimse)


class Storescp(Server):
    name = "storescp"
    extra = []

    def start(self):
        self.dimse = port()
        self.run(["storescp", *self.extra, "-od", str(self.directory), str(self.dimse)])
        reachable(self.dimse)


class StorescpDiscarding(Storescp):
    name, extra = "storescp, discarding", ["--ignore"]


class Dcmqrscp(Server):
    name = "dcmqrscp"

    def start(self):
        self.dimse = port()
        kept = self.directory / "kept"
        kept.mkdir()
        path = self.directory / "dcmqrscp.cfg"
        path.write_text(
            f"NetworkTCPPort = {self.dimse}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
            "HostTable BEGIN\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
            f"AETable BEGIN\n{self.title} {kept} RW (5000, 1024mb) ANY\nAETable END\n"
        )
        self.run(["dcmqrscp", "-c", str(path)])
        reachable(self.dimse)
