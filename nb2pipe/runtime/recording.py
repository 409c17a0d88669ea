"""A run is recorded as it goes on: a listener that writes what it hears, and passes it on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2pipe import __version__
from nb2pipe.runtime.outputs import Event
from nb2pipe.runtime.result import Listener, Outcome, RunResult
from nb2pipe.store import runs


class Recording(Listener):
    """The record of one run. A store that cannot be written ends the record, and not the run."""

    def __init__(self, database: sqlite3.Connection, run: runs.Run, listener: Listener) -> None:
        self._database, self._run, self._listener = database, run.id, listener
        self._broken = False
        self._write(lambda: runs.begin(database, run))

    def started(self, step: str) -> None:
        """A step has started."""
        self._write(
            lambda: runs.step(self._database, self._run, runs.StepRun(step, "running", {"started": time.time()}))
        )
        self._listener.started(step)

    def begun(self, step: str, cell: int, when: float, pid: int) -> None:
        """A step has begun a cell."""
        self._listener.begun(step, cell, when, pid)

    def shown(self, step: str, event: Event) -> None:
        """A cell has shown something."""
        self._listener.shown(step, event)

    def ended(self, step: str, outcome: Outcome) -> None:
        """A step has ended."""
        found = runs.StepRun(step, "cached" if outcome.cached else outcome.status, _facts(outcome))
        self._write(lambda: runs.step(self._database, self._run, found))
        self._listener.ended(step, outcome)

    def failed_once(self, step: str, why: str, shown: str) -> None:
        """A step has failed and is tried again."""
        self._listener.failed_once(step, why, shown)

    def note(self, text: str) -> None:
        """Something that the user should know."""
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
                    found = runs.StepRun(step, "cached" if outcome.cached else outcome.status, _facts(outcome))
                    self._write(lambda found=found: runs.step(self._database, self._run, found))
        self._write(lambda: runs.end(self._database, self._run, status))

    def _write(self, write: Any) -> None:
        if self._broken:
            return
        try:
            write()
        except sqlite3.Error as error:
            self._broken = True
            self._listener.note(f"the run is not recorded any more: {error}")


def described(
    run: str, notebook: str, started: float, parameters: Mapping[str, Any], code: str, options: Mapping[str, Any]
) -> runs.Run:
    """A run as it begins: with what it was asked for, its code in one word, and where it runs."""
    facts = {
        "parameters": dict(parameters),
        "code": code,
        "options": dict(options),
        "nb2pipe": __version__,
        "python": platform.python_version(),
        "host": platform.node(),
        "git": _git(Path(notebook).parent),
        "pid": os.getpid(),
        "process": runs.process_of(os.getpid()),
    }
    return runs.Run(run, notebook, "running", started, None, facts)


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
    }
    return {name: value for name, value in facts.items() if value not in ("", None, 0, {})}


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
