#!/usr/bin/env python3
"""Our archive and its peers side by side on loopback, in one run. See README.md beside this."""

import argparse
import array
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import clients
import servers
from instances import Name, part10, pixels

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HALF_MIB = 512 * 1024
NEEDED = {"Orthanc": "orthanc", "storescp": "dcmtk", "storescu": "dcmtk", "dcmqrscp": "dcmtk"}


class Table:
    """Figures by row and server; what went wrong is kept as well."""

    def __init__(self, only):
        self.only, self.rows, self.problems = only, [], []

    def wanted(self, title):
        return self.only in title

    def row(self, title, unit, better, measure, kinds):
        """Runs `measure` on each server; it gives a figure, or a figure and the growth in MiB."""
        if not self.wanted(title):
            return
        figures = {}
        for kind in kinds:
            try:
                figures[kind.name] = measure(kind)
            except Exception as error:  # one peer's failure is a line of the report
                self.problems.append(f"{title}, {kind.name}: {error}")
        self.add(title, unit, better, figures)

    def add(self, title, unit, better, figures):
        self.rows.append((title, unit, better, figures))
        texts = [f"{name} {self.text(figure)}" for name, figure in figures.items()]
        print(f"{title} [{unit}]: {', '.join(texts)}{self.ratio(better, figures)}", flush=True)

    @staticmethod
    def text(figure):
        value, growth = figure if isinstance(figure, tuple) else (figure, None)
        text = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
        return text if growth is None else f"{text} (+{growth:.0f} MiB)"

    def ratio(self, better, figures):
        value = {name: figure[0] if isinstance(figure, tuple) else figure for name, figure in figures.items()}
        limits = {name: value[name] for name in value if name.startswith("TCP")}
        ours = {name: value[name] for name in value if name.startswith("ours")}
        peers = {name: value[name] for name in value if name not in limits and name not in ours}
        parts = []
        for name, mine in ours.items():
            ratios = [f"{mine / limit:.2f} of {limit_name}" for limit_name, limit in limits.items()]
            if peers:
                best = max(peers, key=peers.get) if better == "more" else min(peers, key=peers.get)
                times = mine / peers[best] if better == "more" else peers[best] / mine
                ratios.insert(0, f"{times:.1f} x {best}")
            if ratios:
                parts.append(f"{name}: {', '.join(ratios)}")
        return f" -> {'; '.join(parts)}" if parts else ""

    def print(self):
        print("\n| what | figures | ours against the best peer |\n|---|---|---|")
        for title, unit, better, figures in self.rows:
            texts = ", ".join(f"{name} {self.text(figure)}" for name, figure in figures.items())
            print(f"| {title} | {texts} {unit} | {self.ratio(better, figures)[4:]} |")
        for problem in self.problems:
            print(f"- {problem}")


def install():
    missing = sorted({package for tool, package in NEEDED.items() if not shutil.which(tool)})
    if not servers.PLUGIN.exists():
        missing.append("orthanc-dicomweb")
    if missing:
        done = subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *missing], capture_output=True, text=True)
        if done.returncode:
            print(f"cannot install {' '.join(missing)}: {done.stderr.strip()[-200:]}", file=sys.stderr)
    # Debian starts the daemon at installation.
    if shutil.which("service"):
        subprocess.run(["service", "orthanc", "stop"], capture_output=True)


