"""The records of a comparison: the verdict, where both sides differ, and what nobody can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Verdict = Literal["EQUAL", "DIFFERS", "UNKNOWN"]


class Difference(NamedTuple):
    """The first place in which a value or an output of a step differs.

    ``name`` is that of a value; in ``<>`` stands what else there is: ``<output>``, ``<figure 2>``, ``<error>``, ``<run>``.
    ``where`` is a row, column, line or path inside of it ("" for the whole), ``expected`` what the notebook has there,
    ``actual`` what the package has.
    """

    step: str
    name: str
    where: str
    expected: str
    actual: str


class Unknown(NamedTuple):
    """A value or an output of a step of which nothing can be said, and why."""

    step: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a comparison has found; ``notes`` are what else there is to know, such as steps that need one process.

    ``values``, ``outputs`` and ``figures`` are how many were compared; one that was compared in two runs counts once.
    """

    differences: tuple[Difference, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    notes: tuple[str, ...] = ()
    values: int = 0
    outputs: int = 0
    figures: int = 0

    @property
    def verdict(self) -> Verdict:
        """``EQUAL`` only where everything was compared and is equal."""
        if self.differences:
            return "DIFFERS"
        return "UNKNOWN" if self.unknown else "EQUAL"
