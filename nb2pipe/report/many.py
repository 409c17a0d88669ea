"""The findings in several notebooks, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nb2pipe.report.document import render_json
from nb2pipe.report.full import render_full
from nb2pipe.report.github import render_github
from nb2pipe.report.model import Report

Format = Literal["full", "json", "sarif", "github"]


def render(reports: Sequence[Report], form: Format, *, color: bool = False) -> str:
    """All findings as text that ends with a line feed, or no text where there is none to print.

    ``color`` is for the full form, on a terminal.
    """
    if form == "full":
        parts = [render_full(r.diagnostics, r.notebook, r.pipeline, color=color) for r in reports if r.diagnostics]
        return "\n".join(parts)
    if form == "json":
        return render_json(reports)
    if form == "github":
        return render_github(reports)
    from nb2pipe.report.sarif import render_sarif

    return render_sarif(reports)


__all__ = ["Format", "Report", "render"]
