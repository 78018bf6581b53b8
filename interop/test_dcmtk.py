"""dcmtk's command-line tools against the archive."""

import pathlib
import re
import socket
import subprocess

import pydicom

from conftest import running


def call(*command) -> tuple[int, str]:
    """Exit status and all that a tool printed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def run(*command) -> str:
    """What a tool printed; it has to have succeeded."""
    status, output = call(*command)
    assert status == 0, output
    return output


def images(files: pathlib.Path) -> list[pathlib.Path]:
    """Ten slices of one CT series."""
    return sorted((files / "ct").glob("*.dcm"))[:10]


def test_echoscu_is_answered(archive):
    assert "Received Echo Response (Success)" in run(
        "echoscu", "-v", "-aec", archive.ae_title, archive.host, archive.port
    )


def test_what_storescu_sends_is_what_findscu_finds(archive, files):
    slices = images(files)
    output = run("storescu", "-v", "-aec", archive.ae_title, archive.host, archive.port, *slices)
    assert output.count("Received Store Response (Success)") == len(slices)
    study = pydicom.dcmread(slices[0], stop_before_pixels=True).StudyInstanceUID
    output = run(
        *("findscu", "-v", "-S", "-aec", archive.ae_title),
        *("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}"),
        *("-k", "PatientName", "-k", "NumberOfStudyRelatedInstances"),
        *(archive.host, archive.port),
    )
    assert re.search(rf"\(0020,1208\) IS \[{len(slices)} ?\]", output), output
    assert "Received Final Find Response (Success)" in output


def test_storescu_is_told_of_a_refused_instance_and_the_rest_is_kept(archive, files):
    slices = images(files)
    refused = pydicom.dcmread(slices[3], stop_before_pixels=True).SOPInstanceUID
    archive.inject({"when": {"instance": refused}, "then": {"refuse-instance": {"reason": "A700"}}})
    _, output = call("storescu", "-v", "-nh", "-aec", archive.ae_title, archive.host, archive.port, *slices)
    assert output.count("Received Store Response (Success)") == len(slices) - 1, output
    assert re.search(r"OutOfResources|0xa700", output, re.IGNORECASE), output


def test_movescu_brings_a_study_to_a_storescp(files, tmp_path):
    slices = images(files)
    study = pydicom.dcmread(slices[0], stop_before_pixels=True).StudyInstanceUID
    port = free_port()
    receiver = subprocess.Popen(["storescp", "-od", str(tmp_path), "-aet", "DEST", str(port)])
    try:
        with running("--empty", "--destination", f"DEST=127.0.0.1:{port}") as archive:
            run("storescu", "-aec", archive.ae_title, archive.host, archive.port, *slices)
            output = run(
                *("movescu", "-v", "-S", "-aec", archive.ae_title, "-aem", "DEST"),
                *("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}"),
                *(archive.host, archive.port),
            )
            assert "Received Final Move Response (Success)" in output
    finally:
        receiver.terminate()
        receiver.wait(timeout=10)
    assert len(list(tmp_path.iterdir())) == len(slices)


def test_an_association_is_rejected_as_told(archive):
    archive.inject({"then": {"reject-association": {"result": 2, "source": 3, "reason": 2}}})
    status, output = call("echoscu", "-v", "-aec", archive.ae_title, archive.host, archive.port)
    assert status != 0
    assert "Local Limit Exceeded" in output, output


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
