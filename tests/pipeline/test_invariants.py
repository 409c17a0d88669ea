"""The gate of the IR: each way to break a pipeline is seen."""

from __future__ import annotations

import time

import pytest

from nb2pipe.analysis.effects import Resource
from nb2pipe.diagnostics import Span
from nb2pipe.notebook.model import Cell, Notebook, Tags
from nb2pipe.pipeline.invariants import check
from nb2pipe.pipeline.model import Edge, Evidence, Parameter, Pipeline, Value
from tests.pipeline.drawn import ALL, made, notebook_of, tangled

BASE = made(
    "base", ["a", "b", "c"],
    [("a", "b", ["x", "<cwd>"]), ("b", "c", ["x", "y", "file:f.csv", "after:b"]), ("a", "c", ["z"])],
    parameters=(Parameter("n", "int", 1),), shared=(3,), skipped=(4,), joined=((("a", "b"), "x", "generator"),),
)  # fmt: skip
PLACES = (Evidence("x", Span(0), Span(2)),)


def step(index: int, **changes: object) -> Pipeline:
    steps = list(BASE.steps)
    steps[index] = steps[index]._replace(**changes)
    return BASE._replace(steps=tuple(steps))


def edge(kind: str, source: str, target: str, /, **changes: object) -> Pipeline:
    found = [(e.kind, e.source, e.target) == (kind, source, target) for e in BASE.edges]
    assert found.count(True) == 1
    return BASE._replace(edges=tuple(e._replace(**changes) if f else e for e, f in zip(BASE.edges, found, strict=True)))


def more(*edges: Edge) -> Pipeline:
    return BASE._replace(edges=(*BASE.edges, *edges))


X_PLACE = Evidence("x", Span(0), Span(1))
BROKEN = {
    "two steps of one name": (step(1, name="a"), "step name given twice"),
    "two parameters of one name": (BASE._replace(parameters=BASE.parameters * 2), "parameter given twice"),
    "a step without a name": (step(0, name=""), "no name"),
    "a step without cells": (step(0, cells=()), "no cells"),
    "cells out of order": (step(0, cells=(9, 0)), "notebook's order"),
    "a cell in two steps": (step(1, cells=(0, 1)), "cell 0 is in a and in b"),
    "a cell in a step and shared": (BASE._replace(shared=(0,)), "cell 0 is in a and in the shared"),
    "a cell in a step and skipped": (BASE._replace(skipped=(2,)), "cell 2 is in c and in the skipped"),
    "a cell shared and skipped": (BASE._replace(skipped=(3,)), "cell 3 is in the shared"),
    "an input without a producer": (step(1, inputs=(Value("x", "nobody"), Value("<cwd>", "a"))), "no producer"),
    "an input that its producer does not output": (step(0, outputs=("<cwd>", "z")), "does not output x"),
    "a name taken twice": (step(1, inputs=(*BASE.steps[1].inputs, Value("x", "c"))), "input of step b given twice"),
    "an output given twice": (step(0, outputs=(*BASE.steps[0].outputs, "x")), "output of step a given twice"),
    "an output that nobody takes": (step(2, outputs=("unused",)), "outputs that no step takes"),
    "an input without an edge": (BASE._replace(edges=BASE.edges[1:]), "edges and inputs differ"),
    "an edge without an input": (step(2, inputs=BASE.steps[2].inputs[:-1]), "outputs that no step takes|differ"),
    "a data edge that no input asks for": (
        edge("data", "a", "c", values=("x", "z"), evidence=(*PLACES, Evidence("z", Span(0), Span(2)))), "inputs differ",
    ),
    "an edge less": (BASE._replace(edges=BASE.edges[:-1]), "edges and inputs differ"),
    "a value more on an edge": (
        edge("data", "a", "b", values=("x", "w"), evidence=(X_PLACE, Evidence("w", Span(0), Span(1)))), "differ",
    ),
    "a state without an input": (step(1, inputs=BASE.steps[1].inputs[1:]), "outputs that no step takes|differ"),
    "an edge to no step": (edge("data", "a", "b", target="nobody"), "is no step"),
    "an edge from no step": (edge("control", "b", "c", source="nobody"), "is no step"),
    "an edge to itself": (edge("control", "b", "c", target="b"), "against the order"),
    "a circle": (more(Edge("c", "a", "control", (), (), (Evidence("after:c", Span(2), Span(0)),))), "against the order"),
    "steps out of order": (BASE._replace(steps=BASE.steps[::-1]), "against the order"),
    "an edge twice": (more(BASE.edges[0]), "edge given twice"),
    "an edge without evidence": (edge("control", "b", "c", evidence=()), "no evidence"),
    "an edge of no kind": (edge("control", "b", "c", kind="maybe"), "no known kind"),
    "a value without evidence": (edge("data", "b", "c", evidence=BASE.edges[2].evidence[:1]), "its evidence differ"),
    "evidence of something else": (edge("data", "a", "b", evidence=(Evidence("q", Span(0), Span(1)),)), "evidence differ"),
    "evidence that is no place": (edge("data", "a", "b", evidence=(Evidence("x", Span(-1), Span(1)),)), "is no place"),
    "evidence on no line": (edge("data", "a", "b", evidence=(Evidence("x", Span(0, 0), Span(1)),)), "is no place"),
    "a state on a data edge": (
        edge("data", "a", "b", values=("<cwd>", "x"), evidence=(X_PLACE, Evidence("<cwd>", Span(0), Span(1)))), "differ",
    ),
    "a resource on a data edge": (edge("data", "a", "b", resources=(Resource("file", "f"),)), "evidence differ"),
    "a resource edge without a resource": (edge("resource", "b", "c", resources=()), "evidence differ"),
    "a value on a resource edge": (edge("resource", "b", "c", values=("x",)), "evidence differ"),
    "a value on a control edge": (edge("control", "b", "c", values=("x",)), "evidence differ"),
    "a control edge that passes through": (edge("control", "b", "c", through=True), "evidence differ"),
    "passing what is not taken": (
        more(Edge("a", "c", "data", ("q",), (), (Evidence("q", Span(0), Span(2)),), through=True)), "does not take",
    ),
    "a parameter that the pipeline has not": (step(0, parameters=("m",)), "parameters that the pipeline has not"),
    "a shared cell that is none": (step(0, shared=(7,)), "not shared"),
    "joined steps that are none": (BASE._replace(joined=((("a", "q"), "x", "generator"),)), "joined"),
    "one step joined": (BASE._replace(joined=((("a",), "x", "generator"),)), "joined"),
}  # fmt: skip


