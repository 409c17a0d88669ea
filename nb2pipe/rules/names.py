"""Family 1: cells that do not parse, names that are not there when they are read, and the order of the saved run."""

from __future__ import annotations

import ast
import builtins
import difflib
import itertools
import re
from collections.abc import Iterator

from nb2pipe.analysis.effects import Certainty, Effects, Use
from nb2pipe.analysis.missing import Missing, missing_names
from nb2pipe.diagnostics import NOTHING, Diagnostic, Sentence, Severity, Site, Span, say
from nb2pipe.notebook.model import Cell
from nb2pipe.rules.base import Rule, number, sites, span_of
from nb2pipe.rules.facts import Import, facts_of
from nb2pipe.rules.subject import Subject

# What people call modules; a name that is missing and stands here is most likely an import that was forgotten.
_USUAL = {"np": "import numpy as np", "pd": "import pandas as pd", "plt": "import matplotlib.pyplot as plt",
          "sns": "import seaborn as sns", "tf": "import tensorflow as tf", "sp": "import scipy as sp",
          "sm": "import statsmodels.api as sm", "px": "import plotly.express as px", "mpl": "import matplotlib as mpl",
          "os": "import os", "sys": "import sys", "re": "import re", "json": "import json", "time": "import time",
          "math": "import math", "random": "import random", "torch": "import torch", "stats": "from scipy import stats",
          "datetime": "import datetime", "Path": "from pathlib import Path", "tqdm": "from tqdm import tqdm"}  # fmt: skip


class Unparsable(Rule):
    """The cell is no Python that IPython would run."""

    code, name, severity = "NB101", "cell-does-not-parse", Severity.ERROR

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        for code in subject.codes:
            error = code.error
            if code.tree is not None or error is None or "skip" in code.cell.tags.roles:
                continue
            line = max(error.lineno or 1, 1)
            column = max((error.offset or 1) - 1, 0)
            end = max((error.end_offset or 0) - 1, 0) if error.end_lineno in (None, error.lineno) else 0
            yield self.finding(
                Span(code.cell.index, line, line, column, end if end > column else 0),
                say("the cell does not parse: %1", error.msg),
                why=say("Jupyter stops here with a SyntaxError; what the cell defines is not known"),
                hint=_python2(error) or say("correct the cell, or tag it `skip`"),
                severity=Severity.WARNING if code.cell.tags.raises else None,
            )


def _python2(error: SyntaxError) -> Sentence:
    if "print" in error.msg and "parentheses" in error.msg:
        return say("this is Python 2: write print(…)")
    if "multiple exception types" in error.msg:
        return say("this is Python 2: write except Error as name:")
    return NOTHING


def _missing(subject: Subject) -> dict[str, Missing]:
    """For each name that is not there when it is first read: that read."""
    found: dict[str, Missing] | None = subject.memo.get("missing names")
    if found is None:
        found = subject.memo["missing names"] = missing_names(subject.analysis, subject.codes)
    return found


def _gravity(subject: Subject, use: Use) -> Severity:
    """An error where Jupyter stops for certain: the read happens whenever the cell runs, and nobody expects it to fail."""
    raises = subject.notebook.cells[use.span.cell].tags.raises
    return Severity.ERROR if use.certainty is Certainty.MUST and not raises else Severity.WARNING


def _stands_there(subject: Subject, use: Use) -> bool:
    """Whether the place of the read shows the name, or a call that leads to the read."""
    lines = subject.notebook.cells[use.span.cell].source.splitlines()
    line = lines[use.span.line - 1] if use.span.line <= len(lines) else ""
    return re.search(rf"\b{re.escape(use.name)}\b", line) is not None


