"""The difference between two versions, for people: as text for a terminal, as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from nb2pipe.package.versions.difference import Difference, DistributionChange, ParameterChange
from nb2pipe.package.versions.record import EdgeRecord

_COLORS = {"+": "\033[32m", "-": "\033[31m", "@": "\033[36m"}
_BOLD, _END = "\033[1m", "\033[0m"


def as_text(found: Difference, *, color: bool = False) -> str:
    """The difference as text, with colours for a terminal."""

    def painted(line: str) -> str:
        code = _COLORS.get(line[:1]) if color else None
        return f"{code}{line}{_END}" if code else line

    def headed(text: str) -> str:
        return f"{_BOLD}{text}{_END}" if color else text

    lines = [headed(f"{found.name} {found.old} → {found.new}: {_how_much(found)}")]
    lines += [f"  {line.kind}: {line.text}" for line in found.lines]
    for title, rows in _tables(found):
        lines += ["", headed(title), *(painted(row) for row in rows)]
    for change in found.code:
        lines += ["", headed(f"{change.of} {change.name} ({change.what})"), *(painted(row) for row in change.lines)]
    return "\n".join(lines) + "\n"


def as_markdown(found: Difference) -> str:
    """The difference as Markdown."""
    lines = [f"## {found.name} {found.old} → {found.new}: {_how_much(found)}", ""]
    lines += [f"- {line.text} ({line.kind})" for line in found.lines]
    for title, rows in _tables(found):
        lines += ["", f"### {title.capitalize()}", "", *_fenced(rows)]
    if found.code:
        lines += ["", "### Code"]
    for change in found.code:
        summary = f"<summary>{change.of} <code>{change.name}</code> ({change.what})</summary>"
        lines += ["", "<details>", summary, "", *_fenced(change.lines), "", "</details>"]
    return "\n".join(lines) + "\n"


def _how_much(found: Difference) -> str:
    return "nothing has changed" if not found.lines else f"a {found.kind} change"


def _tables(found: Difference) -> Iterator[tuple[str, list[str]]]:
    """The parts that are lists of what is new and what is gone: title and rows."""
    edges = [*(f"- {_edge(e)}" for e in found.gone_edges), *(f"+ {_edge(e)}" for e in found.new_edges)]
    parameters = [row for p in found.parameters for row in _parameter(p)]
    environment = [row for d in found.environment for row in _distribution(d)]
    for title, rows in (("edges", edges), ("parameters", parameters), ("environment", environment)):
        if rows:
            yield title, rows


def _edge(edge: EdgeRecord) -> str:
    return f"{edge.source} → {edge.target}" + (f": {', '.join(edge.values)}" if edge.values else "")


def _parameter(change: ParameterChange) -> Iterator[str]:
    for mark, p in (("-", change.old), ("+", change.new)):
        if p is not None:
            yield f"{mark} {p.name}{f': {p.type}' if p.type else ''} = {p.default}{f'  # {p.help}' if p.help else ''}"


def _distribution(change: DistributionChange) -> Iterator[str]:
    for mark, version in (("-", change.old), ("+", change.new)):
        if version:
            yield f"{mark} {change.name}=={version}"


def _fenced(rows: list[str] | tuple[str, ...]) -> list[str]:
    """Lines as a block that nothing in them ends."""
    fence = "```"
    while any(fence in row for row in rows):
        fence += "`"
    return [f"{fence}diff", *rows, fence]
