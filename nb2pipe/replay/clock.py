"""A clock that goes on by being looked at, so that two processes that look alike read the same times.

This file is run by its path inside of the notebook's kernel and of the package's process: it imports the standard library only.
"""

from __future__ import annotations

import builtins
import ctypes
import datetime as dt
import gc
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_BEGIN = 1_700_000_000
"""Where the clock begins, in seconds since 1970."""
_TICK = 2.0**-20
"""By how many seconds a look moves it: sums of such are exact, so that a span depends on the looks in it alone."""

_BESIDE = frozenset({"IPython", "asyncio", "ipykernel", "jupyter_client", "logging", "nb2pipe", "threading", "tornado", "traitlets",
                     "zmq"})  # fmt: skip
"""Whose looks are not the notebook's."""


def start() -> None:
    """Put the clock in the place of the functions of `time`, and of those of `datetime` that tell what time it is.

    Only looks of this thread count, and not those of the kernel or of a package's own support: what a process does beside is no
    matter of what it computes. What is looked at while something is imported does not count either: a package imports in another
    order than its notebook. Who sleeps moves the clock by as much, who waits looking at it moves it too: nobody waits for
    ever. `time.monotonic`, by which processes wait for one another, stays as it is.
    """
    own, ticks = threading.get_ident(), 0.0
    load, importing = builtins.__import__, False
    sleep, real = time.sleep, {name: getattr(time, name) for name in ("localtime", "gmtime", "ctime")}

    def go_on(seconds: float) -> float:
        nonlocal ticks
        if threading.get_ident() == own and not _is_beside(sys._getframe(1)):
            ticks += seconds
        return _BEGIN + ticks

    def look() -> float:
        return go_on(_TICK)

    def slept(seconds: float) -> None:
        sleep(seconds)
        go_on(round(seconds / _TICK) * _TICK)

    def broken_down(function: Callable[[float], Any]) -> Callable[..., Any]:
        return lambda seconds=None: function(look() if seconds is None else seconds)

    def in_ns() -> int:
        return int(look() * 1_000_000_000)

    def imported(*arguments: Any, **options: Any) -> Any:
        nonlocal ticks, importing
        if importing or threading.get_ident() != own:
            return load(*arguments, **options)
        before, importing = ticks, True
        try:
            return load(*arguments, **options)
        finally:
            ticks, importing = before, False

    builtins.__import__ = imported
    write = time.strftime
    told: dict[str, Any] = {name: broken_down(function) for name, function in real.items()}
    told |= dict.fromkeys(("time", "perf_counter", "process_time", "thread_time"), look)
    told |= dict.fromkeys(("time_ns", "perf_counter_ns", "process_time_ns", "thread_time_ns"), in_ns)
    told |= {
        "sleep": slept,
        "strftime": lambda form, when=None: write(form, told["localtime"]() if when is None else when),
    }
    vars(time).update(told)
    if "timeit" in sys.modules:
        vars(sys.modules["timeit"])["default_timer"] = look
    with suppress(Exception):  # where this Python lets nobody, times of `datetime` stay others each time
        _replace(dt.datetime, "now", lambda kind, tz=None: kind.fromtimestamp(look(), tz))
        _replace(dt.datetime, "utcnow", lambda kind: kind.fromtimestamp(look(), dt.UTC).replace(tzinfo=None))
        _replace(dt.datetime, "today", lambda kind: kind.fromtimestamp(look()))
        _replace(dt.date, "today", lambda kind: kind.fromtimestamp(look()))


def _is_beside(frame: Any) -> bool:
    """Whether it is no code of the notebook's or of its libraries that looks."""
    while frame.f_globals is globals():
        frame = frame.f_back
    name = frame.f_globals.get("__name__") or ""
    return name.partition(".")[0] in _BESIDE or "._runtime" in name


def _replace(kind: type, name: str, function: Callable[..., Any]) -> None:
    """Give a class of C another class method: a class in its place would be another one to whoever asks or pickles."""
    inside: Any = gc.get_referents(kind.__dict__)[0]
    inside[name] = classmethod(function)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
