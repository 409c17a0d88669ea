"""The rules, by code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from nb2pipe.diagnostics import Diagnostic
from nb2pipe.rules.run import Subject


class Rule(Protocol):
    """One finding: its code and how it is found."""

    code: str

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """The findings in one notebook."""
        ...


def all_rules() -> tuple[Rule, ...]:
    """All rules, in the order of their codes."""
    return ()
