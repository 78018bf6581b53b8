"""`dicom-mcp-server` for archives that we did not write and for ours, over both protocols and both transports."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess

import pydicom
import pytest
import requests
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from pynetdicom import build_context, evt

from dcmqrscp import dcmqrscp
from dcmtk import free_port, run, storescp
from mock import BINARIES
from orthanc import orthanc
from scu import FIND, MOVE, serving

SERVER = str(BINARIES / "dicom-mcp-server")


def settings(**more) -> dict:
    """The environment without what would configure the server behind our back."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DICOM")} | more


def over(archive, protocol: str) -> list[str]:
    if protocol == "web":
        return ["--dicomweb-host", archive.web]
    return ["--dimse", f"{archive.host}:{archive.port}", "--called", archive.ae_title]


@contextlib.asynccontextmanager
async def client_of(*arguments):
    async with Client(StdioServerParameters(command=SERVER, args=list(arguments), env=settings())) as client:
        yield client


def text(result) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


async def call(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text(result)
    return result


def uids(head) -> dict[str, str]:
    return {
        "studyInstanceUid": head.StudyInstanceUID,
        "seriesInstanceUid": head.SeriesInstanceUID,
        "sopInstanceUid": head.SOPInstanceUID,
    }


@pytest.fixture
def demo_files(files):
    return sorted((files / "demo").glob("*.dcm"))


async def store_find_read_and_show(archive, protocol, paths, tmp_path, *further):
    """Stores files by command, then goes the way of an assistant; what it sees is what the files hold."""
    heads = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
    stored = subprocess.run(
        [SERVER, "store", *map(str, paths), *over(archive, protocol), "--queue", str(tmp_path / "queue")],
        capture_output=True, text=True, env=settings(), timeout=120,
    )
    assert stored.returncode == 0, stored.stdout + stored.stderr
    assert f"All that was sent is stored: {len(paths)} instance" in stored.stdout
    folder = tmp_path / "back"
    folder.mkdir()
    async with client_of(*over(archive, protocol), *further, "--allow-retrieve-to", str(folder)) as client:
        await call(client, "verify-connection")
        found = await call(client, "find-studies", query=f"StudyInstanceUID={heads[0].StudyInstanceUID}")
        assert found.structured_content["returned"] == 1, text(found)
        overview = await call(client, "get-study-overview", studyInstanceUid=heads[0].StudyInstanceUID)
        assert str(heads[0].PatientID) in text(overview)
        read = await call(client, "get-instance-metadata", **uids(heads[0]))
        assert "PatientName" in text(read)
        shown = await call(client, "render-instance-frame", **uids(heads[0]))
        assert any(block.type == "image" for block in shown.content)
        sheet = await call(client, "render-series-overview", studyInstanceUid=heads[0].StudyInstanceUID, seriesInstanceUid=heads[0].SeriesInstanceUID)
        assert any(block.type == "image" for block in sheet.content)
        back = await call(client, "retrieve-study", studyInstanceUid=heads[0].StudyInstanceUID, into="study")
        assert back.structured_content["complete"] is True, text(back)
        assert len(list((folder / "study").glob("*.dcm"))) == len(paths)
        nothing = await call(client, "find-studies", query="PatientID=NOBODY-AT-ALL")
        assert nothing.structured_content["returned"] == 0
        absent = await client.call_tool("get-study-overview", {"studyInstanceUid": "1.2.3"})
        assert absent.is_error


def slices(paths) -> list:
    """The files of one CT series."""
    heads = [(pydicom.dcmread(path, stop_before_pixels=True), path) for path in paths]
    first = next(head for head, _ in heads if head.get("Modality") == "CT")
    return [path for head, path in heads if head.SeriesInstanceUID == first.SeriesInstanceUID]


@pytest.mark.parametrize("protocol", ["web", "dimse"])
def test_our_archive_over_each_protocol(archive, demo_files, tmp_path, protocol):
    asyncio.run(store_find_read_and_show(archive, protocol, slices(demo_files), tmp_path))


@pytest.mark.parametrize("protocol", ["web", "dimse"])
def test_orthanc_over_each_protocol(demo_files, tmp_path, protocol):
    with orthanc(tmp_path / "orthanc", {}, DicomAlwaysAllowFind=True, DicomAlwaysAllowGet=True, DicomAlwaysAllowStore=True) as there:
        asyncio.run(store_find_read_and_show(there, protocol, slices(demo_files), tmp_path))


def test_the_doctor_tells_what_orthanc_can_do(demo_files, tmp_path):
    with orthanc(tmp_path / "orthanc", {}) as there:
        there.take(slices(demo_files))
        told = subprocess.run(
            [SERVER, "doctor", *over(there, "web"), *over(there, "dimse")], capture_output=True, text=True, env=settings(), timeout=60
        )
        assert "works | search |" in told.stdout and "works | dimse.echo" in told.stdout, told.stdout + told.stderr


def test_many_clients_at_once_over_http():
    port = free_port()
    process = subprocess.Popen(
        [SERVER, "--demo", "--transport", "http", "--listen", f"127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True, env=settings()
    )
    try:
        assert f":{port}/mcp" in process.stderr.readline()

        async def one(number: int):
            async with Client(f"http://127.0.0.1:{port}/mcp") as client:
                found = await call(client, "find-studies", limit=number)
                assert found.structured_content["returned"] == number

        async def body():
            await asyncio.gather(*(one(number) for number in range(1, 9)))

        asyncio.run(body())
        stranger = requests.post(
            f"http://127.0.0.1:{port}/mcp",
            headers={"Origin": "https://evil.example.com", "Accept": "application/json, text/event-stream"},
            timeout=10,
            json={"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}},
        )
        assert stranger.status_code == 403
    finally:
        process.kill()
        process.wait(timeout=10)


@pytest.mark.skipif(shutil.which("npx") is None, reason="there is no npx (Debian package npm): the official inspector was NOT tried")
def test_the_inspector_lists_and_calls_tools(tmp_path):
    inspector = ["npx", "--yes", "@modelcontextprotocol/inspector@0.16.8", "--cli", SERVER, "--demo"]

    def ask(*arguments):
        done = subprocess.run([*inspector, *arguments], capture_output=True, text=True, cwd=tmp_path, env=settings(), timeout=180)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert len(ask("--method", "tools/list")["tools"]) == 22
    found = ask("--method", "tools/call", "--tool-name", "find-studies", "--tool-arg", "query=limit=1")
    assert found["structuredContent"]["returned"] == 1
    assert len(ask("--method", "prompts/list")["prompts"]) == 3
    assert len(ask("--method", "resources/templates/list")["resourceTemplates"]) == 4


def test_dimse_over_tls_to_our_archive(secure, certificates, demo_files, tmp_path):
    paths = slices(demo_files)
    tls = ["--dimse-tls", "--ca-file", str(certificates.authority)]
    stored = subprocess.run(
        [SERVER, "store", *map(str, paths), *over(secure, "dimse"), *tls, "--queue", str(tmp_path / "queue")],
        capture_output=True, text=True, env=settings(), timeout=120,
    )
    assert stored.returncode == 0, stored.stdout + stored.stderr
    assert f"All that was sent is stored: {len(paths)} instance" in stored.stdout


def test_dimse_over_tls_to_dcmtk(certificates, demo_files, tmp_path):
    paths = slices(demo_files)
    (tmp_path / "received").mkdir()
    tls = ["+tls", certificates.key, certificates.chain, "+cf", certificates.authority]
    with storescp(tmp_path / "received", *tls, ae_title="DEST") as port:
        shown = {"DICOM_CA_FILE": str(certificates.authority), "DICOM_CLIENT_CERT": str(certificates.chain), "DICOM_CLIENT_KEY": str(certificates.key)}
        arguments = [SERVER, "store", *map(str, paths), "--dimse", f"127.0.0.1:{port}", "--called", "DEST", "--queue", str(tmp_path / "queue")]
        stored = subprocess.run(arguments, capture_output=True, text=True, env=settings(**shown), timeout=120)
        # Nothing can be searched for there, so what was stored is told as not confirmed; that it came is seen in the folder.
        assert len(list((tmp_path / "received").iterdir())) == len(paths), stored.stdout + stored.stderr
        plain = subprocess.run(arguments, capture_output=True, text=True, env=settings(), timeout=120)
        assert plain.returncode != 0


@pytest.mark.parametrize("get", ["with", "without"])
def test_dcmqrscp_with_c_get_and_without(demo_files, tmp_path, get):
    paths = slices(demo_files)
    port = free_port()
    options = [] if get == "with" else ["--disable-get"]
    with dcmqrscp(tmp_path / "dcmqrscp", {"MCP": port}, *options) as there:
        receive = [] if get == "with" else ["--receive", str(port)]

        async def body():
            await store_find_read_and_show(there, "dimse", paths, tmp_path, *receive)

        asyncio.run(body())


def moving_inside_tls(paths, port: int, certificates) -> list:
    """How an archive without C-GET answers: it sends to `port` inside TLS, first by dcmtk's storescu, then by pynetdicom."""
    held = [pydicom.dcmread(path) for path in paths]

    def find(event):
        wanted = event.identifier
        for one in held:
            row = pydicom.Dataset()
            row.QueryRetrieveLevel = wanted.QueryRetrieveLevel
            for element in wanted:
                if element.keyword in one:
                    row[element.tag] = one[element.tag]
            yield 0xFF00, row
        yield 0x0000, None

    def move(event):
        proof = [certificates.key, certificates.chain, "+cf", certificates.authority]
        run("storescu", "+tls", *proof, "-aec", event.move_destination.strip(), "127.0.0.1", port, *paths)
        yield "127.0.0.1", port, {"tls_args": (certificates.client(), "127.0.0.1"), "contexts": contexts}
        yield len(held)
        for one in held:
            yield 0xFF00, one

    contexts = [build_context(held[0].SOPClassUID, held[0].file_meta.TransferSyntaxUID)]
    return [(evt.EVT_C_FIND, find), (evt.EVT_C_MOVE, move)]


def test_what_foreign_software_moves_here_comes_inside_tls(certificates, demo_files, tmp_path):
    paths = slices(demo_files)
    study = pydicom.dcmread(paths[0], stop_before_pixels=True).StudyInstanceUID
    port = free_port()
    handlers = moving_inside_tls(paths, port, certificates)
    with serving([(FIND["STUDY"],), (MOVE["STUDY"],)], handlers, title="ARCHIVE", tls=certificates.server()) as there:
        secure = ["--dimse-tls", "--ca-file", certificates.authority, "--client-cert", certificates.chain, "--client-key", certificates.key]
        into = ["--receive", port, "--allow-retrieve-to", tmp_path]

        async def body():
            async with client_of("--dimse", f"127.0.0.1:{there}", "--called", "ARCHIVE", *map(str, (*secure, *into))) as client:
                back = await call(client, "retrieve-study", studyInstanceUid=study, into="study")
                assert back.structured_content["complete"] is True, text(back)

        asyncio.run(body())
    came = {pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / "study").glob("*.dcm")}
    assert came == {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in paths}
