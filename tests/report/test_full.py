"""Findings for a person: the form that the conventions show, to the character."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2pipe.diagnostics import Diagnostic, Severity, Span
from nb2pipe.notebook.model import Cell, Notebook
from nb2pipe.pipeline.words import columns
from nb2pipe.report.full import render_full
from nb2pipe.report.many import Report, render
from tests.report.found import ALL, LATER, PIPELINE, notebook, report

CASES = Path(__file__).parent / "cases"


def test_the_form_of_the_conventions() -> None:
    assert render_full((LATER,), notebook(), PIPELINE) == (
        "NB103 `rate` is read before any cell defines it\n"
        "  --> analysis.ipynb cell 7 (step features), line 2\n"
        '  2 | df["net"] = df.gross * rate\n'
        "    |                        ^^^^\n"
        "  defined later: cell 12, line 1: rate = 0.83\n"
        "why:  the saved run executed cell 12 ([31]) before cell 7 ([34]); top to bottom this is a NameError\n"
        "fix:  move cell 12 above cell 7\n"
        "more: nb2pipe explain NB103\n"
    )


@pytest.mark.parametrize("name", ALL)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(CASES / f"{name}.txt", render_full((ALL[name],), notebook(), PIPELINE))


@pytest.mark.parametrize("name", ALL)
def test_colour_adds_nothing_but_colour(name: str) -> None:
    plain = render_full((ALL[name],), notebook(), PIPELINE)
    painted = render_full((ALL[name],), notebook(), PIPELINE, color=True)
    assert "\x1b" not in plain
    assert painted != plain
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == plain


@pytest.mark.parametrize("name", ["later", "wide", "named", "control", "long"])
def test_carets_stand_below_what_is_meant(name: str) -> None:
    lines = render_full((ALL[name],), notebook(), PIPELINE).splitlines()
    at = next(i for i, line in enumerate(lines) if "^" in line)
    meant = re.search(r"`(.+?)`", lines[0])[1]
    start = lines[at].index("^")
    above = lines[at - 1]
    before = next(i for i in range(len(above)) if columns(above[:i]) == start)
    assert above[before:].startswith(meant)
    assert lines[at].count("^") == columns(meant)
    assert lines[at].index("|") == above.index("|")
    assert columns(above) <= 110


@pytest.mark.parametrize("column", range(0, 400, 7))
def test_carets_in_a_long_line(column: int) -> None:
    line = "".join(f"{i:04d} " for i in range(100))
    subject = Notebook("n.ipynb", "python3", (Cell("a", 0, "code", line),))
    found = Diagnostic(Span(0, 1, 1, column, column + 5), "NB101", Severity.ERROR, "here")
    text, carets = render_full((found,), subject).splitlines()[2:4]
    start = carets.index("^")
    assert text[start : start + 5].rstrip() == line[column : column + 5].rstrip()
    assert carets[start:] == "^" * 5


def test_without_a_notebook_there_is_no_source() -> None:
    text = render_full((LATER, ALL["whole"]), None)
    assert "  --> cell 7, line 2\n  defined later: cell 12, line 1\n" in text
    assert "  --> the notebook\n" in text


def test_several_findings_and_notebooks_stand_apart() -> None:
    reports = [report("a.ipynb"), Report(notebook("none.ipynb"), ()), report("b.ipynb")]
    blocks = render(reports, "full").split("\n\n")
    assert len(blocks) == 2 * len(ALL)
    assert all(re.match(r"NB\d{3} ", b) for b in blocks)
    assert sum("--> a.ipynb" in b for b in blocks) == sum("--> b.ipynb" in b for b in blocks) == len(ALL)
    assert render([Report(notebook(), ())], "full") == ""
