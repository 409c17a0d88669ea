"""Family 2: code that cannot be seen through. The analysis finds it; the classes here document it."""

from __future__ import annotations

from nb2pipe.diagnostics import Severity
from nb2pipe.rules.base import Rule


class OpaqueCode(Rule):
    """What the code reads and changes is known only when it runs: `exec` of a computed string, `globals()[k]`, `%run`."""

    code, name, severity = "NB201", "opaque-code", Severity.WARNING


class UnknownMagic(Rule):
    """A magic that is not in nb2pipe's table."""

    code, name, severity = "NB202", "unknown-magic", Severity.WARNING


class UnknownStarImport(Rule):
    """`from module import *` of a module that cannot be found, so that the names it binds are not known."""

    code, name, severity = "NB203", "unknown-star-import", Severity.WARNING


class NotAnalysed(Rule):
    """A fault of nb2pipe's own: the cell could not be analysed, and is ordered against everything."""

    code, name, severity = "NB204", "cell-not-analysed", Severity.WARNING


RULES: tuple[type[Rule], ...] = (OpaqueCode, UnknownMagic, UnknownStarImport, NotAnalysed)
