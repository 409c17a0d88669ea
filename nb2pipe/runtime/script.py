"""What a run executes: the notebook's code cells, and papermill's cell of injected parameters."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.runtime.result import RunResult
from nb2pipe.runtime.task import CellTask

_IMPORTED = re.compile(r"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)
_PLAIN = sys.stdlib_module_names | {
    "requests",
    "yaml",
    "bs4",
    "lxml",
    "tqdm",
    "IPython",
    "ipywidgets",
    "dateutil",
    "psutil",
}
"""Modules that do not load NumPy."""
_IMPORTING = re.compile(r"__import__|import_module|%(?:matplotlib|pylab|run|load_ext)\b")
INJECTED = -2
"""The position of the injected cell in a run, where all others keep theirs."""


@dataclass(frozen=True, slots=True)
class Script:
    """The cells that a run executes, by their position in the notebook.

    ``document`` is the notebook as it will be written, with the cell of injected parameters at ``place``; ``injected``
    is that cell's task and the position of the cell behind which it runs.
    """

    document: Any
    tasks: Mapping[int, CellTask]
    place: int | None = None
    injected: tuple[int, CellTask] | None = None


def script(document: Any, pipeline: Pipeline, parameters: Mapping[str, Any]) -> Script:
    """What to execute; execution counts are those of a kernel that runs the whole notebook.

    A notebook that has a cell of injected parameters is to be had from `written_over`, and has no more parameters.
    """
    if not parameters:
        return Script(document, cell_tasks(document))
    changed = _parameterized(document, parameters)
    place = _place_of_injected(changed)
    assert place is not None  # noqa: S101  papermill has just put it there
    shifted = cell_tasks(changed)
    extra = replace(shifted.pop(place), index=INJECTED)
    tasks = {_back(i, place): replace(t, index=_back(i, place)) for i, t in shifted.items()}
    return Script(changed, tasks, place, (pipeline.parameters[0].span.cell, extra))


def written_over(document: Any, parameters: Mapping[str, Any]) -> Any:
    """The notebook with the parameters in the cell that an earlier run had put in, as papermill does it; None without such a cell.

    What that cell had set and ``parameters`` do not is as the notebook has it again, so the notebook is to be compiled again.
    """
    if not parameters or _place_of_injected(document) is None:
        return None
    return _parameterized(document, parameters)


def put_in(document: Any) -> dict[str, Any]:
    """The parameters that papermill, or an earlier run, has put into a notebook."""
    if _place_of_injected(document) is None:
        return {}
    return dict((document["metadata"].get("papermill") or {}).get("parameters") or {})


def _parameterized(document: Any, parameters: Mapping[str, Any]) -> Any:
    import nbformat
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    node = load_notebook_node(nbformat.from_dict(document))  # with the metadata that papermill reads without asking
    return parameterize_notebook(node, dict(parameters), report_mode=False, language="python", kernel_name="python3")


def _place_of_injected(document: Any) -> int | None:
    return next(
        (i for i, c in enumerate(document["cells"]) if "injected-parameters" in c["metadata"].get("tags", [])), None
    )


def cell_tasks(document: Any) -> dict[int, CellTask]:
    """The code cells that a run executes, by position, with their execution counts."""
    tasks = {}
    count = 0
    bare = True
    for index, cell in enumerate(document["cells"]):
        tags, source = cell["metadata"].get("tags", []), cell["source"]
        if cell["cell_type"] != "code" or "skip" in tags or not source.strip():
            continue
        count += 1
        bare = bare and _PLAIN.issuperset(_IMPORTED.findall(source)) and not _IMPORTING.search(source)
        tasks[index] = CellTask(index, source, count, "raises-exception" in tags, bare=bare)
    return tasks


def cells_of(
    pipeline: Pipeline, step: Step, cells: Mapping[int, CellTask], injected: tuple[int, CellTask] | None
) -> tuple[CellTask, ...]:
    """What one step runs: the shared cells that it needs, and its own. A shared cell is heard in the first step that runs it."""
    beginning = pipeline.steps[0].name
    if not step.shared and step.name != beginning:
        return tuple(cells[i] for i in step.cells if i in cells)
    first: dict[int, str] = {}
    for other in pipeline.steps:
        for number in other.shared:
            first.setdefault(number, other.name)
    shared = list(step.shared)
    if step.name == beginning:
        shared = sorted({*shared, *(c for c in pipeline.shared if c not in first)})
    found = []
    for index in shared:
        silent = first.get(index, beginning) != step.name
        found.append(replace(cells[index], silent=silent))
        if injected is not None and injected[0] == index:
            found.append(replace(injected[1], raises=False, silent=silent))
    return (*found, *(cells[i] for i in step.cells if i in cells))


def as_written(result: RunResult, place: int) -> RunResult:
    """The result over the notebook with the cell of injected parameters at ``place``."""

    def moved(cell: int) -> int:
        return place if cell == INJECTED else cell if cell < place else cell + 1

    steps = tuple(
        s._replace(cells=tuple(map(moved, s.cells)), shared=tuple(map(moved, s.shared))) for s in result.pipeline.steps
    )
    shared = (*map(moved, result.pipeline.shared), place)
    # copies: what is said of the run afterwards names the cells of the notebook
    outcomes = {n: replace(o, cell=moved(o.cell) if o.cell != -1 else -1) for n, o in result.outcomes.items()}
    return replace(
        result,
        outcomes=outcomes,
        pipeline=result.pipeline._replace(steps=steps, shared=shared),
        outputs={moved(c): o for c, o in result.outputs.items()},
        times={moved(c): t for c, t in result.times.items()},
    )


def _back(index: int, place: int) -> int:
    return index if index < place else index - 1
