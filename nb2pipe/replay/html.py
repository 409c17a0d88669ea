"""The report of a comparison as a page that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from nb2pipe.replay.model import Report
from nb2pipe.replay.text import compared

_STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733; }
h1 span { padding: .1em .5em; border-radius: .3em; color: white; }
.EQUAL { background: #1a7f4b; } .DIFFERS { background: #b3261e; } .UNKNOWN { background: #8a6100; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4em .6em; border-bottom: 1px solid #d5dbe1; }
td.text { font-family: ui-monospace, monospace; font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  body { background: #14191f; color: #dde3ea; } th, td { border-color: #38424d; }
}
"""


def render_html(report: Report, title: str) -> str:
    """The page; ``title`` says what was compared."""
    parts = [
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>',
        f"<style>\n{_STYLE}</style>\n</head>\n<body>",
        f'<h1>{escape(title)} <span class="{report.verdict}">{report.verdict}</span></h1>',
        f"<p>Compared: {compared(report)}.</p>",
    ]
    if report.differences:
        rows = [(d.step, d.name, d.where, d.expected, d.actual) for d in report.differences]
        parts += ["<h2>Differences</h2>", _table(("step", "name", "where", "expected", "actual"), rows)]
    if report.unknown:
        parts += ["<h2>Unknown</h2>", _table(("step", "name", "reason"), [tuple(u) for u in report.unknown])]
    if report.notes:
        parts += ["<h2>Notes</h2>", "<ul>", *(f"<li>{escape(n)}</li>" for n in report.notes), "</ul>"]
    return "\n".join([*parts, "</body>", "</html>", ""])


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["<table>", f"<tr>{''.join(f'<th>{h}</th>' for h in heads)}</tr>"]
    lines += [f"<tr>{''.join(_cell(text) for text in row)}</tr>" for row in rows]
    return "\n".join([*lines, "</table>"])


def _cell(text: str) -> str:
    return f'<td class="text">{escape(text)}</td>'
