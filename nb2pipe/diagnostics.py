"""Spans, severities, diagnostics and the errors that end a command: the ground floor."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Severity(Enum):
    """How much a finding matters: an ``ERROR`` makes the promise impossible."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Span(NamedTuple):
    """A place in a notebook.

    ``cell`` is the cell's 0-based position in the notebook, ``line`` and ``end_line`` count from 1
    in the cell's own source, ``column`` and ``end_column`` count characters from 0 (``end_column`` is
    exclusive, 0 when unknown). ``cell`` is -1 for a finding about the notebook as a whole.
    A tuple, for there are several to each line of a notebook and one costs a quarter of what a record does.
    """

    cell: int
    line: int = 1
    end_line: int = 1
    column: int = 0
    end_column: int = 0


NOTEBOOK = Span(-1)


class Site(NamedTuple):
    """A second place that a diagnostic speaks of, with what stands there."""

    span: Span
    label: str


class Diagnostic(NamedTuple):
    """One finding about a notebook.

    ``code`` is a stable ``NBnnn``; ``message`` says what, ``why`` the consequence, ``hint`` the fix.
    ``sites`` are the other places concerned, in the order in which they are to be read.
    """

    span: Span
    code: str
    severity: Severity
    message: str
    hint: str = ""
    why: str = ""
    sites: tuple[Site, ...] = ()


class Nb2pipeError(Exception):
    """What nb2pipe says to its user; the root of its exceptions.

    Nb2pipeError          exit
     +- UsageError        2     the command line, a file that cannot be read, a wrong parameter
     +- Refused           3     the notebook has a fault that makes the promise impossible
    """

    exit_code = 1


class UsageError(Nb2pipeError):
    """The request itself is at fault: a path, an option, a parameter."""

    exit_code = 2


class Refused(Nb2pipeError):
    """The notebook has faults that make the promise impossible; each is a diagnostic."""

    exit_code = 3

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(f"{d.code} {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics
