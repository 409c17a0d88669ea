"""The records of what a cell does to names and to the world."""

from __future__ import annotations

from enum import Enum
from typing import Literal, NamedTuple

from nb2pipe.diagnostics import Diagnostic, Span


class Certainty(Enum):
    """A ``MUST`` definition kills what reached before it; after a ``MAY`` the earlier one still reaches."""

    MUST = "must"
    MAY = "may"


class Definition(NamedTuple):
    """A binding of a global name. ``kind`` says what was bound where the analysis knows it."""

    name: str
    certainty: Certainty
    span: Span
    kind: str = ""


class Use(NamedTuple):
    """An upward-exposed use: the cell reads the name before it must have defined it.

    ``certainty`` is MUST where the read happens whenever the cell runs, outside any ``try``.
    """

    name: str
    span: Span
    certainty: Certainty = Certainty.MAY


class Mutation(NamedTuple):
    """A change to an object that ``name`` reaches; every name that reaches it has one of these."""

    name: str
    certainty: Certainty
    span: Span


class Deletion(NamedTuple):
    """A ``del`` of a global name."""

    name: str
    certainty: Certainty
    span: Span


ResourceKind = Literal["file", "random", "environment", "cwd", "setting", "display", "network", "clock"]
Mode = Literal["read", "write", "set"]


class Resource(NamedTuple):
    """Something outside the cell's names.

    ``key`` tells resources of a kind apart: a normalised path (``*`` where it is not known), the
    random generator (``random``, ``numpy.random``, ``torch``), the setting's state handler.
    Resources of kind file, network and display are shared by all processes, so order between a read and a
    later write matters too; the others are states of a process, and flow from step to step like values.
    """

    kind: ResourceKind
    key: str


LIBRARIES = Resource("setting", "libraries")
"""What libraries keep to themselves, of all together: a process that has changed it cannot hand it on."""


class Access(NamedTuple):
    """A touch of a resource: "read", "write" (reads and changes it), "set" (replaces it whole)."""

    resource: Resource
    mode: Mode
    span: Span
    certainty: Certainty = Certainty.MUST


class Effects(NamedTuple):
    """What one code cell does, in the notebook's own order of execution.

    ``sharing`` holds the groups of names (each sorted, two or more) that may share a mutable object
    once the cell has run; ``fixed`` the names whose value cannot leave its process, with its kind
    (generator, file, connection, ...); ``modules`` what the cell imports; ``identity`` whether it compares
    objects by identity, so that it sees what is shared without changing it; ``displays`` whether the value of its last
    expression may be shown; ``draws`` whether it may leave figures open, which a notebook shows and closes at a cell's end.
    """

    cell: int
    definitions: tuple[Definition, ...] = ()
    uses: tuple[Use, ...] = ()
    mutations: tuple[Mutation, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    accesses: tuple[Access, ...] = ()
    opaque: tuple[Diagnostic, ...] = ()
    sharing: tuple[tuple[str, ...], ...] = ()
    fixed: tuple[tuple[str, str], ...] = ()
    modules: tuple[str, ...] = ()
    identity: bool = False
    displays: bool = False
    draws: bool = False


class Analysis(NamedTuple):
    """The effects of every code cell, in document order, and what was found on the way."""

    effects: tuple[Effects, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
