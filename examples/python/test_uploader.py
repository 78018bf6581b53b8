"""Tests of the uploader against an archive that fails as told."""

import io
import urllib.error

import pydicom
import pytest

from uploader import NotStored, send


@pytest.fixture
def files(slices) -> dict[str, bytes]:
    return {pydicom.dcmread(io.BytesIO(file), stop_before_pixels=True).SOPInstanceUID: file for file in slices}


def test_everything_is_stored(archive, files):
    send(archive.web, files)
    assert sorted(archive.stored()) == sorted(files)


def test_only_what_was_refused_is_sent_again(archive, files):
    fourth = list(files)[3]
    rule = archive.inject({"refuse-instance": {"reason": "A700"}}, when={"instance": fourth}, often="once")

    send(archive.web, files)

    assert sorted(archive.stored()) == sorted(files)
    archive.verify(rule, 1)
    requests = [line for line in archive.journal().splitlines() if "POST" in line]
    assert [line.split(" -> ")[1] for line in requests] == ["202", "200"], archive.journal()
    assert archive.journal().count("stored") == len(files), "each instance is stored once"


def test_what_can_never_be_stored_is_reported_and_the_rest_is_kept(archive, files):
    first = list(files)[0]
    archive.inject({"refuse-instance": {"reason": "C122"}}, when={"instance": first})

    with pytest.raises(NotStored) as refused:
        send(archive.web, files)

    assert refused.value.reasons == {first: 0xC122}
    assert sorted(archive.stored()) == sorted(set(files) - {first})


def test_an_overloaded_archive_is_an_error_and_nothing_is_stored(archive, files):
    archive.inject({"http-status": {"status": 503, "retry-after": "1"}}, when={"service": "store"})

    with pytest.raises(urllib.error.HTTPError) as error:
        send(archive.web, files)

    assert error.value.code == 503
    assert archive.stored() == []


def test_a_connection_that_breaks_is_an_error(archive, files):
    archive.inject({"end-connection": {"after": 200_000, "direction": "inbound"}})

    with pytest.raises(OSError):
        send(archive.web, files)

    assert len(archive.stored()) < len(files)
