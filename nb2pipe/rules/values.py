"""Family 4: values that cannot leave their process, and objects that several names share across steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nb2pipe.analysis.effects import LIBRARIES
from nb2pipe.diagnostics import Diagnostic, Sentence, Severity, Site, Span, say
from nb2pipe.pipeline.blocks import state_name
from nb2pipe.pipeline.demand import Sharing
from nb2pipe.rules.base import Rule
from nb2pipe.rules.subject import Subject

_UNTOLD = frozenset({"", "import", "function", "class", "int", "float", "str", "bool", "complex", "bytes", "NoneType"})


class CannotLeave(Rule):
    """A value that no pickle can carry flows between steps, so these steps share a process."""

    code, name, severity = "NB401", "value-cannot-leave-its-process", Severity.INFO

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        made: dict[str, Span] = {}
        for effects in subject.analysis.effects:
            kept = dict(effects.fixed)
            for definition in effects.definitions:
                if definition.name in kept:
                    made.setdefault(definition.name, definition.span)
            for access in effects.accesses:
                if access.resource == LIBRARIES and access.mode == "write":
                    made.setdefault(state_name(LIBRARIES), access.span)
        reads = _reads(subject)
        for members, name, kind in subject.pipeline.joined:
            span = made.get(name)
            if span is None or kind in _OF_THE_PROCESS:
                continue
            steps = ", ".join(f"`{m}`" for m in members)
            readers = [m for m in members if (m, name) in reads]
            if name == state_name(LIBRARIES):
                yield self.finding(
                    span,
                    say("a library is set up, which it keeps to itself: the steps %1 run in one process", steps),
                    why=say(
                        "what a library keeps to itself cannot leave its process, "
                        "so these steps do not run side by side, nor from a cache"
                    ),
                    hint=say(
                        "if it does no harm to do it again, put this line into a cell with the tag `imports`: "
                        "it runs in each step that needs it"
                    ),
                    sites=[Site(reads[m, name], say("step %1 relies on it", m)) for m in readers],
                )
                continue
            yield self.finding(
                span,
                say("`%1` is %2, which cannot leave its process: the steps %3 run in one", name, _what(kind), steps),
                why=say("these steps do not run side by side, and none of them can be taken from a cache alone"),
                hint=say(
                    "make `%1` in the step that uses it, or hand on what is made of it (a list, a frame, a path)", name
                ),
                sites=[Site(reads[m, name], say("step %1 takes it", m)) for m in readers],
            )


class OfOneProcess(Rule):
    """An address or a weak reference flows between steps: it says something of the objects of one process only."""

    code, name, severity, refuses = "NB404", "value-of-one-process", Severity.ERROR, True

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        made = {d.name: d.span for e in reversed(subject.analysis.effects) for d in e.definitions}
        reads = _reads(subject)
        for members, name, kind in subject.pipeline.joined:
            if kind not in _OF_THE_PROCESS or name not in made:
                continue
            yield self.finding(
                made[name],
                say("`%1` %2, which other steps cannot rely on", name, _OF_THE_PROCESS[kind]),
                why=say(
                    "each step has objects of its own, with other addresses, which end when nobody in its process needs them"
                ),
                hint=say("keep these cells in one step: give them the same `step:` tag, or split at headings"),
                sites=[Site(reads[m, name], say("step %1 relies on it", m)) for m in members if (m, name) in reads],
            )


_OF_THE_PROCESS = {"address": say("holds an address (`id`)"), "weakref": say("holds a weak reference")}
"""Values of these kinds mean something only beside the objects that they were made of."""


def _reads(subject: Subject) -> dict[tuple[str, str], Span]:
    """Where each step reads each of the values that it takes."""
    return {(edge.target, e.name): e.read for edge in subject.pipeline.edges for e in edge.evidence}


def _what(kind: str) -> Sentence:
    """What a value is, in words."""
    if kind == "file":
        return say("an open file")
    if kind == "iterator":
        return say("an iterator")
    if kind == "async":
        return say("an object of an event loop")
    return say("an %1", kind) if kind[:1] in "aeiou" else say("a %1", kind)


class NotTwoProcesses(Rule):
    """A step needs values that cannot leave two different processes. The runtime finds it."""

    code, name, severity, refuses = "NB403", "values-in-two-processes", Severity.ERROR, True


class SharedObject(Rule):
    """Names that may stand for one object cross step boundaries together, and a step changes it."""

    code, name, severity = "NB402", "object-shared-between-steps", Severity.INFO

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        sharing = Sharing(subject.analysis.effects)
        effects = {e.cell: e for e in subject.analysis.effects}
        made: dict[str, Span] = {}
        kinds: dict[str, str] = {}
        told: set[frozenset[str]] = set()
        for step in subject.pipeline.steps:
            handed = {v.name for v in step.inputs}
            for cell in step.cells:
                effect = effects.get(cell)
                if effect is None:
                    continue
                # Of an object that nobody knows anything of, all that is said is a guess.
                changed = {m.name: m.span for m in effect.mutations
                           if m.name in handed and kinds.get(m.name, "") not in _UNTOLD}  # fmt: skip
                for group in sharing.groups(set(changed), cell) if len(changed) > 1 else ():
                    onward = group & set(step.outputs)
                    if not onward or frozenset(group) in told:
                        continue
                    told.add(frozenset(group))
                    names = sorted(group & set(changed))
                    if len(names) < 2:
                        continue
                    yield self.finding(
                        changed[names[0]],
                        say("%1 may be one object, which step `%2` changes", _listed(names), step.name),
                        why=say(
                            "a change under one name shows under the others, so they travel together, as one stored value"
                        ),
                        hint=say("where they are meant to be apart, make a copy of one"),
                        sites=[Site(made[n], say("`%1` is bound", n)) for n in names if n in made],
                    )
            for cell in step.cells:
                if cell in effects:
                    made.update({d.name: d.span for d in effects[cell].definitions})
                    kinds.update({d.name: d.kind for d in effects[cell].definitions})


def _listed(names: Sequence[str]) -> Sentence:
    """The first few names, and how many more there are."""
    *shown, last = [f"`{n}`" for n in names[:4]]
    if len(names) > 4:
        return say("%1 and %2 more", ", ".join([*shown, last]), len(names) - 4)
    return say("%1 and %2", ", ".join(shown), last)


RULES: tuple[type[Rule], ...] = (CannotLeave, SharedObject, NotTwoProcesses, OfOneProcess)
