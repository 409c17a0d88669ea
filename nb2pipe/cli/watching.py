"""`run --watch`: a notebook is run again whenever it, or a file that it rests on, was saved."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nb2pipe.api import Compiled
    from nb2pipe.runtime.result import RunResult
    from nb2pipe.runtime.watching import Watch
    from nb2pipe.runtime.zygote import Starter

_INTERRUPTED = 130
Told = Callable[["Compiled", "RunResult | None"], None]
Run = Callable[["Starter", Told], int]
"""Runs once, and tells what was compiled and what came of it."""


def check_watch(options: argparse.Namespace) -> None:
    """See that nothing is asked for that does not go with watching.

    Raises:
        UsageError: It is.
    """
    from nb2pipe.diagnostics import UsageError
    from nb2pipe.notebook.load import is_remote

    given = {"--sweep": options.sweep, "--resume": options.resume, f"--engine {options.engine}": options.engine != "local",
             "--no-cache": options.cache is False, "--guards off": options.guards == "off"}  # fmt: skip
    bad = next((name for name, value in given.items() if value), "")
    if bad:
        raise UsageError(f"--watch runs again what a change touches, from the cache: it goes with no {bad}")
    if is_remote(options.notebook):
        raise UsageError(f"--watch: {options.notebook} is no file of this machine")


def watch(options: argparse.Namespace, run: Run) -> int:
    """Run until Ctrl-C ends it; what cannot be run is told, and the next change waited for.

    Raises:
        UsageError: It cannot be run the first time.
    """
    from nb2pipe.diagnostics import UsageError
    from nb2pipe.runtime.lasting import Lasting
    from nb2pipe.runtime.watching import Watch

    folder = str(Path(options.cwd or Path(options.notebook).resolve().parent).absolute())
    watched = Watch(path for path in (options.notebook, options.parameters_file) if path)
    first, rests = True, set[str]()
    with Lasting(folder) as starter:
        while True:
            begun = watched.begin()
            try:
                code, found = _code_of(options.notebook), _Found()
                if run(starter, found.told) == _INTERRUPTED:
                    return _INTERRUPTED
                rests = found.files() - {os.path.abspath(options.output or os.devnull)}
            except UsageError as error:
                if first:
                    raise
                code = None
                _say_waiting(error)
            first, known = False, set(watched.own)
            watched.rests_on(rests, begun)
            for path in sorted(watched.own - known):
                _say(f"note     {os.path.relpath(path)} changes with each run, and is not watched")
            others = len(watched.files) - 1
            more = f" and {others} file{'s' * (others != 1)}" if others else ""
            _say(f"watching {options.notebook}{more}; Ctrl-C ends")
            changed = _wait(watched, options.notebook, code)
            _say(f"changed  {', '.join(os.path.relpath(path) for path in changed)}")


def _wait(watched: Watch, notebook: str, code: Any) -> tuple[str, ...]:
    """Wait for a change that a run would see: not one of outputs, and not of a notebook that cannot be read yet."""
    from nb2pipe.diagnostics import UsageError

    while True:
        changed = watched.wait()
        if changed != (os.path.abspath(notebook),):
            return changed
        watched.look(notebook)  # before it is read: what is saved meanwhile is a change
        try:
            if _code_of(notebook) != code:
                return changed
        except UsageError as error:
            _say_waiting(error)


def _say_waiting(error: Exception) -> None:
    _say(f"waiting  {str(error).splitlines()[0]}")


class _Found:
    """What a run rests on, as far as the analysis knows it and its steps were seen to read it."""

    def __init__(self) -> None:
        self._read: set[str] = set()
        self._written: set[str] = set()

    def told(self, compiled: Compiled, result: RunResult | None) -> None:
        """Take in what was compiled, and what came of it."""
        for effects in compiled.analysis.effects:
            for access in effects.accesses:
                if access.resource.kind == "file" and "*" not in access.resource.key:
                    path = os.path.join(compiled.folder, access.resource.key)
                    (self._read if access.mode == "read" else self._written).add(os.path.abspath(path))
        for outcome in result.outcomes.values() if result is not None else ():
            self._read.update(outcome.reads)
            self._written.update(outcome.writes)

    def files(self) -> set[str]:
        """The files; without what it writes itself, and without folders."""
        return {path for path in self._read - self._written if not Path(path).is_dir()}


def _code_of(path: str) -> Any:
    """What of a notebook decides on a run: not its outputs, nor how often its cells were run."""
    from nb2pipe.notebook.read import read

    notebook = read(path)
    cells = tuple(cell._replace(execution_count=None) for cell in notebook.cells)
    return notebook.kernel, notebook.name, notebook.defaults, cells


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
