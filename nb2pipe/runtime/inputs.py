"""What a step is handed: the files that its values are in, and its task."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from nb2pipe.analysis.states import READ_AT_IMPORT
from nb2pipe.interpreters import own_modules
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.runtime.ongoing import Done, Ongoing
from nb2pipe.runtime.processes import Process
from nb2pipe.runtime.script import cells_of
from nb2pipe.runtime.task import CellTask, Task
from nb2pipe.runtime.zygote import preloadable

if TYPE_CHECKING:
    from nb2pipe.runtime.recipes import Recipe
    from nb2pipe.runtime.trust import Trust


_NEVER = ("KERAS_", "TF_", "JAX_", "XLA_", "PYTENSOR_")
"""What variables of libraries begin with that are not imported beforehand anyway."""


def preloaded(pipeline: Pipeline, cells: Iterable[CellTask], *, cache: bool) -> tuple[str, ...]:
    """What is imported beforehand: with a cache NumPy too, whose first random state tells whether numbers were drawn.

    Where the notebook may set a variable that libraries read when they are imported, they wait for it.
    """
    modules = preloadable(pipeline.modules)
    variables = {name for cell in cells for name in READ_AT_IMPORT.findall(cell.source)}
    if any(not name.startswith(_NEVER) for name in variables):
        modules = tuple(m for m in modules if m == "numpy" or m.partition(".")[0] in own_modules())
    others = any(m.partition(".")[0] not in own_modules() for m in pipeline.modules)
    return (*modules, "numpy") if cache and others and "numpy" not in modules else modules


def loads(pipeline: Pipeline, done: Mapping[str, Done], step: Step) -> list[tuple[str, tuple[str, ...]]]:
    """The files that a step loads, in order, with the names wanted from each."""
    wanted: dict[str, list[str]] = {}
    makers = {}
    for value in step.inputs:
        file = done[value.producer].files.get(value.name)
        if file is not None:
            wanted.setdefault(file, []).append(value.name)
            makers[file] = value.producer
    names = {*makers.values()}
    order = {s.name: i for i, s in enumerate(pipeline.steps) if s.name in names} if len(names) > 1 else {}
    place = {file: order.get(maker, 0) for file, maker in makers.items()}
    return [(f, tuple(n)) for f, n in sorted(wanted.items(), key=lambda item: place[item[0]])]


def task_of(
    run: Ongoing,
    step: Step,
    process: Process,
    number: int,
    recipe: Recipe | None,
    memory: int | None,
    trust: Trust | None,
) -> Task:
    """What a step's process has to do. ``number`` tells its files from those of all tasks before; ``trust`` is the cache's."""
    live = []
    for value in step.inputs:
        done = run.done[value.producer]
        if done.live.get(value.name) is process or value.producer in process.steps:
            live.append((value.name, value.producer))
    here = {name for name, _ in live}
    files = [(f, tuple(n for n in names if n not in here)) for f, names in loads(run.pipeline, run.done, step)]
    place = run.index.places[step.name]
    known = [name for name, users in run.index.users.items() if users - {step.name}]
    cells = cells_of(run.pipeline, step, run.cells, run.injected)
    inside = {f.name: f.content for v in step.inputs for f in run.done[v.producer].report.held}
    return Task(
        step=step.name,
        stamp=place,
        cells=cells,
        files=tuple((f, n) for f, n in files if n),
        live=tuple(live),
        outputs=step.outputs,
        changes=step.changes,
        folder=str(run.folder),
        prefix=f"{place}-{number}",
        cwd=os.path.abspath(run.options.cwd),
        guards=run.options.guards,
        known=tuple(sorted(known)),
        observe=None if recipe is None else recipe.watched,
        digests=trust is not None,
        checks=() if trust is None else trust.of(f for f, _ in files),
        memory=memory,
        secrets=None if run.secrets is None else run.secrets.of(step, cells),
        held=tuple((f, inside[f]) for f, n in files if n and f in inside),
        absent=() if run.options.guards == "off" else run.index.absent(step),
    )
