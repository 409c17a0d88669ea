"""The report of a comparison as text, and as data for JSON."""

from __future__ import annotations

from typing import Any

from nb2pipe.replay.model import Report

_MOST = 20  # differences that are shown


def render_text(report: Report) -> str:
    """The report for a person at a terminal.

    DIFFERS: 2 differences; compared 12 values, 7 outputs, 3 figures
    step by_region, summary: row North, column net
      expected  1204.5
      actual    1204.0
    """
    head = {
        "EQUAL": "",
        "DIFFERS": f" {_count(len(report.differences), 'difference')};",
        "UNKNOWN": f" {_count(len(report.unknown), 'value or output', 'values or outputs')} cannot be judged;",
    }[report.verdict]
    lines = [f"{report.verdict}:{head} compared {compared(report)}"]
    for step, name, where, expected, actual in report.differences[:_MOST]:
        place = f"{name}{f': {where}' if where else ''}"
        lines += [f"step {step}, {place}" if step else place, f"  expected  {expected}", f"  actual    {actual}"]
    if len(report.differences) > _MOST:
        lines.append(f"and {len(report.differences) - _MOST} more differences")
    lines += [f"unknown: {f'step {u.step}, ' if u.step else ''}{u.name}: {u.reason}" for u in report.unknown]
    lines += [f"note: {note}" for note in report.notes]
    return "\n".join(lines) + "\n"


def compared(report: Report) -> str:
    """How much was compared, in words."""
    counts = (report.values, "value"), (report.outputs, "output"), (report.figures, "figure")
    return ", ".join(_count(n, word) for n, word in counts)


def as_data(report: Report) -> dict[str, Any]:
    """The report as JSON has it."""
    return {
        "verdict": report.verdict,
        "differences": [d._asdict() for d in report.differences],
        "unknown": [u._asdict() for u in report.unknown],
        "compared": {"values": report.values, "outputs": report.outputs, "figures": report.figures},
        "notes": list(report.notes),
    }


def summary(report: Report) -> dict[str, Any]:
    """What is kept of the report with the package: the same for the same package, wherever it was compared."""
    return {
        "verdict": report.verdict,
        "values": report.values,
        "outputs": report.outputs,
        "figures": report.figures,
        "unknown": [{"step": u.step, "name": u.name} for u in report.unknown],
    }


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
