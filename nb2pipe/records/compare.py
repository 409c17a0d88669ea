"""What is different between two runs: what they were asked for, what they stood in, their code, and what they gave."""

from __future__ import annotations

import base64
import difflib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import say
from nb2pipe.records.metrics import final
from nb2pipe.records.reading import executed_notebook
from nb2pipe.records.values import first_difference
from nb2pipe.replay.outputs import figure_differs
from nb2pipe.store import results
from nb2pipe.store.rooms import Store
from nb2pipe.store.runs import Run, StepRun


class Difference(NamedTuple):
    """One difference: ``what`` is its kind, ``a`` and ``b`` what stands in either run, ``where`` the first place inside of a value."""

    what: str
    name: str
    a: Any
    b: Any
    where: str = ""


class Figures(NamedTuple):
    """A figure that the two runs show differently, as PNG; None where one of them has none."""

    name: str
    a: bytes | None
    b: bytes | None


class Comparison(NamedTuple):
    """Two runs side by side. ``code`` has the cells that differ, as unified diffs; ``missing`` says what could not be compared."""

    differences: tuple[Difference, ...]
    figures: tuple[Figures, ...]
    code: tuple[tuple[str, tuple[str, ...]], ...]
    missing: str = ""


def compared(store: Store, a: Run, b: Run, *, trust: bool = False) -> Comparison:
    """Compare two runs; with ``trust`` values are loaded whoever wrote them."""
    found = [*_around(store, a, b), *_unequal("parameter", a.facts["parameters"], b.facts["parameters"])]
    measured = (final(store.database, a.id), final(store.database, b.id))
    found += _unequal("metric", *measured)
    code: list[tuple[str, tuple[str, ...]]] = []
    figures: list[Figures] = []
    missing = ""
    documents = [_notebook(store, run) for run in (a, b)]
    if isinstance(documents[0], str) or isinstance(documents[1], str):
        missing = next(d for d in documents if isinstance(d, str))
        if a.facts["code"] != b.facts["code"]:
            found.append(Difference("code", Path(b.notebook).name, a.facts["code"][:12], b.facts["code"][:12]))
    else:
        cells = [_cells(d, run) for d, run in zip(documents, (a, b), strict=True)]
        code = list(_code(*cells))
        found += [Difference("code", name, *_first(lines)) for name, lines in code]
        figures = list(_figures(*cells))
    found += _steps(store, a, b, trust=trust)
    found += [Difference("figure", *_figure(f)) for f in figures]
    return Comparison(tuple(found), tuple(figures), tuple(code), missing)


def _around(store: Store, a: Run, b: Run) -> Iterator[Difference]:
    """What the runs stood in."""
    for name in ("nb2pipe", "python", "platform", "host"):
        if name in a.facts and name in b.facts and a.facts[name] != b.facts[name]:
            yield Difference("on", name, a.facts[name], b.facts[name])
    commits = [_commit(r.facts.get("git")) for r in (a, b)]
    if commits[0] != commits[1]:
        yield Difference("git", "commit", *commits)
    listed = [r.facts.get("packages", "") for r in (a, b)]
    if all(listed) and listed[0] != listed[1]:
        yield from _unequal("package", *(_packages(results.noted(store.database, d)) for d in listed))


def _commit(git: Mapping[str, Any] | None) -> str:
    if not git:
        return "-"
    commit: str = git["commit"][:12]
    return say("%1, with changes", commit) if git["changed"] else commit


def _packages(text: str) -> dict[str, str]:
    """The versions of what was installed."""
    names = (line.partition(" ")[0] for line in text.splitlines())
    parts = (n.removesuffix(".dist-info").rpartition("-") for n in names if n.endswith(".dist-info"))
    return {name: version for name, _, version in parts}


def _unequal(what: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*a, *b}):
        if name not in a or name not in b or not _same(a[name], b[name]):
            yield Difference(what, name, a.get(name, "-"), b.get(name, "-"))


def _same(a: Any, b: Any) -> bool:
    return bool(a == b or (a != a and b != b))  # noqa: PLR0124  a number that is none


def _notebook(store: Store, run: Run) -> Any:
    """The executed notebook of a run; why there is none, as a text."""
    from nb2pipe.diagnostics import UsageError

    try:
        return executed_notebook(store, run)
    except UsageError as error:
        return str(error) if len(error.args) != 1 else error.args[0]


