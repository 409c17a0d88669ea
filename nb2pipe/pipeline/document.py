"""The JSON form of a pipeline: what `graph --format json` prints, and keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from nb2pipe.analysis.effects import Resource
from nb2pipe.diagnostics import Span
from nb2pipe.pipeline.model import Edge, Parameter, Pipeline


def resource_name(resource: Resource) -> str:
    """A resource as evidence names it: a state of the process in ``<>``, else its kind and key."""
    if resource.kind in ("file", "network", "display"):
        return f"{resource.kind}:{resource.key}"
    return f"<{resource.key}>"


def render_json(pipeline: Pipeline) -> str:
    """The pipeline as JSON text, in ASCII, so that any program on any terminal reads it."""
    return json.dumps(to_document(pipeline), indent=2, allow_nan=False) + "\n"


def to_document(pipeline: Pipeline) -> dict[str, Any]:
    """The pipeline as JSON data; cells are 0-based positions in the notebook, lines count from 1.

    There is one edge for each source, target and kind. Values of steps are names; states of the process stand on
    the edges only, as resources. A default that JSON cannot say is its Python source.
    """
    return {
        "name": pipeline.name,
        "parameters": parameters_document(pipeline.parameters),
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
        "edges": _edges(pipeline),
    }


def parameters_document(parameters: Iterable[Parameter]) -> list[dict[str, Any]]:
    """Parameters as JSON data."""
    return [{"name": p.name, "type": p.type, "default": _default(p.default), "help": p.help} for p in parameters]


def _edges(pipeline: Pipeline) -> list[dict[str, Any]]:
    """The edges by the places of their steps; a value that is handed over and one that passes through share one."""
    place = {step.name: i for i, step in enumerate(pipeline.steps)}
    groups: dict[tuple[int, int, str], list[Edge]] = {}
    for edge in pipeline.edges:
        groups.setdefault((place[edge.source], place[edge.target], edge.kind), []).append(edge)
    return [
        {
            "source": edges[0].source,
            "target": edges[0].target,
            "kind": kind,
            "values": sorted({v for e in edges for v in e.values}),
            "resources": sorted({resource_name(r) for e in edges for r in e.resources}),
            "evidence": [
                {"name": v.name, "write": _place(v.write), "read": _place(v.read)}
                for v in dict.fromkeys(v for e in edges for v in e.evidence)
            ],
        }
        for (_, _, kind), edges in sorted(groups.items())
    ]


def _place(span: Span) -> dict[str, int]:
    return {"cell": span.cell, "line": span.line}


def _default(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return repr(value)
    return value
