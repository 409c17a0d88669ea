"""Findings as JSON: what `check --format json` prints, and keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nb2pipe.diagnostics import Diagnostic
from nb2pipe.report.model import Report


def render_json(reports: Sequence[Report]) -> str:
    """The findings as a JSON list; each names its notebook where there are several."""
    found = [
        ({"path": r.notebook.path} if len(reports) > 1 else {}) | to_document(d) for r in reports for d in r.diagnostics
    ]
    return json.dumps(found, indent=2) + "\n"


def to_document(diagnostic: Diagnostic) -> dict[str, Any]:
    """A finding as JSON data.

    ``cell`` is the 0-based position in the notebook, ``line`` counts from 1 and ``column`` from 0, in characters, within
    the cell; all three are null for a finding about the notebook as a whole.
    """
    span = diagnostic.span
    placed = span.cell >= 0
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "cell": span.cell if placed else None,
        "line": span.line if placed else None,
        "column": span.column if placed else None,
        "hint": diagnostic.hint,
    }
