"""The pipeline as a networkx graph, and why one step waits for another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest

from nb2pipe.diagnostics import Span, UsageError
from nb2pipe.pipeline.graph import implied, layers, to_networkx
from nb2pipe.pipeline.layers import levels, links
from nb2pipe.pipeline.model import Edge, Evidence
from nb2pipe.pipeline.why import why
from tests.pipeline.drawn import ALL, CHAIN, EMPTY, FAN, ODD, ONE, TWELVE, made, notebook_of, tangled

CASES = Path(__file__).parent / "cases"


def test_attributes() -> None:
    graph = to_networkx(CHAIN)
    assert list(graph) == ["load", "clean", "report"]
    assert graph.graph == {"name": "monthly_sales", "parameters": {"year": 2023, "region": "north"}}
    assert graph.nodes["clean"] == {
        "cells": (1,), "inputs": ("df",), "outputs": ("<numpy.random>", "df_clean", "summary"), "parameters": (), "title": "",
    }  # fmt: skip
    assert graph.edges["clean", "report"] == {
        "kinds": ("control", "data", "resource"), "values": ("df_clean", "summary"), "resources": ("<numpy.random>",),
    }  # fmt: skip


@pytest.mark.parametrize("pipeline", [*ALL.values(), tangled(60, 4)], ids=[*ALL, "tangled"])
def test_edges_layers_and_reduction(pipeline) -> None:
    graph = to_networkx(pipeline)
    assert set(graph.edges) == set(links(pipeline))
    assert nx.is_directed_acyclic_graph(graph)
    assert [set(layer) for layer in layers(graph)] == [set(level) for level in levels(pipeline)]
    left = graph.copy()
    left.remove_edges_from(implied(graph))
    assert nx.transitive_closure_dag(left).edges == nx.transitive_closure_dag(graph).edges


def test_only_what_a_longer_way_gives_is_implied() -> None:
    assert implied(to_networkx(FAN)) == {("load", "compare")}


@pytest.mark.parametrize(
    ("case", "pipeline", "source", "target"),
    [
        ("values", CHAIN, "clean", "report"),
        ("normalised", CHAIN, "Load", "CLEAN"),
        ("file", TWELVE, "report", "export"),
        ("path", TWELVE, "load", "report"),
        ("reverse", TWELVE, "export", "clean"),
        ("free", TWELVE, "by_region", "by_month"),
        ("same", ONE, "only", "only"),
        ("odd", ODD, "end", "_x__y_"),
    ],
)
def test_why(case: str, pipeline, source: str, target: str, golden: Callable[[Path, str], None]) -> None:
    golden(CASES / f"why_{case}.txt", why(pipeline, notebook_of(pipeline), source, target))


def test_why_names_both_places_of_all_evidence() -> None:
    notebook = notebook_of(TWELVE)
    for edge in TWELVE.edges:
        text = why(TWELVE, notebook, edge.source, edge.target)
        for evidence in edge.evidence:
            assert f"cell {evidence.write.cell + 1} (step {edge.source}), line {evidence.write.line}\n" in text
            assert f"{evidence.read.line} | use(cell_{evidence.read.cell})" in text
            assert f"{evidence.write.line} |     make(cell_{evidence.write.cell})" in text


def test_why_a_value_passes_through(golden: Callable[[Path, str], None]) -> None:
    base = made("p", ["a", "b", "c"], [("a", "b", ["x"]), ("b", "c", ["x"])])
    through = Edge("a", "c", "data", ("x",), (), (Evidence("x", Span(0), Span(2)),), through=True)
    pipeline = base._replace(edges=(*base.edges, through))
    golden(CASES / "why_through.txt", why(pipeline, notebook_of(pipeline), "a", "c"))


@pytest.mark.parametrize(
    ("pipeline", "names", "message"),
    [
        (CHAIN, ("laod", "clean"), "no step `laod`: did you mean `load`?"),
        (CHAIN, ("load", "zzz"), "no step `zzz`: the steps are load, clean, report"),
        (EMPTY, ("a", "b"), "no step `a`: the pipeline has no steps"),
    ],
)
def test_why_of_an_unknown_step(pipeline, names: tuple[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        why(pipeline, notebook_of(pipeline), *names)
    assert str(caught.value) == message
