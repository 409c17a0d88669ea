"""Findings as the workflow commands that GitHub shows beside the lines of a change."""

from __future__ import annotations

from collections.abc import Sequence

from nb2pipe.diagnostics import Diagnostic, Severity
from nb2pipe.report.lines import file_lines, line_in_file
from nb2pipe.report.model import Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(reports: Sequence[Report]) -> str:
    """One command a finding; the line is that of the file where it is known, else the first.

    The form is that of "Workflow commands for GitHub Actions": ``::error file=F,line=L,title=T::message``.
    """
    lines = []
    for report in reports:
        known = file_lines(report)
        path = _property(report.notebook.path.replace("\\", "/"))
        for diagnostic in report.diagnostics:
            line = line_in_file(known, diagnostic.span) or 1
            command = f"::{_COMMANDS[diagnostic.severity]} file={path},line={line},title={_property(diagnostic.code)}"
            lines.append(f"{command}::{_data(_message(diagnostic))}\n")
    return "".join(lines)


def _message(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    place = f"cell {span.cell + 1}, line {span.line}: " if span.cell >= 0 else ""
    parts = [f"{place}{diagnostic.message}"]
    parts += [f"{s.label}: cell {s.span.cell + 1}, line {s.span.line}" for s in diagnostic.sites if s.span.cell >= 0]
    parts += [f"why: {diagnostic.why}"] if diagnostic.why else []
    parts += [f"fix: {diagnostic.hint}"] if diagnostic.hint else []
    return "\n".join(parts)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
