"""What a rule may look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.analysis.effects import Analysis
from nb2pipe.diagnostics import Diagnostic
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.pipeline.model import Pipeline


class Subject(NamedTuple):
    """What a rule may look at. ``found`` are the findings of the stages themselves.

    ``memo`` keeps what several rules need and one of them has worked out; it is no part of the record.
    """

    notebook: Notebook
    codes: tuple[Code, ...]
    analysis: Analysis
    pipeline: Pipeline
    folder: Path
    found: tuple[Diagnostic, ...]
    memo: dict[str, Any]
