"""States of the process that one step leaves and another needs, where each step runs in a process of its own.

They are one file a step, ``<folder>/<step>/process.states``, written as a whole or not at all.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ._files import ValueMissing, put
from ._functions import dumps
from ._settings import STATES

__all__ = ["StateNotCarried", "check", "restore", "saved"]

_FILE = "process.states"  # no suffix of a value


class StateNotCarried(RuntimeError):
    """A state of the process that cannot be carried to another process; the message says what to do instead."""

    def __init__(self, what: str) -> None:
        package = (__package__ or "").rpartition(".")[0]
        super().__init__(f"{what}; run the pipeline in one process: python -m {package}")


def check(step: str, needs: Mapping[str, str], leaves: Iterable[str]) -> None:
    """See that all states can be carried that a step needs, by name with the step that leaves each, and that it leaves.

    Raises:
        StateNotCarried: One of them cannot.
    """
    for name, source in needs.items():
        if name not in STATES:
            raise StateNotCarried(
                f"step {step} needs {name} as step {source} leaves it, which cannot be carried to another process"
            )
    for name in leaves:
        if name not in STATES:
            raise StateNotCarried(f"step {step} leaves {name} changed, which cannot be carried to another process")


@contextmanager
def saved(folder: str | os.PathLike[str], step: str, names: Iterable[str]) -> Iterator[None]:
    """Keep states as a step has left them, around the keeping of its values: there are never new values with old states.

    Raises:
        StateNotCarried: One of them is such that it cannot be kept. The files are then as they were.
    """
    kept = {name: _taken(step, name) for name in names}
    path = Path(folder, step, _FILE)
    path.unlink(missing_ok=True)
    yield
    if kept:
        put(path, pickle.dumps(kept))


def _taken(step: str, name: str) -> bytes:
    try:
        return dumps(STATES[name].take())
    except Exception as error:
        raise StateNotCarried(
            f"step {step} leaves {name} changed, which cannot be carried to another process: {error}"
        ) from error


def restore(folder: str | os.PathLike[str], step: str, needs: Mapping[str, str], *, early: bool) -> None:
    """Put back the states that a step needs, by name with the step that left each.

    First, before values are read, those by which modules and files are found (``early``), then the others.

    Raises:
        ValueMissing: A state is not there; the message names the step that has to run first.
        StateNotCarried: A state cannot be put back in this process.
    """
    for name, state in STATES.items():
        if name not in needs or state.early is not early:
            continue
        try:
            value = pickle.loads(_kept(folder, needs[name], name))
            if value is not None:
                state.put(value)
        except ValueMissing:
            raise
        except Exception as error:
            raise StateNotCarried(
                f"step {step} needs {name} as step {needs[name]} left it, which cannot be put back here: {error}"
            ) from error


def _kept(folder: str | os.PathLike[str], step: str, name: str) -> bytes:
    path = Path(folder, step, _FILE)
    kept: dict[str, Any] = pickle.loads(path.read_bytes()) if path.is_file() else {}
    if name not in kept:
        raise ValueMissing(f"the state {name} is not in {path.parent}: step {step} has to run first")
    found: bytes = kept[name]
    return found
