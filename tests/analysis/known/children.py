"""Rows are tried in forked children with a watchdog, so that a call that hangs or crashes costs itself alone."""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from nb2pipe.analysis.known import table as table_module
from nb2pipe.analysis.known.table import Table

SILENCE = 20.0  # seconds without a word from the child after which it is taken for hung
SILENCE_ESTIMATORS = 90.0
MEMORY = 6 * 2**30  # bytes of address space on top of what the parent has
HERE = Path(__file__).parent


def dangerous() -> frozenset[str]:
    """The rows that are not to be called."""
    found: set[str] = set()
    for line in (HERE / "dangerous.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            found.update(line.partition("|")[2].split())
    return frozenset(found)


def rows(library: str) -> list[str]:
    """The names of a library's rows that may be called, in order."""
    data = json.loads((Path(table_module.__file__).parent / f"{library}.json").read_text("utf-8"))
    names = sorted(n for group in data["calls"] for n in group.split())
    kept = dangerous()
    return [n for n in names if n not in kept]


def _run(library: str, names: list[str], out: int, survey: bool) -> None:
    """The child: try the rows one after another, a line of JSON for each."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="nb2pipe-calls-"))
    os.chdir(folder)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  for as long as the child lives
    sys.stderr = sys.stdout
    warnings.resetwarnings()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**26, 2**26))
    size = (
        int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        if Path("/proc/self/statm").exists()
        else 0
    )
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, resource.RLIM_INFINITY))
    from tests.analysis.known import calling, world

    outside = world.Outside(folder + os.sep)
    sys.addaudithook(outside.hook)
    table = Table()
    for name in names:
        os.write(out, f"{name}\n".encode())
        row = table.call(name)
        assert row is not None
        found = calling.run_row(name, row, library, outside, survey)
        data = {"name": name, "calls": found.calls, "faults": found.faults, "moved": sorted(found.moved), "shared": sorted(found.shared),
                "types": sorted(found.types), "unfit": sorted(found.unfit), "error": found.error}  # fmt: skip
        os.write(out, (json.dumps(data) + "\n").encode())
        os.chdir(folder)
    shutil.rmtree(folder, ignore_errors=True)


def try_rows(library: str, names: list[str], survey: bool = False) -> dict[str, dict[str, Any]]:
    """What trying each row showed; a row that hangs or kills its child has an ``error`` and no calls."""
    found: dict[str, dict[str, Any]] = {}
    left = list(names)
    while left:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(read)
                _run(library, left, write, survey)
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        current = _listen(child, read, found)
        left = [n for n in left if n not in found]
        if left and current is not None and current in left:
            found[current] = {
                "name": current,
                "calls": 0,
                "faults": {},
                "error": "hung or crashed",
                "moved": [],
                "shared": [],
                "types": [],
                "unfit": [],
            }
            left.remove(current)
        elif left and current is None:
            raise RuntimeError(f"the child for {library} did not start")
    return found


def _listen(child: int, read: int, found: dict[str, dict[str, Any]]) -> str | None:
    """Take the child's lines until it ends or falls silent; the row that it was at."""
    current: str | None = None
    pending = b""
    began = time.monotonic()
    with os.fdopen(read, "rb", buffering=0) as stream:
        while True:
            limit = SILENCE_ESTIMATORS if (current or "").startswith("sklearn.base.Base") else SILENCE
            ready, _, _ = select.select([stream], [], [], limit)
            piece = stream.read(65536) if ready else b""
            if not piece:
                break
            pending += piece
            *lines, pending = pending.split(b"\n")
            for line in lines:
                if line.startswith(b"{"):
                    data = json.loads(line)
                    data["seconds"] = round(time.monotonic() - began, 3)
                    found[data["name"]] = data
                    current = None
                else:
                    current = line.decode()
                    began = time.monotonic()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return current
