"""The drawing for a terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2pipe.pipeline import invariants
from nb2pipe.pipeline.text import render_text
from nb2pipe.pipeline.words import columns, in_words, shortened
from tests.pipeline.drawn import ALL, CHAIN, ODD, TWELVE, made, tangled

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("name", ALL)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    invariants.check(ALL[name])
    golden(CASES / f"{name}.txt", render_text(ALL[name]))


@pytest.mark.parametrize("pipeline", [TWELVE, tangled(40, 1)], ids=["twelve", "tangled"])
def test_no_line_is_wider_than_asked_for(pipeline) -> None:
    for width in (80, 100, 140):
        assert max(columns(line) for line in render_text(pipeline, width).splitlines()) <= width


def test_each_step_stands_once_and_below_its_sources() -> None:
    lines = render_text(TWELVE).splitlines()
    heads = [next(i for i, line in enumerate(lines) if f"─ {s.name} " in line) for s in TWELVE.steps]
    assert len(set(heads)) == len(TWELVE.steps)
    at = dict(zip((s.name for s in TWELVE.steps), heads, strict=True))
    for edge in TWELVE.edges:
        assert at[edge.source] < at[edge.target]


def test_what_flows_stands_below_the_step_that_takes_it() -> None:
    text = render_text(CHAIN)
    assert text.splitlines()[-1].strip() == "<- clean: df_clean, summary, random state (numpy), tag after:clean"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in render_text(ODD)


def test_a_step_with_many_sources_shows_some_of_them() -> None:
    steps = [f"s{i}" for i in range(30)]
    many = made("many", [*steps, "sum"], [(s, "sum", [f"v{s}"]) for s in steps])
    taken = [line for line in render_text(many).splitlines() if "<-" in line]
    assert len(taken) == 13
    assert taken[-1].lstrip().startswith("<- 18 more steps: vs12, vs13")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("df", "df"),
        ("<numpy.random>", "random state (numpy)"),
        ("<random>", "random state (Python)"),
        ("<cwd>", "working directory"),
        ("<matplotlib>", "matplotlib settings"),
        ("<something>", "something settings"),
        ("<module:a.b.c>", "module a"),
        ("<patch:a.b.c>", "a.b.c (set by the notebook)"),
        ("file:out/x.csv", "file out/x.csv"),
        ("file:*", "files of unknown name"),
        ("network:*", "network"),
        ("display:bar", "display bar"),
        ("after:load", "tag after:load"),
    ],
)
def test_words(name: str, words: str) -> None:
    assert in_words(name) == words


def test_shortened() -> None:
    names = ["alpha", "beta", "gamma", "alpha"]
    assert shortened(names, 40) == "alpha, beta, gamma"
    assert shortened(names, 17) == "alpha and 2 more"
    assert shortened(names, 10) == "3 values"
    assert shortened(["a" * 30], 10) == "a" * 9 + "…"
    assert shortened([], 10) == ""


def test_drawings_for_terminals_and_programs_do_without_networkx() -> None:
    code = """
import sys
from tests.pipeline.drawn import TWELVE, notebook_of
from nb2pipe.pipeline import document, invariants, mermaid, text, why
invariants.check(TWELVE, notebook_of(TWELVE))
for draw in (text.render_text, mermaid.render_mermaid, mermaid.render_dot, document.render_json):
    assert "report" in draw(TWELVE)
assert "waits" in why.why(TWELVE, notebook_of(TWELVE), "load", "clean")
heavy = {"networkx", "numpy", "pandas", "nbformat", "IPython"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
