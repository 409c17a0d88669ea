"""The rules, by code, and their pages. Nothing is imported before it is asked for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nb2pipe.rules.base import Rule

_PAGES = Path(__file__).parent / "pages"


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """One rule for each code that nb2pipe can emit, in the order of the codes."""
    from nb2pipe.rules import (
        environment,
        guards,
        names,
        opaque,
        packaging,
        parameters,
        reproducibility,
        steps,
        values,
    )

    families = (names, opaque, steps, values, reproducibility, parameters, environment, packaging, guards)
    return tuple(sorted((rule() for family in families for rule in family.RULES), key=lambda rule: rule.code))


def codes() -> tuple[str, ...]:
    """All codes, in order."""
    return tuple(rule.code for rule in all_rules())


def rule_of(code: str) -> Rule:
    """The rule of a code.

    Raises:
        KeyError: No rule has the code.
    """
    for rule in all_rules():
        if rule.code == code:
            return rule
    raise KeyError(code)


def page(code: str) -> str:
    """The page of a code, in Markdown: what, why, examples, remedy.

    Raises:
        KeyError: No rule has the code.
    """
    if code not in codes():
        raise KeyError(code)
    return (_PAGES / f"{code}.md").read_text("utf-8")
