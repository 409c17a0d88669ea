"""A metric as a small picture: over the last runs, or along the series that a run has said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

_WIDTH, _HEIGHT, _SIDE, _TOP, _LEFT = 300, 84, 8, 10, 64  # px; numbers stand on the left


class Dot(NamedTuple):
    """A number at a place along the picture, and what its tooltip says."""

    x: float
    value: float
    told: str


def plot_svg(dots: Sequence[Dot], *, marked: bool) -> str:
    """The picture, coloured by the page that it stands in; with ``marked`` every number has its dot, else only the last.

    Numbers that are not finite leave a gap.
    """
    finite = [d for d in dots if math.isfinite(d.value)]
    if not finite:
        return ""
    low, high = min(d.value for d in finite), max(d.value for d in finite)
    first, last = min(d.x for d in dots), max(d.x for d in dots)
    across, up = _WIDTH - _LEFT - _SIDE, _HEIGHT - 2 * _TOP

    def place(dot: Dot) -> tuple[float, float]:
        x = _LEFT + (across * (dot.x - first) / (last - first) if last > first else across)
        part = (dot.value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5  # halves, for what is very large
        return x, _TOP + up * (1 - part)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
    ]
    for number, y in ((high, _TOP), (low, _HEIGHT - _TOP)) if high > low else ((high, _HEIGHT / 2),):
        parts.append(f'<text class="axis" text-anchor="end" x="{_LEFT - 10}" y="{y + 4:.0f}">{number:.4g}</text>')
    for line in _lines(dots):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, line))
        parts.append(f'<polyline class="line" points="{points}"/>')
    for dot in finite:
        if marked or dot is finite[-1]:
            x, y = place(dot)
            look = "dot last" if dot is finite[-1] else "dot"
            parts.append(
                f'<circle class="{look}" cx="{x:.1f}" cy="{y:.1f}" r="{4 if dot is finite[-1] else 2.5}">'
                f"<title>{escape(dot.told)}</title></circle>"
            )
    return "\n".join([*parts, "</svg>"])


def _lines(dots: Sequence[Dot]) -> list[list[Dot]]:
    """The dots that a line joins, one line after another."""
    lines: list[list[Dot]] = [[]]
    for dot in dots:
        if math.isfinite(dot.value):
            lines[-1].append(dot)
        elif lines[-1]:
            lines.append([])
    return [line for line in lines if len(line) > 1]
