"""Running the rules over a compiled notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nb2pipe.analysis.effects import Analysis
from nb2pipe.diagnostics import Diagnostic, Severity
from nb2pipe.notebook.model import Code, Notebook
from nb2pipe.pipeline.model import Pipeline


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule may look at. ``found`` are the findings of the stages themselves."""

    notebook: Notebook
    codes: tuple[Code, ...]
    analysis: Analysis
    pipeline: Pipeline
    folder: Path
    found: tuple[Diagnostic, ...] = ()


def run_rules(subject: Subject, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """The findings of all rules, sorted by place; ``select`` and ``ignore`` are codes or their beginnings."""
    found = set(_all(subject))
    silenced = {c.index: c.tags.ignore for c in subject.notebook.cells}

    def kept(diagnostic: Diagnostic) -> bool:
        code = diagnostic.code
        if select and not code.startswith(tuple(select)):
            return False
        if ignore and code.startswith(tuple(ignore)):
            return False
        return not code.startswith(tuple(silenced.get(diagnostic.span.cell, ())) or ("-",))

    return tuple(sorted((d for d in found if kept(d)), key=lambda d: (d.span, d.code, d.message)))


def _all(subject: Subject) -> Iterator[Diagnostic]:
    from nb2pipe.rules.registry import all_rules

    yield from subject.found
    for effects in subject.analysis.effects:
        yield from effects.opaque
    for rule in all_rules():
        yield from rule.check(subject)


def refusing(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings that make the promise impossible."""
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)
