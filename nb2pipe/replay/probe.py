"""Takes portraits inside of a process that must not notice it.

This file is run by its path inside of the notebook's kernel and of the package's processes: it imports the standard
library only, and `portrait.py` beside it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
import types
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_NO_FORK = frozenset({"polars", "jpype", "pyspark"})
"""Libraries with threads of their own, without which they do not work in a forked process."""
_LIMIT = 300.0  # seconds


def portraits(values: Mapping[str, Any], names: tuple[str, ...], path: str, package: str = "") -> None:
    """Write the portraits of these names to a file, as a pickled dict of plain data.

    A copy of the process does it: figures are drawn and attributes computed, of which this process sees nothing.
    """
    kinds = _portrait_module()

    def write(*, alone: bool) -> None:
        found = {}
        for name in names:
            nodes = kinds.portrait(values[name], package, alone=alone) if name in values else kinds.UNBOUND
            found[name] = [tuple(node) for node in nodes]
        draft = Path(f"{path}.part")
        draft.write_bytes(pickle.dumps(found, protocol=5))
        draft.replace(path)

    if not hasattr(os, "fork") or not _NO_FORK.isdisjoint(sys.modules) or not _in_a_copy(lambda: write(alone=True)):
        write(alone=False)


def _in_a_copy(work: Callable[[], None]) -> bool:
    """Do something in a forked process; False where that cannot be made."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of threads, of which the copy needs none
            child = os.fork()
    except OSError:
        return False
    if not child:
        try:
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123  until the copy ends
            work()
        finally:
            os._exit(0)
    end = time.monotonic() + _LIMIT
    while time.monotonic() < end:
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            return True
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _portrait_module() -> types.ModuleType:
    """The module beside this one, kept out of the modules that the notebook can see."""
    path = Path(__file__).with_name("portrait.py")
    module = types.ModuleType("nb2pipe.replay.portrait")
    exec(compile(path.read_bytes(), str(path), "exec"), vars(module))  # noqa: S102  our own
    return module
