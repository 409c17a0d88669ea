"""A pipeline as a networkx graph, for anyone who wants one, and what networkx does for drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb2pipe.pipeline.layers import links
from nb2pipe.pipeline.model import Pipeline

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(pipeline: Pipeline) -> nx.DiGraph:
    """The pipeline as a directed graph.

    Nodes are step names with ``cells``, ``inputs``, ``outputs``, ``parameters`` and ``title``; edges have ``kinds`` and
    ``values`` (names of what flows); the graph has ``name`` and ``parameters``.
    """
    import networkx as nx

    graph = nx.DiGraph(name=pipeline.name, parameters={p.name: p.default for p in pipeline.parameters})
    for step in pipeline.steps:
        graph.add_node(
            step.name, cells=step.cells, inputs=tuple(v.name for v in step.inputs), outputs=step.outputs,
            parameters=step.parameters, title=step.title,
        )  # fmt: skip
    for (source, target), names in links(pipeline).items():
        kinds = sorted({e.kind for e in pipeline.edges if (e.source, e.target) == (source, target)})
        graph.add_edge(source, target, kinds=tuple(kinds), values=tuple(dict.fromkeys(names)))
    return graph


def layered(pipeline: Pipeline) -> tuple[list[list[str]], set[tuple[str, str]]]:
    """The steps by layer, in an order with few crossings, and the edges that a longer way implies.

    Layers are networkx's topological generations; the order within is by barycentre over a few sweeps (Sugiyama,
    Tagawa and Toda, 1981).
    """
    import networkx as nx

    graph = to_networkx(pipeline)
    layers = [list(g) for g in nx.topological_generations(graph)]
    reduced = nx.transitive_reduction(graph)
    implied = {(a, b) for a, b in graph.edges if not reduced.has_edge(a, b)}
    for sweep in range(4):
        downwards = sweep % 2 == 0
        order = range(1, len(layers)) if downwards else range(len(layers) - 2, -1, -1)
        for i in order:
            place = {n: p for layer in layers for p, n in enumerate(layer)}
            near = reduced.predecessors if downwards else reduced.successors

            def centre(name: str, near: object = near, place: dict[str, int] = place) -> float:
                neighbours = [place[n] for n in near(name)]  # type: ignore[operator]  # a method of the graph
                return sum(neighbours) / len(neighbours) if neighbours else float(place[name])

            layers[i].sort(key=centre)
    return layers, implied
