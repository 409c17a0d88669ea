"""What steps gave before, looked up by recipe; what they give now, kept for later runs."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import platform
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import say
from nb2pipe.interpreters import elsewhere, environment_there
from nb2pipe.pipeline.model import Step
from nb2pipe.runtime.kept import Kept, Missing
from nb2pipe.runtime.observed import HOST, Keyed, Observed, changed
from nb2pipe.runtime.recipes import Recipe, Recipes
from nb2pipe.runtime.resume import Past, bound, differs, is_whole
from nb2pipe.runtime.script import INJECTED
from nb2pipe.runtime.surroundings import Surroundings, package_times, packages
from nb2pipe.runtime.task import CellTask, Metric, Report, Seen, ValueFile, files_of
from nb2pipe.runtime.trust import Trust
from nb2pipe.runtime.words import difference, unstorable_in_words
from nb2pipe.store import results
from nb2pipe.store.care import let_go
from nb2pipe.store.digests import digest_of_text
from nb2pipe.store.results import Result
from nb2pipe.store.rooms import Store

_SHOWN_LINES = ("ipykernel_", "Cell In[", "cell line:")
"""What an output says that shows the place of a cell's line."""
Allowed = Callable[[Report], str]
"""Why a report cannot stand for a run of its step in this pipeline; "" where it can."""


