"""What a look into the cache gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nb2pipe.runtime.recipes import Recipe
from nb2pipe.runtime.task import Report


@dataclass(slots=True)
class Kept:
    """A step's earlier result, as a run of it would have left it: its report, what it showed, when its cells began.

    ``over`` says that it is taken over from the run that this one goes on with, and would not hold in another.
    """

    report: Report
    events: list[dict[str, Any]]
    begun: list[tuple[int, float]]
    ended: float
    run: str
    digest: str
    reason: str = ""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no earlier result that holds: why, and the recipe under which this one may be kept; None where none may."""

    reason: str
    recipe: Recipe | None = None
