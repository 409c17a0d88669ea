"""What a run by papermill is asked for, beside what every run is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PapermillOptions:
    """Papermill's own options: the ``kernel`` (the notebook's where there is none), times in seconds, where its notebooks go.

    ``execution_timeout`` is how long a cell may take, ``start_timeout`` how long a kernel may take to start. The notebooks of
    the steps are kept in ``steps_dir``; without one they go with the run.
    """

    kernel: str | None = None
    execution_timeout: int | None = None
    start_timeout: int = 60
    log_output: bool = False
    steps_dir: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a runner is told once, as plain data: the notebook's cells by position, its metadata, its parameters."""

    cells: Mapping[int, dict[str, Any]]
    metadata: Mapping[str, Any]
    parameters: Mapping[str, Any]
    options: PapermillOptions
    libraries: Mapping[str, str] = field(default_factory=dict)
