"""The executed notebook: cells in the notebook's order with their outputs, and papermill's metadata."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2pipe import __version__
from nb2pipe.diagnostics import UsageError, any_of, say
from nb2pipe.emit.filetree import check_target
from nb2pipe.interpreters import release_there
from nb2pipe.notebook.load import is_remote
from nb2pipe.runtime.result import Outcome, RunResult
from nb2pipe.runtime.script import cell_tasks

SUFFIXES = (".ipynb", ".html")


def check_output(path: str, source: str) -> None:
    """See, before anything runs, that the executed notebook can be written.

    Raises:
        UsageError: Its folder is not there or not writable, it would overwrite the notebook itself, or it is no .ipynb.
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise UsageError(say("-o %1: expected a name that ends in %2", path, any_of(SUFFIXES)))
    if not is_remote(path):
        check_target(path, source)


def fill(document: Any, result: RunResult) -> None:
    """Put what the run showed into the notebook: outputs, counts, papermill's metadata of each cell."""
    tasks = cell_tasks(document)
    outcomes = {c: result.outcomes[s.name] for s in result.pipeline.steps for c in (*s.shared, *s.cells)}
    for index, cell in enumerate(document["cells"]):
        if cell["cell_type"] != "code":
            continue
        task, times = tasks.get(index), result.times.get(index)
        ran = task is not None and times is not None
        cell["outputs"] = [dict(o) for o in result.outputs.get(index, [])] if ran else []
        cell["execution_count"] = task.count if task is not None and ran else None
        for output in cell["outputs"]:
            if output["output_type"] == "execute_result":
                output["execution_count"] = cell["execution_count"]
        outcome = outcomes.get(index)
        if task is not None and outcome is not None:
            cell["metadata"]["papermill"] = _cell_metadata(outcome, times, index)
    widgets = result.widgets
    if widgets:
        document["metadata"]["widgets"] = widgets
    else:
        document["metadata"].pop("widgets", None)
    document["metadata"].setdefault("language_info", _language())


def describe_run(
    document: Any,
    result: RunResult,
    parameters: Mapping[str, Any],
    paths: tuple[str, str],
    times: tuple[float, float],
) -> None:
    """Put papermill's metadata of the run, and the pipeline, into the notebook; ``paths`` are of input and output."""
    from importlib.metadata import version

    failed = any(o.status in ("failed", "died") for o in result.outcomes.values())
    document["metadata"]["papermill"] = {
        "default_parameters": {p.name: p.default for p in result.pipeline.parameters if _is_plain(p.default)},
        "duration": round(times[1] - times[0], 6),
        "end_time": _iso(times[1]),
        "environment_variables": {},
        "exception": True if failed else None,
        "input_path": paths[0],
        "output_path": paths[1],
        "parameters": dict(parameters),
        "start_time": _iso(times[0]),
        "version": version("papermill"),
    }
    describe_pipeline(document, result)


def describe_pipeline(document: Any, result: RunResult) -> None:
    """Put the pipeline, and how its steps ended, into the notebook."""
    document["metadata"]["nb2pipe"] = {
        "version": __version__,
        "steps": [_step_metadata(s.name, s.cells, result.outcomes[s.name]) for s in result.pipeline.steps],
        "edges": sorted({(e.source, e.target) for e in result.pipeline.edges}),
        "guards": list(result.notes),
    }


def prepare() -> None:
    """Import what `write` needs and compile the schema of notebooks, beside what is waited for: it takes a tenth of a second."""
    threading.Thread(target=_prepare, name="nb2pipe-nbformat", daemon=True).start()


def _prepare() -> None:
    from nbformat.validator import get_validator

    get_validator(4, 5)


class NotWritten(UsageError):
    """The executed notebook cannot be written where it was to be; ``result`` is what the run had given."""

    result: RunResult | None = None


def write(path: str, document: Any) -> None:
    """Write the executed notebook, or nbconvert's page of it where the name ends in .html, atomically.

    Raises:
        NotWritten: The file cannot be written. The work is not lost where the system's folder for temporary files
            takes it instead.
    """
    put(path, _text(path, document))


def put(path: str, text: bytes) -> None:
    """Write a file atomically, in the folder that it says, which is made.

    Raises:
        NotWritten: as `write`.
    """
    try:
        if is_remote(path):
            _write_remote(path, text)
            return
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        _replace(Path(path), text)
    except OSError as error:
        message = say("%1 cannot be written: %2", path, error.strerror or str(error))
        elsewhere = _elsewhere(Path(path).name, text)
        raise NotWritten(say("%1; it is in %2 instead", message, str(elsewhere)) if elsewhere else message) from None


def _write_remote(path: str, text: bytes) -> None:
    """Have papermill write the file.

    Raises:
        OSError: It cannot, for whatever reason.
    """
    from papermill.iorw import papermill_io

    try:
        papermill_io.write(text.decode("utf-8"), path)
    except Exception as error:  # each service has its own kinds
        raise OSError(str(error) or type(error).__name__) from error


def _text(path: str, document: Any) -> bytes:
    """The file. Half a pair of surrogates, which UTF-8 has no room for, stays what it is as an escape of JSON."""
    import nbformat

    node = nbformat.from_dict(document)
    if Path(path).suffix.lower() != ".html":
        return f"{nbformat.writes(node)}\n".encode("utf-8", "backslashreplace")
    from nbconvert.exporters import HTMLExporter

    text, _ = HTMLExporter().from_notebook_node(node)
    return str(text).encode("utf-8", "replace")


def _replace(target: Path, text: bytes) -> None:
    """Put the text in the place of the file, at once or not at all."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(text)
        temporary.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _elsewhere(name: str, text: bytes) -> Path | None:
    """The file in a folder of its own among the temporary ones; None where that fails as well."""
    import tempfile

    try:
        folder = Path(tempfile.mkdtemp(prefix="nb2pipe-"))
    except OSError:
        return None
    try:
        _replace(folder / name, text)
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        return None
    return folder / name


def _language() -> dict[str, Any]:
    """What a kernel says of its language."""
    release = release_there()
    return {
        "codemirror_mode": {"name": "ipython", "version": release[0]},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": f"ipython{release[0]}",
        "version": ".".join(map(str, release)),
    }


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
    said = {"name": name, "cells": list(cells), "status": outcome.status, "seconds": round(outcome.seconds, 6)}
    return {**said, "cached": True} if outcome.cached else said


def _iso(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float, bool, list, dict, type(None)))
