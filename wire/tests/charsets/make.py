"""Writes values.tsv: texts in every defined term of Specific Character Set (PS3.3 C.12.1.1.2, tables C.12-2 to C.12-5).

The bytes are made here, by the codecs of Python and the escape sequences of the standard, so the text is known beforehand.
Two other implementations read them from a file: pydicom, and dcmdump +U8 of dcmtk. Their columns say `=` where they read the
same, else what they read, `!` where they refused. A column that is not `=` is a difference that somebody looked at: see README.md.

    python3 make.py > values.tsv
"""

import os, re, struct, subprocess, sys, tempfile, warnings

import pydicom

ESC = b"\x1b"
# Defined term, escape sequence of G0, of G1, codec.
SINGLE = {
    "100": (b"-A", "latin_1", "Buc^Jérôme Ægir^^Señor^ß", "Größe 3 µm ± 0,5 ° ¼"),
    "101": (b"-B", "iso8859_2", "Wałęsa^Żółć^Ľubomír^Dr.^Ž", "Vyšetření hrudníku, změna č. 5"),
    "109": (b"-C", "iso8859_3", "Ħaż-Żebbuġ^Ĉiuĵaŭde^Ĝ", "Eĥoŝanĝo ĉiuĵaŭde"),
    "110": (b"-D", "iso8859_4", "Bērziņš^Ģirts^Žēlį^Ųę", "Kŗūšu kurvja rentgenogramma"),
    "144": (b"-L", "iso8859_5", "Люкceмбypг^Пётр^Ильич", "Снимок № 5, ёлка, Ђорђе Ѓ"),
    "127": (b"-G", "iso8859_6", "قباني^لنزار", "صورة؛ الصدر؟"),
    "126": (b"-F", "iso8859_7", "Διονυσιος^Ώρα", "Ακτινογραφία θώρακος, ΐ ΰ"),
    "138": (b"-H", "iso8859_8", "שרון^דבורה", "צילום חזה × 2 ÷ 3"),
    "148": (b"-M", "iso8859_9", "Çavuşoğlu^İsmail^ışık", "Göğüs röntgeni, ŞİĞ"),
    "203": (b"-b", "iso8859_15", "Šœuršek^Žižka^Œuvre^Ÿ", "Prix 5 € ž"),
    "13": (b")I", "shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ", "ｷﾖｳﾌﾞ X ｾﾝ"),
    "166": (b"-T", "iso8859_11", "นามสกุล^ชื่อต้น", "ภาพรังสีทรวงอก ๑๒๓"),
}


def raw(value, codec):
    return value.encode(codec)


def kanji(text, plane, back=b"(B"):
    """Runs of two-byte characters of JIS X 0208 or 0212 in G0, between escape sequences."""
    out, wide = b"", False
    for char in text:
        if ord(char) < 0x80:
            if wide:
                out += ESC + back
            wide = False
            out += char.encode()
            continue
        euc = char.encode("euc_jp")
        assert len(euc) == (2 if plane == 208 else 3), char
        if not wide:
            out += ESC + (b"$B" if plane == 208 else b"$(D")
        wide = True
        out += bytes(b & 0x7F for b in euc[-2:])
    return out + (ESC + back if wide else b"")


def right(text, sequence, codec, resets):
    """Characters in G1: the set is designated anew after what resets it."""
    out, designated = b"", False
    for char in text:
        if ord(char) < 0x80:
            designated = designated and char not in resets
        elif not designated:
            out += ESC + sequence
            designated = True
        out += char.encode(codec)
    return out


NAME, TEXT = "^=\\\r\n\t\f", "\\\r\n\t\f"
ROWS = []


def row(terms, vr, value, text):
    ROWS.append((terms, vr, value, text))


