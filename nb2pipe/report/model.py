"""The record of what was found in one notebook."""

from __future__ import annotations

from dataclasses import dataclass

from nb2pipe.diagnostics import Diagnostic
from nb2pipe.notebook.model import Notebook
from nb2pipe.pipeline.model import Pipeline


@dataclass(frozen=True, slots=True)
class Report:
    """A notebook and its findings, in the order in which they are to be read.

    ``pipeline`` names the steps, where the notebook got so far. ``text`` is the text of the notebook's file, if places
    are to be given as lines of the file too; empty where that is of no use.
    """

    notebook: Notebook
    diagnostics: tuple[Diagnostic, ...]
    pipeline: Pipeline | None = None
    text: str = ""
