"""Notebooks made for a test, run by nb2pipe, and what they show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nb2pipe import api
from nb2pipe.runtime.result import RunOptions, RunResult


def code(source: str, *tags: str) -> dict[str, Any]:
    """A code cell."""
    return {"cell_type": "code", "id": "", "metadata": {"tags": list(tags)} if tags else {}, "source": source,
            "outputs": [], "execution_count": None}  # fmt: skip


def text(source: str) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": source}


def write(path: Path, cells: Sequence[dict[str, Any] | str], **metadata: Any) -> Path:
    """A notebook of format 4.5; a text is a code cell."""
    made = [dict(code(c) if isinstance(c, str) else c) for c in cells]
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, **metadata}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": made}), "utf-8")
    return path


def compiled(path: Path, split: str | None = "cells:1") -> api.Compiled:
    """The notebook compiled."""
    return api.compile_notebook(api.load(str(path)), split)


def run(
    subject: api.Compiled, output: Path | None = None, *, parameters: dict[str, Any] | None = None, **options: Any
) -> RunResult:
    """The compiled notebook run, the last ready step first."""
    settings: dict[str, Any] = {"order": "latest", "jobs": 2, "cwd": str(subject.folder), **options}
    return api.run(
        subject, api.RunRequest(RunOptions(**settings), parameters or {}, {}, str(output) if output else None)
    )


def shown(outputs: Sequence[dict[str, Any]]) -> str:
    """The outputs of a cell as text: streams, results, errors."""
    parts = []
    for output in outputs:
        if output["output_type"] == "stream":
            parts.append("".join(output["text"]))
        elif output["output_type"] == "error":
            parts.append(f"ERROR {output['ename']}: {output['evalue']}")
        else:
            parts.append("".join(output["data"].get("text/plain", "")))
    return "".join(parts).strip()
