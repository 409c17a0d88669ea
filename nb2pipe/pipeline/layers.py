"""Levels of a pipeline and the edges worth drawing."""

from __future__ import annotations

from nb2pipe.pipeline.model import Pipeline


def links(pipeline: Pipeline) -> dict[tuple[str, str], list[str]]:
    """What flows between each two steps, in words; values that only pass through are left out."""
    found: dict[tuple[str, str], list[str]] = {}
    for edge in pipeline.edges:
        if edge.through:
            continue
        names = list(edge.values)
        for evidence in edge.evidence:
            if edge.kind != "data" and evidence.name not in names:
                names.append(evidence.name)
        found.setdefault((edge.source, edge.target), []).extend(n for n in names)
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
