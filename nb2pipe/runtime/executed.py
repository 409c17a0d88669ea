"""The executed notebook: cells in the notebook's order with their outputs, and papermill's metadata."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.runtime.execute import Outcome, RunResult
from nb2pipe.runtime.task import CellTask


def cell_tasks(document: Any) -> dict[int, CellTask]:
    """The code cells that a run executes, by position, with the counts that a run of the whole notebook gives them."""
    tasks = {}
    count = 0
    for index, cell in enumerate(document.cells):
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or "skip" in tags or not cell.source.strip():
            continue
        count += 1
        tasks[index] = CellTask(index, cell.source, count, "raises-exception" in tags)
    return tasks


def inject_parameters(document: Any, parameters: Mapping[str, Any]) -> tuple[Any, int]:
    """The notebook with papermill's cell of injected parameters, and that cell's position."""
    from papermill.parameterize import parameterize_notebook

    changed = parameterize_notebook(
        document, dict(parameters), report_mode=False, language="python", kernel_name="python3"
    )
    place = next(i for i, c in enumerate(changed.cells) if "injected-parameters" in c.metadata.get("tags", []))
    return changed, place


def write_executed(
    path: str,
    document: Any,
    result: RunResult,
    tasks: Mapping[int, CellTask],
    parameters: Mapping[str, Any],
    source: str,
    started: float,
    ended: float,
) -> None:
    """Write the executed notebook atomically.

    Raises:
        UsageError: The file cannot be written.
    """
    import nbformat

    steps = {c: s.name for s in result.pipeline.steps for c in (*s.shared, *s.cells)}
    for index, cell in enumerate(document.cells):
        if cell.cell_type != "code":
            continue
        task = tasks.get(index)
        outcome = result.outcomes.get(steps.get(index, ""))
        ran = (
            task is not None
            and outcome is not None
            and outcome.status != "not run"
            and not (outcome.status == "failed" and 0 <= outcome.cell < index)
        )
        cell.outputs = [nbformat.from_dict(o) for o in result.outputs.get(index, [])] if task is not None else []
        cell.execution_count = task.count if task is not None and ran else None
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
        if outcome is not None:
            cell.metadata["papermill"] = _cell_metadata(outcome, ran, index)
    failed = any(o.status in ("failed", "died") for o in result.outcomes.values())
    document.metadata["papermill"] = {
        "default_parameters": {}, "parameters": dict(parameters), "environment_variables": {}, "version": "nb2pipe",
        "input_path": source, "output_path": path, "start_time": _iso(started), "end_time": _iso(ended),
        "duration": round(ended - started, 6), "exception": True if failed else None,
    }  # fmt: skip
    document.metadata["nb2pipe"] = _summary(result.pipeline, result.outcomes)
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(document, str(temporary))
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def _cell_metadata(outcome: Outcome, ran: bool, index: int) -> dict[str, Any]:
    status = "completed" if ran else "pending"
    failed = outcome.status == "failed" and outcome.cell == index
    return {
        "exception": failed if ran else None, "start_time": _iso(outcome.started) if ran else None,
        "end_time": _iso(outcome.ended) if ran else None, "duration": round(outcome.ended - outcome.started, 6) if ran else None,
        "status": "failed" if failed else status, "tags": [],
    }  # fmt: skip


def _iso(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()


def _summary(pipeline: Pipeline, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """The pipeline in the notebook's metadata: steps with their cells and outcomes, edges."""
    return {
        "steps": [
            {"name": s.name, "cells": list(s.cells), "status": outcomes[s.name].status, "seconds": round(outcomes[s.name].seconds, 3)}
            for s in pipeline.steps
        ],
        "edges": [[e.source, e.target] for e in pipeline.edges],
    }  # fmt: skip
