"""A notebook and its package, replayed side by side and compared."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from nb2pipe.diagnostics import say
from nb2pipe.replay.chance import ALWAYS_OTHER, OTHER_EACH_TIME, OTHER_LINES, Found, forgive_chance
from nb2pipe.replay.compare import Place as Where
from nb2pipe.replay.compare import Portrait, compared
from nb2pipe.replay.facts import Facts
from nb2pipe.replay.kernel import NotebookFails, Probe, Replay, replay
from nb2pipe.replay.model import Difference, Report, Unknown
from nb2pipe.replay.outputs import Shown, differing, figure_differs, is_empty_figure, is_live, lines, shown, tells
from nb2pipe.replay.package import END, PackageStep, Project, Run, run_steps, run_whole
from nb2pipe.replay.place import Place
from nb2pipe.replay.processes import Start, fresh


@dataclass(frozen=True, slots=True)
class Settings:
    """How to compare: ``rtol`` for floating-point numbers, ``timeout`` in seconds for a cell and for a process."""

    rtol: float = 0.0
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared: the notebook as an nbformat node, what is known of it, and the project of its package."""

    document: Any
    facts: Facts
    project: Project


def verify(subject: Subject, place: Place, settings: Settings, start: Start = fresh) -> Report:
    """Replay both and compare; ``place`` is where copies of the notebook's folder are made, ``start`` makes a step's process.

    Raises:
        NotebookFails: The notebook itself does not run from top to bottom.
    """
    truth = replay_notebook(subject, place, settings)
    limit = settings.timeout or max(120.0, 20 * truth.seconds)
    scale = scale_of(truth)
    runs = [run_whole(subject.project, place, limit, scale=scale), run_steps(subject.project, place, limit, start)]

    def again() -> Replay:
        return replay_notebook(subject, place, settings)

    def alike() -> tuple[Replay, Run]:
        quiet = replace(subject, document=without(subject.document, subject.facts.installs))
        truth = replay_notebook(quiet, place, settings, alike=True)
        return truth, run_whole(subject.project, place, limit, scale=scale, alike=True)

    return Comparison(subject, settings, truth).report(runs, again, alike)


def replay_notebook(subject: Subject, place: Place, settings: Settings, *, alike: bool = False) -> Replay:
    """The notebook's run, with portraits of what its package's steps give.

    Raises:
        NotebookFails: A cell fails.
    """
    return replay(subject.document, place, list(_probes(subject)), settings.timeout, alike=alike)


def without(document: Any, lines: Mapping[int, AbstractSet[int]]) -> Any:
    """A copy of a notebook without some lines (from 1) of its cells, and what continues them; ``pass`` stands for each."""
    made = copy.deepcopy(document)
    for cell, numbers in lines.items():
        kept: list[str] = []
        continues = False
        for number, line in enumerate(made.cells[cell].source.split("\n"), 1):
            left_out = f"{line[: len(line) - len(line.lstrip())]}pass"
            kept.append("" if continues else left_out if number in numbers else line)
            continues = (continues or number in numbers) and line.endswith("\\")
        made.cells[cell].source = "\n".join(kept)
    return made


def _probes(subject: Subject) -> Iterator[Probe]:
    """What to look at behind which cell: behind each step's last what it gives, at the end what is left."""
    steps = subject.project.steps
    home = {cell: step.name for step in steps for cell in step.cells}
    for step in steps:
        if not step.cells:
            continue
        between = range(min(step.cells), max(step.cells))
        apart = any(home.get(cell, step.name) != step.name for cell in between)
        behind: dict[int, list[str]] = {}
        for name in step.gives:
            # a step whose cells stand apart may give what another step between them changes
            own = [c for c in subject.facts.changed.get(name, ()) if c in step.cells] if apart else []
            behind.setdefault(max(own, default=max(step.cells)), []).append(name)
        for cell, names in behind.items():
            yield Probe(cell, step.name, tuple(names))
    last = len(subject.document.cells) - 1
    yield Probe(last, END, tuple(sorted(_final(subject))))


def _final(subject: Subject) -> dict[str, str]:
    """The names that at the end still have what their step has given, with that step."""
    givers: dict[str, PackageStep] = {name: step for step in subject.project.steps for name in step.gives}
    bound = subject.facts.bound
    return {name: step.name for name, step in givers.items() if bound.get(name, (-1,))[-1] in step.cells}


