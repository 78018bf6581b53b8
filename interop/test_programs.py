"""Our MCP server and our store command, judged by the harness as it judges anybody's; and liars, which must not pass.

`dicom-conformance mcp --prove -- COMMAND` puts each check's own fault around a program; that takes minutes, and is not done here.
"""

import subprocess
import sys

import pytest

from mock import BINARIES

SERVER = BINARIES / "dicom-mcp-server"
SLOW_BUT_SURE = ["env", "DICOMWEB_TIMEOUT=3000", str(SERVER), "store"]
CLIENTS = {
    "dicomweb": [*SLOW_BUT_SURE, "--dicomweb-host", "{url}", "--queue", "{scratch}/queue", "{files}"],
    "dimse": [*SLOW_BUT_SURE, "--dimse", "{host}:{port}", "--called", "{called}", "--calling", "{calling}",
              "--queue", "{scratch}/queue", "{files}"],
}


def judged(subject, *arguments, command):
    return subprocess.run([BINARIES / "dicom-conformance", subject, "--seed", "41", *arguments, "--", *command],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_our_mcp_server_passes_every_check():
    run = judged("mcp", "--strict", command=[SERVER])
    assert run.returncode == 0 and "49 passed, 0 failed" in run.stdout, run.stdout


@pytest.mark.parametrize("door", CLIENTS)
def test_our_store_command_passes_every_check(door):
    # Over DIMSE a rejection as temporary congestion is told and not tried again: the one warning.
    run = judged("client", "--skip", "client.bounds", "--skip", "client.retry.recovers", "--strict", command=CLIENTS[door])
    assert run.returncode == 0 and ", 0 failed" in run.stdout, run.stdout


def test_a_server_that_says_everything_is_fine_does_not_pass():
    run = judged("mcp", "--fault", "mcp.everything-is-fine", "--only", "mcp.truth", "--only", "mcp.tools.archive-errors",
                 command=[SERVER])
    assert run.returncode == 1, run.stdout
    for check in ["mcp.truth.finds-stored", "mcp.truth.names-whole", "mcp.tools.archive-errors"]:
        assert f"FAIL  {check}" in run.stdout, run.stdout


@pytest.mark.parametrize("liar", ["pass", "import sys; sys.exit(1)"], ids=["always succeeds", "always fails"])
def test_a_client_that_sends_nothing_does_not_pass(liar):
    run = judged("client", "--only", "client.all", "--only", "client.exit", command=[sys.executable, "-c", liar, "{files}"])
    assert run.returncode == 1, run.stdout
    assert "FAIL  client.all.stored" in run.stdout, run.stdout
