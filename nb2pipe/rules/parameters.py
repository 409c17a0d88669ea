"""Family 6: the parameters of the pipeline."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nb2pipe.analysis.effects import Certainty, Definition
from nb2pipe.diagnostics import Diagnostic, Sentence, Severity, Site, say
from nb2pipe.pipeline.model import Parameter
from nb2pipe.rules.base import Rule
from nb2pipe.rules.facts import facts_of
from nb2pipe.rules.subject import Subject


def _overwritten(subject: Subject) -> dict[str, tuple[Definition, bool]]:
    """For each parameter that a later cell binds anew without reading it: where, and whether it was read before that."""
    found: dict[str, tuple[Definition, bool]] = {}
    names = {p.name: p for p in subject.pipeline.parameters}
    read: set[str] = set()
    for effects in subject.analysis.effects:
        if "parameters" in subject.notebook.cells[effects.cell].tags.roles:
            continue
        used = {u.name for u in effects.uses}
        read |= used
        for definition in effects.definitions:
            name = definition.name
            certain = definition.certainty is Certainty.MUST
            if name in names and certain and name not in used and name not in found:
                found[name] = definition, name in read
    return found


class NeverUsed(Rule):
    """A parameter that nothing reads."""

    code, name, severity = "NB601", "parameter-never-used", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        if not subject.pipeline.parameters:
            return
        overwritten = _overwritten(subject)
        used = {u.name for effects in subject.analysis.effects for u in effects.uses} | facts_of(subject).loaded
        for parameter in subject.pipeline.parameters:
            if parameter.name in used or parameter.name in overwritten:
                continue
            yield self.finding(
                parameter.span,
                say("parameter `%1` is never used", parameter.name),
                why=say("a value given for it changes nothing"),
                hint=say("use it, or remove it from the parameters"),
            )


class Overwritten(Rule):
    """A parameter that a later cell binds anew, so that a value given for it is lost."""

    code, name, severity = "NB602", "parameter-overwritten", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        if not subject.pipeline.parameters:
            return
        names = {p.name: p for p in subject.pipeline.parameters}
        for name, (definition, read) in _overwritten(subject).items():
            yield self.finding(
                definition.span,
                say("parameter `%1` is overwritten", name),
                why=say("a value given with `-p %1` has no effect from here on", name)
                if read
                else say("a value given with `-p %1` has no effect at all: nothing reads it before", name),
                hint=say("remove this assignment, or give it a name other than `%1`", name),
                sites=(Site(names[name].span, say("the parameter")),),
            )


class NotLiteral(Rule):
    """A parameter whose default is an expression that has to be executed."""

    code, name, severity = "NB603", "parameter-default-not-literal", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        if not subject.pipeline.parameters:
            return
        wanted = {(p.span.cell, p.span.line): p for p in subject.pipeline.parameters}
        for code in subject.codes:
            if code.tree is None or "parameters" not in code.cell.tags.roles:
                continue
            for node in code.tree.body:
                parameter = wanted.get((code.cell.index, node.lineno))
                if parameter is None or not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
                    continue
                try:
                    ast.literal_eval(node.value)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    yield self._finding(subject, parameter, node.value)

    def _finding(self, subject: Subject, parameter: Parameter, value: ast.expr) -> Diagnostic:
        names = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        others = [p for p in subject.pipeline.parameters if p.name in names and p.name != parameter.name]
        if others:
            listed: Sentence | str = f"`{others[0].name}`"
            for other in others[1:]:
                listed = say("%1 and %2", listed, f"`{other.name}`")
            why = say("it is worked out from the default of %1: a value given for that one does not reach it", listed)
            hint = say("work it out in the next cell, from the parameters")
        else:
            why = say(
                "its type and default cannot be told without running the notebook, so a value given for it is not checked"
            )
            hint = say("write a number, a text, a list or the like, and convert it in the next cell")
        return self.finding(
            parameter.span,
            say("the default of parameter `%1` is not a literal: %2", parameter.name, ast.unparse(value)[:60]),
            why=why,
            hint=hint,
            sites=[Site(p.span, say("given there")) for p in others],
        )


RULES: tuple[type[Rule], ...] = (NeverUsed, Overwritten, NotLiteral)
