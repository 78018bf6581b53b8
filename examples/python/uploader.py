"""The software under test: sends files by STOW-RS, and sends again what the archive had no room for."""

import json
import urllib.error
import urllib.request

OUT_OF_RESOURCES = range(0xA700, 0xA800)


class NotStored(Exception):
    """Some instances were refused for good, or again and again; their UIDs with the reason."""

    def __init__(self, reasons: dict[str, int]):
        super().__init__(", ".join(f"{uid}: {reason:04X}" for uid, reason in reasons.items()))
        self.reasons = reasons


def send(archive: str, files: dict[str, bytes], attempts: int = 3) -> None:
    """Sends files, named by their SOP Instance UID; returns when all are stored."""
    left = dict(files)
    for _ in range(attempts):
        refused = post(archive, list(left.values()))
        left = {uid: left[uid] for uid in refused if refused[uid] in OUT_OF_RESOURCES}
        if len(left) < len(refused):
            raise NotStored({uid: reason for uid, reason in refused.items() if uid not in left})
        if not left:
            return
    raise NotStored(refused)


def post(archive: str, files: list[bytes]) -> dict[str, int]:
    """One request; the instances that were refused with their reason."""
    body = b"".join(b"--frontier\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files) + b"--frontier--\r\n"
    headers = {
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=frontier',
        "Accept": "application/dicom+json",
    }
    request = urllib.request.Request(f"{archive}/studies", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as error:
        # 409 says that none was stored, and why.
        if error.code != 409:
            raise
        said = json.load(error)
    said = said[0] if isinstance(said, list) else said
    failed = said.get("00081198", {}).get("Value", [])
    return {item["00081155"]["Value"][0]: item["00081197"]["Value"][0] for item in failed}
