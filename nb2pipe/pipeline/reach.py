"""Which steps come before a step in every schedule, and which after it."""

from __future__ import annotations

from collections.abc import Iterable

from nb2pipe.pipeline.model import Pipeline


def ancestors(pipeline: Pipeline, step: str) -> set[str]:
    """All steps that come before ``step`` in every schedule."""
    return _reached(step, ((e.target, e.source) for e in pipeline.edges))


def descendants(pipeline: Pipeline, step: str) -> set[str]:
    """All steps that come after ``step`` in every schedule."""
    return _reached(step, ((e.source, e.target) for e in pipeline.edges))


def _reached(start: str, pairs: Iterable[tuple[str, str]]) -> set[str]:
    near: dict[str, list[str]] = {}
    for source, target in pairs:
        near.setdefault(source, []).append(target)
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for other in near.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
