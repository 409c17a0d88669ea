"""How much of a pipeline is run: up to a step, from one on, or that one only."""

from __future__ import annotations

from typing import NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.named import named
from nb2pipe.pipeline.reach import ancestors, descendants


class Choice(NamedTuple):
    """What a user chose, by the names of steps; "" for no choice."""

    start: str = ""
    until: str = ""
    only: str = ""

    @property
    def needs_cache(self) -> bool:
        """Whether steps have to be taken from earlier runs."""
        return bool(self.start or self.only)


class Chosen(NamedTuple):
    """The choice for one pipeline: the steps that are ``wanted``, those of them that run ``anew`` though they may be cached.

    ``why`` says why the others are left out, ``again`` why those run.
    """

    wanted: frozenset[str]
    anew: frozenset[str]
    why: str = ""
    again: str = ""


def chosen(pipeline: Pipeline, choice: Choice) -> Chosen:
    """The steps that a choice means.

    Raises:
        UsageError: There is no such step, or the choices exclude each other.
    """
    everything = frozenset(s.name for s in pipeline.steps)
    if choice.only:
        only = named(pipeline, choice.only)
        why = f"--only {only}"
        return Chosen(frozenset({only, *ancestors(pipeline, only)}), frozenset({only}), why, why)
    wanted, why = everything, ""
    if choice.until:
        until = named(pipeline, choice.until)
        wanted, why = frozenset({until, *ancestors(pipeline, until)}), f"--until {until}"
    if not choice.start:
        return Chosen(wanted, frozenset(), why)
    start = named(pipeline, choice.start)
    if start not in wanted:
        raise UsageError(f"--from {start} {why}: {until} does not need {start}")
    anew = wanted & {start, *descendants(pipeline, start)}
    return Chosen(wanted, anew, why, f"--from {start}")
