"""The MCP Python SDK's client starts `dicom-mcp-server --demo` and uses it as an assistant would."""

import asyncio
import base64
import contextlib
import io

import numpy
import pydicom
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from mock import BINARIES

TOOLS = {
    "find-encapsulated-pdf-reports",
    "find-instances",
    "find-patients",
    "find-series",
    "find-structured-reports",
    "find-studies",
    "get-archive-capabilities",
    "get-attribute-presets",
    "get-encapsulated-pdf-report-text",
    "get-instance-metadata",
    "get-structured-report-text",
    "get-study-overview",
    "list-archives",
    "list-dead-letters",
    "lookup-attribute",
    "move-study",
    "render-instance-frame",
    "render-series-overview",
    "retrieve-study",
    "retry-dead-letters",
    "store-instances",
    "verify-connection",
}


@contextlib.asynccontextmanager
async def demo():
    async with Client(StdioServerParameters(command=str(BINARIES / "dicom-mcp-server"), args=["--demo"])) as client:
        yield client


async def call(client, tool, **arguments):
    """The result of one call that has to work."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result


def text(result) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


def first(files, wanted):
    """Head and path of the first file of the demo patients for which `wanted` holds."""
    for path in sorted((files / "demo").glob("*.dcm")):
        head = pydicom.dcmread(path, stop_before_pixels=True)
        if wanted(head):
            return head, path
    pytest.fail("no such fixture")


def uids(head) -> dict[str, str]:
    return {
        "studyInstanceUid": head.StudyInstanceUID,
        "seriesInstanceUid": head.SeriesInstanceUID,
        "sopInstanceUid": head.SOPInstanceUID,
    }


def test_all_tools_are_listed():
    async def body():
        async with demo() as client:
            listed = await client.list_tools()
            assert {tool.name for tool in listed.tools} == TOOLS

    asyncio.run(body())


def test_a_study_is_found_and_followed_down_to_its_instances():
    async def body():
        async with demo() as client:
            found = await call(client, "find-studies", query="PatientName=DOE*")
            study = found.structured_content["studies"][0]["StudyInstanceUID"]
            assert study in text(found)
            series = await call(client, "find-series", studyInstanceUid=study, query="")
            first_series = series.structured_content["series"][0]["SeriesInstanceUID"]
            instances = await call(
                client, "find-instances", studyInstanceUid=study, seriesInstanceUid=first_series, query=""
            )
            assert instances.structured_content["returned"] > 0

    asyncio.run(body())


def test_the_structured_report_and_the_pdf_can_be_read(files):
    report, _ = first(files, lambda head: head.get("Modality") == "SR")
    pdf, _ = first(files, lambda head: head.get("MIMETypeOfEncapsulatedDocument") == "application/pdf")

    async def body():
        async with demo() as client:
            listed = await call(client, "find-structured-reports", studyInstanceUid=report.StudyInstanceUID)
            assert report.SOPInstanceUID in text(listed)
            read = text(await call(client, "get-structured-report-text", **uids(report)))
            for word in words_of(report.ContentSequence):
                assert word in read, f"{word!r} is not in the report's text"

            listed = await call(client, "find-encapsulated-pdf-reports", studyInstanceUid=pdf.StudyInstanceUID)
            assert pdf.SOPInstanceUID in text(listed)
            assert len(text(await call(client, "get-encapsulated-pdf-report-text", **uids(pdf)))) > 100

    asyncio.run(body())


def words_of(content) -> list[str]:
    """Every word of every text item, numeric value and code meaning below `content`."""
    found = []
    for item in content:
        found += str(item.get("TextValue", "")).split()
        for measured in item.get("MeasuredValueSequence", []):
            found.append(str(measured.NumericValue))
        for code in item.get("ConceptCodeSequence", []):
            found.append(code.CodeMeaning)
        found += words_of(item.get("ContentSequence", []))
    return found


def test_a_rendered_frame_is_what_pydicom_shows(files):
    head, path = first(files, lambda head: head.get("Modality") == "CT")

    async def body():
        async with demo() as client:
            result = await call(client, "render-instance-frame", **uids(head), frame=1, outputFormat="image/png")
            block = next(block for block in result.content if block.type == "image")
            assert block.mime_type == "image/png"
            return numpy.asarray(Image.open(io.BytesIO(base64.b64decode(block.data))).convert("L"), dtype=float)

    ours = asyncio.run(body())
    dataset = pydicom.dcmread(path)
    # pydicom windows to the range of the stored bits; air and bone reach both ends of it.
    windowed = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset).astype(float)
    theirs = (windowed - windowed.min()) / numpy.ptp(windowed) * 255
    assert ours.shape == theirs.shape
    assert numpy.abs(ours - theirs).mean() <= 1


def test_a_study_that_is_not_there_is_said_so_and_not_an_empty_report():
    async def body():
        async with demo() as client:
            result = await client.call_tool(
                "get-structured-report-text",
                {"studyInstanceUid": "1.2.3", "seriesInstanceUid": "1.2.3.4", "sopInstanceUid": "1.2.3.4.5"},
            )
            assert result.is_error
            assert "1.2.3.4.5" in text(result)

    asyncio.run(body())
