"""Pickles that others may have written: what they need is found out before they are loaded, and only what is harmless is loaded.

A pickle is a program. It is run twice: first with stand-ins for all that it names, which do nothing and note what becomes of them; and
where nothing but harmless names was met, in earnest, with those names only.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from typing import Any

from nb2pipe.runtime import harmless, reducing, sets
from nb2pipe.runtime.standins import lasting, stand_in
from nb2pipe.runtime.states import RANDOM

_GLOBAL_STATE = frozenset({"numpy.random.mtrand._rand", *reducing.CONSTANTS})
"""What there is one of in each process, and may be held, but not changed."""


class Harmful(Exception):
    """A pickle needs what is not known to be harmless; its arguments are the names."""


def needs(data: bytes, buffers: Sequence[Any], names: Sequence[str] = ()) -> tuple[str, ...]:
    """What a pickle needs that is not known to be harmless, by name; nothing is imported or called.

    ``names`` are those of the values in it. Of the states of a process only that of random numbers is harmless: all others decide on
    what is imported, or are what the process is.

    Raises:
        Exception: It is no pickle, or a damaged one.
    """
    seen = {name: None for name in names if name.startswith("<") and name.strip("<>") not in RANDOM}
    try:
        _Rehearsal(data, buffers, seen).load()
    except Exception:
        if not seen:  # else it may have wanted more of what it named than stand-ins give
            raise
    return tuple(seen)


def load(data: bytes, buffers: Sequence[Any], names: Sequence[str] = ()) -> Any:
    """What is in a pickle, where it needs nothing but what is harmless.

    Raises:
        Harmful: It needs more.
        Exception: It is no pickle, or a damaged one.
    """
    refused = needs(data, buffers, names)
    if refused:
        raise Harmful(*refused)
    return _Performance(data, buffers).load()


def plain(data: bytes) -> Any:
    """What is in a pickle that holds nothing but numbers, texts and what contains them.

    Raises:
        Harmful: It names something.
        Exception: It is no pickle, or a damaged one.
    """
    return _Plain(io.BytesIO(data)).load()


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise Harmful(f"{module}.{name}")


class _Performance(pickle.Unpickler):
    """Loads in earnest, and holds each name to the list once more, now that it can be imported."""

    def __init__(self, data: bytes, buffers: Sequence[Any]) -> None:
        super().__init__(io.BytesIO(data), buffers=buffers)
        self._sets: dict[int, Any] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return harmless.attribute
        found = harmless.found(module, name)
        if found is None:
            raise Harmful(f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> Any:
        if isinstance(pid, tuple) and isinstance(pid[0], int):
            return sets.load(pid, self._sets)
        name = _persistent(pid)
        if name not in _GLOBAL_STATE:
            raise Harmful(name)
        return reducing.singleton(name)


class _Rehearsal(pickle.Unpickler):
    """Loads stand-ins, and notes in ``seen`` what is not harmless."""

    def __init__(self, data: bytes, buffers: Sequence[Any], seen: dict[str, None]) -> None:
        super().__init__(io.BytesIO(data), buffers=buffers)
        self._note = seen.setdefault
        self._made: dict[tuple[str, str], type] = {}
        self._sets: dict[int, Any] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._made:
            self._made[module, name] = stand_in(module, name, self._note)
        return self._made[module, name]

    def persistent_load(self, pid: Any) -> Any:
        if isinstance(pid, tuple) and isinstance(pid[0], int):
            return sets.load(pid, self._sets)
        name = _persistent(pid)
        if name not in _GLOBAL_STATE:
            self._note(name)
        return lasting(name, self._note)


def _persistent(pid: Any) -> str:
    """The name of what is not in the pickle: the pickler of values leaves out what there is one of in each process."""
    if isinstance(pid, tuple):
        return ".".join(map(str, pid))
    return {"namespace": "the names of the step", "shell": "IPython"}.get(str(pid), str(pid))
