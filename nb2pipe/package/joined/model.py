"""The records of notebooks that are joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nb2pipe.analysis.effects import Analysis
from nb2pipe.diagnostics import Nb2pipeError, Span
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.package.model import Plan


class NotJoined(Nb2pipeError):
    """Notebooks that cannot be joined as they are: why, a line for each place that it concerns, and what can be done."""

    exit_code = 3

    def __init__(self, why: str, lines: Iterable[str] = (), fix: str = "") -> None:
        super().__init__("\n".join([why, *dict.fromkeys(lines), *([f"fix: {fix}"] if fix else [])]))


@dataclass(frozen=True, slots=True)
class Member:
    """One of several notebooks: ``name`` is that of its part of the package, ``file`` where it stands, from the common folder.

    ``folder`` is the folder in which it runs, from there as well. ``after`` names the notebooks behind which it is to run,
    ``takes`` says of names which notebook hands them on: what its metadata and `pipeline.toml` say.
    """

    name: str
    file: str
    folder: str
    notebook: Notebook
    after: tuple[str, ...] = ()
    takes: Mapping[str, str] = field(default_factory=dict)


class Wishes(NamedTuple):
    """What `pipeline.toml` says of the whole: the package's name, and the parameters that are set notebook by notebook."""

    name: str | None = None
    apart: frozenset[str] = frozenset()


class Read(NamedTuple):
    """A member as it was compiled: its Python, and what its cells do."""

    member: Member
    codes: tuple[Code, ...]
    analysis: Analysis


class Handed(NamedTuple):
    """A name that ``source`` hands on to ``target``: where the one binds it, and the other reads it first."""

    name: str
    source: str
    target: str
    write: Span
    read: Span


class Link(NamedTuple):
    """``target`` runs after ``source``; ``why`` says it in words, with the places."""

    source: str
    target: str
    why: str


class Planned(NamedTuple):
    """A member with the plan of its part of the package.

    ``takes`` are the names that it is handed, each with the notebook and the step that give it (``clean.tidy``); ``after`` the
    notebooks behind which it runs; ``known_as`` its parameters that have another name in the whole.
    """

    member: Member
    plan: Plan
    takes: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()
    known_as: tuple[tuple[str, str], ...] = ()