def test_sound_pipelines_pass() -> None:
    check(BASE)
    check(more(Edge("a", "c", "data", ("x",), (), PLACES, through=True)))
    check(step(0, parameters=("n",), shared=(3,)))
    for pipeline in [*ALL.values(), tangled(60, 1)]:
        check(pipeline, notebook_of(pipeline))


@pytest.mark.parametrize("fault", BROKEN)
def test_each_fault_is_seen(fault: str) -> None:
    pipeline, message = BROKEN[fault]
    with pytest.raises(AssertionError, match=message):
        check(pipeline)


def notebook(*cells: Cell) -> Notebook:
    return Notebook("n.ipynb", "python3", cells)


def test_a_forgotten_cell_is_seen() -> None:
    one = ALL["one"]
    code = Cell("a", 0, "code", "x = 1")
    check(one, notebook(code, Cell("b", 1, "markdown", "text"), Cell("c", 2, "code", "  \n")))
    with pytest.raises(AssertionError, match=r"cells \[1\] are in no step"):
        check(one, notebook(code, Cell("b", 1, "code", "y = 1")))
    with pytest.raises(AssertionError, match=r"cells \[0\] are no code cells"):
        check(one, notebook(Cell("a", 0, "markdown", "x")))
    skipped = Cell("b", 1, "code", "y = 1", Tags(roles=frozenset({"skip"})))
    check(one._replace(skipped=(1,)), notebook(code, skipped))


def test_time_is_linear_in_the_size() -> None:
    small, large = tangled(500, 1), tangled(4000, 1)

    def seconds(pipeline: Pipeline) -> float:
        def once() -> float:
            start = time.process_time()
            check(pipeline)
            return time.process_time() - start

        return min(once() for _ in range(3))

    assert seconds(large) < 8 * 4 * max(seconds(small), 0.002)
