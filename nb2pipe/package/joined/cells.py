"""The cells that stand for the other notebooks while one of several is compiled, and that its package has not.

    orders = pandas.DataFrame(…)      before all others, with the role of parameters: what the notebook is handed
    …
    totals, rates;                    behind all others: what is read of its names when it has run

So the analysis knows nothing of the values but their types, no step binds them, and each version of a name that is handed on is
made by a step that gives it, with all that shares something with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nb2pipe.analysis.effects import Analysis
from nb2pipe.notebook.model import Cell, Notebook, Tags
from nb2pipe.package.joined.names import bound_at_end
from nb2pipe.package.model import Plan, PlannedStep
from nb2pipe.pipeline.demand import Sharing
from nb2pipe.pipeline.split import LAST

FIRST = -1
_SHARED = "+"
_OURS = "_nb2pipe_"
_MODULES = ("numpy", "pandas", "pickle")
_UNKNOWN = f"{_OURS}pickle.loads(b'')"
_MADE_BY = {
    "pandas.DataFrame": f"{_OURS}pandas.DataFrame",
    "pandas.Series": f"{_OURS}pandas.Series",
    "numpy.ndarray": f"{_OURS}numpy.array",
    **{kind: kind for kind in ("bool", "dict", "float", "int", "list", "set", "str", "tuple")},
}
"""What makes a value of a type from another that is not known."""


def with_cells(notebook: Notebook, given: Mapping[str, str], read: Iterable[str]) -> Notebook:
    """The notebook with these cells: ``given`` are the names that it is handed, as `given_types` has them, ``read`` those read last."""
    cells = list(notebook.cells)
    names = sorted(read)
    if names:
        tags = Tags(roles=frozenset({"last"}))
        cells.append(Cell(f"{_OURS}last", len(cells), "code", f"{', '.join(names)};", tags))
    if given:
        tags = Tags(roles=frozenset({"parameters"}))
        text = "\n".join(_bindings(given))
        imports = "".join(f"import {m} as {_OURS}{m}\n" for m in _MODULES if f"{_OURS}{m}." in text)
        cells.append(Cell(f"{_OURS}first", FIRST, "code", imports + text, tags))
    return notebook._replace(cells=tuple(cells))


def given_types(analysis: Analysis, names: Iterable[str]) -> dict[str, str]:
    """What is known of names at a notebook's end: the type, "" where it is not known.

    Names that may share something have a word in common instead, which is no type: ``+orders+totals``.
    """
    ends, wanted = bound_at_end(analysis), {*names}
    found = {name: ends[name].kind for name in wanted}
    for group in Sharing(analysis.effects).groups(set(wanted), max(e.cell for e in analysis.effects)):
        found |= dict.fromkeys(group, _SHARED + _SHARED.join(sorted(group)))
    return found


def _bindings(given: Mapping[str, str]) -> Iterator[str]:
    groups: dict[str, str] = {}
    for name, kind in sorted(given.items()):
        if kind.startswith(_SHARED):
            if kind not in groups:
                groups[kind] = f"{_OURS}shared_{len(groups)}"
                yield f"{groups[kind]} = {_UNKNOWN}"
            yield f"{name} = {groups[kind]}[0]"
        else:
            yield f"{name} = {_MADE_BY[kind]}({_UNKNOWN})" if kind in _MADE_BY else f"{name} = {_UNKNOWN}"


def without_cells(plan: Plan, given: Iterable[str]) -> tuple[Plan, PlannedStep | None]:
    """The plan without what these cells have left in it, and the step that stood for what is read last.

    What the notebook is handed its steps take as they take the values of other steps.
    """
    names = {*given}
    last = next((s for s in plan.steps if s.name == LAST), None)
    steps = []
    for step in plan.steps:
        taken = tuple(sorted(n for n in step.parameters if n in names and n not in step.takes))
        parameters = tuple(n for n in step.parameters if n not in names)
        if step is not last:
            steps.append(step._replace(takes=(*taken, *step.takes), parameters=parameters))
    made = plan._replace(
        parameters=tuple(p for p in plan.parameters if p.span.cell != FIRST),
        imports=tuple(i for i in plan.imports if not i.name.startswith(_OURS)),
        refused=tuple(r for r in plan.refused if r.span.cell != FIRST),
        steps=tuple(steps),
    )
    return made, last
