"""Instances as bytes, made cheaply: one template, its UIDs and names overwritten in place."""

import struct

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.7.3"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
LONG = {b"OB", b"OW", b"SQ", b"UN", b"UT"}


def element(group, number, vr, value):
    """An element in Explicit VR Little Endian."""
    if isinstance(value, str):
        value = value.encode()
    if len(value) % 2:
        value += b"\0" if vr in (b"UI", b"OB") else b" "
    head = struct.pack("<HH2s", group, number, vr)
    length = struct.pack("<HI", 0, len(value)) if vr in LONG else struct.pack("<H", len(value))
    return head + length + value


def short(number):
    return struct.pack("<H", number)


class Name:
    """What an instance is called; all texts have the same length for all instances."""

    def __init__(self, study, series, instance, day=1):
        self.study = f"1.2.826.0.1.{100000 + study}"
        self.series = f"{self.study}.{100 + series}"
        self.instance = f"{self.series}.{100000 + instance}"
        self.patient_id = f"ID{study:06}"
        self.patient_name = f"{'DOE' if study % 10 == 0 else 'ROE'}^P{study:06}"
        self.date = f"2024{1 + study // 28 % 12:02}{1 + study % 28:02}"
        self.number = f"{instance:06}"


def part10(name, rows, columns, frames=1, grey=None):
    """A Part 10 file with 16-bit grey pixels, as bytes before the pixels. `grey` is window center and width, rescale intercept and slope."""
    sop_class = MULTI_FRAME if frames > 1 else SECONDARY_CAPTURE
    meta = b"".join(
        [
            element(2, 1, b"OB", b"\0\1"),
            element(2, 2, b"UI", sop_class),
            element(2, 3, b"UI", name.instance),
            element(2, 0x10, b"UI", EXPLICIT_LITTLE),
            element(2, 0x12, b"UI", "1.2.826.0.1.1"),
        ]
    )
    body = b"".join(
        [
            element(8, 0x16, b"UI", sop_class),
            element(8, 0x18, b"UI", name.instance),
            element(8, 0x20, b"DA", name.date),
            element(8, 0x30, b"TM", "101500"),
            element(8, 0x50, b"SH", f"A{name.patient_id}"),
            element(8, 0x60, b"CS", "OT"),
            element(8, 0x64, b"CS", "WSD"),
            element(8, 0x90, b"PN", "MILES^MARIA"),
            element(8, 0x1030, b"LO", "Side by side"),
            element(0x10, 0x10, b"PN", name.patient_name),
            element(0x10, 0x20, b"LO", name.patient_id),
            element(0x10, 0x30, b"DA", "19700101"),
            element(0x10, 0x40, b"CS", "O"),
            element(0x20, 0x0D, b"UI", name.study),
            element(0x20, 0x0E, b"UI", name.series),
            element(0x20, 0x10, b"SH", "S1"),
            element(0x20, 0x11, b"IS", "1"),
            element(0x20, 0x13, b"IS", name.number),
            element(0x28, 2, b"US", short(1)),
            element(0x28, 4, b"CS", "MONOCHROME2"),
            element(0x28, 8, b"IS", str(frames)) if frames > 1 else b"",
            element(0x28, 0x10, b"US", short(rows)),
            element(0x28, 0x11, b"US", short(columns)),
            element(0x28, 0x100, b"US", short(16)),
            element(0x28, 0x101, b"US", short(16)),
            element(0x28, 0x102, b"US", short(15)),
            element(0x28, 0x103, b"US", short(0)),
            b"".join(element(0x28, 0x1050 + i, b"DS", value) for i, value in enumerate(grey or ())),
        ]
    )
    length = rows * columns * 2 * frames
    pixel_head = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, length)
    group = element(2, 0, b"UL", struct.pack("<I", len(meta)))
    return bytes(128) + b"DICM" + group + meta + body + pixel_head


# Some pixels, over and over.
PIXELS = bytes(range(256)) * 4096


def pixels(length):
    """`length` bytes of pixels in pieces of a MiB at most."""
    while length > 0:
        piece = PIXELS[: min(length, len(PIXELS))]
        yield piece
        length -= len(piece)
