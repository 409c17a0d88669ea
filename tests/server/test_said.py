"""Sentences that were written down and read again can be said in another language; what is no sentence stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nb2pipe
from nb2pipe.diagnostics import all_of, say
from nb2pipe.server.said import parts_of, parts_read

CATALOGUES = sorted((Path(nb2pipe.__file__).parent / "locale").glob("*/LC_MESSAGES/*.json"))


@pytest.mark.parametrize(
    "said",
    [
        say("no earlier result"),
        say("cell %1 changed", 3),
        say("%1: not cached", say("starts a process")),
        say("%1: not cached", say("reads the clock (`%1`)", "time")),
        say("new step `%1`: takes %2, gives %3", "fit", all_of(["x", "y"]), "model"),
        say("parameter %1 changed: %2 -> %3", "rate", "0.1", "'a b c'"),
        say("it was ended after %1, the time that it may take", "90 s"),
    ],
)
def test_a_sentence_that_was_read_is_known_again(said: str) -> None:
    assert parts_read(str(json.loads(json.dumps(said)))) is not None
    assert _together(parts_read(str(said))) == said
    assert _together(parts_of(said)) == said


@pytest.mark.parametrize(
    "text",
    [
        "", "train", "failed", "x and y and what not of it", "ValueError: a bad thing and worse", "KeyError: 'a'", "0.5", "%1",
        "data/of my house.csv", "`" * 999, "so long " * 200,
    ],
)  # fmt: skip
def test_what_is_no_sentence_stays_as_it_is(text: str) -> None:
    assert parts_read(text) is None


def test_an_argument_that_was_read_is_known_in_a_sentence() -> None:
    assert parts_read(say("%1, and it %2", "its cells changed", "uses the network")) == [
        "%1, and it %2",
        ["its cells changed"],
        ["uses the network"],
    ]


def test_a_value_of_the_notebook_is_no_sentence() -> None:
    assert parts_of("no earlier result") is None


def test_each_sentence_of_each_catalogue_is_known_again() -> None:
    for file in CATALOGUES:
        templates = [
            t for t in json.loads(file.read_text("utf-8")) if t.count("%") == t.count("%1") == 1 and len(t) > 20
        ]
        assert templates
        for template in templates:
            read = parts_read(template.replace("%1", "name"))
            assert read is not None, template
            assert _together(read) == template.replace("%1", "name")


def _together(parts: object) -> str:
    """The English of a sentence from its parts."""
    if isinstance(parts, str):
        return parts
    assert isinstance(parts, list)
    template, *given = parts
    return str(say(template, *map(_together, given)))
