"""What every `Pipeline` satisfies; checked once in every command and after every pass in the tests."""

from __future__ import annotations

from nb2pipe.pipeline.model import Pipeline


def check(pipeline: Pipeline) -> None:
    """Check the IR.

    Names are unique; every input has one producer that outputs it; edges are exactly the join of inputs and
    outputs plus resource and control reasons and values passed through; the order of steps is topological; each
    code cell is in one step, or shared, or skipped.

    Raises:
        AssertionError: An invariant does not hold; that is a fault of nb2pipe.
    """
    names = [s.name for s in pipeline.steps]
    _require(len(names) == len(set(names)), f"step names repeat: {names}")
    position = {n: i for i, n in enumerate(names)}
    outputs = {s.name: set(s.outputs) for s in pipeline.steps}
    joins: set[tuple[str, str, str]] = set()
    for step in pipeline.steps:
        taken = [v.name for v in step.inputs]
        _require(len(taken) == len(set(taken)), f"step {step.name} takes a name twice: {taken}")
        for value in step.inputs:
            _require(value.producer in outputs, f"{value} has no producer")
            _require(value.name in outputs[value.producer], f"{value.producer} does not output {value.name}")
            joins.add((value.producer, step.name, value.name))
    carried: set[tuple[str, str, str]] = set()
    for edge in pipeline.edges:
        _require(
            position[edge.source] < position[edge.target], f"edge {edge.source} -> {edge.target} against the order"
        )
        _require(bool(edge.evidence), f"edge {edge.source} -> {edge.target} without evidence")
        if edge.kind == "data" and not edge.through:
            carried |= {(edge.source, edge.target, v) for v in edge.values}
        elif edge.kind == "resource":
            carried |= {(edge.source, edge.target, e.name) for e in edge.evidence if e.name.startswith("<")}
        elif edge.through:
            taken = [v.name for s in pipeline.steps if s.name == edge.target for v in s.inputs]
            _require(set(edge.values) <= set(taken), f"edge {edge.source} -> {edge.target} passes what is not taken")
    _require(carried == joins, f"edges and inputs differ: {sorted(carried ^ joins)}")
    homes: dict[int, str] = {}
    for step in pipeline.steps:
        for cell in step.cells:
            _require(cell not in homes, f"cell {cell} is in steps {homes.get(cell)} and {step.name}")
            homes[cell] = step.name
    _require(not set(homes) & {*pipeline.shared, *pipeline.skipped}, "a cell is both in a step and shared or skipped")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
