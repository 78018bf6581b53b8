"""How our archive differs from a real one, or the facts of the real one written down.

python -m like compare orthanc-1.10 [LIKE]   what the real one answers otherwise than ours (`--like LIKE`); from the folder interop/
python -m like record orthanc-1.10           writes like/orthanc-1.10.json anew, and what the personality of that name differs in
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from mock import BINARIES

from . import facts


def main() -> None:
    verb, name, *like = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        files = pathlib.Path(folder) / "files"
        subprocess.run([BINARIES / "dicom-fixtures", "write", files], check=True, stdout=subprocess.DEVNULL)
        with facts.real(name, pathlib.Path(folder) / "real") as (archive, destination):
            seen = facts.observe(archive, destination, files)
        with facts.ours(name if verb == "record" else like[0] if like else None) as (archive, destination):
            own = facts.observe(archive, destination, files)
    own = {question: own[question] for question in seen}
    if verb == "record":
        (facts.FOLDER / f"{name}.json").write_text(json.dumps(seen, indent=1, sort_keys=True) + "\n")
        reasons = facts.known(name)
        lines = (f"{line}  # {reasons.get(line) or 'why?'}\n" for line in facts.summary(seen, own))
        (facts.FOLDER / f"{name}.differences").write_text("".join(lines))
        return
    different = facts.differences(seen, own)
    for question, (theirs, here) in different.items():
        print(f"{question}\n  {name}: {json.dumps(theirs)}\n  ours: {json.dumps(here)}")
    print(f"{len(different)} of {len(seen)} answers differ")


main()
