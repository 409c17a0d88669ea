"""A process that imports a package and makes a copy of itself for everything that the package is asked to do.

This file is run by its path: it imports the standard library only. It reads orders and writes answers as lines of JSON.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import random
import runpy
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

_TASKS = Path("/proc/self/task")
_TURNS = 16  # so often the words of a generator may have been made anew
_NO_FORK = frozenset({"polars", "jpype", "pyspark"})  # as `probe.py` has them


def main(package: str, working: str, beside: str) -> None:
    """Say whether copies of this process are as good as fresh ones, then run one for each order.

    Processes of the package run in ``working``, a copy of the folder ``beside`` that need not be there yet.
    """
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w", buffering=1)
    sys.path[0] = working  # as `python -m` has it
    works = _imported(package, Path(beside))
    answers.write(json.dumps({"works": works}) + "\n")
    if not works:
        return
    for line in orders:
        order = json.loads(line)
        child = os.fork()
        if not child:
            os.close(orders.fileno())
            os.close(answers.fileno())
            _become(order)
        answers.write(json.dumps({"pid": child}) + "\n")
        _, status = os.waitpid(child, 0)
        answers.write(json.dumps({"code": os.waitstatus_to_exitcode(status)}) + "\n")


class _Beside:
    """Refuses modules that stand in a folder: they may read what earlier steps write there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """The protocol of ``sys.meta_path``."""
        if path is None and [*self._folder.glob(name), *self._folder.glob(f"{name}.*")]:
            raise ImportError(f"{name} may be a module of {self._folder}")


def _imported(package: str, beside: Path) -> bool:
    """Import the package; whether nothing has come of it that a copy would lack or have too much of."""
    if not hasattr(os, "fork") or not _TASKS.exists():
        return False
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    printed = os.memfd_create("printed")
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    before = random.getstate()
    finder: Any = _Beside(beside)
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module(f"{package}.pipeline")
    except BaseException:  # each of its processes will say it
        return False
    sys.meta_path.remove(finder)
    sys.stdout.flush()
    sys.stderr.flush()
    quiet = not os.fstat(printed).st_size
    os.close(printed)
    seeded = not (_is_not_seeded(before) and _numpy_is_not_seeded())
    return quiet and not seeded and not _NO_FORK & sys.modules.keys() and not _threads()


def _is_not_seeded(before: Any) -> bool:
    """Whether the state of `random` has come from an earlier one by drawing at most: it is as random as that was.

    The Mersenne Twister makes 624 words anew at a time; between that only the place of the next one changes.
    """
    generator = random.Random()  # noqa: S311  it is asked for its states only
    generator.setstate(before)
    words = random.getstate()[1][:-1]
    return any(generator.getstate()[1][:-1] == words or generator.getrandbits(32 * 624) is None for _ in range(_TURNS))


def _numpy_is_not_seeded() -> bool:
    """The same of the state that NumPy's functions share."""
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is None:
        return True
    now = numpy_random.mtrand._rand._bit_generator
    then = type(now)(now.seed_seq)
    words = now.state["state"]["key"]
    return any((then.state["state"]["key"] == words).all() or then.random_raw(624, output=False) for _ in range(_TURNS))


def _threads() -> bool:
    """Whether threads run that a copy would lack; those that end at a fork and start again do not count."""
    if len(os.listdir(_TASKS)) > 1:
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
    return len(os.listdir(_TASKS)) > 1


def _become(order: dict[str, Any]) -> None:
    """Be the process that was ordered, to its end."""
    code = 1
    try:
        os.setsid()
        for name, number in (("out", 1), ("err", 2)):
            file = os.open(order[name], os.O_WRONLY | os.O_TRUNC | os.O_CREAT | os.O_APPEND)
            os.dup2(file, number)
            os.close(file)
        os.chdir(order["working"])
        importlib.invalidate_caches()
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed()
        code = _run(order["arguments"])
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _run(arguments: list[str]) -> int:
    """What ``python`` does with these arguments: a file, or ``-m`` and a module; the exit code."""
    try:
        if arguments[0] == "-m":
            sys.argv = arguments[1:]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = arguments
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


if __name__ == "__main__":
    main(*sys.argv[1:])
