"""Places in one of several notebooks, in words."""

from __future__ import annotations

from nb2pipe.diagnostics import Span
from nb2pipe.package.joined.model import Member


def place(member: Member, span: Span) -> str:
    """The notebook, the cell and the line of a span."""
    return f"{member.file} cell {span.cell + 1}, line {span.line}"


def line(member: Member, span: Span) -> str:
    """A line of a message: the place, and what stands there."""
    lines = member.notebook.cells[span.cell].source.splitlines()
    text = lines[span.line - 1].strip() if 0 < span.line <= len(lines) else ""
    return f"  {place(member, span)}: {text}"