def rows():
    for number, (sequence, codec, name, words) in SINGLE.items():
        lines = f"{words}\r\n\tA {words}\fend"
        plain = f"ISO_IR {number}"
        row(plain, "PN", raw(f"Latin^Name={name}=x", codec), f"Latin^Name={name}=x")
        row(plain, "LO", raw(f"{words}\\b", codec), f"{words}\\b")
        row(plain, "LT", raw(lines, codec), lines)
        # As the first of several, it is there before any escape sequence; as a later one, only after its own.
        first = f"ISO 2022 IR {number}"
        row(first, "PN", raw(f"{name}={name}", codec), f"{name}={name}")
        row(first + "\\ISO 2022 IR 149", "PN", raw(f"{name}={name}", codec), f"{name}={name}")
        row(first + "\\ISO 2022 IR 87", "PN", raw(name, codec) + b"=" + kanji("山田^太郎", 208), f"{name}=山田^太郎")
        later = f"\\ISO 2022 IR {number}"
        both = f"Latin^Name={name}"
        row(later, "PN", right(both, sequence, codec, NAME), both)
        row(later, "LO", right(f"{words}=^{words}\\{words}", sequence, codec, TEXT), f"{words}=^{words}\\{words}")
        row(later, "UT", right(lines, sequence, codec, TEXT), lines)
    row("ISO_IR 6", "PN", b"Doe^John", "Doe^John")
    row("", "PN", b"Doe^John", "Doe^John")
    row("ISO 2022 IR 6", "LO", b"plain", "plain")
    # G0 of JIS X 0201 is what follows a kanji name in Japan.
    name = "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"
    first, rest = name.split("=", 1)
    row("ISO 2022 IR 13\\ISO 2022 IR 87", "PN", first.encode("shift_jis") + b"=" + kanji(rest, 208, b"(J"), name)
    name, words = "Yamada^Tarou=山田^太郎=やまだ^たろう", "胸部Ｘ線、肺結節 12 mm。"
    lines = f"{words}\r\n{words}\r\n"
    for vr, text in [("PN", name), ("LO", f"{words}\\{words}"), ("LT", lines), ("UT", f"a=b^{words}")]:
        row("\\ISO 2022 IR 87", vr, kanji(text, 208), text)
        row("ISO 2022 IR 6\\ISO 2022 IR 87\\ISO 2022 IR 159", vr, kanji(text, 208), text)
    supplementary = "丂丄丅丌 and 亹仃"
    row("\\ISO 2022 IR 159", "PN", b"Latin^Name=" + kanji(supplementary, 212), f"Latin^Name={supplementary}")
    row("\\ISO 2022 IR 87\\ISO 2022 IR 159", "LO", kanji("山", 208)[:-3] + kanji("丂", 212) + kanji("田", 208), "山丂田")
    row("\\ISO 2022 IR 87\\ISO 2022 IR 159", "LT", kanji("線", 208) + b"\r\n" + kanji("丂", 212) + b"\r\nx", "線\r\n丂\r\nx")
    for term, sequence, codec, name, words in [
        ("149", b"$)C", "euc_kr", "Hong^Gildong=洪^吉洞=홍^길동", "흉부 엑스선: 결절 12 mm"),
        ("58", b"$)A", "gb2312", "Zhang^XiaoDong=张^小东", "胸部Ｘ线：结节 12 mm"),
    ]:
        terms = f"\\ISO 2022 IR {term}"
        lines = f"{words}\r\n1. {words}\r\n\r\n2. {words} 3. {words}"
        for vr, text, resets in [("PN", name, NAME), ("LO", f"{words}\\{words}", TEXT), ("LO", f"{words}=^{words}", TEXT),
                                 ("LT", lines, TEXT), ("UT", lines, TEXT), ("SH", words[:2], TEXT)]:
            row(terms, vr, right(text, sequence, codec, resets), text)
        row(f"ISO 2022 IR {term}", "LO", right(words, sequence, codec, TEXT), words)
    # Three scripts in one value, each with its own sequence.
    three = right("Latin ", b"-A", "latin_1", TEXT) + right("é", b"-A", "latin_1", TEXT) + b" " + right("Ж", b"-L", "iso8859_5", TEXT)
    row("ISO 2022 IR 6\\ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 87", "LO", three + kanji("山", 208) + right("é", b"-A", "latin_1", TEXT), "Latin é Ж山é")
    row("ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126", "PN",
        "Jérôme".encode("latin_1") + b"=" + right("Люк", b"-L", "iso8859_5", NAME) + b"^" + right("Διο", b"-F", "iso8859_7", NAME) + b"=" + "ô".encode("latin_1"),
        "Jérôme=Люк^Διο=ô")
    for term, codec in [("ISO_IR 192", "utf8"), ("GB18030", "gb18030"), ("GBK", "gbk")]:
        name = "Wang^XiaoDong=王^小东" if term != "ISO_IR 192" else "Wang^XiaoDong=王^小東=ワン^シャオ"
        # Second bytes of GBK and GB18030 are letters, a backslash and a circumflex too.
        words = "胸部Ｘ线：结节 12 mm，" + ("𠀀 é Ж 한" if term == "GB18030" else "") + ("😀 é Ж 한" if term == "ISO_IR 192" else "")
        odd = "蒤" if term == "ISO_IR 192" else bytes([0xCB, 0x5C]).decode(codec) + bytes([0xCB, 0x5E]).decode(codec) + bytes([0xCB, 0x7C]).decode(codec)
        for vr, text in [("PN", name), ("PN", f"{odd}^{odd}={odd}"), ("LO", f"{words}\\{odd}\\b"), ("LT", f"{words}\\{odd}\r\n{words}"), ("UC", odd)]:
            row(term, vr, text.encode(codec), text)
    # Wrong escapes: what is not known stays visible. While kanji are in G0, a circumflex is half a character.
    for terms, vr, value, text in [
        ("\\ISO 2022 IR 87", "LO", b"a\x1b", "a\ufffd"),
        ("\\ISO 2022 IR 87", "LO", b"a\x1b$", "a\ufffd$"),
        ("\\ISO 2022 IR 87", "LO", b"a\x1b$Zb\\c", "a\ufffd$Zb\\c"),
        ("\\ISO 2022 IR 87", "LO", b"\x1b$B;3E", "山\ufffd"),
        ("\\ISO 2022 IR 149", "LO", b"\x1b$)C\xc8", "\ufffd"),
        ("\\ISO 2022 IR 87", "PN", b"\x1b$B;3ED^x", "山田滾"),
    ]:
        row(terms, vr, value, text)


