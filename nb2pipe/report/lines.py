"""Where the lines of cells stand in the notebook's file, for those who show findings beside files."""

from __future__ import annotations

import json
import re

from nb2pipe.diagnostics import Span
from nb2pipe.report.model import Report

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]')


def line_in_file(lines: list[list[int]], span: Span) -> int | None:
    """The line of the file, from 1, where a place begins; None where it is not known."""
    if not 0 <= span.cell < len(lines) or not 0 < span.line <= len(lines[span.cell]):
        return None
    return lines[span.cell][span.line - 1]


def file_lines(report: Report) -> list[list[int]]:
    """For each cell, the line of the file for each of its lines; a cell that was not found has none."""
    if not report.text or not report.diagnostics:
        return []
    if report.text.lstrip("\ufeff \t\r\n").startswith("{"):
        found = _lines_in_json(report.text)
        return found if len(found) == len(report.notebook.cells) else []
    return _lines_in_text(report)


def _lines_in_json(text: str) -> list[list[int]]:
    """The lines in an .ipynb of format 4, by a walk over the tokens of its JSON, for no parser keeps their places."""
    found: list[list[int]] = []
    keys: list[str] = []  # for each open object the key at hand, for each open list no text
    objects: list[bool] = []
    awaits_key = False
    line, last = 1, 0
    for match in _TOKEN.finditer(text):
        mark, start = match[0], match.start()
        line += text.count("\n", last, start)
        last = start
        if mark in "{[":
            if mark == "{" and keys == ["cells", ""]:
                found.append([])
            keys.append("")
            objects.append(mark == "{")
            awaits_key = mark == "{"
        elif mark in "}]":
            if keys:
                keys.pop()
                objects.pop()
            awaits_key = False
        elif mark == ",":
            awaits_key = bool(objects) and objects[-1]
        elif mark != ":":
            if awaits_key:
                keys[-1], awaits_key = mark[1:-1], False
            elif keys in (["cells", "", "source"], ["cells", "", "source", ""]):
                piece = json.loads(mark, strict=False)
                found[-1] += [line] * (piece.count("\n") + (not piece.endswith("\n")))
    return found


def _lines_in_text(report: Report) -> list[list[int]]:
    """The lines in a text notebook: each cell's source as it stands there, one after another."""
    found: list[list[int]] = []
    place = 0
    text = report.text.replace("\r\n", "\n")
    for cell in report.notebook.cells:
        start = text.find(cell.source, place) if cell.kind == "code" and cell.source.strip() else -1
        if start < 0:
            found.append([])
            continue
        first = text.count("\n", 0, start) + 1
        found.append(list(range(first, first + cell.source.count("\n") + 1)))
        place = start + len(cell.source)
    return found
