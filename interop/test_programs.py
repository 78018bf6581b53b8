"""Our MCP server and our store command, judged by the harness on its command line as it judges anybody's; and liars, which must not pass.

That every check fails under its own fault is tested with the server (mcp-server/tests/it/judged.rs).
"""

import json
import subprocess
import sys

import pytest

from mock import BINARIES

SERVER = BINARIES / "dicom-mcp-server"
STORE = ["env", "DICOMWEB_TIMEOUT=3000", str(SERVER), "store", "--queue", "{scratch}/queue"]
CLIENTS = {
    "dicomweb": [*STORE, "--dicomweb-host", "{url}", "{files}"],
    "dimse": [*STORE, "--dimse", "{host}:{port}", "--called", "{called}", "--calling", "{calling}", "{files}"],
}
# The slow ones are tested with the server; here each wait is bounded by the harness.
QUICK = ["--only", "client.all", "--only", "client.exit", "--skip", "client.exit.unavailable", "--skip", "client.exit.reset"]


def judged(subject, *arguments, command):
    words = [BINARIES / "dicom-conformance", subject, "--seed", "41", *arguments, "--", *command]
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)


def test_our_mcp_server_passes_every_check_and_every_report_says_so(tmp_path):
    forms = {form: tmp_path / f"report.{form}" for form in ("json", "junit", "html", "badge")}
    run = judged("mcp", "--strict", *[word for form, path in forms.items() for word in (f"--{form}", path)], command=[SERVER])
    assert run.returncode == 0, run.stdout
    checks = json.loads(forms["json"].read_text())["checks"]
    assert checks and all(check["outcome"] == "pass" for check in checks), run.stdout
    assert forms["junit"].read_text().count("<testcase ") == len(checks)
    assert f"mcp {len(checks)}/{len(checks)}" in forms["badge"].read_text()
    assert "mcp.truth.each-tool" in forms["html"].read_text()


@pytest.mark.parametrize("door", CLIENTS)
def test_our_store_command_stores_and_tells_the_truth(door):
    run = judged("client", "--strict", *QUICK, command=CLIENTS[door])
    assert run.returncode == 0, run.stdout


def test_a_server_that_says_everything_is_fine_does_not_pass():
    run = judged("mcp", "--fault", "mcp.everything-is-fine", "--only", "mcp.truth", "--only", "mcp.tools.archive-errors", command=[SERVER])
    assert run.returncode == 1, run.stdout
    for check in ["mcp.truth.each-tool", "mcp.truth.finds-stored", "mcp.truth.names-whole"]:
        assert f"FAIL  {check}" in run.stdout, run.stdout


@pytest.mark.parametrize("liar", ["pass", "import sys; sys.exit(1)"], ids=["always succeeds", "always fails"])
def test_a_client_that_sends_nothing_does_not_pass(liar):
    run = judged("client", *QUICK, command=[sys.executable, "-c", liar, "{files}"])
    assert run.returncode == 1, run.stdout
    assert "FAIL  client.all.stored" in run.stdout, run.stdout


def test_a_waiver_covers_a_failure_that_is_known(tmp_path):
    waivers = tmp_path / "waivers.toml"
    waivers.write_text('[[waiver]]\nid = "client.all.stored"\noutcome = "fail"\nreason = "it stores nothing"\nowner = "us"\n')
    run = judged("client", "--only", "client.all.stored", "--waivers", waivers, command=[sys.executable, "-c", "pass", "{files}"])
    assert "waived" in run.stdout and "FAIL" not in run.stdout, run.stdout
