"""Running the rules over a compiled notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nb2pipe.diagnostics import Diagnostic, Severity
from nb2pipe.rules.registry import all_rules
from nb2pipe.rules.subject import Subject


def run_rules(subject: Subject, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """The findings of all rules, sorted by place; ``select`` and ``ignore`` are codes or their beginnings."""
    found = [*_of_stages(subject)]
    for rule in all_rules():
        if is_wanted(rule.code, select, ignore):
            found += rule.check(subject)
    return _sorted(subject, (d for d in found if is_wanted(d.code, select, ignore)))


def is_wanted(code: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    """Whether a code is among those selected (all, where none is named) and not among those ignored."""
    return (not select or code.startswith(tuple(select))) and not (ignore and code.startswith(tuple(ignore)))


def refusing(subject: Subject) -> tuple[Diagnostic, ...]:
    """The findings that make the promise impossible: errors of a rule that refuses, or of no rule that is known.

    The other errors are those that Jupyter meets as well, in the same cell and with the same traceback.
    """
    found = [*_of_stages(subject)]
    passes = set()
    for rule in all_rules():
        if rule.refuses:
            found += rule.check(subject)
        else:
            passes.add(rule.code)
    return _sorted(subject, (d for d in found if d.severity is Severity.ERROR and d.code not in passes))


def _of_stages(subject: Subject) -> Iterator[Diagnostic]:
    """What reading, analysis and building have found on their way."""
    yield from subject.found
    yield from subject.analysis.diagnostics
    for effects in subject.analysis.effects:
        yield from effects.opaque


def _sorted(subject: Subject, found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each finding once, in the order of the places, without those that a tag or a comment of the cell silences."""
    silenced = {c.index: tuple(c.tags.ignore) for c in subject.notebook.cells if c.tags.ignore}
    kept = {d for d in found if not d.code.startswith(silenced.get(d.span.cell) or ("-",))}
    return tuple(sorted(kept, key=lambda d: (d.span, d.code, d.message)))
