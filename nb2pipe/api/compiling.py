"""A notebook to the IR: the stages in order, one commented call each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from nb2pipe.analysis.amend import Fact, with_facts
from nb2pipe.analysis.analyze import analyze
from nb2pipe.analysis.effects import Analysis
from nb2pipe.api.interpreting import Home, home_of
from nb2pipe.collector import paused
from nb2pipe.diagnostics import Diagnostic, UsageError
from nb2pipe.interpreters import asking
from nb2pipe.notebook.ipython import parse_cells
from nb2pipe.notebook.load import is_remote
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.notebook.read import read
from nb2pipe.pipeline import invariants
from nb2pipe.pipeline.build import build
from nb2pipe.pipeline.model import Parameter, Pipeline
from nb2pipe.pipeline.parameters import find_parameters
from nb2pipe.rules.run import run_rules
from nb2pipe.rules.subject import Subject


class Compiled(NamedTuple):
    """A notebook on its way: what each stage made of it.

    ``folder`` is where it runs, which is where it stands, by default; ``home`` the interpreter that it runs in.
    """

    notebook: Notebook
    codes: tuple[Code, ...]
    analysis: Analysis
    pipeline: Pipeline
    folder: Path
    split: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    home: Home = Home()


def load(path: str) -> Notebook:
    """Read a notebook; see `nb2pipe.notebook.read.read` for the errors."""
    return read(path)


def compile_notebook(
    notebook: Notebook, split: str | None = None, cwd: str | None = None, home: Home | None = None
) -> Compiled:
    """Compile a notebook to the IR, without executing anything.

    ``cwd`` is where it runs, if not where it stands; one that papermill reads from elsewhere runs in the current folder.
    ``home`` is the interpreter that it runs in, if not its kernel's.

    Raises:
        UsageError: There is no such folder.
    """
    if cwd is None and is_remote(notebook.path):
        cwd = "."
    folder = Path(notebook.path).resolve().parent if cwd is None else Path(cwd).resolve()
    if cwd is not None and not folder.is_dir():
        raise UsageError(f"there is no folder {cwd} to run in")
    # The interpreter that it runs in, and what is installed there.
    home = home_of(notebook) if home is None else home
    with paused(), asking(home.interpreter):
        # The Python that IPython would run, with its positions.
        codes = parse_cells(sorted(notebook.cells, key=lambda cell: cell.index))
        # What each cell does to names and to the world.
        analysis = analyze(notebook, codes, folder)
        # Steps, values, edges.
        built = build(notebook, codes, analysis, split)
    # The gate: a pipeline that is not sound is our own fault.
    invariants.check(built.pipeline)
    return Compiled(
        notebook, codes, analysis, built.pipeline, folder, split, (*notebook.diagnostics, *built.diagnostics), home
    )


def parameters(notebook: Notebook) -> tuple[Parameter, ...]:
    """What can be given to a notebook; no other cell is looked at."""
    cells = [c for c in notebook.cells if "parameters" in c.tags.roles]
    return find_parameters(notebook, parse_cells(sorted(cells, key=lambda cell: cell.index)))


def recompile(compiled: Compiled, facts: Sequence[Fact]) -> Compiled:
    """Compile again with what runs have seen and the analysis had not."""
    analysis = with_facts(compiled.analysis, facts)
    with asking(compiled.home.interpreter):
        built = build(compiled.notebook, compiled.codes, analysis, compiled.split)
    invariants.check(built.pipeline)
    return compiled._replace(analysis=analysis, pipeline=built.pipeline)


def check(compiled: Compiled, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """All findings about a compiled notebook, in the order of their places."""
    with asking(compiled.home.interpreter):
        return run_rules(subject_of(compiled), select, ignore)


def subject_of(compiled: Compiled) -> Subject:
    """What the rules look at."""
    return Subject(
        compiled.notebook,
        compiled.codes,
        compiled.analysis,
        compiled.pipeline,
        compiled.folder,
        compiled.diagnostics,
        {},
    )
