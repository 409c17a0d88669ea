"""What each of a thousand steps that do nothing costs, side by side: local, and on Dask beside plain `dask.delayed`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import notebooks
from benchmarks.measure import Row, alternate

STEPS = 1000


def measure(rounds: int) -> Iterator[Row]:
    """The rows of this file. The notebook is compiled and the cluster started before."""
    import dask
    from distributed import Client, LocalCluster

    from nb2pipe import api
    from nb2pipe.runtime.dask.asked import DaskOptions
    from nb2pipe.runtime.result import RunOptions

    cores = os.cpu_count() or 1
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=1, threads_per_worker=cores, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        path = notebooks.write(Path(folder) / "many.ipynb", ["pass"] * STEPS)
        compiled = api.compile_notebook(api.load(str(path)), "cells:1")

        def ours(asked: DaskOptions | None) -> float:
            started = time.perf_counter()
            result = api.run(compiled, api.RunRequest(RunOptions(cwd=folder), dask=asked))
            assert result.exit_code == 0
            return time.perf_counter() - started

        def theirs() -> float:
            started = time.perf_counter()
            todo: Any = [dask.delayed(abs)(n) for n in range(STEPS)]
            assert len(dask.compute(*todo, scheduler=client)) == STEPS
            return time.perf_counter() - started

        address = str(cluster.scheduler_address)
        local, on_dask, delayed = alternate(rounds, lambda: ours(None), lambda: ours(DaskOptions(address)), theirs)
    each = 1000 / STEPS
    yield Row(f"{STEPS} steps that do nothing", f"{local * each:.1f} ms a step", "<= 10 ms", local * each <= 10)
    yield Row(
        f"{STEPS} steps that do nothing, on Dask",
        f"{on_dask * each:.1f} ms a step, each in a process; `dask.delayed` {delayed * each:.2f} ms a call",
        "(measured)",
        True,
    )
