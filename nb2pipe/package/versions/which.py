"""The package that a user means: by its name, the folder of its project, or its notebook."""

from __future__ import annotations

import os
from pathlib import Path

from nb2pipe.emit.filetree import FileTree
from nb2pipe.package.existing import LOCK, files_of, refuse_changes_by_hand
from nb2pipe.package.naming import package_name
from nb2pipe.package.versions.history import History, history, known_history
from nb2pipe.package.versions.record import read_record
from nb2pipe.store import store_folder


def which_package(text: str, store: str | None = None) -> History:
    """The versions of the package that a user names.

    Raises:
        UsageError: There are none, or what was named cannot be read.
    """
    path = Path(text)
    if means_folder(text, store):
        # the project is a mark of projects itself, and its store is that of those who compiled it
        return known_history(store_folder(path.resolve().parent, store), read_record(path).name)
    if path.suffix and path.is_file():
        from nb2pipe.notebook.read import read

        folder = path.resolve().parent
        return known_history(store_folder(folder, store), package_name(read(text), None, (), folder))
    return known_history(store_folder(Path.cwd(), store), text)


def means_folder(text: str, store: str | None = None) -> bool:
    """Whether a user means the folder of a project: a mere name means a package first."""
    path = text in (".", "..") or "/" in text or os.sep in text
    return (Path(text) / LOCK).is_file() and (path or not history(store_folder(Path.cwd(), store), text).numbers)


def project_in(folder: Path) -> FileTree | None:
    """The project that stands in a folder; None where there is none.

    Raises:
        UsageError: It was changed by hand, or cannot be read.
    """
    if not (folder / LOCK).is_file():
        return None
    refuse_changes_by_hand(folder, FileTree(()), "publish what `compile` writes")
    return FileTree(tuple(sorted(files_of(folder, read_record(folder).files).items())))