class UndefinedName(Rule):
    """A name is read that nothing in the notebook defines."""

    code, name, severity = "NB102", "undefined-name", Severity.ERROR

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        for name, missing in _missing(subject).items():
            if missing.later is not None or missing.deleted is not None:
                continue
            use = missing.use
            skipped = _skipped(subject, name)
            star = _star(subject, use)
            found = [Site(skipped, say("defined in a cell that is tagged `skip`"))] if skipped else []
            if star is not None:
                found.append(Site(span_of(star.place.cell, star.node), say("unless it comes from here")))
            yield self.finding(
                use.span,
                say("`%1` is read and no cell defines it", name)
                if _stands_there(subject, use)
                else say("`%1` is read, by what is called here, and no cell defines it", name),
                why=say("run top to bottom, the cell stops here with a NameError")
                if use.certainty is Certainty.MUST and star is None
                else say("if the run comes here without it, the cell stops with a NameError"),
                hint=self._hint(name, missing, skipped),
                sites=found,
                severity=_gravity(subject, use) if star is None else Severity.WARNING,
            )

    def _hint(self, name: str, missing: Missing, skipped: Span | None) -> Sentence:
        if skipped is not None:
            return say(
                "remove the tag `skip` of cell %1, or define `%2` in a cell that is not skipped",
                number(skipped.cell),
                name,
            )
        if name in _USUAL:
            return say("add `%1` to a cell above", _USUAL[name])
        near = difflib.get_close_matches(name, [*missing.known, *dir(builtins)], 1, 0.8)
        return say("did you mean `%1`?", near[0]) if near else say("define `%1` in this cell or in one above", name)


def _star(subject: Subject, use: Use) -> Import | None:
    """A star import above the read, which may bring names that no text shows: those of a module made by a compiler, say."""
    return next((i for i in facts_of(subject).imports if not i.bound and i.place.cell <= use.span.cell), None)


def _skipped(subject: Subject, name: str) -> Span | None:
    """Where a skipped cell binds the name at its top level."""
    for code in subject.codes:
        if code.tree is None or "skip" not in code.cell.tags.roles:
            continue
        for node in code.tree.body:
            if any(
                isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(node)
            ) or (
                getattr(node, "name", None) == name
                or any(
                    (a.asname or a.name.partition(".")[0]) == name
                    for a in getattr(node, "names", ())
                    if isinstance(a, ast.alias)
                )
            ):
                return Span(code.cell.index, node.lineno, node.lineno)
    return None


class DefinedLater(Rule):
    """A name is read above the cell that defines it."""

    code, name, severity = "NB103", "defined-later", Severity.ERROR

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        cells = subject.notebook.cells
        for name, missing in _missing(subject).items():
            if missing.later is None or missing.deleted is not None:
                continue
            use, later = missing.use, missing.later
            same = later.cell == use.span.cell
            yield self.finding(
                use.span,
                say("`%1` is read before any cell defines it", name)
                if _stands_there(subject, use)
                else say("`%1` is read, by what is called here, before any cell defines it", name),
                why=_proof(cells[later.cell], cells[use.span.cell]),
                hint=say("give `%1` its first value above this line", name)
                if same
                else say("move cell %1 above cell %2", number(later.cell), number(use.span.cell)),
                sites=(Site(later, say("defined only here") if same else say("defined later")),),
                severity=_gravity(subject, use),
            )


def _proof(definer: Cell, reader: Cell) -> Sentence:
    """What the saved execution counts say of the two cells."""
    first, second = definer.execution_count, reader.execution_count
    if definer.index == reader.index or first is None or second is None:
        return say("top to bottom this is a NameError")
    if first < second:
        return say(
            "the saved run executed cell %1 ([%2]) before cell %3 ([%4]); top to bottom this is a NameError",
            number(definer.index), first, number(reader.index), second,
        )  # fmt: skip
    return say(
        "the saved run executed cell %1 ([%2]) before cell %3 ([%4]), so it failed here as well, or had the name from an "
        "earlier execution; top to bottom this is a NameError",
        number(reader.index), second, number(definer.index), first,
    )  # fmt: skip


