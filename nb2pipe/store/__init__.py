"""Where nb2pipe keeps its state: what guards have learned, the versions of packages, runs and their results."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from nb2pipe.diagnostics import UsageError
from nb2pipe.store.addresses import address_of, copy_of, is_address

_NAME = ".nb2pipe"
_MARKS = (_NAME, "pyproject.toml", ".git")


def store_folder(folder: Path, chosen: str | None = None) -> Path:
    """The store for a notebook in ``folder``: ``chosen``, or NB2PIPE_STORE, or the project's ``.nb2pipe``.

    The project is the nearest folder with a mark of one; where there is none, the notebook's own. An address in NB2PIPE_STORE is
    for what runs give; all else is kept in the project.

    Raises:
        UsageError: An address was chosen, and no folder.
    """
    if chosen and is_address(chosen):
        raise UsageError(f"the store {chosen} is no folder: an address keeps what runs give, and nothing else")
    chosen = chosen or os.environ.get("NB2PIPE_STORE")
    if chosen and not is_address(chosen):
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
    """Where the store has what runs gave; see `store_folder`. Of an address it is the folder of this machine with a copy.

    Raises:
        UsageError: It is an address that has credentials, or there is no place for a copy.
    """
    address = chosen or os.environ.get("NB2PIPE_STORE", "")
    return copy_of(address) if is_address(address) else store_folder(folder, chosen) / "results"


def is_made(folder: Path) -> bool:
    """Whether a folder for what runs gave has anything, as far as is known here: a copy may have to be made yet."""
    from nb2pipe.store.database import NAME

    return address_of(folder) is not None or (folder / NAME).exists()


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
