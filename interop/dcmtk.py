"""dcmtk's programs: run, and judged by what they print."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess

# Debian's dcmtk leaves Nagle's algorithm on otherwise, which costs 40 ms a message between two of its own programs.
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}


def call(*command) -> tuple[int, str]:
    """Exit status and all that a tool printed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=120, env=ENVIRONMENT)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def run(*command) -> str:
    """What a tool printed; it has to have succeeded."""
    status, output = call(*command)
    assert status == 0, output
    return output


def peer(archive, port=None) -> tuple:
    """How a tool is told whom to call."""
    return ("-aec", archive.ae_title, archive.host, port or archive.port)


def keys(level: str, **wanted) -> list[str]:
    """An identifier as `-k` arguments."""
    pairs = [f"QueryRetrieveLevel={level}"]
    pairs += [f"{keyword}={value}" if value else keyword for keyword, value in wanted.items()]
    return [argument for pair in pairs for argument in ("-k", pair)]


def values(output: str, tag: str) -> list[str]:
    """The values of one attribute in the responses that findscu printed, in order."""
    group, element = tag[:4], tag[4:]
    return [value.strip(" \0") for value in re.findall(rf"I: \({group},{element}\) \w\w \[(.*?)\] *#", output)]


@contextlib.contextmanager
def storescp(folder: pathlib.Path, *options, ae_title="DEST"):
    """A running storescp that writes to the folder; its port."""
    port = free_port()
    receiver = subprocess.Popen(
        ["storescp", "-od", str(folder), "-aet", ae_title, *map(str, options), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    try:
        listening(receiver, port)
        yield port
    finally:
        receiver.terminate()
        receiver.wait(timeout=10)


def listening(process: subprocess.Popen, port: int) -> None:
    """Returns when the process listens on the port; it must not end before."""
    for _ in range(1000):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
            raise AssertionError(f"{process.args} ended with {process.returncode}")
    raise AssertionError(f"{process.args} does not listen on {port}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
