"""A package as it stands on the disk, with what was changed by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError
from nb2pipe.emit.filetree import digest
from nb2pipe.package.existing import LOCK, changed_by_hand
from nb2pipe.package.origin import origin_path


@dataclass(frozen=True, slots=True)
class Edited:
    """A project on the disk.

    ``written`` are the digests of its files as they were written, ``changed`` those that are not so any more, with what they
    hold now (None: nothing, they are gone) and ``document`` is the notebook that it came from.
    """

    folder: Path
    name: str
    version: str
    split: str | None
    notebook: str
    written: Mapping[str, str]
    changed: Mapping[str, bytes | None]
    document: Mapping[str, Any]

    def content(self, path: str) -> bytes | None:
        """What a file holds now."""
        if path in self.changed:
            return self.changed[path]
        return (self.folder / path).read_bytes() if path in self.written else None


def read_edited(folder: Path) -> Edited:
    """The project in a folder.

    Raises:
        UsageError: It is no project of nb2pipe, or one that does not know its notebook any more.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        name, version, notebook, written = (
            str(lock["name"]),
            str(lock["version"]),
            str(lock["notebook"]),
            dict(lock["files"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{folder} is no package of nb2pipe: it has no {LOCK} that can be read") from None
    path = origin_path(notebook)
    try:
        content = (folder / path).read_bytes()
    except OSError:
        content = b""
    if digest(content) != written.get(path):
        raise UsageError(
            f"{folder / path} is not the notebook that the package was written from; "
            "without that nobody can say what was edited: compile the notebook to another folder, and compare"
        )
    changed = {n: _read(folder / n) for n in changed_by_hand(folder)}
    return Edited(folder, name, version, lock.get("split"), notebook, written, changed, json.loads(content))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def notebook_of(edited: Edited, given: str | None) -> str:
    """The path of the notebook that the edits are to go to.

    Raises:
        UsageError: None was given, and where the package stands there is none of the name or more than one.
    """
    if given is not None:
        return given
    places = [edited.folder.resolve().parent, Path.cwd(), edited.folder.resolve()]
    found = list(dict.fromkeys(p / edited.notebook for p in places if (p / edited.notebook).is_file()))
    if len(found) == 1:
        near = Path(edited.notebook)
        return str(near if near.resolve() == found[0].resolve() else found[0])
    if not found:
        raise UsageError(
            f"{edited.notebook}, which the package came from, is neither beside {edited.folder} nor here; "
            f"say where it is: nb2pipe sync {edited.folder} NOTEBOOK"
        )
    raise UsageError(
        f"there are two notebooks {edited.notebook}: {', '.join(map(str, found))}; say which: nb2pipe sync {edited.folder} NOTEBOOK"
    )
