"""The clients that all servers meet: STOW-RS of any size, HTTP requests on a kept connection, C-FIND on an open association, storescu."""

import http.client
import os
import socket
import statistics
import struct
import subprocess
import time
import urllib.parse

from instances import IMPLICIT_LITTLE

FIND_STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
BOUNDARY = "peers-bench-0123456789"
PART = f"\r\n--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()
STOW = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


def store(url, length, parts):
    """One STOW-RS request with the pieces of `parts`, sent as they are made; seconds until the answer is there, and the instances that it lists as stored."""
    address = urllib.parse.urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=600) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = (
            f"POST {address.path}/studies HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {STOW}\r\n"
            f"Accept: application/dicom+json\r\nContent-Length: {length + len(END)}\r\nConnection: close\r\n\r\n"
        )
        began = time.perf_counter()
        sock.sendall(head.encode())
        for piece in parts:
            sock.sendall(piece)
        sock.sendall(END)
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        text = answer.read().decode(errors="replace")
        took = time.perf_counter() - began
    if answer.status != 200:
        raise RuntimeError(f"STOW-RS: status {answer.status}: {text[:200]}")
    return took, text.count("00081155")


class Web:
    """HTTP requests on one connection."""

    def __init__(self, url):
        self.address = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=120)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path, accept="application/dicom+json", method="GET"):
        self.connection.request(method, self.address.path + path, headers={"Accept": accept})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status not in (200, 204):
            raise RuntimeError(f"{path}: status {answer.status}: {body[:200]}")
        return body

    def median(self, path, times=40, accept="application/dicom+json"):
        """The median of so many requests in milliseconds."""
        took = []
        for _ in range(times):
            began = time.perf_counter()
            self.get(path, accept)
            took.append(time.perf_counter() - began)
        return statistics.median(took) * 1000


class Bare:
    """One request again and again on one connection, its answers read into one buffer and looked at no further than their length: what the client costs is little."""

    def __init__(self, url, path, accept):
        address = urllib.parse.urlsplit(url)
        self.sock = socket.create_connection((address.hostname, address.port), timeout=120)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = f"GET {address.path}{path} HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: {accept}\r\n\r\n".encode()
        self.buffer = bytearray(16 * 1024 * 1024)

    def get(self):
        """Bytes of an answer, head and framing included."""
        self.sock.sendall(self.request)
        view, filled, end = memoryview(self.buffer), 0, None
        while end is None or filled < end:
            read = self.sock.recv_into(view[filled:])
            if not read:
                raise RuntimeError(f"the answer ends after {filled} bytes")
            filled += read
            head = self.buffer.find(b"\r\n\r\n", 0, min(filled, 4096)) + 4
            if end is None and head > 3:
                lines = bytes(self.buffer[:head]).decode().lower().split("\r\n")
                if lines[0].split()[1] != "200":
                    raise RuntimeError(lines[0])
                lengths = [int(line.split(":")[1]) for line in lines if line.startswith("content-length:")]
                end = head + lengths[0] if lengths else len(self.buffer)
            if end == len(self.buffer) and self.buffer[filled - 7 : filled] == b"\r\n0\r\n\r\n":
                break
        return filled

    def rate(self, seconds=2.0):
        """Requests in a second."""
        self.get()
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            self.get()
            count += 1
        return count / (time.perf_counter() - began)


class Finder:
    """C-FIND in the study root on one association, written to the socket by hand."""

    def __init__(self, port, called):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.sock.makefile("rb")

        def item(kind, value):
            return struct.pack(">BxH", kind, len(value)) + value

        context = b"\1\0\0\0" + item(0x30, FIND_STUDY_ROOT.encode()) + item(0x40, IMPLICIT_LITTLE.encode())
        user = item(0x51, struct.pack(">I", 65536)) + item(0x52, b"1.2.826.0.1.1")
        body = struct.pack(">Hxx16s16s32x", 1, called.encode().ljust(16), b"PEERS".ljust(16))
        body += item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x20, context) + item(0x50, user)
        self.sock.sendall(struct.pack(">BxI", 1, len(body)) + body)
        kind, _ = self.pdu()
        if kind != 2:
            raise RuntimeError(f"association not accepted: PDU {kind}")

    def pdu(self):
        kind, length = struct.unpack(">BxI", self.stream.read(6))
        return kind, self.stream.read(length)

    def find(self, keys):
        """The number of matches."""

        def implicit(group, number, value):
            value += b"\0" * (len(value) % 2)
            return struct.pack("<HHI", group, number, len(value)) + value

        command = b"".join(
            [
                implicit(0, 2, FIND_STUDY_ROOT.encode()),
                implicit(0, 0x100, b"\x20\0"),
                implicit(0, 0x110, b"\1\0"),
                implicit(0, 0x700, b"\0\0"),
                implicit(0, 0x800, b"\1\0"),
            ]
        )
        command = implicit(0, 0, struct.pack("<I", len(command))) + command
        identifier = b"".join(implicit(tag >> 16, tag & 0xFFFF, value.encode()) for tag, value in sorted(keys.items()))
        values = [struct.pack(">IBB", len(data) + 2, 1, flags) + data for data, flags in ((command, 3), (identifier, 2))]
        self.sock.sendall(b"".join(struct.pack(">BxI", 4, len(value)) + value for value in values))
        matches = 0
        while True:
            kind, body = self.pdu()
            if kind != 4:
                raise RuntimeError(f"C-FIND ended by PDU {kind}")
            while body:
                (length,) = struct.unpack(">I", body[:4])
                flags, data, body = body[5], body[6 : 4 + length], body[4 + length :]
                if flags & 1:
                    status = struct.unpack("<H", data[data.index(b"\0\0\0\x09\2\0\0\0") + 8 :][:2])[0]
                    if status not in (0xFF00, 0xFF01):
                        if status:
                            raise RuntimeError(f"C-FIND: status {status:04X}")
                        return matches
                    matches += 1

    def median(self, keys, times=40):
        """The median in milliseconds, and the number of matches."""
        took = []
        for _ in range(times):
            began = time.perf_counter()
            matches = self.find(keys)
            took.append(time.perf_counter() - began)
        return statistics.median(took) * 1000, matches

    def close(self):
        self.sock.sendall(b"\5\0\0\0\0\4\0\0\0\0")
        self.pdu()
        self.sock.close()


def storescu(port, called, folder, nodelay):
    """Sends all files of a folder with dcmtk's storescu on one association; seconds."""
    environment = dict(os.environ)
    environment.pop("TCP_NODELAY", None)
    if nodelay:
        environment["TCP_NODELAY"] = "1"
    command = ["storescu", "-aec", called, "+sd", "127.0.0.1", str(port), str(folder)]
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    took = time.perf_counter() - began
    if done.returncode or "Failed" in done.stderr or "E:" in done.stderr:
        raise RuntimeError(f"storescu: {(done.stderr or done.stdout)[-300:]}")
    return took
