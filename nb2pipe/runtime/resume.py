"""What an interrupted run has left for the run that goes on with it: results that hold within that one run only.

A step that reads the clock or the network gives something else in every run, so that no other run may take what it gave. A run
that was interrupted and goes on is one run still: what had ended in it has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nb2pipe.diagnostics import say
from nb2pipe.store.results import Result

Past = Mapping[str, str]
"""The steps before one, each with the digest of its recipe; "" where it is none that a later run could look up."""


def bound(recipe: str, run: str) -> str:
    """What a recipe is known by within one run only."""
    return f"{run} {recipe}"


def is_whole(past: Past) -> bool:
    """Whether all steps before one can be looked up."""
    return all(past.values())


def differs(result: Result, past: Past) -> str:
    """Why a result of the interrupted run does not hold in this one: something before it was run anew; "" where nothing was."""
    before: Mapping[str, Any] = result.facts["past"]
    for step in sorted({*before, *past}):
        if before.get(step) != past.get(step):
            if step in past:
                return say("%1, which comes before it, was run anew", step)
            return say("%1, which comes before it, is gone", step)
    return ""