class Cache:
    """The results of one notebook's steps. ``folder`` is the run's own: what is found is put there.

    ``resumed`` are the runs that this one goes on with, the last first.
    """

    def __init__(
        self, store: Store, notebook: str, run: str, recipes: Recipes, around: Surroundings, keyed: Keyed, folder: Path | None,
        trust: Trust,
        resumed: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.store = store
        self.trust = trust
        self.recipes = recipes
        self._notebook = notebook
        self._run = run
        self._around = around
        self._keyed = keyed
        self.here = folder
        self._resumed = resumed
        self._names = itertools.count()
        self._environment = {**environment_there(), HOST: platform.node()}
        self._times = package_times()
        self.broken = ""
        self.fresh = False
        """Whether every step is to run, whatever is kept of it."""
        self.ran = False
        """Whether any step has been run, which may have installed something."""

    @property
    def folder(self) -> Path:
        """The folder of the run that goes on."""
        assert self.here is not None  # noqa: S101  a plan runs nothing
        return self.here

    @property
    def packages(self) -> str:
        """What is installed, a line each."""
        return self._around.packages

    # -- looking up -------------------------------------------------------------------------------------------------

    def look_up(
        self,
        step: Step,
        tasks: Sequence[CellTask],
        inputs: Mapping[str, ValueFile],
        order: Sequence[str],
        allowed: Allowed,
        past: Callable[[], Past],
        anew: str = "",
    ) -> Kept | Missing:
        """The earlier result of a step that holds now, or why there is none.

        ``past`` are the steps before it, for each that was not run in this run the digest of its recipe; ``anew`` says why the
        step is run in any case.
        """
        self._look_around()
        recipe = self.recipes.recipe(step, tasks, inputs, order)
        if recipe.never:
            return Missing(say("%1: never cached", recipe.never))
        if anew or self.fresh:
            return Missing(anew or say("every step was to run"), recipe)
        try:
            found: Kept | Missing = Missing(say("%1: never cached", recipe.once), recipe)
            if not recipe.once:
                found = self._look_up(step, tasks, recipe, allowed)
            if isinstance(found, Missing):
                found = self._taken_over(step, tasks, recipe, allowed, past) or found
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
            return Missing(say("the store cannot be read"))
        return found

    def _look_around(self) -> None:
        """A step may have installed something."""
        if not self.ran:
            return
        times = package_times()
        if times != self._times:
            self._times = times
            self._around = self._around._replace(packages=packages())
            self.recipes.common["packages"] = digest_of_text(self._around.packages)

    def never(self, step: Step, tasks: Sequence[CellTask]) -> str:
        """Why a step is run in any case, as far as that is known before its values are; "" where nothing is."""
        recipe = self.recipes.recipe(step, tasks, {}, ())
        never = recipe.never or ("" if self._resumed else recipe.once)
        return say("%1: never cached", never) if never else ""

    def seconds(self, step: str) -> float | None:
        """How long the last run of a step took."""
        found = results.last(self.store.database, self._notebook, step)
        return None if found is None else found.seconds

    def _look_up(self, step: Step, tasks: Sequence[CellTask], recipe: Recipe, allowed: Allowed) -> Kept | Missing:
        reason = ""
        for result in results.find(self.store.database, recipe.digest):
            found = self._held(step, tasks, recipe, result, allowed)
            if isinstance(found, Kept):
                return found
            reason = reason or found
        reason = reason or self._reason(step, tasks, recipe)
        return Missing(reason, recipe)

    def _taken_over(
        self, step: Step, tasks: Sequence[CellTask], recipe: Recipe, allowed: Allowed, past: Callable[[], Past]
    ) -> Kept | Missing | None:
        """What the step gave in the interrupted run, which holds in no other; None where that is not known there."""
        for run in self._resumed:
            for result in results.find(self.store.database, bound(recipe.digest, run)):
                found = self._held(step, tasks, recipe, result, allowed, past)
                once = result.facts.get("once", "")
                if not isinstance(found, Kept):
                    return Missing(say("%1, and it %2", found, once), recipe)
                found.reason = say("ended in run %1, and %2", run, once)
                found.digest = recipe.digest
                found.over = True
                return found
        return None

    def _held(
        self, step: Step, tasks: Sequence[CellTask], recipe: Recipe, result: Result, allowed: Allowed,
        past: Callable[[], Past] | None = None,
    ) -> Kept | str:  # fmt: skip
        """A result of the recipe where it can be taken, or why not; it may be a stranger's, and say anything."""
        try:
            report = _report(step.name, result.facts)
            why = (differs(result, past()) if past else "") or self._unfit(step, recipe, result, report, tasks, allowed)
            if why:
                return why
            kept = self._taken(tasks, result, report)
            if kept is None:
                return say("its stored result was damaged or is gone")
            kept.reason = "" if result.facts["exact"] == recipe.exact else say("comments only")
            return self.trust.refused(result, kept.report.files, self._place) or kept
        except (LookupError, TypeError, ValueError, AttributeError):
            if self.trust.is_own(result):
                raise
            return say("its stored result is not as a run leaves one")

    def _unfit(
        self, step: Step, recipe: Recipe, result: Result, report: Report, tasks: Sequence[CellTask], allowed: Allowed
    ) -> str:
        """Why a result of the same recipe does not hold here."""
        facts = result.facts
        if facts["code"] and facts["exact"] != recipe.exact:
            return say("its text changed, and functions or classes of it are used by other steps, with their lines")
        if facts["code"] and facts["stamp"] != recipe.stamp:
            return say("its functions or classes are used by other steps, and it has another place among them")
        if facts["lines"] and facts["numbered"] != recipe.numbered:
            return say("its text or the numbers of cells changed, and it shows lines of it")
        if not set(facts["changes"]) <= set(step.changes):
            return say("it was kept when more was known of what it changes")
        missing = sorted(set(step.outputs) - {n for f in facts["files"] for n in f[1]})
        unmeasured = sorted({n for t in tasks for n in t.metrics} - set(facts.get("measured", ())))
        if unmeasured:
            return say("`%1` is a metric now, and was none", unmeasured[0])
        if missing:
            return say("`%1` is needed now, and was not kept", missing[0])
        why = allowed(report)
        if why:
            return why
        cwd = self.recipes.common["folder"]
        return changed(facts["observed"], self.store.digests, self._keyed, self._environment, cwd)

    def _taken(self, tasks: Sequence[CellTask], result: Result, report: Report) -> Kept | None:
        """The result with its values in the run's folder; None where something of it is damaged."""
        facts = result.facts
        data = self.store.contents.read(facts["events"])
        if data is None:
            return None
        if self.here is not None:
            for place, file in enumerate(report.files):
                name = f"kept-{next(self._names)}.values"
                if not self.store.contents.take(file.digest, self.here / name):
                    return None
                report.files[place] = file._replace(name=name)
        elif not all(self.store.contents.has(f.digest) for f in report.files):
            return None
        there = self.recipes.places(tasks)
        events = [_placed(e, there) for e in json.loads(data)]
        begun = [(task.index, when) for place, when in facts["begun"] for task in there.get(place, ())]
        return Kept(report, events, begun, facts["ended"], result.run, result.recipe)

    def _place(self, file: ValueFile) -> Path:
        """Where a file is that was taken, or would be."""
        return self.store.contents.file(file.digest) if self.here is None else self.here / file.name

    def _reason(self, step: Step, tasks: Sequence[CellTask], recipe: Recipe) -> str:
        """Why there is no result of this recipe, in words."""
        database = self.store.database
        refused = results.refusal(database, recipe.digest)
        if refused:
            return say("%1: not cached", refused)
        last = results.last(database, self._notebook, step.name)
        if last is None:
            return say("no earlier result")
        before = {k: results.noted(database, v) or v for k, v in last.facts["parts"].items()}
        now = {**recipe.parts, "packages": self._around.packages, "environment": self._environment_text()}
        return difference(before, now, self.recipes.positions(tasks))

    # -- keeping ----------------------------------------------------------------------------------------------------

    def keep(
        self, step: Step, recipe: Recipe, tasks: Sequence[CellTask], report: Report, events: Sequence[dict[str, Any]],
        begun: Sequence[tuple[int, float]], past: Callable[[], Past],
    ) -> str:  # fmt: skip
        """Keep what a step gave, for later runs; why it is not kept, or "".

        What only this run may take is kept for whoever goes on with it; ``past`` are the steps before, as in `look_up`.
        """
        if self.broken:
            return self.broken
        try:
            why = self._unkept(report, events)
            once = "" if why else recipe.once or self._once(step, report)
            if why or once:
                results.refuse(self.store.database, recipe.digest, why or once)
                self.keep_values(step, tasks, report)
            before = past() if once else {}
            if not why and is_whole(before):
                more = {"once": once, "past": before} if once else {}
                self._keep(step, recipe, tasks, report, events, begun, more)
            if why or once:
                return why or once
        except (TypeError, ValueError) as error:
            return say("what it shows is no JSON: %1", str(error))
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
        return self.broken

    def _once(self, step: Step, report: Report) -> str:
        """What a step was seen to read that nobody can look at again."""
        unseen = [] if report.observed is None or step.requirements.cache else report.observed.unseen
        return unseen[0] if unseen else ""

    def _unkept(self, report: Report, events: Sequence[dict[str, Any]]) -> str:
        """Why what a step gave cannot stand for a run of it."""
        observed = report.observed
        if observed is None:
            return say("nobody has looked at what it reads")
        if observed.writes:
            return say("writes %1", os.path.relpath(observed.writes[0], self.recipes.common["folder"]))
        if observed.torn:
            return observed.torn[0]
        if report.unstorable:
            return say("%1 cannot leave its process", unstorable_in_words(report.unstorable[0]))
        if report.held:
            return say("`%1` holds the secret %2", report.held[0].names[0], report.held[0].secrets[0])
        if any(one.kind != "sharing" for one in report.seen):
            return say("did what the analysis had not said")
        if any(e["type"] == "comm" for e in events):
            return say("shows widgets")
        return ""

    def _keep(
        self, step: Step, recipe: Recipe, tasks: Sequence[CellTask], report: Report, events: Sequence[dict[str, Any]],
        begun: Sequence[tuple[int, float]], more: Mapping[str, Any],
    ) -> None:  # fmt: skip
        assert report.observed is not None  # noqa: S101  `_unkept` has looked
        places = {t.index: place for place, there in self.recipes.places(tasks).items() for t in there}
        shown = json.dumps([{**e, "cell": places[e["cell"]]} for e in events])
        for file in report.files:
            self.store.contents.keep(self.folder / file.name, file.digest)
        database = self.store.database
        if recipe.parts["packages"] == digest_of_text(self._around.packages):
            results.note(database, recipe.parts["packages"], self._around.packages)
        results.note(database, recipe.parts["environment"], self._environment_text())
        facts = {
            "parts": recipe.parts,
            "exact": recipe.exact,
            "numbered": recipe.numbered,
            "stamp": recipe.stamp,
            "code": any(f.code for f in report.files),
            "lines": recipe.lines or any(_shows_lines(e) for e in events),
            "files": [("", *f[1:]) for f in report.files],
            "together": report.together,
            "seen": [asdict(s) for s in report.seen],
            "changes": step.changes,
            "reads": report.reads,
            "metrics": report.metrics,
            "measured": sorted({n for t in tasks for n in t.metrics}),
            "observed": report.observed.kept(self._keyed),
            "events": self.store.contents.keep_bytes(shown.encode("utf-8", "surrogatepass")),
            "begun": [(places[cell], when) for cell, when in begun if cell != INJECTED],
            "ended": time.time(),
            **_interpreter(),
            **more,
        }
        self._add(bound(recipe.digest, self._run) if more else recipe.digest, step, report, facts)

    def keep_values(self, step: Step, tasks: Sequence[CellTask], report: Report) -> None:
        """Keep the values of a step whose result cannot stand for a run of it: they can be looked at, and never taken."""
        if self.broken or step.requirements.cache is False:
            return
        facts = {
            "parts": {f"parameter {name}": self.recipes.value_of(name) for name in step.parameters},
            "exact": digest_of_text("\0".join(t.source for t in tasks)),
            "files": [("", *f[1:]) for f in report.files],
            "reads": report.reads,
            "writes": report.writes,
            **_interpreter(),
        }
        try:
            for file in report.files:
                self.store.contents.keep(self.folder / file.name, file.digest)
            self._add("", step, report, facts)
        except (sqlite3.Error, OSError) as error:
            self._fail(error)

    def _add(self, recipe: str, step: Step, report: Report, facts: dict[str, Any]) -> None:
        made = Result(recipe, self._notebook, step.name, time.time(), self._run, report.seconds, facts)
        results.add(self.store.database, self.trust.sealed(made))

    def over(self) -> None:
        """The run is over and nobody goes on with it: what was kept for that goes."""
        if not self.broken:
            with contextlib.suppress(sqlite3.Error, OSError):  # `store gc` does it later
                let_go(self.store, (self._run, *self._resumed))

    def _environment_text(self) -> str:
        return "\n".join(f"{name}={digest}" for name, digest in self._around.environment.items())

    def _fail(self, error: Exception) -> None:
        why = getattr(error, "strerror", None) or str(error)
        self.broken = say("the store %1 cannot be used: %2", str(self.store.folder), why)


def _interpreter() -> dict[str, Any]:
    """The interpreter that loads the values that are kept, where it is not the one that runs nb2pipe."""
    other = elsewhere()
    return {} if other is None else {"interpreter": other.start}


def _report(step: str, facts: Mapping[str, Any]) -> Report:
    """The report of a step as its run gave it."""
    return Report(
        step=step,
        files=files_of(facts),
        together=[(a, b) for a, b in facts["together"]],
        seen=[Seen(s["kind"], step, tuple(s["names"]), s["other"]) for s in facts["seen"]],
        reads=list(facts["reads"]),
        observed=Observed(files=dict(facts["observed"]["files"])),
        metrics=[Metric(*m) for m in facts.get("metrics", ())],
    )


def _shows_lines(event: Mapping[str, Any]) -> bool:
    """Whether an output may show where in a cell something stands."""
    if event["type"] == "stream":
        return event["name"] == "stderr" or any(mark in event["text"] for mark in _SHOWN_LINES)
    if event.get("output", {}).get("output_type") == "error":
        return True
    return any(mark in json.dumps(event) for mark in _SHOWN_LINES)


def _placed(event: dict[str, Any], there: Mapping[int, Sequence[CellTask]]) -> dict[str, Any]:
    """An event at the place that its cell has now."""
    task = there[event["cell"]][0]
    event["cell"] = task.index
    if "execution_count" in event.get("output", {}):
        event["output"]["execution_count"] = task.count
    return event
