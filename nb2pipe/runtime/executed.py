"""The executed notebook: cells in the notebook's order with their outputs, and papermill's metadata."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2pipe import __version__
from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.execute import Outcome, RunResult
from nb2pipe.runtime.script import cell_tasks

SUFFIXES = (".ipynb", ".html")


def check_output(path: str, source: str) -> None:
    """See, before anything runs, that the executed notebook can be written.

    Raises:
        UsageError: Its folder is not there or not writable, it would overwrite the notebook itself, or it is no .ipynb.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise UsageError(f"-o {path}: expected a name that ends in {' or '.join(SUFFIXES)}")
    if target.is_dir():
        raise UsageError(f"-o {path} is a folder")
    if target.exists() and target.resolve() == Path(source).resolve():
        raise UsageError(f"-o {path} would overwrite the notebook itself; give another name")
    folder = next(p for p in target.absolute().parents if p.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"-o {path} cannot be written: {folder} is not a folder that you may write to")


def fill(document: Any, result: RunResult) -> None:
    """Put what the run showed into the notebook: outputs, counts, papermill's metadata of each cell."""
    import nbformat

    tasks = cell_tasks(document)
    outcomes = {c: result.outcomes[s.name] for s in result.pipeline.steps for c in (*s.shared, *s.cells)}
    for index, cell in enumerate(document.cells):
        if cell.cell_type != "code":
            continue
        task, times = tasks.get(index), result.times.get(index)
        ran = task is not None and times is not None
        cell.outputs = [nbformat.from_dict(o) for o in result.outputs.get(index, [])] if ran else []
        cell.execution_count = task.count if task is not None and ran else None
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
        outcome = outcomes.get(index)
        if task is not None and outcome is not None:
            cell.metadata["papermill"] = _cell_metadata(outcome, times, index)
    widgets = result.widgets
    if widgets:
        document.metadata["widgets"] = widgets
    else:
        document.metadata.pop("widgets", None)
    document.metadata.setdefault("language_info", _LANGUAGE)


def describe_run(
    document: Any,
    result: RunResult,
    parameters: Mapping[str, Any],
    paths: tuple[str, str],
    times: tuple[float, float],
) -> None:
    """Put papermill's metadata of the run, and the pipeline, into the notebook; ``paths`` are of input and output."""
    failed = any(o.status in ("failed", "died") for o in result.outcomes.values())
    document.metadata["papermill"] = {
        "default_parameters": {p.name: p.default for p in result.pipeline.parameters if _is_plain(p.default)},
        "duration": round(times[1] - times[0], 6),
        "end_time": _iso(times[1]),
        "environment_variables": {},
        "exception": True if failed else None,
        "input_path": paths[0],
        "output_path": paths[1],
        "parameters": dict(parameters),
        "start_time": _iso(times[0]),
        "version": importlib.metadata.version("papermill"),
    }
    document.metadata["nb2pipe"] = {
        "version": __version__,
        "steps": [_step_metadata(s.name, s.cells, result.outcomes[s.name]) for s in result.pipeline.steps],
        "edges": sorted({(e.source, e.target) for e in result.pipeline.edges}),
        "guards": list(result.notes),
    }


def write(path: str, document: Any) -> None:
    """Write the executed notebook, or nbconvert's page of it where the name ends in .html, atomically.

    Raises:
        UsageError: The file cannot be written.
    """
    import nbformat

    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix.lower() == ".html":
            from nbconvert.exporters import HTMLExporter

            text, _ = HTMLExporter().from_notebook_node(document)
            temporary.write_text(text, "utf-8")
        else:
            nbformat.write(document, str(temporary))
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": sys.version_info.major},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": f"ipython{sys.version_info.major}",
    "version": ".".join(str(n) for n in sys.version_info[:3]),
}
"""What a kernel says of its language."""


def _cell_metadata(outcome: Outcome, times: tuple[float, float] | None, index: int) -> dict[str, Any]:
    if times is None:
        return {"duration": None, "end_time": None, "exception": None, "start_time": None, "status": "pending"}
    failed = outcome.status != "ok" and outcome.cell == index
    return {
        "duration": round(times[1] - times[0], 6),
        "end_time": _iso(times[1]),
        "exception": failed,
        "start_time": _iso(times[0]),
        "status": "failed" if failed else "completed",
    }


def _step_metadata(name: str, cells: tuple[int, ...], outcome: Outcome) -> dict[str, Any]:
    return {"name": name, "cells": list(cells), "status": outcome.status, "seconds": round(outcome.seconds, 3)}


def _iso(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float, bool, list, dict, type(None)))
