"""The metrics of runs: series by name, and what each came to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from nb2pipe.store.runs import Measured, metrics_of


class Point(NamedTuple):
    """A number of a series; ``place`` is that in the series, counted where nobody has said it; ``at`` is when it was said."""

    place: int
    value: float
    at: float


Series = dict[str, tuple[Point, ...]]


def series(said: Iterable[tuple[str, Measured]]) -> Series:
    """The metrics of a run by name; where several steps say one name, that of the step stands before it."""
    said = list(said)
    steps: dict[str, set[str]] = {}
    for step, metric in said:
        steps.setdefault(metric[0], set()).add(step)
    found: dict[str, list[Point]] = {}
    for step, (name, value, place, at) in said:
        points = found.setdefault(name if len(steps[name]) == 1 else f"{step}.{name}", [])
        points.append(Point(len(points) if place is None else place, value, at))
    return {name: tuple(found[name]) for name in sorted(found)}


def final(database: sqlite3.Connection, run: str) -> dict[str, float]:
    """What each metric of a run was at last."""
    return {name: points[-1].value for name, points in series(metrics_of(database, run)).items()}
