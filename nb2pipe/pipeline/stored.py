"""A pipeline as text that is kept with a run, and read again: its steps, what flows, where it stands in the notebook."""

from __future__ import annotations

import ast
import json
from typing import Any

from nb2pipe.analysis.effects import Resource
from nb2pipe.pipeline.model import Edge, Parameter, Pipeline, Step, Value


def dumped(pipeline: Pipeline) -> str:
    """The pipeline as JSON; the evidence of its edges is left out, for the notebook that it points into may change."""
    data = {
        "name": pipeline.name,
        "parameters": [[p.name, p.type, p.text or repr(p.default), p.help] for p in pipeline.parameters],
        "steps": [
            {
                "name": s.name,
                "cells": s.cells,
                "inputs": s.inputs,
                "outputs": s.outputs,
                "parameters": s.parameters,
                "shared": s.shared,
                "changes": s.changes,
                "title": s.title,
            }
            for s in pipeline.steps
        ],
        "edges": [[e.source, e.target, e.kind, e.values, e.resources, e.through] for e in pipeline.edges],
        "shared": pipeline.shared,
        "skipped": pipeline.skipped,
        "joined": pipeline.joined,
    }
    return json.dumps(data, sort_keys=True)


def loaded(text: str) -> Pipeline:
    """The pipeline that was dumped. A default that is no literal is a text."""
    data: dict[str, Any] = json.loads(text)
    return Pipeline(
        data["name"],
        tuple(_step(s) for s in data["steps"]),
        tuple(
            Edge(source, target, kind, tuple(values), tuple(Resource(*r) for r in resources), through=through)
            for source, target, kind, values, resources, through in data["edges"]
        ),
        tuple(Parameter(name, kind, _default(text), told, text=text) for name, kind, text, told in data["parameters"]),
        tuple(data["shared"]),
        tuple(data["skipped"]),
        tuple((tuple(steps), value, kind) for steps, value, kind in data["joined"]),
    )


def _default(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _step(data: dict[str, Any]) -> Step:
    return Step(
        data["name"],
        tuple(data["cells"]),
        tuple(Value(*v) for v in data["inputs"]),
        tuple(data["outputs"]),
        tuple(data["parameters"]),
        tuple(data["shared"]),
        tuple(data["changes"]),
        title=data["title"],
    )
