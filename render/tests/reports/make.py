"""What DCMTK's dsrdump says of each content item: python make.py FILE.dcm ... > items.tsv

A line an item: file, position, relationship, value type, concept name, value. Values of several numbers (coordinates, references) are left
to other tests. dsrdump is DCMTK 3.6.7's, with the flags that let it read faulty reports.
"""
import pathlib
import re
import subprocess
import sys

RELATIONS = {
    "contains": "CONTAINS", "has obs context": "HAS OBS CONTEXT", "has acq context": "HAS ACQ CONTEXT",
    "has concept mod": "HAS CONCEPT MOD", "inferred from": "INFERRED FROM", "selected from": "SELECTED FROM", "has properties": "HAS PROPERTIES",
}
LINE = re.compile(r"^([0-9.]+)  <(?:(contains|has obs context|has acq context|has concept mod|inferred from|selected from|has properties) )?([A-Z0-9]+):(.*)>(?: \{.*\})?(?: # .*)?$")
NAME = re.compile(r'^\((?:[^,"]*),(?:[^,"]*),"((?:[^"\\]|\\.)*)"\)')

for path in map(pathlib.Path, sys.argv[1:]):
    flags = ["-Er", "-Ev", "-Ec", "-Ee", "-Ei"]
    dump = subprocess.run(["dsrdump", "-q", "+Pn", "+Pl", "+U8", *flags, path], capture_output=True, text=True, check=True).stdout
    for line in dump.splitlines():
        found = LINE.match(line)
        if not found:
            continue
        position, relation, kind, rest = found.groups()
        name = NAME.match(rest)
        value = rest[name.end() :] if name else rest
        value = value.removeprefix("=")
        if kind == "CODE":
            value = value.strip("()").split(",")[0]
        elif kind == "NUM":
            number = re.match(r'"([^"]*)" \(([^,]*),', value)
            value = f"{number[1]} {number[2]}" if number else "-"
        elif kind in ("TEXT", "UIDREF", "PNAME"):
            value = value.strip('"') if '"' not in value[1:-1] and "\\" not in value else "*"
        else:
            value = "*"
        print(path.stem, position, RELATIONS.get(relation, ""), kind, name[1] if name else "", value, sep="\t")
