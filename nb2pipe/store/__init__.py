"""Where nb2pipe keeps its state: what guards have learned, the versions of packages, runs and their results."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from nb2pipe.diagnostics import UsageError

_NAME = ".nb2pipe"
_MARKS = (_NAME, "pyproject.toml", ".git")


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
    return project_folder(folder) / _NAME


def made_store(store: Path) -> Path:
    """The store, made where a project's is not there yet; git then sees nothing of it.

    One that was chosen is left to who chose it, and one that cannot be made to who writes there next.
    """
    if store.name == _NAME and not store.exists():
        with contextlib.suppress(OSError):
            store.mkdir(parents=True, exist_ok=True)
            (store / ".gitignore").write_text("*\n", "utf-8", newline="\n")
    return store


def results_folder(folder: Path, chosen: str | None = None) -> Path:
    """Where the store has what runs gave; see `store_folder`."""
    return store_folder(folder, chosen) / "results"


def project_folder(folder: Path) -> Path:
    """The project that a folder is in: the nearest with a mark of one; where there is none, the folder itself.

    A folder above it in which everybody may write, such as ``/tmp``, is nobody's project, whatever somebody has put there.
    """
    places = (folder, *(p for p in folder.parents if not _is_everybodys(p)))
    return next((p for p in places if any((p / mark).exists() for mark in _MARKS)), folder)


def _is_everybodys(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False
