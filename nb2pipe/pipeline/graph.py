"""A pipeline as a networkx graph, for anyone who wants one, and what networkx does for drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb2pipe.pipeline.document import resource_name
from nb2pipe.pipeline.model import Pipeline

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(pipeline: Pipeline) -> nx.DiGraph[str]:
    """The pipeline as a directed graph.

    Nodes are step names with ``cells``, ``inputs``, ``outputs``, ``parameters`` and ``title``; edges have ``kinds``,
    ``values`` and ``resources`` (names, sorted); the graph has ``name`` and ``parameters`` (defaults by name). An edge for
    a value that only passes through is left out.
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph(name=pipeline.name, parameters={p.name: p.default for p in pipeline.parameters})
    for step in pipeline.steps:
        graph.add_node(
            step.name,
            cells=step.cells,
            inputs=tuple(v.name for v in step.inputs),
            outputs=step.outputs,
            parameters=step.parameters,
            title=step.title,
        )
    for edge in pipeline.edges:
        if edge.through:
            continue
        if not graph.has_edge(edge.source, edge.target):
            graph.add_edge(edge.source, edge.target, kinds=(), values=(), resources=())
        known = graph.edges[edge.source, edge.target]
        known["kinds"] = tuple(sorted({*known["kinds"], edge.kind}))
        known["values"] = tuple(sorted({*known["values"], *edge.values}))
        known["resources"] = tuple(sorted({*known["resources"], *map(resource_name, edge.resources)}))
    return graph


def layers(graph: nx.DiGraph[str]) -> list[list[str]]:
    """The steps by layer, each in the first that all its sources stand above."""
    import networkx as nx

    return [list(generation) for generation in nx.topological_generations(graph)]


def implied(graph: nx.DiGraph[str]) -> set[tuple[str, str]]:
    """The edges whose order a longer way gives as well."""
    import networkx as nx

    return set(graph.edges) - set(nx.transitive_reduction(graph).edges)
