"""Family 9: what a run finds while it runs. The runtime says it; the classes here document it."""

from __future__ import annotations

from nb2pipe.diagnostics import Severity
from nb2pipe.rules.base import Rule


class GuardTripped(Rule):
    """A step did something that the analysis had not foreseen, and `--guards strict` refuses to add the edge."""

    code, name, severity, refuses = "NB901", "guard-tripped", Severity.ERROR, True


class CannotRunAgain(Rule):
    """A missing edge was seen, and what stood on the false claim cannot be run again by itself."""

    code, name, severity, refuses = "NB902", "cannot-run-again", Severity.ERROR, True


RULES: tuple[type[Rule], ...] = (GuardTripped, CannotRunAgain)
