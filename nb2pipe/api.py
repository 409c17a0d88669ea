"""The driver: the stages in order, one commented call each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.analysis import amend
from nb2pipe.analysis.analyze import analyze
from nb2pipe.analysis.effects import Analysis
from nb2pipe.diagnostics import Diagnostic, Refused, Severity
from nb2pipe.notebook.ipython import parse_cells
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.notebook.read import read, read_document
from nb2pipe.pipeline import invariants
from nb2pipe.pipeline.build import build
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.rules.run import Subject, run_rules

if TYPE_CHECKING:
    from nb2pipe.runtime.execute import Listener, RunOptions, RunResult
    from nb2pipe.runtime.task import Seen


@dataclass(frozen=True, slots=True)
class Compiled:
    """A notebook on its way: what each stage made of it. ``folder`` is where it stands and runs."""

    notebook: Notebook
    codes: tuple[Code, ...]
    analysis: Analysis
    pipeline: Pipeline
    folder: Path
    split: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def load(path: str) -> Notebook:
    """Read a notebook; see `nb2pipe.notebook.read.read` for the errors."""
    return read(path)


def compile_notebook(notebook: Notebook, split: str | None = None) -> Compiled:
    """Compile a notebook to the IR, without executing anything."""
    folder = Path(notebook.path).resolve().parent
    # The Python that IPython would run, with its positions.
    codes = parse_cells(notebook.cells)
    # What each cell does to names and to the world.
    analysis = analyze(notebook, codes, folder)
    # Steps, values, edges.
    built = build(notebook, codes, analysis, split)
    # The gate: a pipeline that is not sound is our own fault.
    invariants.check(built.pipeline)
    return Compiled(
        notebook, codes, analysis, built.pipeline, folder, split, (*notebook.diagnostics, *built.diagnostics)
    )


def check(compiled: Compiled, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """All findings about a compiled notebook, in the order of their places."""
    subject = Subject(
        compiled.notebook, compiled.codes, compiled.analysis, compiled.pipeline, compiled.folder, compiled.diagnostics
    )
    return run_rules(subject, select, ignore)


def recompile(compiled: Compiled, seen: Sequence[Seen]) -> Compiled:
    """Compile again with what a run has seen and the analysis had not."""
    analysis = compiled.analysis
    cells = {s.name: s.cells for s in compiled.pipeline.steps}
    last = max((e.cell for e in analysis.effects), default=0)
    for one in seen:
        own = cells[one.step]
        if one.kind == "mutation":
            analysis = amend.with_mutation(analysis, own, one.names[0])
        elif one.kind == "sharing":
            analysis = amend.with_sharing(analysis, own, one.names[0], one.names[1:])
        elif one.kind == "file":
            analysis = amend.with_access(analysis, own[-1], "file", one.names[1], "write")
            analysis = amend.with_access(analysis, cells[one.names[0]][0], "file", one.names[1], "write")
        else:
            key = one.names[0].strip("<>")
            kind = "random" if key in ("random", "numpy.random", "torch") else "setting"
            analysis = amend.with_access(analysis, own[-1], kind, key, "write")  # type: ignore[arg-type]  # one of the kinds
            if kind == "setting":
                for cell in range(own[-1] + 1, last + 1):
                    analysis = amend.with_access(analysis, cell, "setting", key, "read")
    built = build(compiled.notebook, compiled.codes, analysis, compiled.split)
    invariants.check(built.pipeline)
    return replace(compiled, analysis=analysis, pipeline=built.pipeline)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run a notebook with: parameters, their raw texts where they came from a command line, and how."""

    options: RunOptions
    parameters: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None


def run(compiled: Compiled, request: RunRequest, listener: Listener | None = None) -> RunResult:
    """Run a compiled notebook and write the executed notebook where one is asked for.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
        UsageError: A parameter is wrong, or the output cannot be written.
    """
    from nb2pipe.runtime.execute import execute
    from nb2pipe.runtime.executed import cell_tasks, inject_parameters, write_executed
    from nb2pipe.runtime.parameters import check_parameters
    from nb2pipe.runtime.task import CellTask

    # Faults that make the promise impossible end the run before it begins.
    faults = tuple(d for d in check(compiled) if d.severity is Severity.ERROR)
    if faults:
        raise Refused(faults)
    parameters = check_parameters(compiled.pipeline.parameters, request.parameters, request.texts)
    document = read_document(compiled.notebook.path)
    injected = None
    tasks = cell_tasks(document)
    if parameters:
        # papermill writes the cell of injected parameters; the counts are those of the notebook with it.
        document, place = inject_parameters(document, parameters)
        shifted = cell_tasks(document)
        extra = shifted[place]
        tasks = {
            i if i < place else i - 1: CellTask(i if i < place else i - 1, t.source, t.count, t.raises)
            for i, t in shifted.items()
            if i != place
        }
        home = compiled.pipeline.parameters[0].span.cell
        injected = (home, CellTask(-2, extra.source, extra.count))
    started = time.time()
    latest = compiled

    def again(seen: Sequence[Seen]) -> Pipeline:
        nonlocal latest
        latest = recompile(compiled, seen)
        return latest.pipeline

    result = execute(compiled.pipeline, tasks, request.options, injected=injected, recompile=again, listener=listener)
    if request.output is not None:
        if injected is not None:
            result.outputs = {i if i < place else i + 1: o for i, o in result.outputs.items() if i >= 0}
            tasks = shifted
            result.pipeline = _shifted(result.pipeline, place)
        write_executed(
            request.output, document, result, tasks, parameters, compiled.notebook.path, started, time.time()
        )
    return result


def _shifted(pipeline: Pipeline, place: int) -> Pipeline:
    """The pipeline over a notebook with one more cell at ``place``."""

    def move(cells: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(c if c < place else c + 1 for c in cells)

    steps = tuple(replace(s, cells=move(s.cells), shared=move(s.shared)) for s in pipeline.steps)
    return replace(pipeline, steps=steps, shared=(*move(pipeline.shared), place))
