"""Numbers of versions, and what a change makes of them (Semantic Versioning, without pre-releases)."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from nb2pipe.diagnostics import UsageError, say

Kind = Literal["major", "minor", "patch"]
KINDS: tuple[Kind, ...] = ("patch", "minor", "major")
"""From the least to the greatest."""

_FORM = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Number(NamedTuple):
    """The number of a version; numbers compare as versions do."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


FIRST = Number(1, 0, 0)


def number_in(text: str) -> Number | None:
    """The number that a text is; None where it is none."""
    match = _FORM.fullmatch(text)
    return Number(*map(int, match.groups())) if match else None


def number(text: str) -> Number:
    """The number that a text is.

    Raises:
        UsageError: It is none.
    """
    found = number_in(text)
    if found is None:
        raise UsageError(say("%1 is no version: three numbers are, such as 1.2.0", text))
    return found


def above(highest: Number, kind: Kind) -> Number:
    """The number of a version that changes so much and stands above all others."""
    if kind == "major":
        return Number(highest.major + 1, 0, 0)
    if kind == "minor":
        return Number(highest.major, highest.minor + 1, 0)
    return Number(highest.major, highest.minor, highest.patch + 1)