def tcp(length, into=None, keeps=False):
    """Seconds for so many bytes over bare TCP: into a file where one is named, into memory that was not used before where they are kept."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def receive():
            sock, _ = listener.accept()
            view = memoryview(bytearray(length if keeps else 1 << 20))
            out = open(into, "wb", buffering=0) if into else None
            while read := sock.recv_into(view):
                if out:
                    out.write(view[:read])
                view = view[read:] if keeps else view
            sock.sendall(b"!")

        thread = threading.Thread(target=receive)
        thread.start()
        began = time.perf_counter()
        with socket.create_connection(listener.getsockname()) as sock:
            for piece in pixels(length):
                sock.sendall(piece)
            sock.shutdown(socket.SHUT_WR)
            sock.recv(1)
        took = time.perf_counter() - began
        thread.join()
    return took


def upload(server, names, rows, columns, frames=1):
    """Stores these instances in one request; seconds."""
    length = rows * columns * 2 * frames
    heads = [part10(name, rows, columns, frames) for name in names]

    def parts():
        for head in heads:
            yield clients.PART + head
            yield from pixels(length)

    total = sum(len(clients.PART) + len(head) + length for head in heads)
    took, stored = clients.store(server.web, total, parts())
    if stored != len(names):
        raise RuntimeError(f"{stored} of {len(names)} instances stored")
    return took


def bulk(table, scratch, scale):
    """STOW-RS: many instances in a request, and one that is big."""
    web = [servers.Ours, servers.OursNotSynced, servers.OursInMemory, servers.OursHeaders, servers.Orthanc]
    count, frames = max(2048 // scale, 16), max(2048 // scale, 16)
    shapes = [
        (f"STOW-RS {count} x 512 KiB, one request", [Name(1, i // 512, i) for i in range(count)], 1, count),
        (f"STOW-RS one instance of {frames // 2} MiB", [Name(2, 1, 1)], frames, frames),
    ]
    for title, names, frames_each, halves in shapes:
        if not table.wanted(title):
            continue

        def measure(kind):
            with kind(scratch) as server:
                upload(server, [Name(9, 9, 9)], 8, 8)
                server.forget_peak()
                took = upload(server, names, 512, 512, frames_each)
                return halves / 2 / took, server.growth()

        figures = {
            "TCP into a file": halves / 2 / tcp(halves * HALF_MIB, scratch / f"raw-{frames_each}"),
            "TCP into memory": halves / 2 / tcp(halves * HALF_MIB, keeps=True),
            "TCP": halves / 2 / tcp(halves * HALF_MIB),
        }
        for kind in web:
            try:
                figures[kind.name] = measure(kind)
            except Exception as error:
                table.problems.append(f"{title}, {kind.name}: {error}")
        table.add(title, "MiB/s", "more", figures)


def dimse_store(table, scratch, scale):
    """C-STORE with dcmtk's client, its Nagle off and on."""
    if not table.wanted("C-STORE"):
        return
    kinds = [servers.Ours, servers.OursNotSynced, servers.OursInMemory, servers.OursHeaders, servers.Storescp, servers.StorescpDiscarding, servers.Dcmqrscp, servers.Orthanc]
    for title, nodelay, count in (("C-STORE 512 KiB, TCP_NODELAY", True, 1000 // scale), ("C-STORE 512 KiB, default client", False, 200 // scale)):
        folder = scratch / f"files-{count}"
        folder.mkdir()
        for i in range(count):
            with open(folder / f"{i:06}.dcm", "wb") as file:
                file.write(part10(Name(3, i // 500, i), 512, 512))
                file.writelines(pixels(HALF_MIB))

        def measure(kind):
            with kind(scratch) as server:
                server.forget_peak()
                return count / clients.storescu(server.dimse, server.title, folder, nodelay), server.growth()

        servers.Server.nodelay = nodelay
        table.row(f"{title}, {count} instances", "/s", "more", measure, kinds)
        servers.Server.nodelay = False


def search(table, scratch, scale):
    """Indexing small instances, then what searches take."""
    titles = ["index", "QIDO", "C-FIND", "reset"]
    if not any(table.only in title or title in table.only for title in titles):
        return
    studies = max(200 // scale, 20)
    figures = {}
    for kind in (servers.Ours, servers.OursNotSynced, servers.OursInMemory, servers.Orthanc):
        try:
            with kind(scratch) as server:
                figures[kind.name] = searches(server, studies)
        except Exception as error:
            table.problems.append(f"searches, {kind.name}: {error}")
    instances = studies * 20
    rows = [(f"index of small instances ({instances})", "/s", "more")]
    kinds = ["exact Patient ID", "no match", "100 studies", "name wildcard", "a month", "instances of a series"]
    rows += [(f"QIDO-RS {kind}, {instances} instances", "ms", "less") for kind in kinds]
    rows += [(f"C-FIND Patient ID, {instances} instances", "ms", "less"), ("C-FIND, each further result", "ms", "less")]
    rows += [("reset", "ms", "less")]
    for number, (title, unit, better) in enumerate(rows):
        found = {name: values[number] for name, values in figures.items() if number < len(values)}
        if table.wanted(title):
            table.add(title, unit, better, found)


def searches(server, studies):
    began = time.perf_counter()
    for study in range(studies):
        upload(server, [Name(study, i // 10, i) for i in range(20)], 8, 8)
    figures = [studies * 20 / (time.perf_counter() - began)]
    web, middle = clients.Web(server.web), Name(studies // 2, 0, 0)
    paths = [
        f"/studies?PatientID={middle.patient_id}",
        "/studies?PatientID=NOBODY",
        "/studies?limit=100",
        "/studies?PatientName=DOE*&limit=100",
        "/studies?StudyDate=20240101-20240131",
        f"/studies/{middle.study}/series/{middle.series}/instances",
    ]
    figures += [web.median(path) for path in paths]
    finder = clients.Finder(server.dimse, server.title)
    level, uid = (0x00080052, "STUDY"), (0x0020000D, "")
    keyed, matches = finder.median(dict([level, uid, (0x00100020, middle.patient_id)]))
    every, all_matches = finder.median(dict([level, uid, (0x00100020, "")]), times=10)
    finder.close()
    if matches != 1 or all_matches != studies:
        raise RuntimeError(f"C-FIND: {matches} and {all_matches} matches, not 1 and {studies}")
    figures += [keyed, (every - keyed) / (studies - 1)]
    if hasattr(server, "reset"):
        figures.append(server.reset() * 1000)
    return figures


def retrieve(table, scratch, scale):
    """A raw frame, and frames of a file that has many."""
    octets = 'multipart/related; type="application/octet-stream"'
    frames = 100
    kinds = [servers.Ours, servers.OursInMemory, servers.Orthanc]
    name = Name(4, 1, 1)
    path = f"/studies/{name.study}/series/{name.series}/instances/{name.instance}/frames"

    def measure(frames, what, accept):
        def run(kind):
            with kind(scratch) as server:
                upload(server, [name], 512, 512, frames)
                return clients.Bare(server.web, path + what, accept).rate()

        return run

    table.row("raw frame of 512 KiB", "/s", "more", measure(1, "/1", octets), kinds)
    table.row("frame 1 of 100, raw", "/s", "more", measure(frames, "/1", octets), kinds)
    table.row("frame 100 of 100, raw", "/s", "more", measure(frames, "/100", octets), kinds)
    table.row("frame 100 of 100, rendered as JPEG", "/s", "more", measure(frames, "/100/rendered", "image/jpeg"), kinds)


def texture(rows, columns):
    """Grey values of 12 bits that pack as pictures do: a slope with the grain of a detector, the same in every run."""
    chance, row = random.Random(5), array.array("H")
    for y in range(rows):
        grain = chance.randbytes(columns)
        row.extend((x * 2400 // columns + y * 1200 // rows) + grain[x] for x in range(columns))
    return row.tobytes()


def names_of(file):
    """Study, series and instance of a file in Explicit VR, by a search for their elements."""
    uids = []
    for element in (b"\x20\0\x0d\0UI", b"\x20\0\x0e\0UI", b"\x08\0\x18\0UI"):
        at = file.index(element) + 6
        length = int.from_bytes(file[at : at + 2], "little")
        uids.append(file[at + 2 : at + 2 + length].decode().rstrip("\0 "))
    return uids


def rendered(table, scratch, _):
    """Pictures over one connection: drawn and encoded anew for each request. With a window in the file: without one Orthanc draws white."""
    sources = {}
    for title, edge, frames in (("512 x 512 grey", 512, 1), ("2048 x 2048 grey", 2048, 1), ("frame 50 of 100, 512 x 512", 512, 100)):
        sources[title] = part10(Name(6, 1, len(sources)), edge, edge, frames, ("776", "3600", "-1024", "1")) + texture(edge, edge) * frames, 50 if frames > 1 else 1
    fixtures = ROOT / "fixtures"
    for title, path in (
        ("1024 x 1024 JPEG 2000", "real/pydicom-data/MR2_J2KI.dcm"),
        ("64 x 64 JPEG-LS", "encoded/ct-jpegls-lossless.dcm"),
        ("colour JPEG", "encoded/us-jpeg-baseline-422.dcm"),
    ):
        if (fixtures / path).exists():
            sources[title] = (fixtures / path).read_bytes(), 1
    for title, (file, frame) in sources.items():
        for media in ("image/png", "image/jpeg"):

            def measure(kind):
                study, series, instance = names_of(file)
                with kind(scratch) as server:
                    clients.store(server.web, len(clients.PART) + len(file), iter([clients.PART + file]))
                    path = f"/studies/{study}/series/{series}/instances/{instance}/frames/{frame}/rendered"
                    return clients.Bare(server.web, path, media).rate()

            table.row(f"rendered {title} as {media}", "/s", "more", measure, [servers.OursInMemory, servers.Orthanc])


def start(table, scratch, _):
    def measure(kind):
        took = []
        for _ in range(5):
            with kind(scratch) as server:
                took.append(server.ready)
        return sorted(took)[2] * 1000

    table.row("start to ready, empty", "ms", "less", measure, [servers.Ours, servers.OursInMemory, servers.Orthanc, servers.Dcmqrscp])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="an eighth of everything")
    arguments.add_argument("--row", default="", help="only rows with this word")
    arguments.add_argument("--archive", help="the binary, instead of the one that cargo builds")
    arguments.add_argument("--directory", help="where everything is stored for the time of the run")
    given = arguments.parse_args()
    install()
    if not given.archive:
        subprocess.run(["cargo", "build", "--release", "-p", "dicom-mock-archive", "--quiet"], cwd=ROOT, check=True)
        import json

        about = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT, check=True, capture_output=True)
        given.archive = pathlib.Path(json.loads(about.stdout)["target_directory"]) / "release" / "dicom-mock-archive"
    servers.Ours.binary = given.archive
    table, scale = Table(given.row), 8 if given.quick else 1
    with tempfile.TemporaryDirectory(dir=given.directory) as scratch:
        for part in (start, bulk, dimse_store, search, retrieve, rendered):
            try:
                part(table, pathlib.Path(scratch), scale)
            except Exception as error:
                table.problems.append(f"{part.__name__}: {error}")
    table.print()


if __name__ == "__main__":
    main()
