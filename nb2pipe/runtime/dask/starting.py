"""A run's hold on a Dask cluster, from before its first step to after its last."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence

from nb2pipe.diagnostics import UsageError
from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.runtime.dask.asked import DaskOptions
from nb2pipe.runtime.dask.cluster import Cluster, connected
from nb2pipe.runtime.result import RunOptions
from nb2pipe.runtime.zygote import Starter


@contextlib.contextmanager
def on_cluster(
    asked: DaskOptions, options: RunOptions, pipeline: Pipeline, steps: Sequence[Step], note: Callable[[str], None], *,
    keeps: bool,
) -> Iterator[tuple[RunOptions, Starter]]:  # fmt: skip
    """What starts the ``steps`` that are to run on a cluster, and the options of a run there.

    ``keeps`` says that what they give is to stand for them in later runs.

    Raises:
        UsageError: The cluster is not there, or cannot run them.
    """
    cwd = os.path.abspath(options.cwd)
    with connected(asked, cwd, note) as cluster:
        _check(cluster, pipeline, cwd, keeps=keeps)
        wanted = cluster.wanted(steps, options)
        from nb2pipe.runtime.dask.steps import Steps

        yield cluster.options(options, asked), Steps(cluster, cwd, wanted, same_hashes=keeps)


def _check(cluster: Cluster, pipeline: Pipeline, cwd: str, *, keeps: bool) -> None:
    """See that what the steps do can be had on the machines of the cluster.

    Raises:
        UsageError: It cannot.
    """
    if keeps and not cluster.own:
        raise UsageError(
            "cache and record go with --engine dask without --scheduler: what steps find on the workers of other clusters, "
            "packages, environment and files, is not looked at from here"
        )
    if cluster.same_folder:
        return
    for edge in pipeline.edges:
        if any(r.kind == "file" for r in edge.resources):
            raise UsageError(
                f"step `{edge.source}` and step `{edge.target}` touch the same file, and {cwd} is not the same folder on all machines "
                "of the cluster: --cwd names a folder that they share"
            )
