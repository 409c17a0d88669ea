"""What the processes of these tests run: functions that a zygote calls by name."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

from nb2pipe.runtime.outputs import Outputs
from nb2pipe.runtime.shell import CellShell


def run_cells(sock: socket.socket, shell: Any, cells: Sequence[str]) -> None:
    """Run cells; send outputs by cell, results and the widgets' metadata as JSON."""
    events: list[dict[str, Any]] = []
    runner = CellShell(lambda event: events.append(json.loads(json.dumps(event))), shell)
    sys.path.insert(0, "")
    results = []
    for number, source in enumerate(cells):
        result = runner.run(source, cell=number, execution_count=number + 1)
        results.append([result.status, result.ename, result.evalue])
        if runner.exiting:
            break
    outputs = Outputs()
    for event in events:
        outputs.add(event)
    found = outputs.result()
    answer = {
        "outputs": [found.get(i, []) for i in range(len(cells))],
        "results": results,
        "widgets": outputs.widgets(),
    }
    sock.sendall(json.dumps(answer).encode())


def report_ready_then_run(sock: socket.socket, shell: Any, source: str) -> None:
    """Say that the cell starts, run it, say how it ended."""
    events: list[dict[str, Any]] = []
    runner = CellShell(events.append, shell)
    sock.sendall(b"ready\n")
    result = runner.run(source, cell=0, execution_count=1)
    again = runner.run("1 + 1", cell=1, execution_count=2)
    sock.sendall(json.dumps([result.status, result.ename, again.status]).encode())


def draw(sock: socket.socket, shell: Any) -> None:
    """Send numbers drawn from the global generators."""
    import numpy as np

    sock.sendall(json.dumps([random.random(), float(np.random.rand())]).encode())


def leave(sock: socket.socket, shell: Any, how: str) -> None:
    """End in some way."""
    if how == "kill":
        os.kill(os.getpid(), 9)
    if how == "raise":
        raise RuntimeError("on purpose")
    if how == "wait":
        sock.sendall(b"waiting\n")
        time.sleep(60)
    sys.exit(int(how))


def describe(sock: socket.socket, shell: Any) -> None:
    """Send what this process looks like."""
    stash = sys.meta_path[0]
    sock.sendall(
        json.dumps(
            {
                "pid": os.getpid(),
                "group": os.getpgid(0),
                "session": os.getsid(0),
                "threads": len(os.listdir("/proc/self/task")),
                "modules": sorted({m.partition(".")[0] for m in sys.modules}),
                "ready": sorted({m.partition(".")[0] for m in getattr(stash, "modules", {})}),
                "hash": hash("nb2pipe"),
                "cwd": os.getcwd(),
            }
        ).encode()
    )
