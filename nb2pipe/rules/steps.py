"""Family 3: tags and steps."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from nb2pipe.diagnostics import Diagnostic, Sentence, Severity, Site, Span, say
from nb2pipe.notebook.model import Cell
from nb2pipe.notebook.read import read_plain
from nb2pipe.notebook.tags import normalise_step
from nb2pipe.pipeline.model import Edge, Pipeline, Step
from nb2pipe.rules.base import Rule, number, sites
from nb2pipe.rules.subject import Subject


class TagTypo(Rule):
    """A tag that is nearly one of nb2pipe's. Reading finds it."""

    code, name, severity = "NB301", "tag-typo", Severity.WARNING


class ContradictoryTags(Rule):
    """Tags of one cell that cannot hold together. Reading finds them."""

    code, name, severity, refuses = "NB302", "contradictory-tags", Severity.ERROR, True


class UnreadableTag(Rule):
    """A tag of nb2pipe's with a value that cannot be read. Reading finds it."""

    code, name, severity, refuses = "NB303", "unreadable-tag", Severity.ERROR, True


class ReopenedStep(Rule):
    """A step whose cells stand apart and cannot be joined without a circle. Building finds it, and splits the step."""

    code, name, severity = "NB304", "reopened-step", Severity.WARNING


def _homes(subject: Subject) -> dict[str, tuple[int, ...]]:
    """The steps by name, with their cells, where the split goes by tags; a part of a reopened step has its name too."""
    found: dict[str, list[int]] = {}
    for step in subject.pipeline.steps:
        found.setdefault(step.name, []).extend(step.cells)
        for cell in step.cells:
            name = subject.notebook.cells[cell].tags.step
            if name is not None and name != step.name and step.name.startswith(name):
                found.setdefault(name, []).append(cell)
    return {name: tuple(sorted(set(cells))) for name, cells in found.items()}


def _tagged(subject: Subject) -> dict[str, list[Cell]]:
    """The step tags of the notebook, whatever the split makes of them."""
    found: dict[str, list[Cell]] = {}
    for cell in subject.notebook.cells:
        if cell.kind == "code" and cell.tags.step is not None and "skip" not in cell.tags.roles:
            found.setdefault(cell.tags.step, []).append(cell)
    return found


class Circle(Rule):
    """`after:` asks for an order that the notebook's own contradicts."""

    code, name, severity, refuses = "NB305", "circle-of-steps", Severity.ERROR, True

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        if not any(cell.tags.after for cell in subject.notebook.cells):
            return
        homes = _homes(subject)
        step_of = {cell: step.name for step in subject.pipeline.steps for cell in step.cells}
        for cell in subject.notebook.cells:
            own = step_of.get(cell.index)
            for name in cell.tags.after:
                others = homes.get(name)
                if own is None or not others:
                    continue
                if own == name or set(others) <= set(homes[own]):
                    yield self.finding(
                        Span(cell.index),
                        say("`after:%1` stands in a cell of step `%2` itself: no step comes after itself", name, own),
                        hint=say("give the cell a step of its own, such as `step:%1_2`, or remove the tag", name),
                    )
                elif others[0] > homes[own][0]:
                    yield self._circle(subject.pipeline, cell.index, own, name, others)

    def _circle(self, pipeline: Pipeline, cell: int, own: str, name: str, others: tuple[int, ...]) -> Diagnostic:
        path = _path(pipeline, own, name)
        found = [Site(Span(others[0]), say("step %1 begins", name))]
        for edge in path:
            values = ", ".join(edge.values) or edge.evidence[0].name
            found.append(Site(edge.evidence[0].write, say("step %1 leaves %2", edge.source, values)))
            found.append(Site(edge.evidence[0].read, say("step %1 reads %2", edge.target, values)))
        if path:
            ring = " -> ".join([path[0].source, *(e.target for e in path), own])
            message, why = say("a circle of steps: %1", ring), say("`after:%1` asks for the last part of it", name)
        else:
            message = say("step `%1` is to run after step `%2`, which stands below it", own, name)
            why = say(
                "a pipeline computes what the notebook computes top to bottom, so a step cannot wait for one below it"
            )
        return self.finding(
            Span(cell), message, why=why,
            hint=say("move the cells of `%1` above cell %2, or remove the tag `after:%1`", name, number(cell)),
            sites=found,
        )  # fmt: skip


def _path(pipeline: Pipeline, start: str, end: str) -> list[Edge]:
    """A shortest way along the edges from one step to another; empty where there is none."""
    leaving: dict[str, list[Edge]] = {}
    for edge in pipeline.edges:
        leaving.setdefault(edge.source, []).append(edge)
    ways: dict[str, list[Edge]] = {start: []}
    waiting = [start]
    for step in waiting:
        for edge in leaving.get(step, ()):
            if edge.target not in ways:
                ways[edge.target] = [*ways[step], edge]
                waiting.append(edge.target)
    return ways.get(end, [])


