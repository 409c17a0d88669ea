"""What a compiled notebook is for a page: the pipeline, the findings and the cells as JSON data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nb2pipe.api import Compiled
from nb2pipe.diagnostics import Diagnostic, Span
from nb2pipe.notebook.model import Cell, Requirements
from nb2pipe.pipeline.document import to_document as pipeline_document
from nb2pipe.pipeline.words import in_words
from nb2pipe.report.document import to_document as finding_document
from nb2pipe.server.fixes import fixes_of
from nb2pipe.server.promoted import CODES, Words, words_of
from nb2pipe.server.said import parts_of


def analysed(compiled: Compiled, findings: Sequence[Diagnostic]) -> dict[str, Any]:
    """All that the page shows of a notebook: `graph --format json` and `check --format json`, and more of both.

    Cells are 0-based positions; ``ids`` are those that the cells had when they were read.
    """
    notebook, pipeline = compiled.notebook, compiled.pipeline
    document = pipeline_document(pipeline)
    words = words_of(compiled.codes) if any(d.code in CODES for d in findings) else None
    texts = {p.name: p.text for p in pipeline.parameters}
    for parameter in document["parameters"]:
        parameter["text"] = texts[parameter["name"]]
    for shown, step in zip(document["steps"], pipeline.steps, strict=True):
        shown["title"] = step.title
        shown["shared"] = list(step.shared)
        shown["producers"] = {v.name: v.producer for v in step.inputs if not v.name.startswith("<")}
        shown["requirements"] = _requirements(step.requirements)
    return {
        **document,
        "shared": list(pipeline.shared),
        "skipped": list(pipeline.skipped),
        "joined": [{"steps": list(steps), "value": value, "kind": kind} for steps, value, kind in pipeline.joined],
        "ids": [cell.id for cell in notebook.cells],
        "roles": {str(c.index): sorted(c.tags.roles) for c in notebook.cells if c.tags.roles},
        "findings": [finding(d, notebook.cells, words) for d in findings],
        "words": _words(document["edges"]),
    }


def _words(edges: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What flows on edges and is no value of the notebook, in words, with what these are made of."""
    names = {n for e in edges for n in (*e["values"], *e["resources"], *(f["name"] for f in e["evidence"]))}
    found = {name: in_words(name) for name in sorted(names)}
    return {name: {"text": text, "said": parts_of(text)} for name, text in found.items() if text != name}


def refused(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """The answer where there is no pipeline, for the reasons that the findings say."""
    return {
        "name": "", "parameters": [], "steps": [], "edges": [], "shared": [], "skipped": [], "joined": [], "ids": [],
        "roles": {}, "findings": [finding(d, ()) for d in diagnostics], "words": {},
    }  # fmt: skip


def finding(diagnostic: Diagnostic, cells: Sequence[Cell], words: Words | None = None) -> dict[str, Any]:
    """A finding as JSON data: as `check` has it, with its end, the consequence, the other places, and the fixes.

    ``said`` is what its sentences were made of, as `parts_of` has it.
    """
    return {
        **finding_document(diagnostic),
        "end_line": diagnostic.span.end_line,
        "end_column": diagnostic.span.end_column,
        "why": diagnostic.why,
        "sites": [
            {**_place(site.span), "label": site.label, "said": parts_of(site.label)} for site in diagnostic.sites
        ],
        "said": {
            "message": parts_of(diagnostic.message),
            "why": parts_of(diagnostic.why) if diagnostic.why else None,
            "hint": parts_of(diagnostic.hint) if diagnostic.hint else None,
        },
        "fixes": fixes_of(diagnostic, cells, words),
    }


def _place(span: Span) -> dict[str, int]:
    return {"cell": span.cell, "line": span.line, "column": span.column}


def _requirements(asked: Requirements) -> dict[str, Any]:
    """What a step asks for, without what it does not."""
    found = {name: getattr(asked, name) for name in ("cpus", "memory", "gpus", "image", "retries", "timeout", "cache")}
    kept = {name: value for name, value in found.items() if value is not None and (name, value) != ("retries", 0)}
    return {**kept, "secrets": list(asked.secrets)} if asked.secrets else kept
