"""dcmtk's dcmqrscp, started for a test."""

import contextlib
import pathlib
import subprocess

from dcmtk import ENVIRONMENT, free_port, listening


class Dcmqrscp:
    """A running dcmqrscp with one empty storage area, open to all; it moves to the destinations given."""

    def __init__(self, folder: pathlib.Path, destinations: dict[str, int], *options):
        self.host, self.port, self.ae_title = "127.0.0.1", free_port(), "QRSCP"
        (folder / "area").mkdir(parents=True)
        hosts = "\n".join(f"h{number} = ({title}, 127.0.0.1, {port})" for number, (title, port) in enumerate(destinations.items()))
        configuration = folder / "dcmqrscp.cfg"
        configuration.write_text(f"""
NetworkTCPPort = {self.port}
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
{hosts}
all = ({", ".join(f"h{number}" for number in range(len(destinations)))})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{self.ae_title} {folder / "area"} RW (200, 1024mb) ANY
AETable END
""")
        self.process = subprocess.Popen(
            ["dcmqrscp", "-c", str(configuration), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
        )
        listening(self.process, self.port)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


@contextlib.contextmanager
def dcmqrscp(folder: pathlib.Path, destinations: dict[str, int], *options):
    started = Dcmqrscp(folder, destinations, *options)
    try:
        yield started
    finally:
        started.stop()
