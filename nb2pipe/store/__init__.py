"""Where nb2pipe keeps its state: what guards have learned, the versions of packages, runs and their results."""

from __future__ import annotations

import os
from pathlib import Path

from nb2pipe.diagnostics import UsageError

_MARKS = (".nb2pipe", "pyproject.toml", ".git")


def store_folder(folder: Path, chosen: str | None = None) -> Path:
    """The store for a notebook in ``folder``: ``chosen``, or NB2PIPE_STORE, or the project's ``.nb2pipe``.

    The project is the nearest folder with a mark of one; where there is none, the notebook's own.

    Raises:
        UsageError: An address was chosen, and no folder.
    """
    chosen = chosen or os.environ.get("NB2PIPE_STORE")
    if chosen:
        if "://" in chosen:
            raise UsageError(f"the store {chosen} is no folder; nb2pipe keeps its state in a folder only")
        return Path(chosen).expanduser()
    return project_folder(folder) / ".nb2pipe"


def results_folder(folder: Path, chosen: str | None = None) -> Path:
    """Where the store has what runs gave; see `store_folder`."""
    return store_folder(folder, chosen) / "results"


def project_folder(folder: Path) -> Path:
    """The project that a folder is in: the nearest with a mark of one; where there is none, the folder itself."""
    places = (folder, *folder.parents)
    return next((p for p in places if any((p / mark).exists() for mark in _MARKS)), folder)
