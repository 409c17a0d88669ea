"""Spans, severities, sentences, diagnostics and the errors that end a command: the ground floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from functools import reduce
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


class Sentence(str):
    """An English sentence that keeps what it was made of, so that a page can say it in another language.

    ``arguments`` stand where the ``template`` has %1, %2, …; one that is a sentence itself can be translated as well.
    To everybody else it is a text.
    """

    __slots__ = ("arguments", "template")

    template: str
    arguments: tuple[str, ...]


def say(template: str, *arguments: str | int) -> Sentence:
    """The sentence that a template and its arguments make; a percent sign stands before the number of one, and nowhere else.

    The template has to be a literal where this is called: the catalogues of translations have what stands there.
    """
    given = tuple(a if isinstance(a, str) else str(a) for a in arguments)
    first, *rest = template.split("%")
    said = Sentence(first + "".join(given[int(piece[0]) - 1] + piece[1:] for piece in rest))
    said.template, said.arguments = template, given
    return said


NOTHING = say("")
_MANY = 30
"""Names that are put together one in another, at most: deeper data not everybody can read."""


def all_of(names: Sequence[str]) -> str:
    """Names with "and" between them, which a page can say in another language."""
    return _together(names, " and ", lambda a, b: say("%1 and %2", a, b))


def any_of(names: Sequence[str]) -> str:
    """Names with "or" between them, in the same way."""
    return _together(names, " or ", lambda a, b: say("%1 or %2", a, b))


def listed(names: Sequence[str]) -> str:
    """Names with commas, in the same way."""
    return _together(names, ", ", lambda a, b: say("%1, %2", a, b))


def in_turn(sentences: Sequence[str]) -> str:
    """Sentences with semicolons, in the same way."""
    return _together(sentences, "; ", lambda a, b: say("%1; %2", a, b))


def _together(names: Sequence[str], word: str, two: Callable[[str, str], str]) -> str:
    return reduce(two, names) if 0 < len(names) <= _MANY else word.join(names)


class Site(NamedTuple):
    """A second place that a diagnostic speaks of, with what stands there."""

    span: Span
    label: Sentence


class Diagnostic(NamedTuple):
    """One finding about a notebook.

    ``code`` is a stable ``NBnnn``; ``message`` says what, ``why`` the consequence, ``hint`` the fix. `say` makes them.
    ``sites`` are the other places concerned, in the order in which they are to be read.
    """

    span: Span
    code: str
    severity: Severity
    message: Sentence
    hint: Sentence = NOTHING
    why: Sentence = NOTHING
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