TAGS = {"PN": (0x0010, 0x0010), "LO": (0x0008, 0x0080), "LT": (0x0010, 0x4000), "UT": (0x0040, 0xA160), "SH": (0x0008, 0x0050), "UC": (0x0018, 0x9908)}
LONG = {"UT", "UC", "SQ", "OB"}


def element(tag, vr, value, pad=b" "):
    if len(value) % 2:
        value += pad
    head = struct.pack("<HH", *tag) + vr.encode()
    length = struct.pack("<HI", 0, len(value)) if vr in LONG else struct.pack("<H", len(value))
    return head + length + value


def file(terms, vr, value):
    meta = element((2, 2), "UI", b"1.2.840.10008.5.1.4.1.1.7", b"\0") + element((2, 3), "UI", b"1.2.3", b"\0") + element((2, 0x10), "UI", b"1.2.840.10008.1.2.1", b"\0")
    body = element((8, 5), "CS", terms.encode()) if terms else b""
    return b"\0" * 128 + b"DICM" + element((2, 0), "UL", struct.pack("<I", len(meta))) + meta + body + element(TAGS[vr], vr, value)


def by_pydicom(path, vr):
    try:
        value = pydicom.dcmread(path)[TAGS[vr]].value
    except Exception:
        return "!"
    return "\\".join(map(str, value)) if isinstance(value, pydicom.multival.MultiValue) else str(value)


def by_dcmtk(path, vr):
    done = subprocess.run(["dcmdump", "-q", "+U8", "+L", "+P", "%04x,%04x" % TAGS[vr], path], capture_output=True)
    # The value is in brackets and may hold line breaks; what follows is the length and the name.
    found = re.search(rb"\[(.*)\]\s+#\s+\d+, *\d+ \w+\s*$", done.stdout, re.S)
    return found.group(1).decode("utf8", "replace") if done.returncode == 0 and found else "!"


def shown(text):
    return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t").replace("\f", "\\f").replace("\x1b", "\\e").replace("\0", "\\0")


def main():
    rows()
    warnings.simplefilter("ignore")
    version = subprocess.run(["dcmdump", "--version"], capture_output=True, text=True).stdout.split()[2]
    print(f"# pydicom {pydicom.__version__}, dcmtk {version}, Python {sys.version.split()[0]}; made by make.py")
    print("# terms\tVR\tbytes\ttext\tpydicom\tdcmtk")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file.dcm")
        for terms, vr, value, text in ROWS:
            with open(path, "wb") as out:
                out.write(file(terms, vr, value))
            readings = [by_pydicom(path, vr), by_dcmtk(path, vr)]
            same = lambda reading: reading.rstrip(" ") == text.rstrip(" ")
            print(shown(terms), vr, value.hex(), shown(text), *("=" if same(r) else shown(r) for r in readings), sep="\t")


main()