def scale_of(truth: Replay) -> int:
    """By how much the notebook draws its figures larger than Matplotlib would."""
    return max((f.scale for f in shown(list(truth.outputs.values())).figures), default=1) or 1


class Comparison:
    """One run of a notebook, to be compared with runs of packages."""

    def __init__(self, subject: Subject, settings: Settings, truth: Replay) -> None:
        self.subject, self.settings, self.truth = subject, settings, truth
        self.project = subject.project
        self.shown = {s.name: self.shown_by(s, truth) for s in self.project.steps}

    def shown_by(self, step: PackageStep, truth: Replay) -> Shown:
        """What a run of the notebook shows in a step's cells, but for those that no package has."""
        return shown([self.of_cell(cell, truth) for cell in step.cells if cell not in self.subject.facts.absent])

    def of_cell(self, cell: int, truth: Replay) -> Sequence[Any]:
        """What a run of the notebook shows in a cell, but for what IPython draws behind a script, and where something was shown."""
        outputs = truth.outputs.get(cell, ())
        if cell in truth.redrawn:
            outputs = [o for o in outputs if not is_live(o)]
        return [o for o in outputs if not is_empty_figure(o)] if cell in self.subject.facts.scripts else outputs

    def report(
        self, runs: Sequence[Run], again: Callable[[], Replay], alike: Callable[[], tuple[Replay, Run]] | None = None
    ) -> Report:
        """Compare runs of a package.

        ``again`` replays the notebook once more, where that is needed; ``alike`` runs the notebook and the package with
        random states and a clock that begin alike and no command at a terminal, where the notebook itself is another each
        time or what commands show differs.
        """
        found = Found()
        second: Replay | None = None
        for step in self.project.steps:
            self.failures(step, runs, found)
            self.defaults(step, runs, found)
            self.values(step, runs, found)
            self.outputs(step, runs, found)
            self.figures(step, runs, found)
        self.final(runs, found)
        self.elsewhere(found)
        found.notes += (*self.absent(), *self.live())
        if any(not name.startswith(("<run", "<default")) for _, name in found.differences):
            second = again()
            self.leave_out_undetermined(found, second, runs)
        commanding = {s.name for s in self.project.steps if self.is_commanding(s)}
        noisy = any((s, "<output>") in known for s in commanding for known in (found.differences, found.unknown))
        if alike is not None and (noisy or not OTHER_EACH_TIME.isdisjoint(found.unknown.values())):
            with suppress(NotebookFails):  # as it may with other numbers
                truth, run = alike()
                if not run.failed:
                    beginning_alike = Comparison(self.subject, self.settings, truth).found_in(run)
                    forgive_chance(found, self.found_in(runs[0]), beginning_alike, self.project, commanding)
        order = [s.name for s in self.project.steps]

        def place(key: tuple[str, str]) -> int:
            return order.index(key[0]) if key[0] in order else len(order)

        differences = sorted(found.differences.items(), key=lambda item: place(item[0]))
        unknown = sorted(found.unknown.items(), key=lambda item: place(item[0]))
        return Report(
            tuple(Difference(*key, *where) for key, where in differences),
            tuple(Unknown(*key, reason) for key, reason in unknown),
            tuple(found.notes),
            found.values,
            found.outputs,
            found.figures,
        )

    # -- one step -----------------------------------------------------------------------------------------------------

    def failures(self, step: PackageStep, runs: Sequence[Run], found: Found) -> None:
        for run in runs:
            if step.name in run.failed:
                found.differences.setdefault(
                    (step.name, "<run>"), Where("", say("it ends well"), run.failed[step.name])
                )
            if step.name in run.alone:
                found.notes.append(say("%1; it was compared in one process only", run.alone[step.name]))

    def values(self, step: PackageStep, runs: Sequence[Run], found: Found) -> None:
        expected = self.truth.values.get(step.name, {})
        for name in step.gives:
            sides = [run.values[step.name][name] for run in runs if name in run.values.get(step.name, {})]
            if not step.cells:
                found.unknown[step.name, name] = say("no cell of the notebook is known to belong to this step")
            elif name not in expected:
                found.unknown[step.name, name] = say("the notebook's kernel could not tell what it is")
            elif not sides:
                if not any(run.failed for run in runs):
                    found.unknown[step.name, name] = say("the package's process could not tell what it is")
            else:
                found.values += 1
                self.compare((step.name, name), expected[name], sides, found)

    def defaults(self, step: PackageStep, runs: Sequence[Run], found: Found) -> None:
        """What the step's function takes for parameters where it is called by itself."""
        for run in runs:
            for key, actual in run.defaults.items():
                owner, _, name = key.partition(".")
                if owner == step.name:
                    where, _ = compared(run.defaults[f".{name}"], actual)
                    if where is not None:
                        found.differences[step.name, f"<default {name}>"] = where

    def compare(self, key: tuple[str, str], expected: Portrait, sides: Sequence[Portrait], found: Found) -> None:
        for actual in sides:
            where, unknown = compared(expected, actual, self.settings.rtol)
            if where is not None:
                found.differences.setdefault(key, where)
            elif unknown:
                found.unknown.setdefault(key, unknown)

    def final(self, runs: Sequence[Run], found: Found) -> None:
        """The values at the end: a later step may have changed what an earlier one has given."""
        expected = self.truth.values.get(END, {})
        for name, step in _final(self.subject).items():
            sides = [run.values[END][name] for run in runs if name in run.values.get(END, {})]
            key = step, name
            if not sides or name not in expected or key in found.differences:
                continue
            self.compare(key, expected[name], sides, found)
            if key in found.differences:
                where, at_end = found.differences[key], say("at the end")
                place = say("%1, %2", at_end, where.where) if where.where else at_end
                found.differences[key] = where._replace(where=place)

    def outputs(self, step: PackageStep, runs: Sequence[Run], found: Found) -> None:
        expected = lines(self.shown[step.name].text, self.project.name)
        sides = [run.outputs[step.name] for run in runs if step.name in run.outputs]
        key = step.name, "<output>"
        found.outputs += bool(sides)
        for actual in sides:
            told = lines(actual, self.project.name)
            where = differing(expected, told)
            if where is not None:
                reason, arranged = self.not_comparable(step), self.arranged(step, actual)
                if arranged:
                    found.notes += [arranged] if arranged not in found.notes else []
                elif reason:
                    found.unknown[key] = reason
                else:
                    found.differences.setdefault(key, where)
        self.expected_errors(step, runs, found)

    def expected_errors(self, step: PackageStep, runs: Sequence[Run], found: Found) -> None:
        """The errors that cells are expected to end with."""
        for cell in (c for c in step.cells if c not in self.subject.facts.absent):
            for error in shown([self.truth.outputs.get(cell, ())]).errors:
                told = all(tells(run.errors[step.name], error) for run in runs if step.name in run.errors)
                if not told and cell in self.subject.facts.aside:
                    found.unknown[step.name, "<error>"] = self.not_comparable(step)
                elif not told:
                    found.differences.setdefault((step.name, "<error>"), Where("", error, say("no such error")))

    def not_comparable(self, step: PackageStep) -> str:
        """Why what a step shows cannot be compared, where it is not equal."""
        for cell in step.cells:
            if cell in self.truth.redrawn:
                return say("cell %1 changes what it has shown", cell + 1)
            if cell in self.subject.facts.aside:
                aside = self.subject.facts.aside[cell]
                return say("cell %1 has `%2`, of which no package shows anything", cell + 1, aside)
            if cell in self.subject.facts.unset:
                return say("cell %1 shows an array that nobody has filled", cell + 1)
        return ""

    def arranged(self, step: PackageStep, actual: str) -> str:
        """Why the same words in other lines mean nothing: a kernel runs commands at a terminal, where `ls` writes columns.

        What the cells before the first command show, and those behind the last, has to be the same to the letter.
        """
        facts = self.subject.facts
        commands = [c for c in step.cells if c in facts.commands]
        if not commands:
            return ""
        parts = [
            [c for c in step.cells if c < commands[0]],
            [c for c in step.cells if commands[0] <= c <= commands[-1]],
            [c for c in step.cells if c > commands[-1]],
        ]
        before, between, behind = (
            shown([self.of_cell(c, self.truth) for c in part if c not in facts.absent]).text for part in parts
        )
        told = lines(actual, self.project.name)
        first = lines(before, self.project.name) if before else []
        last = lines(behind, self.project.name) if behind else []
        middle = told[len(first) : len(told) - len(last)]
        if told[: len(first)] != first or told[len(told) - len(last) :] != last:
            return ""
        if Counter(" ".join(lines(between, self.project.name)).split()) != Counter(" ".join(middle).split()):
            return ""
        return say(
            "cell %1 runs a command, which arranges what it shows for a terminal; its words were compared, and not its lines",
            commands[0] + 1,
        )

    def is_commanding(self, step: PackageStep) -> bool:
        """Whether a step runs commands of the shell, or its cells install something beside other code."""
        facts = self.subject.facts
        return any(cell in facts.commands or cell in facts.installs for cell in step.cells)

    def figures(self, step: PackageStep, runs: Sequence[Run], found: Found) -> None:
        expected = self.shown[step.name].figures
        for run in runs:
            if step.name not in run.figures:
                continue
            actual = run.figures[step.name]
            if len(expected) != len(actual):
                counts = Where("", str(len(expected)), str(len(actual)))
                found.differences.setdefault((step.name, "<figures>"), counts)
                continue
            for number, (one, two) in enumerate(zip(expected, actual, strict=True), 1):
                key = step.name, f"<figure {number}>"
                if not one.scale:
                    found.unknown[key] = say("the notebook shows it in another form than PNG")
                    continue
                found.figures += 1
                where = figure_differs(one.data, two)
                if where is not None:
                    found.differences.setdefault(key, where)

    def elsewhere(self, found: Found) -> None:
        """What cells show that belong to no step."""
        known = {cell for step in self.project.steps for cell in step.cells}
        for cell, outputs in self.truth.outputs.items():
            if cell in known or cell in self.subject.facts.aside or cell in self.subject.facts.absent:
                continue
            text = lines(shown([outputs]).text, self.project.name)
            if text != [""]:
                where = Where(say("cell %1", cell + 1), text[0], say("no step of the package has this cell"))
                found.differences.setdefault(("", "<output>"), where)

    def absent(self) -> Iterator[str]:
        """Notes on the cells that no package has and that show something."""
        for cell, reason in sorted(self.subject.facts.absent.items()):
            if self.truth.outputs.get(cell):
                yield say("cell %1 is no part of the package (%2); what it shows was not compared", cell + 1, reason)

    def live(self) -> Iterator[str]:
        """Notes on the cells that have shown something for a while, such as how far they were."""
        for cell in sorted(self.truth.redrawn - self.subject.facts.absent.keys()):
            if any(is_live(output) for output in self.truth.outputs.get(cell, ())):
                yield say("cell %1 shows in a widget how far it is; what stood there was not compared", cell + 1)

    # -- what the notebook itself does not determine ---------------------------------------------------------------------

    def leave_out_undetermined(self, found: Found, second: Replay, runs: Sequence[Run]) -> None:
        """Move what differs between two runs of the notebook from the differences to what is unknown."""
        steps = {s.name: s for s in self.project.steps}
        for key in list(found.differences):
            name, what = key
            if what in ("<run>", "<error>") or what.startswith("<default") or name not in steps:
                continue
            if what == "<output>":
                self.undetermined_output(steps[name], found, second, runs)
            elif what.startswith("<figure"):
                one, two = self.shown[name].figures, self.shown_by(steps[name], second).figures
                if one != two:
                    found.unknown[key] = ALWAYS_OTHER
                    del found.differences[key]
            elif self.is_undetermined(name, what, second):
                found.unknown[key] = ALWAYS_OTHER
                del found.differences[key]

    def found_in(self, run: Run) -> Found:
        """The values, outputs and figures of a run, compared."""
        found = Found()
        for step in self.project.steps:
            self.values(step, [run], found)
            self.outputs(step, [run], found)
            self.figures(step, [run], found)
        self.final([run], found)
        return found

    def is_undetermined(self, step: str, name: str, second: Replay) -> bool:
        """Whether a value differs between the notebook's two runs, behind its step or at the end."""
        pairs = [
            (self.truth.values.get(place, {}).get(name), second.values.get(place, {}).get(name))
            for place in (step, END)
        ]
        return any(a and b and compared(a, b, self.settings.rtol).difference is not None for a, b in pairs)

    def undetermined_output(self, step: PackageStep, found: Found, second: Replay, runs: Sequence[Run]) -> None:
        expected, other = (
            lines(s.text, self.project.name) for s in (self.shown[step.name], self.shown_by(step, second))
        )
        if expected == other:
            return
        key = step.name, "<output>"
        found.unknown[key] = OTHER_LINES
        del found.differences[key]
        for run in runs:
            if step.name in run.outputs:
                actual = lines(run.outputs[step.name], self.project.name)
                where = differing(expected, actual, other)
                if where is not None:
                    found.differences.setdefault(key, where)
