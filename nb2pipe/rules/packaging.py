"""Family 8: what a notebook says that no package can, or only a script. `compile` says it; the classes here document it."""

from __future__ import annotations

from nb2pipe.diagnostics import Severity
from nb2pipe.rules.base import Rule


class NoPlainForm(Rule):
    """A part of the notebook that only IPython understands has no form in plain Python."""

    code, name, severity, refuses = "NB801", "no-plain-form", Severity.ERROR, True


class StaysScript(Rule):
    """Inside of a function the step would mean something else, so it stays a script in the package."""

    code, name, severity = "NB802", "stays-a-script", Severity.INFO


class LeftOut(Rule):
    """A magic that measures or shows something in Jupyter only is left out of the package."""

    code, name, severity = "NB803", "left-out", Severity.INFO


RULES: tuple[type[Rule], ...] = (NoPlainForm, StaysScript, LeftOut)
