"""Family 3: tags and steps."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from nb2pipe.diagnostics import Diagnostic, Severity, Site, Span
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
                        f"`after:{name}` stands in a cell of step `{own}` itself: no step comes after itself",
                        hint=f"give the cell a step of its own, such as `step:{name}_2`, or remove the tag",
                    )
                elif others[0] > homes[own][0]:
                    yield self._circle(subject.pipeline, cell.index, own, name, others)

    def _circle(self, pipeline: Pipeline, cell: int, own: str, name: str, others: tuple[int, ...]) -> Diagnostic:
        path = _path(pipeline, own, name)
        found = [Site(Span(others[0]), f"step {name} begins")]
        for edge in path:
            values = ", ".join(edge.values) or edge.evidence[0].name
            found.append(Site(edge.evidence[0].write, f"step {edge.source} leaves {values}"))
            found.append(Site(edge.evidence[0].read, f"step {edge.target} reads {values}"))
        if path:
            ring = " -> ".join([path[0].source, *(e.target for e in path), own])
            message, why = f"a circle of steps: {ring}", f"`after:{name}` asks for the last part of it"
        else:
            message = f"step `{own}` is to run after step `{name}`, which stands below it"
            why = "a pipeline computes what the notebook computes top to bottom, so a step cannot wait for one below it"
        return self.finding(
            Span(cell), message, why=why, hint=f"move the cells of `{name}` above {number(cell)}, or remove the tag `after:{name}`",
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
                steps = ", ".join(f"`{s}`" for s in _tagged(subject)) or "none"
                yield self.finding(
                    Span(cell.index),
                    f"`after:{name}`: there is no step `{name}`",
                    why="the order that the tag asks for cannot be kept",
                    hint=f"did you mean `after:{near[0]}`?" if near else f"the steps are {steps}",
                )


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
                    f"step `{step.name}` holds no code",
                    why="it would be a step that does nothing",
                    hint="write its code, or tag the cell `skip`",
                )
        for cell in subject.notebook.cells:
            if cell.kind != "code" and cell.tags.step is not None:
                yield self.finding(
                    Span(cell.index),
                    f"the tag `step:{cell.tags.step}` stands on a cell that holds no code",
                    why="steps are made of code cells, so the tag has no effect",
                    hint="move the tag to the code cell that follows",
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
                    f"`step:{first}` and `step:{other}` are one step, `{name}`",
                    why="a step's name is an identifier in lower case, so the two spellings do not tell steps apart",
                    hint="write one spelling everywhere, or give one of them another name",
                    sites=sites("spelt otherwise", [Span(c.index) for c in found.values() if c is not cell]),
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
                f"{len(others) + 1} headings give the step name `{base}`: the later steps are called {called}",
                hint="give the headings names that differ, or tag the cells",
                sites=sites("one of them", [Span(names[base].cells[0]), *(Span(s.cells[0]) for s in others[1:])]),
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
