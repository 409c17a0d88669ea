"""When each step of a run ran, as a picture: a bar a step along the time of the run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from nb2pipe.pipeline.words import clipped, columns, printable

_ROW, _BAR, _AXIS = 24, 14, 26  # heights in px: of a row, of its bar, of the axis below
_WIDTH, _CHARACTER, _NAME = 860, 7.3, 28  # the picture in px; a character of a name; characters of a name
_STEPS = (1, 2, 5)


class Bar(NamedTuple):
    """A step: from when to when, in seconds from the start of the run, how it ended, and what the tooltip says."""

    step: str
    start: float
    end: float
    kind: str
    told: str


def timeline_svg(bars: Sequence[Bar], whole: float) -> str:
    """The picture, coloured by the page that it stands in; ``whole`` is how long the run took, in seconds."""
    names = [clipped(printable(b.step), _NAME) for b in bars]
    left = max((columns(n) for n in names), default=0) * _CHARACTER + 14
    whole = max(whole, *(b.end for b in bars), 1e-3)
    scale = (_WIDTH - left - 70) / whole
    height = len(bars) * _ROW + _AXIS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="timeline">'
    ]
    for at in ticks(whole):
        x = left + at * scale
        parts += [
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - _AXIS + 4}"/>',
            f'<text class="axis" text-anchor="middle" x="{x:.1f}" y="{height - 7}">{seconds(at)}</text>',
        ]
    for row, (bar, name) in enumerate(zip(bars, names, strict=True)):
        x, y, width = left + bar.start * scale, row * _ROW, max((bar.end - bar.start) * scale, 2.5)
        parts += [
            f"<g><title>{escape(bar.told)}</title>",
            f'<text class="name" x="0" y="{y + _BAR + 1}">{escape(name)}</text>',
            f'<rect class="bar {bar.kind}" x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{_BAR}" rx="3"/>',
            f'<text class="axis" x="{x + width + 5:.1f}" y="{y + _BAR + 1}">{seconds(bar.end - bar.start)}</text></g>',
        ]
    return "\n".join([*parts, "</svg>"])


def ticks(whole: float) -> list[float]:
    """Round times from 0 to ``whole``, at most some eight of them."""
    power = 1e-6
    while True:
        for step in _STEPS:
            if whole / (step * power) <= 8:
                return [n * step * power for n in range(int(whole / (step * power)) + 1)]
        power *= 10


def seconds(value: float) -> str:
    """A time in a few characters."""
    if value >= 3600:
        return f"{value / 3600:.3g} h"
    if value >= 120:
        return f"{value / 60:.3g} min"
    return f"{value:.3g} s" if value >= 0.1 or not value else f"{value * 1000:.3g} ms"
