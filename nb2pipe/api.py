"""The driver: the stages in order, one commented call each."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb2pipe.analysis.amend import Fact, with_facts
from nb2pipe.analysis.analyze import analyze
from nb2pipe.analysis.effects import Analysis
from nb2pipe.diagnostics import Diagnostic, Refused, UsageError
from nb2pipe.notebook.ipython import parse_cells
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.notebook.read import read, read_document
from nb2pipe.pipeline import invariants
from nb2pipe.pipeline.build import build
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.rules.run import refusing, run_rules
from nb2pipe.rules.subject import Subject

if TYPE_CHECKING:
    from nb2pipe.emit.filetree import FileTree
    from nb2pipe.runtime.result import Listener, RunOptions, RunResult
    from nb2pipe.runtime.zygote import Zygote


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
    with _collector_paused():
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


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection meanwhile: syntax trees are kept, and looking through them again and again costs more."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is not written yet: its name, the files of its project, and what is to be said of it."""

    name: str
    tree: FileTree
    findings: tuple[Diagnostic, ...]
    summary: str


def package(
    compiled: Compiled,
    name: str | None = None,
    version: str = "1.0.0",
    *,
    record: bool = False,
    extras: Sequence[str] = (),
    lock: str | None = None,
) -> Package:
    """The project of a package that computes what the notebook computes, without executing or writing anything.

    With ``record`` it is run once, where the notebook stands, and its tests compare with what it gave. ``extras`` are files on
    request, ``docker`` and ``ci``; ``lock`` is the program that looks up a lock with hashes, ``uv`` or ``pip``.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible, or a part with no plain form.
        UsageError: The name is no Python identifier, or is taken.
    """
    from nb2pipe.package.environment import environment_of
    from nb2pipe.package.extras import extra_files, locked
    from nb2pipe.package.findings import refusals, scripts
    from nb2pipe.package.local import modules_outside
    from nb2pipe.package.naming import package_name, with_importable_steps
    from nb2pipe.package.order import runs_in_order
    from nb2pipe.package.plan import plan_package
    from nb2pipe.package.project import project_files, provenance
    from nb2pipe.package.sharing import without_shared_cells

    faults = refusing(check(compiled))
    if faults:
        raise Refused(faults)
    with _collector_paused():
        # What every step has a copy of when it runs in a process of its own runs once in a package.
        notebook = without_shared_cells(compiled.notebook)
        pipeline = build(notebook, compiled.codes, compiled.analysis, compiled.split).pipeline
        if not runs_in_order(pipeline):
            pipeline = build(notebook, compiled.codes, compiled.analysis, compiled.split, join=False).pipeline
        pipeline = with_importable_steps(pipeline)
        invariants.check(pipeline)
        # What goes to the top of modules, what becomes a function, what stays a script.
        plan = plan_package(notebook, compiled.codes, compiled.analysis, pipeline, compiled.folder)
    problems = refusals(plan)
    if problems:
        raise Refused(problems)
    modules = modules_outside(plan)
    # What it needs, by the metadata of what is installed.
    environment = environment_of(modules)
    chosen = package_name(compiled.notebook, name, modules)
    more = extra_files(chosen, extras)
    if lock is not None:
        more["requirements.lock"] = locked(lock, environment.closure)
    tree = project_files(plan, chosen, version, environment, provenance(compiled.notebook), record=record, more=more)
    if record:
        from nb2pipe.package.recording import with_records

        tree = with_records(tree, chosen, compiled.folder)
    count = len(plan.steps)
    return Package(chosen, tree, scripts(plan), f"{count} step{'s' * (count != 1)}, {len(tree.files)} files")


def write_package(made: Package, folder: Path, *, force: bool = False) -> bool:
    """Write a project; False where it is there already.

    Raises:
        UsageError: The folder cannot be written, or it holds what would be lost.
    """
    from nb2pipe.emit.filetree import write
    from nb2pipe.package.existing import changed_by_hand, is_there

    if folder.exists():
        if is_there(made.tree, folder):
            return False
        changed = [] if force else changed_by_hand(folder)
        if changed:
            names = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
            raise UsageError(f"{folder} was changed by hand: {names}; --force writes over it")
    write(made.tree, folder)
    return True


def check(compiled: Compiled, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """All findings about a compiled notebook, in the order of their places."""
    subject = Subject(
        compiled.notebook, compiled.codes, compiled.analysis, compiled.pipeline, compiled.folder, compiled.diagnostics
    )
    return run_rules(subject, select, ignore)


def recompile(compiled: Compiled, facts: Sequence[Fact]) -> Compiled:
    """Compile again with what runs have seen and the analysis had not."""
    analysis = with_facts(compiled.analysis, facts)
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


def run(
    compiled: Compiled, request: RunRequest, listener: Listener | None = None, zygote: Zygote | None = None
) -> RunResult:
    """Run a compiled notebook and write the executed notebook where one is asked for.

    ``zygote`` is a parent of the steps' processes that was started early, in the notebook's folder.

    Raises:
        Refused: The notebook has a fault that makes the promise impossible.
        UsageError: A parameter is wrong, or the output cannot be written; once it has run, a `NotWritten` with the result.
    """
    from nb2pipe.runtime import executed
    from nb2pipe.runtime.execute import execute
    from nb2pipe.runtime.learned import recall, remember
    from nb2pipe.runtime.parameters import check_parameters
    from nb2pipe.runtime.script import as_written, script

    if request.output is not None:
        executed.check_output(request.output, compiled.notebook.path)
    # Faults that make the promise impossible end the run before it begins.
    faults = refusing(check(compiled))
    if faults:
        raise Refused(faults)
    parameters = check_parameters(compiled.pipeline.parameters, request.parameters, request.texts)
    # What runs: the notebook's cells, and papermill's cell of injected parameters.
    document = read_document(compiled.notebook.path)
    todo = script(document, compiled.pipeline, parameters)
    started = time.time()

    known = recall(compiled.notebook, compiled.folder)
    pipeline = recompile(compiled, known).pipeline if known else compiled.pipeline

    def again(facts: Sequence[Fact]) -> Pipeline:
        remember(compiled.notebook, compiled.folder, facts)
        return recompile(compiled, (*known, *facts)).pipeline

    # Each step in a process of its own, as soon as what it needs is there.
    result = execute(
        pipeline, todo.tasks, request.options, injected=todo.injected, recompile=again, listener=listener, zygote=zygote
    )
    # One executed notebook, whatever the number of processes.
    if request.output is not None:
        written = result if todo.place is None else as_written(result, todo.place)
        executed.fill(todo.document, written)
        paths = (compiled.notebook.path, request.output)
        executed.describe_run(todo.document, written, parameters, paths, (started, time.time()))
        try:
            executed.write(request.output, todo.document)
        except executed.NotWritten as error:
            error.result = result
            raise
    return result
