"""Personalities against the archives that they are like: the same requests to the real one, to the record of it, and to ours.

What is different is listed in `like/NAME.differences`, question by question and with the reason why it stays; the list is exact both
ways, so that it shrinks when a personality gets better and nobody makes one worse unseen. `python -m like compare NAME NAME` prints the differences themselves.
"""

import pytest

from like import facts

NAMES = ("orthanc-1.10", "dcmqrscp")


@pytest.fixture(scope="module", params=NAMES)
def asked(request, files, tmp_path_factory):
    """What the real one answered, and ours that is like it."""
    name = request.param
    with facts.real(name, tmp_path_factory.mktemp("real") / "archive") as (archive, destination):
        theirs = facts.observe(archive, destination, files)
    with facts.ours(name) as (archive, destination):
        own = facts.observe(archive, destination, files)
    return name, theirs, {question: own[question] for question in theirs}


def test_the_record_is_what_the_real_one_answers(asked):
    name, theirs, _ = asked
    assert facts.differences(facts.of(name), theirs) == {}


def test_ours_differs_from_the_real_one_only_where_that_is_known(asked):
    name, theirs, own = asked
    assert facts.summary(theirs, own) == list(facts.known(name))


def test_ours_is_more_like_the_real_one_than_without(asked, files):
    name, theirs, own = asked
    with facts.ours(None) as (archive, destination):
        plain = facts.observe(archive, destination, files)
    assert len(facts.summary(theirs, own)) < len(facts.summary(theirs, {question: plain[question] for question in theirs}))
