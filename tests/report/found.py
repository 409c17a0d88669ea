"""Notebooks with findings made by hand, for the forms in which findings are told."""

from __future__ import annotations

from nb2pipe.diagnostics import NOTEBOOK, Diagnostic, Severity, Site, Span
from nb2pipe.notebook.model import Cell, Notebook
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.report.model import Report

SOURCES = {
    0: "import pandas as pd",
    6: 'df = load()\ndf["net"] = df.gross * rate',
    11: "rate = 0.83\n",
    12: "x = 1\n" * 11 + "\tif ready:\tgrößen = 'naïve 名前' + missing",
    13: "total = sum(\n    values,\n)",
    14: "print('\x1b[31mred', undefined)",
    15: f"long = [{', '.join(str(i) for i in range(60))}, undefined, {', '.join(str(i) for i in range(60))}]",
}


def notebook(path: str = "analysis.ipynb") -> Notebook:
    """Sixteen cells, those above and Markdown."""
    cells = (Cell(f"c{i}", i, "code" if i in SOURCES else "markdown", SOURCES.get(i, "Some *text*")) for i in range(16))
    return Notebook(path, "python3", tuple(cells), name="analysis")


PIPELINE = Pipeline("analysis", (Step("setup", (0,)), Step("features", (6, 11)), Step("rest", (12, 13, 14, 15))), ())

# The finding that the project's conventions show.
LATER = Diagnostic(
    Span(6, 2, 2, 23, 27), "NB103", Severity.ERROR, "`rate` is read before any cell defines it",
    hint="move cell 12 above cell 7",
    why="the saved run executed cell 12 ([31]) before cell 7 ([34]); top to bottom this is a NameError",
    sites=(Site(Span(11, 1, 1, 0, 4), "defined later"),),
)  # fmt: skip
LINE = SOURCES[12].split("\n")[11]
WIDE = Diagnostic(
    Span(12, 12, 12, LINE.index("missing"), len(LINE)), "NB101", Severity.ERROR, "`missing` is not defined"
)
NAMED = Diagnostic(
    Span(12, 12, 12, LINE.index("größen"), LINE.index("größen") + 6), "NB602", Severity.INFO, "`größen` is never used"
)
SEVERAL = Diagnostic(Span(13, 1, 3, 8, 1), "NB501", Severity.WARNING, "several lines", hint="first\nsecond")
CELL = Diagnostic(
    Span(13), "NB301", Severity.WARNING, "`stpe:train` looks like a tag of nb2pipe", hint="write `step:train`"
)
CONTROL = Diagnostic(Span(14, 1, 1, SOURCES[14].index("undef")), "NB101", Severity.ERROR, "`undefined` is not defined")
LONG = Diagnostic(
    Span(15, 1, 1, SOURCES[15].index("undef"), SOURCES[15].index("undef") + 9),
    "NB101",
    Severity.ERROR,
    "`undefined` is not defined",
)
WHOLE = Diagnostic(
    NOTEBOOK, "NB701", Severity.WARNING, "100% of it, a: b", hint="see, for\nyourself",
    sites=(Site(NOTEBOOK, "in the metadata"), Site(Span(99, 7), "nowhere")),
)  # fmt: skip
TEXT = Diagnostic(Span(3, 1, 1, 5, 11), "NB303", Severity.WARNING, "a place in a text cell")
ALL = {
    "later": LATER, "wide": WIDE, "named": NAMED, "several": SEVERAL, "cell": CELL, "control": CONTROL, "long": LONG,
    "whole": WHOLE, "text": TEXT,
}  # fmt: skip


def report(path: str = "analysis.ipynb", text: str = "") -> Report:
    """All of these findings in one notebook."""
    return Report(notebook(path), tuple(ALL.values()), PIPELINE, text)
