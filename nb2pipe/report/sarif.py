"""Findings in SARIF 2.1.0 (OASIS, 2020), for tools that collect them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath
from typing import Any
from urllib.parse import quote

import nb2pipe
from nb2pipe.diagnostics import Diagnostic, Severity, Span
from nb2pipe.pipeline.words import source_line
from nb2pipe.report.lines import file_lines, line_in_file
from nb2pipe.report.model import Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_sarif(reports: Sequence[Report]) -> str:
    """One run with all findings.

    A region is the line of the file where that is known, else the file's first; SARIF has no cells, so they stand as
    logical locations, and as properties (``cell`` 0-based, ``line`` from 1, ``column`` from 0).
    """
    codes = sorted({d.code for r in reports for d in r.diagnostics})
    index = {code: i for i, code in enumerate(codes)}
    results = []
    for report in reports:
        lines = file_lines(report)
        results += [_result(report, lines, d, index[d.code]) for d in report.diagnostics]
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "nb2pipe",
                        "version": nb2pipe.__version__,
                        "rules": [{"id": c, "help": {"text": f"nb2pipe explain {c}"}} for c in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _result(report: Report, lines: list[list[int]], diagnostic: Diagnostic, index: int) -> dict[str, Any]:
    parts: list[str] = [diagnostic.message]
    parts += [f"why: {diagnostic.why}"] if diagnostic.why else []
    parts += [f"fix: {diagnostic.hint}"] if diagnostic.hint else []
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join(parts)},
        "locations": [_location(report, lines, diagnostic.span)],
    }
    related = [
        {"id": i, "message": {"text": site.label}, **_location(report, lines, site.span)}
        for i, site in enumerate(diagnostic.sites, 1)
    ]
    if related:
        result["relatedLocations"] = related
    if diagnostic.span.cell >= 0:
        span = diagnostic.span
        result["properties"] = {"cell": span.cell, "line": span.line, "column": span.column}
    return result


def _location(report: Report, lines: list[list[int]], span: Span) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": line_in_file(lines, span) or 1}
    source = source_line(report.notebook, span)
    if source.strip():
        region["snippet"] = {"text": source}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(report.notebook.path)}, "region": region}
    }
    if span.cell >= 0:
        name = f"cell {span.cell + 1}, line {span.line}"
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": f"{report.notebook.path}: {name}"}]
    return location


def _uri(path: str) -> str:
    """A path as a URI reference: relative where the path is."""
    if PurePath(path).is_absolute():
        return PurePath(path).as_uri()
    return quote(str(PurePosixPath(path.replace("\\", "/"))))
