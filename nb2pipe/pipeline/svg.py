"""A pipeline as a picture: layered, readable in light and dark, without an external program."""

from __future__ import annotations

from html import escape

from nb2pipe.pipeline.graph import layered
from nb2pipe.pipeline.layers import links
from nb2pipe.pipeline.model import Pipeline

_CHAR = 7.3  # width of a character at 13 px in a monospaced face, in px
_BOX, _GAP, _LAYER, _MARGIN = 44, 28, 64, 24
_STYLE = """
  svg { background: #ffffff; }
  .box { fill: #f4f6fb; stroke: #5b6b8c; } .title { fill: #16203a; font-weight: 600; } .small { fill: #55617d; }
  .edge { fill: none; stroke: #7d8bab; stroke-width: 1.4; } .implied { stroke-dasharray: 3 4; opacity: .55; }
  .head { fill: #7d8bab; } .label { fill: #3c4963; } .halo { stroke: #ffffff; stroke-width: 4; paint-order: stroke; }
  @media (prefers-color-scheme: dark) {
    svg { background: #14171f; } .box { fill: #1f2533; stroke: #8fa0c6; } .title { fill: #eef2ff; }
    .small { fill: #aab6d3; } .edge { stroke: #7e8db0; } .head { fill: #7e8db0; } .label { fill: #c8d3ee; }
    .halo { stroke: #14171f; } }
  text { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 13px; }
  .small, .label { font-size: 11px; }
"""


def render_svg(pipeline: Pipeline) -> str:
    """The pipeline as an SVG document."""
    layers, implied = layered(pipeline)
    steps = {s.name: s for s in pipeline.steps}
    flows = links(pipeline)
    widths = {n: max(len(n) * _CHAR, len(_cells(steps[n].cells)) * 6.3) + 28 for n in steps}
    rows = [sum(widths[n] for n in layer) + _GAP * (len(layer) - 1) for layer in layers]
    total = max([*rows, 200.0]) + 2 * _MARGIN
    place: dict[str, tuple[float, float]] = {}
    for depth, layer in enumerate(layers):
        x = (total - rows[depth]) / 2
        for name in layer:
            place[name] = (x, _MARGIN + depth * (_BOX + _LAYER))
            x += widths[name] + _GAP
    height = _MARGIN * 2 + len(layers) * (_BOX + _LAYER) - _LAYER if layers else 80
    depth_of = {n: d for d, layer in enumerate(layers) for n in layer}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total:.0f}" height="{height:.0f}" viewBox="0 0 {total:.0f} {height:.0f}" role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(pipeline.name)}</title><desc id="d">{len(steps)} steps, {len(flows)} edges</desc>',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>',
    ]  # fmt: skip
    labels = []
    for (source, target), names in sorted(flows.items()):
        (x0, y0), (x1, y1) = place[source], place[target]
        x0, y0, x1 = x0 + widths[source] / 2, y0 + _BOX, x1 + widths[target] / 2
        far = depth_of[target] - depth_of[source] > 1
        if far:
            side = _free_side(x0, x1, depth_of[source], depth_of[target], layers, place, widths)
            top, bottom = y0 + _LAYER / 2, y1 - _LAYER / 2
            path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {top:.1f} {side:.1f} {y0 + 8:.1f} {side:.1f} {y0 + _LAYER:.1f}L{side:.1f} {y1 - _LAYER:.1f}C{side:.1f} {y1 - 8:.1f} {x1:.1f} {bottom:.1f} {x1:.1f} {y1 - 2:.1f}"
        else:
            path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {y0 + _LAYER / 2:.1f} {x1:.1f} {y1 - _LAYER / 2:.1f} {x1:.1f} {y1 - 2:.1f}"
        hidden = " implied" if (source, target) in implied else ""
        tip = escape(", ".join(dict.fromkeys(names)))
        parts.append(
            f'<path class="edge{hidden}" marker-end="url(#a)" d="{path}"><title>{escape(source)} to {escape(target)}: {tip}</title></path>'
        )
        if not hidden:
            labels.append(
                f'<text class="label halo" text-anchor="middle" x="{(x0 + 2 * x1) / 3:.1f}" y="{y1 - 14:.1f}">{escape(_short(names))}</text>'
            )
    for name, (x, y) in place.items():
        step = steps[name]
        middle = x + widths[name] / 2
        parts.append(
            f'<g><rect class="box" x="{x:.1f}" y="{y:.1f}" width="{widths[name]:.1f}" height="{_BOX}" rx="8"/>'
        )
        parts.append(
            f'<text class="title" text-anchor="middle" x="{middle:.1f}" y="{y + 19:.1f}">{escape(name)}</text>'
        )
        parts.append(
            f'<text class="small" text-anchor="middle" x="{middle:.1f}" y="{y + 35:.1f}">{_cells(step.cells)}</text></g>'
        )
    return "\n".join([*parts, *labels, "</svg>"]) + "\n"


def _free_side(
    x0: float, x1: float, first: int, last: int, layers: list[list[str]], place: dict[str, tuple[float, float]], widths: dict[str, float]
) -> float:  # fmt: skip
    """Where a long edge passes the layers in between without crossing a box."""
    boxes = [(place[n][0] - 10, place[n][0] + widths[n] + 10) for layer in layers[first + 1 : last] for n in layer]
    wanted = (x0 + x1) / 2
    candidates = [wanted, *(edge for box in boxes for edge in box)]
    free = [c for c in candidates if all(not (a < c < b) for a, b in boxes)]
    return min(free, key=lambda c: abs(c - wanted)) if free else wanted


def _short(names: list[str]) -> str:
    shown = list(dict.fromkeys(names))
    text = ", ".join(shown[:2]) + (f" +{len(shown) - 2}" if len(shown) > 2 else "")
    return text if len(text) <= 26 else text[:24] + "…"


def _cells(cells: tuple[int, ...]) -> str:
    if len(cells) == 1:
        return f"cell {cells[0] + 1}"
    joined = cells[-1] - cells[0] == len(cells) - 1
    return f"cells {cells[0] + 1}-{cells[-1] + 1}" if joined else f"{len(cells)} cells"
