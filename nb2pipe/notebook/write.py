"""The text of a notebook's file as nbformat writes it, which costs more to import than a run that is cached takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TEXTS = ("application/javascript", "image/svg+xml")


def text_of(document: Mapping[str, Any]) -> str:
    """The text of a document of format 4, whose cells and outputs have the parts that the format asks for.

    Texts are lists of lines, keys are sorted; what Jupyter notes for itself is left out.
    """
    metadata = _without(document["metadata"], "orig_nbformat", "orig_nbformat_minor", "signature")
    written = {**document, "metadata": metadata, "cells": [_cell(c) for c in document["cells"]]}
    return json.dumps(written, default=_ascii, ensure_ascii=False, indent=1, sort_keys=True)


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    found = {**cell, "metadata": _without(cell["metadata"], "trusted"), "source": _lines(cell["source"])}
    if "attachments" in cell:
        found["attachments"] = {name: _bundle(data) for name, data in cell["attachments"].items()}
    if cell["cell_type"] == "code":
        found["outputs"] = [_output(o) for o in cell["outputs"]]
    return found


def _output(output: Mapping[str, Any]) -> dict[str, Any]:
    if output["output_type"] == "stream":
        return {**output, "text": _lines(output["text"])}
    return {**output, "data": _bundle(output["data"])} if "data" in output else {**output}


def _bundle(data: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown, by its type: of those that are text each as its lines."""
    return {t: _lines(shown) if t.startswith("text/") or t in _TEXTS else shown for t, shown in data.items()}


def _lines(text: Any) -> Any:
    return text.splitlines(keepends=True) if isinstance(text, str) else text


def _without(metadata: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name not in names}


def _ascii(value: object) -> str:
    """Bytes as nbformat writes them: they are base64."""
    if isinstance(value, bytes):
        return value.decode("ascii")
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
