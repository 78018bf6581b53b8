"""The examples for tests in other languages are run as their README says, and the workflow's own steps as a runner would."""

import os
import pathlib
import subprocess
import sys

import yaml

from mock import BINARIES

ROOT = pathlib.Path(__file__).parent.parent
WORKFLOW = ROOT / "examples" / "github" / "tests.yml"


def run(command: str, **environment: str) -> str:
    """What a shell command printed; it has to have succeeded."""
    path = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "DICOM_BINARIES": str(BINARIES), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_python_example_passes():
    assert " passed" in run("python -m pytest -q -p no:cacheprovider examples/python")


def test_the_javascript_example_passes():
    assert "# pass 4" in run("node --test --test-reporter=tap examples/javascript/")


def test_the_examples_find_the_programs_in_the_path_too():
    path = f"{BINARIES}{os.pathsep}{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run("unset DICOM_BINARIES; python -m pytest -q -p no:cacheprovider examples/python -k everything", PATH=path)


def test_the_workflow_installs_what_its_steps_need_and_runs_the_examples():
    workflow = yaml.safe_load(WORKFLOW.read_text())
    steps = workflow["jobs"]["tests"]["steps"]
    names = [step.get("name") for step in steps]
    assert [name for name in names if name] == ["Install the archive", "Install the tests' own needs", "Python", "JavaScript"]
    install = steps[names.index("Install the archive")]["run"].split()
    for package in install[install.index("dicom-mock-archive") :]:
        assert f'name = "{package}"' in "".join(path.read_text() for path in ROOT.glob("*/Cargo.toml")), package
    for step in steps[names.index("Python") :]:
        folder = steps[2]["with"]["path"] if "with" in steps[2] else steps[1]["with"]["path"]
        where = f'DICOM_BINARIES="{folder.replace("~", "$HOME")}/bin" '
        assert step["run"].startswith(where)
        run(step["run"].removeprefix(where).replace("python3", "python"))


def test_the_conformance_workflow_judges_an_archive_and_leaves_its_reports(tmp_path):
    steps = yaml.safe_load((ROOT / "examples" / "github" / "conformance.yml").read_text())["jobs"]["conformance"]["steps"]
    named = {step.get("name"): step for step in steps}
    for package in named["Install the harness"]["run"].split()[-2:]:
        assert f'name = "{package}"' in "".join(path.read_text() for path in ROOT.glob("*/Cargo.toml")), package
    home = tmp_path / ".local" / "dicom"
    home.mkdir(parents=True)
    (home / "bin").symlink_to(BINARIES)
    said = run(f"cd {tmp_path}\n" + named["Judge the archive"]["run"], HOME=str(tmp_path))
    assert " 0 failed" in said
    kept = tmp_path / named["Keep the report"]["with"]["path"]
    assert sorted(path.name for path in kept.iterdir()) == ["badge.svg", "junit.xml", "report.html", "report.json"]
