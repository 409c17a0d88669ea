"""A pipeline as a picture: layered, readable in light and dark, without an external program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from nb2pipe.pipeline.graph import to_networkx
from nb2pipe.pipeline.layers import kinds, links
from nb2pipe.pipeline.layout import Layout, Place, Route, Size, lay_out
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.pipeline.words import cannot_leave, cells_in_words, clipped, columns, count, printable

# Advance widths of DejaVu Sans Mono (0.602 em), the widest of the faces named below, in px.
_WIDE, _NARROW = 13 * 0.602, 11 * 0.602
_LINE, _SMALL = 17, 14  # heights of a line of either size, in px
_NAME, _LABEL, _NAMES = 24, 22, 3  # characters of a line of a name and of a label; values that a label shows
_MARGIN, _HEAD = 24, 58
# All rules name the class of the document, for a page that takes the picture in shares its names with it.
_STYLE = """
.nb2pipe text { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 13px; fill: #16203a; }
.nb2pipe .name { font-weight: 600; }
.nb2pipe .small, .nb2pipe .label { font-size: 11px; fill: #55617d; }
.nb2pipe .label { fill: #2f3d5e; }
.nb2pipe .paper { fill: #ffffff; }
.nb2pipe .box { fill: #f1f4fb; stroke: #5b6b8c; }
.nb2pipe .joined { stroke-width: 2.5; }
.nb2pipe .edge { fill: none; stroke: #7d8bab; stroke-width: 1.4; }
.nb2pipe .resource { stroke-dasharray: 6 3; }
.nb2pipe .implied { stroke-dasharray: 1.5 4; stroke: #a3aec6; }
.nb2pipe .head { fill: #7d8bab; }
.nb2pipe .head.implied { fill: #a3aec6; }
@media (prefers-color-scheme: dark) {
.nb2pipe text { fill: #eef2ff; }
.nb2pipe .small { fill: #a3afcd; }
.nb2pipe .label { fill: #ccd6f0; }
.nb2pipe .paper { fill: #14171f; }
.nb2pipe .box { fill: #212838; stroke: #8fa0c6; }
.nb2pipe .edge { stroke: #7e8db0; }
.nb2pipe .implied { stroke: #56617d; }
.nb2pipe .head { fill: #7e8db0; }
.nb2pipe .head.implied { fill: #56617d; }
}
"""


# For a picture of a run: the colours of the states of its steps.
_LOOKS = """
.nb2pipe .box.ok { fill: #e2f4e8; stroke: #26854a; }
.nb2pipe .box.cached { fill: #e1effc; stroke: #2b6cb0; }
.nb2pipe .box.failed { fill: #fde6e4; stroke: #c0392b; stroke-width: 2.2; }
.nb2pipe .box.running { fill: #fdf1d3; stroke: #a86b00; }
.nb2pipe .box.idle { fill: #f3f4f6; stroke: #8a93a3; stroke-dasharray: 5 3; }
@media (prefers-color-scheme: dark) {
.nb2pipe .box.ok { fill: #163524; stroke: #4fc27d; }
.nb2pipe .box.cached { fill: #17304b; stroke: #6db1f2; }
.nb2pipe .box.failed { fill: #471d1b; stroke: #ff8a7d; }
.nb2pipe .box.running { fill: #43330f; stroke: #f0b84a; }
.nb2pipe .box.idle { fill: #1d222c; stroke: #6f7a8f; }
}
"""


class Look(NamedTuple):
    """How a step of a run is drawn: ``kind`` is ok, cached, failed, running or idle; ``note`` stands in its box."""

    kind: str
    note: str


def render_svg(pipeline: Pipeline, looks: Mapping[str, Look] | None = None) -> str:
    """The pipeline as an SVG document: boxes are steps, lines what flows; the tooltips say it in full.

    With ``looks`` it is the picture of a run: those of the steps that are named.
    """
    looks = looks or {}
    steps = {s.name: s for s in pipeline.steps}
    flows = links(pipeline)
    labels = {pair: _label(names) for pair, names in flows.items()}
    layout = lay_out(
        to_networkx(pipeline),
        {s.name: _box_size(s, looks.get(s.name)) for s in pipeline.steps},
        {pair: Size(max(map(columns, lines)) * _NARROW + 6, len(lines) * _SMALL) for pair, lines in labels.items()},
    )
    notes = _notes(pipeline, layout)
    title, size = clipped(printable(pipeline.name), 60), _size(pipeline)
    width = max(
        layout.width, columns(title) * _WIDE, *((columns(t) * _NARROW) for t in (size, *notes))
    ) + 2 * _MARGIN  # fmt: skip
    height = _HEAD + layout.height + _MARGIN + (len(notes) * _SMALL + 10 if notes else 0)
    found = kinds(pipeline)
    joined = {m for members, _, _ in pipeline.joined for m in members}
    attributes = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    spoken = _text(f"{pipeline.name}: {size}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nb2pipe" {attributes} role="img" aria-label="{spoken}">',
        f"<style>{_STYLE}{_LOOKS if looks else ''}</style>",
        '<rect class="paper" width="100%" height="100%"/>',
        f'<text class="name" x="{_MARGIN}" y="28">{_text(title)}</text>',
        f'<text class="small" x="{_MARGIN}" y="45">{_text(size)}</text>',
        f'<g transform="translate({(width - layout.width) / 2:.1f} {_HEAD})">',
    ]
    for route in sorted(layout.routes, key=lambda r: not r.implied):
        pair = (route.source, route.target)
        look = "implied" if route.implied else "" if "data" in found[pair] else "resource"
        parts += _line(route, look, flows[pair])
    for route in layout.routes:
        if route.label is not None:
            lines = labels[route.source, route.target]
            parts += _lines("label", route.label.x, route.label.y - len(lines) * _SMALL / 2, _SMALL, lines)
    for name, place in layout.boxes.items():
        parts += _box(steps[name], place, looks.get(name), joined=name in joined)
    parts.append("</g>")
    parts += _lines("small", _MARGIN, height - _MARGIN - len(notes) * _SMALL, _SMALL, notes, anchor="start")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _size(pipeline: Pipeline) -> str:
    if not pipeline.steps:
        return "no steps"
    edges = len({(e.source, e.target) for e in pipeline.edges if not e.through})
    return f"{count(len(pipeline.steps), 'step')}, {count(edges, 'edge')}"


def _notes(pipeline: Pipeline, layout: Layout) -> list[str]:
    """What stands below the picture: what its lines mean where they are not plain, and who shares a process."""
    notes = []
    if any(set(found) <= {"resource", "control"} for found in kinds(pipeline).values()):
        notes.append("dashed: an order only, or a file or state of the process")
    if any(route.implied for route in layout.routes):
        notes.append("dotted: a longer way gives this order as well")
    for members, value, kind in pipeline.joined:
        text = f"one process: {', '.join(members)} ({cannot_leave(value, kind)})"
        notes.append(clipped(printable(text), 110))
    return notes


def _line(route: Route, look: str, names: Sequence[str]) -> list[str]:
    """A line from box to box with its arrowhead, open where its label stands."""
    points = route.points
    path = ""
    for i in range(0, len(points), 2):
        (x, top), (_, bottom) = points[i], points[i + 1]
        last = i == len(points) - 2
        if i == 0:
            path = f"M{x:.1f} {top:.1f}"
        else:
            before, above = points[i - 1]
            middle = (above + top) / 2
            path += f"C{before:.1f} {middle:.1f} {x:.1f} {middle:.1f} {x:.1f} {top - (5 if last and top == bottom else 0):.1f}"
        if i == len(points) - 4 and route.label is not None:
            half = route.label.height / 2 + 1
            if route.label.y - half > top:
                path += f"V{route.label.y - half:.1f}"
            path += f"M{x:.1f} {max(route.label.y + half, top):.1f}"
        if bottom > top:
            path += f"V{bottom - (5 if last else 0):.1f}"
    x, y = points[-1]
    look = f" {look}" if look else ""
    return [
        f"<g><title>{_text(f'{route.source} to {route.target}: ' + ', '.join(names))}</title>",
        f'<path class="edge{look}" d="{path}"/>',
        f'<path class="head{look}" d="M{x - 3.5:.1f} {y - 8:.1f}h7L{x:.1f} {y - 1:.1f}z"/></g>',
    ]


def _box(step: Step, place: Place, drawn: Look | None, *, joined: bool) -> list[str]:
    """A step: its name, and in small its cells and what is said of it."""
    left, top = place.x - place.width / 2, place.y - place.height / 2
    size = f'width="{place.width:.1f}" height="{place.height:.1f}"'
    look = "box joined" if joined else "box"
    if drawn is not None:
        look += f" {drawn.kind}"
    lines = _name(step.name)
    about = f"{step.name}: {cells_in_words(step.cells)}"
    if step.title:
        about += f", {step.title}"
    if step.parameters:
        about += f"; parameters: {', '.join(step.parameters)}"
    return [
        f"<g><title>{_text(about)}</title>",
        f'<rect class="{look}" x="{left:.1f}" y="{top:.1f}" {size} rx="8"/>',
        *_lines("name", place.x, top + 6, _LINE, lines),
        *_lines("small", place.x, top + 6 + len(lines) * _LINE, _SMALL, _small(step, drawn)),
        "</g>",
    ]


def _box_size(step: Step, drawn: Look | None) -> Size:
    lines, small = _name(step.name), _small(step, drawn)
    width = max(max(map(columns, lines)) * _WIDE, max(map(columns, small)) * _NARROW)
    return Size(width + 26, len(lines) * _LINE + len(small) * _SMALL + 14)


def _small(step: Step, drawn: Look | None) -> list[str]:
    return [_cells(step)] if drawn is None else [_cells(step), clipped(printable(drawn.note), _NAME)]


def _lines(look: str, x: float, top: float, height: int, lines: Sequence[str], anchor: str = "middle") -> list[str]:
    """Lines of text below one another; ``x`` is where their middle or their start stands."""
    return [
        f'<text class="{look}" text-anchor="{anchor}" x="{x:.1f}" y="{top + (i + 0.76) * height:.1f}">{_text(line)}</text>'
        for i, line in enumerate(lines)
    ]


def _name(name: str) -> list[str]:
    """A step's name in at most three lines, broken behind underscores where it has any."""
    lines = [""]
    for part in printable(name).replace("_", "_\0").split("\0"):
        if lines[-1] and columns(lines[-1] + part) > _NAME:
            lines.append("")
        lines[-1] += part
        while columns(lines[-1]) > _NAME:
            head = clipped(lines[-1], _NAME + 1)[:-1]
            lines[-1:] = [head, lines[-1][len(head) :]]
    if len(lines) > 3:
        lines[2:] = [clipped(lines[2] + lines[3], _NAME)]
    return lines


def _cells(step: Step) -> str:
    text = cells_in_words(step.cells)
    return text if len(text) <= _NAME else count(len(step.cells), "cell")


def _label(names: Sequence[str]) -> list[str]:
    """What flows, a value a line; the last line says how many more there are."""
    shown = [clipped(printable(n), _LABEL) for n in names[: _NAMES if len(names) <= _NAMES else _NAMES - 1]]
    return shown + ([f"+{len(names) - len(shown)} more"] if len(shown) < len(names) else [])


def _text(text: str) -> str:
    return escape(printable(text).replace("\t", " ").replace("\n", " "))