def _cells(document: Any, run: Run) -> dict[str, tuple[str, Any]]:
    """The code cells by id, each with its name; the cell of injected parameters is left out."""
    place = run.facts.get("place")
    return {
        cell.id: (say("cell %1", position + 1 - (place is not None and position > place)), cell)
        for position, cell in enumerate(document.cells)
        if cell.cell_type == "code" and position != place
    }


def _code(a: Mapping[str, tuple[str, Any]], b: Mapping[str, tuple[str, Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The cells whose text differs: the name of each, and how, line by line."""
    for cell in dict.fromkeys([*b, *a]):
        one, two = (side[cell][1].source.splitlines() if cell in side else [] for side in (a, b))
        if one != two:
            name = b[cell][0] if cell in b else say("%1, which is gone", a[cell][0])
            yield name, tuple(list(difflib.unified_diff(one, two, lineterm="", n=2))[2:])


def _first(lines: tuple[str, ...]) -> tuple[str, str]:
    """The first line that went, and the first that came."""
    gone = next((line[1:] for line in lines if line.startswith("-")), "-")
    come = next((line[1:] for line in lines if line.startswith("+")), "-")
    return gone.strip(), come.strip()


def _figures(a: Mapping[str, tuple[str, Any]], b: Mapping[str, tuple[str, Any]]) -> Iterator[Figures]:
    """The figures that differ, by the cells that show them."""
    for cell in dict.fromkeys([*b, *a]):
        shown = [_pictures(side[cell][1]) if cell in side else [] for side in (a, b)]
        name = (b if cell in b else a)[cell][0]
        for number in range(max(map(len, shown))):
            one, two = (s[number] if number < len(s) else None for s in shown)
            if one != two and (one is None or two is None or figure_differs(one, two) is not None):
                yield Figures(name if max(map(len, shown)) == 1 else say("%1, figure %2", name, number + 1), one, two)


def _pictures(cell: Any) -> list[bytes]:
    found = (o.get("data", {}).get("image/png") for o in cell.outputs)
    return [base64.b64decode("".join(f) if isinstance(f, list) else f) for f in found if f]


def _figure(figures: Figures) -> tuple[str, str, str, str]:
    if figures.a is None or figures.b is None:
        return figures.name, *("-" if side is None else say("a figure") for side in (figures.a, figures.b)), ""  # type: ignore[return-value]  # two texts
    place = figure_differs(figures.a, figures.b)
    return (figures.name, "", "", "") if place is None else (figures.name, place.expected, place.actual, place.where)


def _steps(store: Store, a: Run, b: Run, *, trust: bool) -> Iterator[Difference]:
    """How steps ended, and the values that they left."""
    sides: list[dict[str, StepRun]] = [{s.name: s for s in run.steps} for run in (a, b)]
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        x, y = sides[0].get(name), sides[1].get(name)
        if x is None or y is None:
            yield Difference("step", name, "-" if x is None else x.status, "-" if y is None else y.status)
            continue
        if {x.status, y.status} - {"ok", "cached"} and x.status != y.status:
            yield Difference("step", name, x.status, y.status)
        values: list[dict[str, str]] = [s.facts.get("values", {}) for s in (x, y)]
        for one in _unequal("value", *values):
            elsewhere = next((r.facts["interpreter"][0] for r in (a, b) if r.facts.get("interpreter")), "")
            if elsewhere and "-" not in (one.a, one.b):  # its values are not for this process
                where = say("not compared: made by %1", elsewhere)
                yield Difference("value", f"{name}.{one.name}", one.a[:12], one.b[:12], where)
                continue
            yield from _value(store, b, name, one, trust=trust)


def _value(store: Store, run: Run, step: str, one: Difference, *, trust: bool) -> Iterator[Difference]:
    """A value whose bytes differ: where it does so first; nothing where it does not."""
    name = f"{step}.{one.name}"
    if "-" in (one.a, one.b):
        yield Difference("value", name, one.a[:12], one.b[:12])
        return
    found = first_difference(store, Path(run.notebook).parent, one.name, one.a, one.b, trust=trust)
    if found is not None:
        yield Difference("value", name, found.expected or one.a[:12], found.actual or one.b[:12], found.where)


def taken(run: Run) -> float | None:
    """How long a run took, in seconds; None where it did not say its end."""
    return None if run.ended is None else run.ended - run.started


def began(run: Run) -> str:
    """When a run began, in words."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(run.started))
