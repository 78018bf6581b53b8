"""What every peer's test starts from: our binaries, on free ports, with the demo patients or empty; files and certificates."""

import pathlib
import subprocess

import pytest

from certificates import Certificates
from mock import BINARIES, running


@pytest.fixture
def archive():
    """An empty archive of this test's own."""
    with running("--empty") as started:
        yield started


@pytest.fixture(scope="session")
def demo():
    """The archive with the demo patients; read only by agreement."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> pathlib.Path:
    """Every fixture written as files, by the program users have for it."""
    folder = tmp_path_factory.mktemp("fixtures")
    subprocess.run([BINARIES / "dicom-fixtures", "write", folder], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def certificates(tmp_path_factory) -> Certificates:
    """An authority and the certificate of 127.0.0.1, made now."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(certificates):
    """An empty archive that speaks TLS on both protocols."""
    with running("--empty", "--tls", certificates.chain, certificates.key) as started:
        yield started
