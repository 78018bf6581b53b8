"""The official MCP conformance package against `dicom-mcp-server` over HTTP: every scenario for servers that applies."""

import pathlib
import shutil
import subprocess

import pytest

from dcmtk import free_port
from test_mcp_archives import SERVER, settings

# The last one that runs on the Node.js that Debian has.
PACKAGE = "@modelcontextprotocol/conformance@0.1.13"
EXPECTED = pathlib.Path(__file__).with_name("mcp_conformance.yml")


@pytest.mark.skipif(shutil.which("npx") is None, reason="there is no npx (Debian package npm): the official MCP conformance suite was NOT run")
def test_what_applies_of_the_official_conformance_suite_passes(tmp_path):
    port = free_port()
    process = subprocess.Popen(
        [SERVER, "--demo", "--transport", "http", "--listen", f"127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True, env=settings()
    )
    try:
        assert f":{port}/mcp" in process.stderr.readline()
        done = subprocess.run(
            ["npx", "--yes", PACKAGE, "server", "--url", f"http://127.0.0.1:{port}/mcp", "--expected-failures", str(EXPECTED)],
            capture_output=True, text=True, cwd=tmp_path, env=settings(), timeout=240,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        for scenario in ("server-initialize", "ping", "tools-list", "dns-rebinding-protection"):
            assert f"✓ {scenario}: " in done.stdout, done.stdout[-4000:]
    finally:
        process.kill()
        process.wait(timeout=10)
