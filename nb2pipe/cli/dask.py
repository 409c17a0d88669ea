"""The option of `nb2pipe run --engine dask`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nb2pipe.runtime.dask.asked import DaskOptions


def add_dask(parser: argparse.ArgumentParser) -> None:
    """Where the cluster is."""
    group = parser.add_argument_group("with --engine dask")
    group.add_argument("--scheduler", metavar="ADDRESS",
                       help="the scheduler of the cluster, such as tcp://head:8786 (default: one of its own, here)")  # fmt: skip


def dask_of(options: argparse.Namespace) -> DaskOptions | None:
    """What was asked for; None with another engine.

    Raises:
        UsageError: An option of Dask's with another engine.
    """
    from nb2pipe.diagnostics import UsageError

    if options.engine != "dask":
        if options.scheduler is not None:
            raise UsageError("--scheduler is Dask's: it goes with --engine dask")
        return None
    from nb2pipe.runtime.dask.asked import DaskOptions

    return DaskOptions(options.scheduler, options.jobs)