class OutOfOrder(Rule):
    """The saved outputs come from cells that were executed in another order than they stand in."""

    code, name, severity = "NB104", "executed-out-of-order", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        counted = _counted(subject)
        late = [(a, b) for a, b in itertools.pairwise(counted) if _count(a) > _count(b)]
        if not late:
            return
        above, below = late[0]
        more = [Span(b.index) for _, b in late[1:]]
        yield self.finding(
            Span(below.index),
            say(
                "the saved run did not go from top to bottom: cell %1 ([%2]) was executed before cell %3 ([%4])",
                number(below.index), _count(below), number(above.index), _count(above),
            ),
            why=say("the saved outputs may not be those of the notebook run top to bottom, which is what a pipeline computes"),
            hint=say("restart the kernel, run all cells, and save"),
            sites=(Site(Span(above.index), say("executed after it")), *sites(say("again out of order"), more)),
        )  # fmt: skip


class ExecutedAgain(Rule):
    """The saved execution counts leave room for executions that do not show."""

    code, name, severity = "NB106", "executed-again", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        counted = _counted(subject)
        if any(_count(a) > _count(b) for a, b in itertools.pairwise(counted)):
            return  # NB104 says so
        effects = {e.cell: e for e in subject.analysis.effects}
        doubled = []
        for above, below in itertools.pairwise(counted):
            hidden = _count(below) - _count(above) - 1
            grown = _grows(effects.get(below.index))
            if hidden > 0 and grown:
                doubled.append((below, hidden, *grown))
        if not doubled:
            return
        cell, hidden, name, span = doubled[0]
        yield self.finding(
            span,
            say(
                "cell %1 changes `%2`, which it also reads, and may have been executed more than once in the saved run",
                number(cell.index), name,
            ),
            why=say(
                "the counts leave room for one execution before [%1]; run twice, the cell gives another value", _count(cell)
            )
            if hidden == 1
            else say(
                "the counts leave room for %1 executions before [%2]; run twice, the cell gives another value",
                hidden, _count(cell),
            ),
            hint=say("restart the kernel, run all cells, and save; or give the result a name of its own"),
            sites=sites(say("the same"), [s for _, _, _, s in doubled[1:]]),
        )  # fmt: skip


def _counted(subject: Subject) -> list[Cell]:
    return [c for c in subject.notebook.cells if c.kind == "code" and c.execution_count is not None]


def _count(cell: Cell) -> int:
    return cell.execution_count or 0


def _grows(effects: Effects | None) -> tuple[str, Span] | None:
    """A name that the cell binds anew from its own old value (``x = x + 1``), so that a second execution shows."""
    if effects is None:
        return None
    read = {u.name for u in effects.uses if u.certainty is Certainty.MUST}
    for definition in effects.definitions:
        if (
            definition.name in read
            and definition.certainty is Certainty.MUST
            and definition.kind not in ("import", "function")
        ):
            return definition.name, definition.span
    return None


class UsedAfterDeletion(Rule):
    """A name is read after it was deleted."""

    code, name, severity = "NB105", "used-after-deletion", Severity.ERROR

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        for name, missing in _missing(subject).items():
            if missing.deleted is None:
                continue
            use = missing.use
            again = (
                Site(missing.later, say("defined again"))
                if missing.later and missing.later.cell > use.span.cell
                else None
            )
            yield self.finding(
                use.span,
                say("`%1` is read after it was deleted", name),
                why=say("run top to bottom, the cell stops here with a NameError"),
                hint=say("delete `%1` after its last use, or not at all", name),
                sites=(Site(missing.deleted, say("deleted")), *((again,) if again else ())),
                severity=_gravity(subject, use),
            )


RULES: tuple[type[Rule], ...] = (Unparsable, UndefinedName, DefinedLater, OutOfOrder, UsedAfterDeletion, ExecutedAgain)