class UnknownAfter(Rule):
    """`after:` names a step that does not exist."""

    code, name, severity, refuses = "NB306", "after-unknown-step", Severity.ERROR, True

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        if not any(cell.tags.after for cell in subject.notebook.cells):
            return
        known = set(_homes(subject)) | set(_tagged(subject))
        for cell in subject.notebook.cells:
            if cell.kind != "code" or "skip" in cell.tags.roles:
                continue
            for name in cell.tags.after:
                if name in known:
                    continue
                near = difflib.get_close_matches(name, known, 1)
                yield self.finding(
                    Span(cell.index),
                    say("`after:%1`: there is no step `%1`", name),
                    why=say("the order that the tag asks for cannot be kept"),
                    hint=say("did you mean `after:%1`?", near[0]) if near else _steps_are(_tagged(subject)),
                )


def _steps_are(names: Iterable[str]) -> Sentence:
    listed = ", ".join(f"`{n}`" for n in names)
    return say("the steps are %1", listed) if listed else say("the steps are none")


class EmptyStep(Rule):
    """A step whose cells hold no code."""

    code, name, severity = "NB307", "empty-step", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        codes = {code.cell.index: code for code in subject.codes}
        for step in subject.pipeline.steps:
            trees = [codes[c].tree for c in step.cells]
            if subject.notebook.cells[step.cells[0]].tags.step and all(
                tree is not None and not tree.body for tree in trees
            ):
                yield self.finding(
                    Span(step.cells[0]),
                    say("step `%1` holds no code", step.name),
                    why=say("it would be a step that does nothing"),
                    hint=say("write its code, or tag the cell `skip`"),
                )
        for cell in subject.notebook.cells:
            if cell.kind != "code" and cell.tags.step is not None:
                yield self.finding(
                    Span(cell.index),
                    say("the tag `step:%1` stands on a cell that holds no code", cell.tags.step),
                    why=say("steps are made of code cells, so the tag has no effect"),
                    hint=say("move the tag to the code cell that follows"),
                )


class SameName(Rule):
    """Two spellings that become one step name."""

    code, name, severity = "NB308", "duplicate-step-name", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        yield from self._tags(subject)
        yield from self._headings(subject)

    def _tags(self, subject: Subject) -> Iterator[Diagnostic]:
        repeated = {name: cells for name, cells in _tagged(subject).items() if len(cells) > 1}
        if not repeated:
            return
        spellings = _spellings(subject.notebook.path)
        for name, cells in repeated.items():
            found: dict[str, Cell] = {}
            for cell in cells:
                for tag in spellings.get(cell.index, ()):
                    if normalise_step(tag.partition(":")[2]) == name:
                        found.setdefault(tag.partition(":")[2].strip(), cell)
            if len(found) > 1:
                (first, _), (other, cell) = list(found.items())[:2]
                yield self.finding(
                    Span(cell.index),
                    say("`step:%1` and `step:%2` are one step, `%3`", first, other, name),
                    why=say(
                        "a step's name is an identifier in lower case, so the two spellings do not tell steps apart"
                    ),
                    hint=say("write one spelling everywhere, or give one of them another name"),
                    sites=sites(say("spelt otherwise"), [Span(c.index) for c in found.values() if c is not cell]),
                )

    def _headings(self, subject: Subject) -> Iterator[Diagnostic]:
        """Headings that give one name: the steps after the first have numbers behind it."""
        if any(cell.tags.step for cell in subject.notebook.cells):
            return
        names = {step.name: step for step in subject.pipeline.steps}
        same: dict[str, list[Step]] = {}
        for step in subject.pipeline.steps:
            base, _, count = step.name.rpartition("_")
            other = names.get(base)
            if not (step.title and count.isdigit() and other is not None and other.title):
                continue
            if normalise_step(step.title) == normalise_step(other.title):
                same.setdefault(base, []).append(step)
        for base, others in same.items():
            called = ", ".join(f"`{s.name}`" for s in others[:3]) + (", ..." if len(others) > 3 else "")
            yield self.finding(
                Span(others[0].cells[0]),
                say(
                    "%1 headings give the step name `%2`: the later steps are called %3", len(others) + 1, base, called
                ),
                hint=say("give the headings names that differ, or tag the cells"),
                sites=sites(say("one of them"), [Span(names[base].cells[0]), *(Span(s.cells[0]) for s in others[1:])]),
                severity=Severity.INFO,
            )


def _spellings(path: str) -> dict[int, list[str]]:
    """The step tags of each cell as they were written; what is read keeps only the names that they become."""
    found: dict[int, list[str]] = {}
    try:
        document = read_plain(path)
    except Exception:  # made by hand, or gone since: then there is nothing to compare
        return found
    for index, cell in enumerate(document.get("cells", ())):
        tags = cell.get("metadata", {}).get("tags", ())
        found[index] = [t for t in tags if isinstance(t, str) and t.strip().lower().startswith(("step:", "block:"))]
    return found


RULES: tuple[type[Rule], ...] = (
    TagTypo, ContradictoryTags, UnreadableTag, ReopenedStep, Circle, UnknownAfter, EmptyStep, SameName,
)  # fmt: skip
