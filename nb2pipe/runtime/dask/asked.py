"""What a run on a Dask cluster is asked for, beside what every run is."""

from __future__ import annotations

from typing import NamedTuple


class DaskOptions(NamedTuple):
    """The ``scheduler`` of a cluster; None for a cluster of this run's own, on this machine. ``jobs`` where it was said."""

    scheduler: str | None = None
    jobs: int | None = None
