"""The driver: the stages in order, one commented call each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nb2pipe.analysis.analyze import analyze
from nb2pipe.analysis.effects import Analysis
from nb2pipe.diagnostics import Diagnostic
from nb2pipe.notebook.ipython import parse_cells
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.notebook.read import read
from nb2pipe.pipeline import invariants
from nb2pipe.pipeline.build import build
from nb2pipe.pipeline.model import Pipeline


@dataclass(frozen=True, slots=True)
class Compiled:
    """A notebook on its way: what each stage made of it."""

    notebook: Notebook
    codes: tuple[Code, ...]
    analysis: Analysis
    pipeline: Pipeline
    diagnostics: tuple[Diagnostic, ...] = ()


def load(path: str) -> Notebook:
    """Read a notebook; see `nb2pipe.notebook.read.read` for the errors."""
    return read(path)


def compile_notebook(notebook: Notebook, split: str | None = None) -> Compiled:
    """Compile a notebook to the IR, without executing anything."""
    # The Python that IPython would run, with its positions.
    codes = parse_cells(notebook.cells)
    # What each cell does to names and to the world.
    analysis = analyze(notebook, codes, Path(notebook.path).resolve().parent)
    # Steps, values, edges.
    built = build(notebook, codes, analysis, split)
    # The gate: a pipeline that is not sound is our own fault.
    invariants.check(built.pipeline)
    return Compiled(notebook, codes, analysis, built.pipeline, (*notebook.diagnostics, *built.diagnostics))
