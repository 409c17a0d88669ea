"""The notebook that a package came from, as the package keeps it: what was written, and nothing of what was run."""

from __future__ import annotations

import json
import re
from typing import Any

from nb2pipe.notebook.model import Cell, Notebook
from nb2pipe.notebook.read import stem

_KEPT = ("kernelspec", "kubeflow_notebook", "nb2pipe")
"""What of a notebook's metadata a person, or a tool that makes pipelines, has written. All else changes when it is run."""


def origin_path(notebook: str) -> str:
    """Where a project keeps the notebook with this path or name."""
    return f"notebooks/{stem(notebook)}.ipynb"


def origin(notebook: Notebook) -> str:
    """The notebook's document in format 4.5: cells, ids and tags, without outputs; the same for the same cells."""
    metadata = {key: notebook.metadata[key] for key in _KEPT if key in notebook.metadata}
    document = {
        "cells": [_cell(c) for c in notebook.cells],
        "metadata": {**metadata, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
    if re.search("[\ud800-\udfff]", text):  # half a character, which UTF-8 cannot write
        text = json.dumps(document, indent=1, sort_keys=True)
    return text + "\n"


def _cell(cell: Cell) -> dict[str, Any]:
    document: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": cell.id,
        "metadata": {"tags": list(cell.labels)} if cell.labels else {},
        "source": cell.source.splitlines(keepends=True),
    }
    return {**document, "execution_count": None, "outputs": []} if cell.kind == "code" else document
