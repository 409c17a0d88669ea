"""Seeds the random states that all code of a process shares, so that two processes that draw alike get the same numbers.

This file is run by its path inside of the notebook's kernel and of the package's process: it imports the standard library only.
"""

from __future__ import annotations

import builtins
import functools
import os
import random
import secrets
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple


class _Shared(NamedTuple):
    """A state that a library has: how it is seeded, looked at and put back; each takes the library's module first."""

    seed: Callable[[Any], Any]
    state: Callable[[Any], Any]
    restore: Callable[[Any, Any], Any]


_SEED = 2_971_215_073
"""No seed that a notebook would set itself: a package that lacks the notebook's is not to have it by chance."""
_SHARED = {
    "numpy.random": _Shared(lambda m: m.seed(_SEED), lambda m: m.get_state(legacy=False), lambda m, s: m.set_state(s)),
    "torch": _Shared(lambda m: m.manual_seed(_SEED), lambda m: m.get_rng_state(), lambda m, s: m.set_rng_state(s)),
}


def seed() -> None:
    """Seed `random`, and the libraries with a state of their own as soon as they are imported.

    Generators of NumPy that are made without a seed take one from `secrets`. What a library draws while it is imported
    changes nothing: a package imports in another order than its notebook. That is this thread's affair: in a kernel, others import as
    well, while this one may be drawing.
    """
    random.seed(_SEED)
    entropy = random.Random(_SEED)  # noqa: S311  it is to be the same each time
    secrets.randbits = entropy.getrandbits  # type: ignore[assignment]
    seeded: set[str] = set()
    load, importing, own_thread = builtins.__import__, False, threading.get_ident()

    def seed_new() -> None:
        nonlocal importing
        importing = True  # PyTorch's own seeding imports
        try:
            for name in _SHARED.keys() & sys.modules.keys() - seeded:
                _SHARED[name].seed(sys.modules[name])
                seeded.add(name)
        finally:
            importing = False

    def imported(*arguments: Any, **options: Any) -> Any:
        nonlocal importing
        if importing or threading.get_ident() != own_thread:
            return load(*arguments, **options)
        before = [(name, _SHARED[name].state(sys.modules[name])) for name in seeded]
        own = random.getstate(), entropy.getstate()
        importing = True
        try:
            return load(*arguments, **options)
        finally:
            importing = False
            random.setstate(own[0])
            entropy.setstate(own[1])
            for name, state in before:
                _SHARED[name].restore(sys.modules[name], state)
            seed_new()

    seed_new()
    _draw_uuids()
    builtins.__import__ = imported


def _draw_uuids() -> None:
    """Let those that the notebook asks for be drawn alike; libraries, which draw others in a kernel, have theirs as before."""
    entropy = random.Random(_SEED)  # noqa: S311  it is to be the same each time
    libraries = os.__file__.removesuffix("os.py")

    def drawn(real: Callable[..., uuid.UUID], version: int) -> Callable[..., uuid.UUID]:
        @functools.wraps(real)
        def draw(*arguments: Any, **options: Any) -> uuid.UUID:
            file = sys._getframe(1).f_code.co_filename
            if arguments or options or file.startswith((libraries, "<")) or f"{os.sep}site-packages{os.sep}" in file:
                return real(*arguments, **options)
            return uuid.UUID(int=entropy.getrandbits(128), version=version)

        return draw

    uuid.uuid1, uuid.uuid4 = drawn(uuid.uuid1, 1), drawn(uuid.uuid4, 4)
