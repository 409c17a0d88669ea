"""What every rule is made of, and how it says places."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from nb2pipe.diagnostics import NOTHING, Diagnostic, Sentence, Severity, Site, Span, say
from nb2pipe.rules.subject import Subject

_SITES = 5  # other places that are listed one by one


class Rule:
    """One finding: its stable code, its name, how much it matters, and how it is found.

    ``severity`` is that of its gravest finding. ``refuses`` says whether such an error makes the promise impossible, so
    that `run` refuses the notebook; where it is False, a run stops where Jupyter would stop, with the same error. A code
    that a stage or the runtime emits has a class as well, whose `check` finds nothing.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    refuses: ClassVar[bool] = False

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """The findings in one notebook."""
        return iter(())

    def finding(
        self,
        span: Span,
        message: Sentence,
        *,
        why: Sentence = NOTHING,
        hint: Sentence = NOTHING,
        sites: Iterable[Site] = (),
        severity: Severity | None = None,
    ) -> Diagnostic:
        """A finding of this rule; what it says is made by `say`."""
        return Diagnostic(span, self.code, severity or self.severity, message, hint, why, tuple(sites))


def span_of(cell: int, node: ast.AST) -> Span:
    """Where a node of a cell's tree stands."""
    line = getattr(node, "lineno", 1)
    return Span(
        cell,
        line,
        getattr(node, "end_lineno", line) or line,
        getattr(node, "col_offset", 0),
        getattr(node, "end_col_offset", 0) or 0,
    )


def number(cell: int) -> int:
    """The number of a cell as people count them."""
    return cell + 1


def sites(label: Sentence, spans: Sequence[Span]) -> tuple[Site, ...]:
    """Other places of the same kind: the first few, and how many more there are."""
    shown = [Site(span, label) for span in spans[:_SITES]]
    left = len(spans) - len(shown)
    return (*shown, Site(Span(-1), say("and %1 more", left))) if left else tuple(shown)
