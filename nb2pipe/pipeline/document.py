"""The JSON form of a pipeline: what `graph --format json` prints, and keeps."""

from __future__ import annotations

import json
from typing import Any

from nb2pipe.analysis.effects import Resource
from nb2pipe.diagnostics import Span
from nb2pipe.pipeline.model import Pipeline


def resource_name(resource: Resource) -> str:
    """A resource in words: a state of the process in ``<>``, else its kind and key."""
    if resource.kind in ("file", "network", "display"):
        return f"{resource.kind}:{resource.key}"
    return f"<{resource.key}>"


def to_document(pipeline: Pipeline) -> dict[str, Any]:
    """The pipeline as JSON data; cells are 0-based positions in the notebook, lines count from 1."""
    return {
        "name": pipeline.name,
        "parameters": [
            {"name": p.name, "type": p.type, "default": _safe(p.default), "help": p.help} for p in pipeline.parameters
        ],
        "steps": [
            {
                "name": s.name,
                "cells": list(s.cells),
                "inputs": [v.name for v in s.inputs if not v.name.startswith("<")],
                "outputs": [n for n in s.outputs if not n.startswith("<")],
                "parameters": list(s.parameters),
            }
            for s in pipeline.steps
        ],
        "edges": [
            {
                "source": e.source,
                "target": e.target,
                "kind": e.kind,
                "values": list(e.values),
                "resources": [resource_name(r) for r in e.resources],
                "evidence": [{"name": v.name, "write": _place(v.write), "read": _place(v.read)} for v in e.evidence],
            }
            for e in pipeline.edges
        ],
    }


def _place(span: Span) -> dict[str, int]:
    return {"cell": span.cell, "line": span.line}


def _safe(value: Any) -> Any:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return repr(value)
    return value
