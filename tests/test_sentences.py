"""What nb2pipe says is made of templates that the catalogues of translations have."""

from __future__ import annotations

import copy
import importlib.util
import json
import pickle
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import Diagnostic, Refused, Sentence, all_of, any_of, listed, say
from nb2pipe.server.said import parts_of
from tests.making import code, compiled, write
from tests.rules.test_alarms import CASES as ALARMS
from tests.rules.test_rules import CASES

ROOT = Path(__file__).parents[1]
CATALOGUES = sorted((ROOT / "nb2pipe" / "locale").glob("*/LC_MESSAGES/nb2pipe.json"))
SAMPLES = sorted((ROOT / "sample_notebooks").glob("*.ipynb"))


def collected(folder: Path | None = None) -> tuple[list[str], list[str]]:
    """The templates of a folder of sources, and what is wrong with them, as `catalogue.mjs` is told."""
    spec = importlib.util.spec_from_file_location("sentences", ROOT / "extension" / "sentences.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: tuple[list[str], list[str]] = module.collected() if folder is None else module.collected(folder)
    return found


TEMPLATES, FAULTS = collected()


def test_a_sentence_is_a_text_that_knows_what_it_was_made_of() -> None:
    both = say("%1 and %2", "a", "b")
    said = say("`%1` %2: %3, %1", both, 4, "100 %2")
    assert said == "`a and b` 4: 100 %2, a and b"
    assert (said.template, said.arguments) == ("`%1` %2: %3, %1", ("a and b", "4", "100 %2"))
    assert said.arguments[0] is both
    assert json.dumps([said]) == json.dumps([str(said)])
    for other in (copy.deepcopy(said), pickle.loads(pickle.dumps(said))):
        assert (other, other.template, other.arguments) == (said, said.template, said.arguments)
        assert isinstance(other.arguments[0], Sentence)


def test_names_are_put_together_as_sentences() -> None:
    assert (all_of(["a"]), all_of(["a", "b", "c"]), any_of(["a", "b"])) == ("a", "a and b and c", "a or b")
    assert all_of([]) == ""
    assert all_of(["a", "b", "c"]).arguments == ("a and b", "c")
    assert listed([say("the environment"), "file"]).arguments[0].template == "the environment"
    many = [f"n{i}" for i in range(5_000)]
    assert (all_of(many), any_of(many), listed(many)) == (" and ".join(many), " or ".join(many), ", ".join(many))


def test_sentences_that_are_too_deep_in_each_other_are_told_as_they_are() -> None:
    deep: str = "x"
    for _ in range(5_000):
        deep = say("%1 failed", deep)
    assert str(parts_of(deep)).count("%1 failed") == 51


def test_all_templates_can_be_collected() -> None:
    assert FAULTS == []
    assert len(TEMPLATES) > 300


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("say(f'`{name}` is read')", "has to be a literal"),
        ("say(name)", "has to be a literal"),
        ("say('100% of %1', name)", "a percent sign"),
        ("say('%1 of %2', name)", "the numbers [1, 2], and 1 arguments"),
    ],
)
def test_a_template_that_no_catalogue_can_have_is_a_fault(line: str, fault: str, tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text(f"from nb2pipe.diagnostics import say\n\nname = 'x'\n{line}\n", "utf-8")
    [found] = collected(tmp_path)[1]
    assert "rule.py:4: " in found
    assert fault in found


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda c: c.parents[1].name)
def test_a_catalogue_has_all_of_them(catalogue: Path) -> None:
    said = json.loads(catalogue.read_text("utf-8"))
    assert [t for t in TEMPLATES if not all(said.get(t, [""]))] == []
    other = [t for t in TEMPLATES if {*re.findall(r"%\d", t)} != {*re.findall(r"%\d", said[t][0])}]
    assert other == []


def of_cases(folder: Path) -> Iterator[Diagnostic]:
    for case in CASES:
        cells = [{**code(c["source"], *c["tags"]), "execution_count": c.get("count")} for c in case["bad"]]
        yield from found_in(write(folder / "nb.ipynb", cells))


def of_alarms(folder: Path) -> Iterator[Diagnostic]:
    for case in ALARMS:
        yield from found_in(write(folder / "nb.ipynb", list(case.cells)))


def of_samples(folder: Path) -> Iterator[Diagnostic]:
    for sample in SAMPLES:
        yield from found_in(sample)


def found_in(path: Path) -> Iterator[Diagnostic]:
    for split in (None, "cells:1"):
        found = compiled(path, split)
        yield from api.check(found)
        try:
            yield from api.package(found, None).findings
        except Refused as refused:
            yield from refused.diagnostics


def sentences(diagnostic: Diagnostic) -> Iterable[str]:
    return (diagnostic.message, diagnostic.why, diagnostic.hint, *(site.label for site in diagnostic.sites))


@pytest.mark.parametrize("source", [of_cases, of_alarms, of_samples])
def test_all_that_findings_say_can_be_translated(source: Any, tmp_path: Path) -> None:
    waiting = [text for found in source(tmp_path) for text in sentences(found)]
    assert waiting
    for text in waiting:
        assert isinstance(text, Sentence), text
        assert text.template in ("", *TEMPLATES)
        waiting += [a for a in text.arguments if isinstance(a, Sentence)]


def test_what_is_there_instead_of_a_removed_name_can_be_translated() -> None:
    from nb2pipe.rules.environment import _data, _instead

    said = {row["instead"]: _instead(row["instead"]) for row in _data()["removed"].values()}
    assert {text: str(sentence) for text, sentence in said.items()} == {text: text for text in said}
    assert {s.template for s in said.values()} <= {*TEMPLATES}
