"""What every `Pipeline` satisfies; checked once in every command and after every pass in the tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

from nb2pipe.notebook.model import Notebook
from nb2pipe.pipeline.document import resource_name
from nb2pipe.pipeline.model import Edge, Pipeline, Step
from nb2pipe.pipeline.split import pipeline_cells


def check(pipeline: Pipeline, notebook: Notebook | None = None) -> None:
    """Check the IR, in time linear in its size.

    Names are unique; every input has one producer that outputs it; edges are exactly the join of inputs and
    outputs plus resource and control reasons and values passed through, each with its evidence; the order of steps
    is topological, so there is no circle; each code cell is in one step, or shared, or skipped. That no code cell
    was forgotten can be seen only where ``notebook`` is given.

    Raises:
        AssertionError: An invariant does not hold; that is a fault of nb2pipe.
    """
    _unique("step name", (s.name for s in pipeline.steps))
    _unique("parameter", (p.name for p in pipeline.parameters))
    _check_cells(pipeline, notebook)
    parameters = {p.name for p in pipeline.parameters}
    for step in pipeline.steps:
        _check_step(step, parameters)
    joins = _joins(pipeline)
    _check_edges(pipeline, joins)
    names = {s.name for s in pipeline.steps}
    for members, value, _ in pipeline.joined:
        if len(members) < 2 or not names.issuperset(members):
            _fail(f"steps joined for {value} are no two steps of the pipeline: {members}")


def _check_cells(pipeline: Pipeline, notebook: Notebook | None) -> None:
    """Each cell has one place."""
    homes: dict[int, str] = {}
    places = [(s.name, s.cells) for s in pipeline.steps]
    for home, cells in (*places, ("the shared cells", pipeline.shared), ("the skipped cells", pipeline.skipped)):
        for cell in cells:
            if cell in homes:
                _fail(f"cell {cell} is in {homes[cell]} and in {home}")
            homes[cell] = home
    if notebook is None:
        return
    code = {c.index for c in notebook.cells if c.kind == "code"}
    if not code.issuperset(homes):
        _fail(f"cells {sorted(set(homes) - code)} are no code cells of the notebook")
    forgotten = [c.index for c in pipeline_cells(notebook) if c.index not in homes]
    if forgotten:
        _fail(f"cells {forgotten} are in no step, neither shared nor skipped")


def _check_step(step: Step, parameters: set[str]) -> None:
    """What a step says of itself."""
    if not step.name or not step.cells:
        _fail(f"step {step.name!r} has no name or no cells")
    if list(step.cells) != sorted(step.cells):
        _fail(f"the cells of step {step.name} are not in the notebook's order: {step.cells}")
    _unique(f"input of step {step.name}", (v.name for v in step.inputs))
    _unique(f"output of step {step.name}", step.outputs)
    if not parameters.issuperset(step.parameters):
        _fail(f"step {step.name} takes parameters that the pipeline has not: {step.parameters}")


def _joins(pipeline: Pipeline) -> set[tuple[str, str, str]]:
    """(producer, reader, name) of each input; every producer outputs it, and nothing is output that nobody takes."""
    outputs = {s.name: set(s.outputs) for s in pipeline.steps}
    shared = set(pipeline.shared)
    joins = set()
    for step in pipeline.steps:
        if not shared.issuperset(step.shared):
            _fail(f"step {step.name} runs cells first that are not shared: {step.shared}")
        for value in step.inputs:
            if value.producer not in outputs:
                _fail(f"{value} of step {step.name} has no producer")
            if value.name not in outputs[value.producer]:
                _fail(f"step {value.producer} does not output {value.name}, which {step.name} takes from it")
            joins.add((value.producer, step.name, value.name))
    left = {(s, n) for s, names in outputs.items() for n in names} - {(p, n) for p, _, n in joins}
    if left:
        _fail(f"outputs that no step takes: {sorted(left)}")
    return joins


def _check_edges(pipeline: Pipeline, joins: set[tuple[str, str, str]]) -> None:
    """Edges are the join of inputs and outputs, and the named reasons beside it."""
    position = {s.name: i for i, s in enumerate(pipeline.steps)}
    inputs = {s.name: {v.name for v in s.inputs} for s in pipeline.steps}
    _unique("edge", ((e.source, e.target, e.kind, e.through) for e in pipeline.edges))
    carried: set[tuple[str, str, str]] = set()
    for edge in pipeline.edges:
        if edge.source not in position or edge.target not in position:
            _fail(f"an end of {_named(edge)} is no step")
        if position[edge.source] >= position[edge.target]:
            _fail(f"{_named(edge)} goes against the order of steps")
        _check_reasons(edge)
        names = {e.name for e in edge.evidence}
        if edge.through:
            if not inputs[edge.target].issuperset(edge.values):
                _fail(f"{_named(edge)} passes what {edge.target} does not take: {edge.values}")
        elif edge.kind != "control":
            carried |= {(edge.source, edge.target, n) for n in names if edge.kind == "data" or n.startswith("<")}
    if carried != joins:
        _fail(f"edges and inputs differ: {sorted(carried ^ joins)}")


def _check_reasons(edge: Edge) -> None:
    """The evidence of an edge is that of what it carries, and each piece names two places."""
    names = {e.name for e in edge.evidence}
    if not names:
        _fail(f"{_named(edge)} has no evidence")
    if edge.kind == "data":
        sound = names == set(edge.values) and not edge.resources and not any(n.startswith("<") for n in names)
    elif edge.kind == "resource":
        sound = names == {resource_name(r) for r in edge.resources} and not edge.values and not edge.through
    elif edge.kind == "control":
        sound = not edge.values and not edge.resources and not edge.through
    else:
        _fail(f"{_named(edge)} is of no known kind: {edge.kind}")
    if not sound:
        _fail(f"{_named(edge)} and its evidence differ: {edge.values}, {edge.resources}, {sorted(names)}")
    for evidence in edge.evidence:
        if min(evidence.write.cell, evidence.read.cell) < 0 or min(evidence.write.line, evidence.read.line) < 1:
            _fail(f"the evidence for {evidence.name} on {_named(edge)} is no place: {evidence}")


def _unique(what: str, names: Iterable[object]) -> None:
    twice = [n for n, times in Counter(names).items() if times > 1]
    if twice:
        _fail(f"{what} given twice: {twice}")


def _named(edge: Edge) -> str:
    return f"edge {edge.source} -> {edge.target} ({edge.kind})"


def _fail(message: str) -> NoReturn:
    raise AssertionError(message)
