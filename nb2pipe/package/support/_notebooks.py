"""What notebooks of a pipeline have to do with one another: each is a process that is started, and not all may leave it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType
from typing import IO, Any

from . import _figures
from ._formats import Nowhere, ValueNotStorable, look
from ._jobs import ended_by_signals
from ._pickles import Pickler
from ._pipeline import ProcessFailed


def start(name: str, folder: Path) -> None:
    """Run a notebook in a process of its own, and wait for its end.

    What it prints goes where this process prints, also where that is a notebook.

    Raises:
        ProcessFailed: It has failed.
    """
    command = [sys.executable, *(f"-W{w}" for w in sys.warnoptions), str(Path(__file__).with_name("_process.py"))]
    environment = dict(os.environ)
    if environment.get("MPLBACKEND", "") == _figures.NAME or "inline" in environment.get("MPLBACKEND", ""):
        del environment["MPLBACKEND"]  # that of this process
    direct = sys.stdout is sys.__stdout__ and sys.stderr is sys.__stderr__
    with ended_by_signals():
        if direct:
            sys.stdout.flush()
            code = _ended(subprocess.Popen([*command, name, str(folder)], env=environment))
        else:
            command.insert(1, "-Xutf8")
            process = subprocess.Popen(
                [*command, name, str(folder)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            pumps = [_pump(process.stdout, sys.stdout), _pump(process.stderr, sys.stderr)]
            code = _ended(process)
            for pump in pumps:
                pump.join()
    if code:
        raise ProcessFailed(
            f"notebook {name} has failed" if code > 0 else f"notebook {name} was ended by signal {-code}"
        )


def _ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process; it is ended where this one is interrupted."""
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise


def _pump(source: IO[bytes] | None, target: Any) -> threading.Thread:
    """Write what comes from a process, line by line."""

    def write() -> None:
        for line in source or ():
            target.write(line.decode("utf-8", "replace"))

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def storable(notebook: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that can leave their process; those that cannot are told on the standard error."""
    found = {}
    for name, value in values.items():
        try:
            look(notebook, name, value)
        except ValueNotStorable as error:
            print(f"{error}; it is not among the results", file=sys.stderr)
        else:
            found[name] = value
    return found


def check(own: str, step: str, values: Mapping[str, Any]) -> None:
    """See that values hold nothing that only their notebook has, whose modules begin with ``own``.

    A class of the notebook would be another class where its text stands in a second notebook as well.

    Raises:
        ValueNotStorable: One of them does, or cannot be pickled.
    """
    for name, value in values.items():
        try:
            _Foreign(own).dump(value)
        except Exception as error:
            raise ValueNotStorable(
                f"step {step} gives {name} ({type(value).__qualname__}), which cannot be handed on to another notebook: {error}"
            ) from error


class _Foreign(Pickler):
    """Refuses classes and functions of a notebook, and keeps nothing."""

    def __init__(self, own: str) -> None:
        super().__init__(Nowhere(), frozenset())
        self._own = own

    def reducer_override(self, obj: Any) -> Any:
        """How an object is made again, where it is none of the notebook's own."""
        if isinstance(obj, (type, FunctionType)) and f"{obj.__module__}.".startswith(self._own):
            kind = "class" if isinstance(obj, type) else "function"
            raise pickle.PicklingError(
                f"{kind} {obj.__qualname__} is of that notebook; in a module beside the notebooks, imported in both, it is of both"
            )
        return super().reducer_override(obj)
