"""A run is recorded as it goes on: a listener that writes what it hears, and passes it on."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2pipe import __version__
from nb2pipe.diagnostics import say
from nb2pipe.interpreters import elsewhere
from nb2pipe.pipeline.model import Pipeline
from nb2pipe.pipeline.stored import dumped
from nb2pipe.runtime.outputs import Event
from nb2pipe.runtime.result import Listener, Outcome, RunResult
from nb2pipe.runtime.script import Script
from nb2pipe.runtime.task import Metric
from nb2pipe.store import results, runs
from nb2pipe.store.digests import digest_of_text
from nb2pipe.store.rooms import Store


class Recording(Listener):
    """The record of one run, whose values are in ``folder``. A store that cannot be written ends the record, and not the run.

    What steps show and leave is kept by content when they end: the executed notebook, and what any step took, can be had of a
    run that was killed as well. The values of the steps that are ``unkept`` are left where they are.
    """

    def __init__(
        self, store: Store, folder: Path, run: runs.Run, listener: Listener, unkept: frozenset[str] = frozenset()
    ) -> None:
        self._store, self._folder, self.run, self._listener = store, folder, run.id, listener
        self._database = store.database
        self._notes: list[str] = []
        self._begun: set[str] = set()
        self._shown: dict[str, str] = {}
        self._graph = run.facts["graph"]
        self._unkept = unkept
        self._broken = False
        self._write(lambda: runs.begin(self._database, run))

    def started(self, step: str) -> None:
        """A step has started."""
        self._write(
            lambda: runs.step(self._database, self.run, runs.StepRun(step, "running", {"started": time.time()}))
        )
        if step in self._begun:  # it runs again, and says its metrics again
            self._write(lambda: runs.measured(self._database, self.run, step, ()))
        self._begun.add(step)
        self._listener.started(step)

    def begun(self, step: str, cell: int, when: float, pid: int) -> None:
        """A step has begun a cell."""
        self._listener.begun(step, cell, when, pid)

    def shown(self, step: str, event: Event) -> None:
        """A cell has shown something."""
        self._listener.shown(step, event)

    def metric(self, step: str, metric: Metric) -> None:
        """A step has said a metric."""
        self._write(lambda: runs.measure(self._database, self.run, step, metric))
        self._listener.metric(step, metric)

    def ended(self, step: str, outcome: Outcome) -> None:
        """A step has ended."""
        self._write(lambda: self._step(step, outcome))
        self._listener.ended(step, outcome)

    def kept(self, step: str) -> None:
        """What a step gave is in the cache."""
        self._listener.kept(step)

    def failed_once(self, step: str, why: str, shown: str) -> None:
        """A step has failed and is tried again."""
        self._listener.failed_once(step, why, shown)

    def _step(self, step: str, outcome: Outcome) -> None:
        """Keep what a step left and showed, and then say so."""
        for file in () if outcome.cached else outcome.files:  # what is cached was taken from there
            if file.digest and step not in self._unkept:
                self._store.contents.keep(self._folder / file.name, file.digest)
        self._shown.pop(step, None)
        if outcome.events:
            try:
                text = json.dumps(outcome.events, sort_keys=True)
            except (TypeError, ValueError) as error:
                self._listener.note(say("what %1 shows is not recorded, for it is no JSON: %2", step, str(error)))
            else:
                self._shown[step] = self._store.contents.keep_bytes(text.encode("ascii"))
        if outcome.cached and (outcome.metrics or step in self._begun):
            runs.measured(self._database, self.run, step, outcome.metrics)
        self._facts(step, outcome)

    def _facts(self, step: str, outcome: Outcome) -> None:
        facts = _facts(outcome)
        if step in self._shown:
            facts["shown"] = self._shown[step]
        status = "cached" if outcome.cached else outcome.status
        runs.step(self._database, self.run, runs.StepRun(step, status, facts))

    def note(self, text: str) -> None:
        """Something that the user should know."""
        self._notes.append(text)
        self._write(lambda: runs.tell(self._database, self.run, {"notes": self._notes}))
        self._listener.note(text)

    def over(self, result: RunResult | None) -> None:
        """The run has ended; without a result it was refused."""
        status = (
            "refused"
            if result is None
            else "interrupted"
            if result.interrupted
            else "failed"
            if result.exit_code
            else "ok"
        )
        if result is not None:  # why a result is not kept is known only behind the end of its step
            for step, outcome in result.outcomes.items():
                if outcome.unkept or outcome.status == "not run":
                    self._write(lambda step=step, outcome=outcome: self._facts(step, outcome))
            # guards may have added edges
            self._write(lambda: self._pipeline(result.pipeline))
        self._write(lambda: runs.end(self._database, self.run, status))

    def _pipeline(self, pipeline: Pipeline) -> None:
        graph = _graph(self._store, pipeline)
        if graph != self._graph:
            runs.tell(self._database, self.run, {"graph": graph})

    def _write(self, write: Any) -> None:
        if self._broken:
            return
        try:
            write()
        except (sqlite3.Error, OSError) as error:
            self._broken = True
            self._listener.note(say("the run is not recorded any more: %1", str(error)))


def described(
    store: Store, run: str, notebook: str, started: float, parameters: Mapping[str, Any], todo: Script, pipeline: Pipeline,
    packages: str, options: Mapping[str, Any],
) -> runs.Run:  # fmt: skip
    """A run as it begins: with what it was asked for, its code, and where it runs.

    Raises:
        OSError: The store cannot be written.
    """
    results.note(store.database, digest_of_text(packages), packages)
    sources = (c["source"] for i, c in enumerate(todo.document["cells"]) if i != todo.place)
    other = elsewhere()
    facts = {
        "pipeline": pipeline.name,
        "parameters": dict(parameters),
        "code": digest_of_text("\0".join(sources)),
        "document": store.contents.keep_bytes(_document(todo.document)),
        "place": todo.place,
        "graph": _graph(store, pipeline),
        "options": dict(options),
        "nb2pipe": __version__,
        "python": platform.python_version() if other is None else other.release,
        "platform": platform.platform(),
        "packages": digest_of_text(packages),
        "host": platform.node(),
        "git": _git(Path(notebook).parent),
        "pid": os.getpid(),
        "process": runs.process_of(os.getpid()),
    } | ({} if other is None else {"interpreter": other.start, "variables": sorted(dict(other.variables))})
    return runs.Run(run, notebook, "running", started, None, facts)


def _document(document: Any) -> bytes:
    """The notebook that is run, without outputs."""
    bare: dict[str, Any] = {"outputs": [], "execution_count": None}
    cells = [{**c, **(bare if c["cell_type"] == "code" else {})} for c in document["cells"]]
    return json.dumps({**document, "cells": cells}, sort_keys=True).encode("ascii")


def _graph(store: Store, pipeline: Pipeline) -> str:
    return store.contents.keep_bytes(dumped(pipeline).encode("ascii"))


def _facts(outcome: Outcome) -> dict[str, Any]:
    facts = {
        "started": outcome.started,
        "ended": outcome.ended,
        "seconds": round(outcome.seconds, 6),
        "key": outcome.digest,
        "reason": outcome.reason,
        "unkept": outcome.unkept,
        "detail": outcome.detail,
        "cell": outcome.cell + 1 if outcome.cell >= 0 else None,
        "error": outcome.ename,
        "cpu": round(outcome.cpu, 6),
        "memory": outcome.memory,
        "bytes_in": outcome.taken,
        "bytes_out": outcome.given,
        "values": dict(outcome.values),
        "kinds": {name: kind for f in outcome.files for name, kind in zip(f.names, f.kinds, strict=False)},
        "sizes": {name: f.size for f in outcome.files for name in f.names},
        "inputs": dict(outcome.inputs),
        "made": outcome.made,
        "held": dict(outcome.held),
        "begun": list(outcome.begun),
        "until": outcome.until,
        "runs": outcome.runs if outcome.runs > 1 else 0,
    }
    return {name: value for name, value in facts.items() if value not in ("", None, 0, {}, [])}


def _git(folder: Path) -> dict[str, Any] | None:
    """The commit that the notebook's folder is at, and whether anything was changed since; None outside of git."""
    if not any((p / ".git").exists() for p in (folder, *folder.parents)):
        return None
    try:
        asked = [
            subprocess.run(
                ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=True
            ).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        ]
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": asked[0], "changed": bool(asked[1])}
