"""The records of the IR. They hold no behaviour; functions stand beside them, `invariants` checks them."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from nb2pipe.analysis.effects import Resource
from nb2pipe.diagnostics import Span
from nb2pipe.notebook.model import Requirements

EdgeKind = Literal["data", "resource", "control"]


class Parameter(NamedTuple):
    """A parameter of the pipeline: ``default`` is a Python value, ``type`` a name such as ``float``.

    ``text`` is the default as it is written.
    """

    name: str
    type: str
    default: Any
    help: str = ""
    span: Span = Span(-1)
    text: str = ""


class Value(NamedTuple):
    """One version of a name: what ``producer`` leaves behind under it.

    A state of the process (a random state, a setting) is a value too; its name stands in ``<>``.
    """

    name: str
    producer: str


class Evidence(NamedTuple):
    """Why an edge is there: the place that writes and the place that reads."""

    name: str
    write: Span
    read: Span


class Edge(NamedTuple):
    """``target`` must run after ``source``.

    A data edge carries ``values`` (names), a resource edge is there for ``resources``, a control edge for
    an ``after:`` tag. An input that reaches its reader unchanged through a step that may have changed
    it has an edge from where it was made as well; ``through`` is then True, and the value itself is handed
    over by the later step.
    """

    source: str
    target: str
    kind: EdgeKind
    values: tuple[str, ...] = ()
    resources: tuple[Resource, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    through: bool = False


class Step(NamedTuple):
    """Cells that run in one process, in the notebook's order.

    ``cells`` are 0-based positions in the notebook. ``inputs`` name the version that each name or state is
    loaded from; ``outputs`` the names and states that other steps load from here. ``shared`` are the shared
    cells (parameters, imports, functions, setup) that run before the step's own, in the notebook's order;
    ``changes`` the names and states that the step may bind anew or change.
    """

    name: str
    cells: tuple[int, ...]
    inputs: tuple[Value, ...] = ()
    outputs: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    shared: tuple[int, ...] = ()
    changes: tuple[str, ...] = ()
    requirements: Requirements = Requirements()
    title: str = ""


class Pipeline(NamedTuple):
    """The compiled notebook.

    ``steps`` stand in an order in which they may run. ``shared`` are the cells that run at the start of
    every step that needs them; ``skipped`` those that never run. ``joined`` are the sets of steps that have to share
    one process, because a value that cannot leave it flows between them: each is (steps, value name, kind).
    """

    name: str
    steps: tuple[Step, ...]
    edges: tuple[Edge, ...]
    parameters: tuple[Parameter, ...] = ()
    shared: tuple[int, ...] = ()
    skipped: tuple[int, ...] = ()
    joined: tuple[tuple[tuple[str, ...], str, str], ...] = ()
    modules: tuple[str, ...] = ()
