"""An archive that keeps instances in a folder loses nothing that it acknowledged, however it ends."""

import pathlib
import subprocess
import threading

import pydicom
import pytest
import requests

from dcmtk import ENVIRONMENT
from mock import running
from samples import data_set, images, uids
from test_files import wado


def listed(archive) -> set[str]:
    answer = requests.get(f"{archive.web}/instances", headers={"Accept": "application/dicom+json"}, timeout=20)
    return {row["00080018"]["Value"][0] for row in (answer.json() if answer.content else [])}


def copies(files, folder, count: int) -> dict[str, bytes]:
    """So many instances as files in the folder: the data set of each by its UID."""
    folder.mkdir()
    made = {}
    for number in range(count):
        instance = pydicom.dcmread(images(files)[number % 10])
        instance.SOPInstanceUID = f"{instance.SOPInstanceUID}.{number}"
        instance.file_meta.MediaStorageSOPInstanceUID = instance.SOPInstanceUID
        path = folder / f"{number:03}.dcm"
        instance.save_as(path, enforce_file_format=True)
        made[instance.SOPInstanceUID] = data_set(path)
    return made


def test_what_was_stored_is_there_after_a_restart(files, tmp_path):
    storage = ("--empty", "--storage", tmp_path / "storage")
    copies(files, tmp_path / "sent", 10)
    with running(*storage) as archive:
        sent = sorted((tmp_path / "sent").iterdir())
        subprocess.run(["storescu", "-aec", archive.ae_title, archive.host, str(archive.port), *map(str, sent)], check=True, env=ENVIRONMENT)
    with running(*storage) as archive:
        for path in sent:
            head = pydicom.dcmread(path)
            assert pydicom.dcmread(pydicom.filebase.DicomBytesIO(wado(archive, head))) == head


# How far storescu gets before the archive is killed.
@pytest.mark.parametrize("acknowledged", [1, 7, 23, 40])
def test_what_storescu_was_told_is_stored_is_there_after_a_kill(files, tmp_path, acknowledged):
    storage = ("--empty", "--storage", tmp_path / "storage")
    made = copies(files, tmp_path / "sent", 60)
    with running(*storage) as archive:
        client = subprocess.Popen(
            ["storescu", "-v", "-aec", archive.ae_title, archive.host, str(archive.port), "+sd", str(tmp_path / "sent")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=ENVIRONMENT,
        )
        told, sending = [], None
        for line in client.stdout:
            if line.startswith("I: Sending file: "):
                sending = line.split(": ", 2)[2].strip()
            if "Received Store Response (Success)" in line:
                told.append(sending)
                if len(told) == acknowledged:
                    archive.kill()
        client.wait(timeout=20)
        archive.replace(*storage)
        there = listed(archive)
        wanted = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in told}
        assert len(wanted) >= acknowledged
        assert wanted <= there <= set(made)
        for path in told[:5] + told[-5:]:
            assert wado(archive, pydicom.dcmread(path)).endswith(pathlib.Path(path).read_bytes()[-500_000:])


@pytest.mark.parametrize("acknowledged", [1, 9, 30])
def test_what_curl_was_told_is_stored_is_there_after_a_kill(files, tmp_path, acknowledged):
    storage = ("--empty", "--storage", tmp_path / "storage")
    made = copies(files, tmp_path / "sent", 60)
    told, enough = [], threading.Event()
    with running(*storage) as archive:

        def send(paths):
            for path in paths:
                body = tmp_path / f"{path.name}.body"
                body.write_bytes(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + path.read_bytes() + b"\r\n--b--\r\n")
                answer = subprocess.run(
                    [
                        *("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", f"@{body}"),
                        *("-H", 'Content-Type: multipart/related; type="application/dicom"; boundary=b'),
                        f"{archive.web}/studies",
                    ],
                    capture_output=True,
                    text=True,
                )
                if answer.stdout != "200":
                    break
                told.append(path)
                if len(told) >= acknowledged:
                    enough.set()

        sent = sorted((tmp_path / "sent").iterdir())
        threads = [threading.Thread(target=send, args=(sent[lane::3],)) for lane in range(3)]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        archive.kill()
        for thread in threads:
            thread.join()
        archive.replace(*storage)
        wanted = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in told}
        there = listed(archive)
        assert wanted <= there <= set(made)
        for path in told:
            head = pydicom.dcmread(path, stop_before_pixels=True)
            assert wado(archive, head) == path.read_bytes(), uids(head)
