"""Levels of a pipeline and the edges worth drawing."""

from __future__ import annotations

from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.words import in_words

# The order in which the kinds of edges are told.
KINDS = ("data", "resource", "control")


def links(pipeline: Pipeline) -> dict[tuple[str, str], list[str]]:
    """What flows between each two steps, in words and each once: values, resources, tags; sorted by the places of the steps.

    Edges of values that only pass through are left out: the step that hands the value over has an edge too.
    """
    place = {step.name: i for i, step in enumerate(pipeline.steps)}
    found: dict[tuple[str, str], dict[str, None]] = {}
    for edge in sorted(pipeline.edges, key=lambda e: (place[e.source], place[e.target], KINDS.index(e.kind))):
        if edge.through:
            continue
        names = edge.values if edge.kind == "data" else tuple(e.name for e in edge.evidence)
        found.setdefault((edge.source, edge.target), {}).update(dict.fromkeys(in_words(n) for n in names))
    return {pair: list(names) for pair, names in found.items()}


def kinds(pipeline: Pipeline) -> dict[tuple[str, str], set[str]]:
    """The kinds of edges between each two steps that `links` tells of."""
    found: dict[tuple[str, str], set[str]] = {}
    for edge in pipeline.edges:
        if not edge.through:
            found.setdefault((edge.source, edge.target), set()).add(edge.kind)
    return found


def levels(pipeline: Pipeline) -> list[list[str]]:
    """The steps by the length of the longest way that leads to them: those of one level may run at the same time."""
    sources: dict[str, list[str]] = {}
    for edge in pipeline.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    rank: dict[str, int] = {}
    for step in pipeline.steps:
        rank[step.name] = 1 + max((rank[s] for s in sources.get(step.name, ())), default=-1)
    found: list[list[str]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for name, level in rank.items():
        found[level].append(name)
    return found
