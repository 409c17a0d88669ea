"""A package as it stands on the disk, with what was changed by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.emit.filetree import digest
from nb2pipe.package.existing import changed_by_hand
from nb2pipe.package.origin import origin_path
from nb2pipe.package.versions.changelog import CHANGELOG
from nb2pipe.package.versions.record import Record, read_record, refuse_several


class Edited(NamedTuple):
    """A project on the disk.

    ``record`` is what it was when it was written, ``changed`` are the files that are not so any more, with what they hold now
    (None: nothing, they are gone) and ``document`` is the notebook that it came from.
    """

    folder: Path
    record: Record
    changed: Mapping[str, bytes | None]
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the package."""
        return self.record.name

    @property
    def changelog(self) -> str:
        """The text of its changelog."""
        return (self.content(CHANGELOG) or b"").decode("utf-8", "replace")

    def content(self, path: str) -> bytes | None:
        """What a file holds now."""
        if path in self.changed:
            return self.changed[path]
        return (self.folder / path).read_bytes() if path in self.record.files else None


def read_edited(folder: Path) -> Edited:
    """The project in a folder.

    Raises:
        UsageError: It is no project of nb2pipe, or one that does not know its notebook any more.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    record = read_record(folder)
    refuse_several(record, "sync", "make the edits in the notebooks, and compile these again with --force")
    path = origin_path(record.notebook)
    try:
        content = (folder / path).read_bytes()
    except OSError:
        content = b""
    if digest(content) != record.files.get(path):
        raise UsageError(
            f"{folder / path} is not the notebook that the package was written from; "
            "without that nobody can say what was edited: compile the notebook to another folder, and compare"
        )
    changed = {n: _read(folder / n) for n in changed_by_hand(folder)}
    return Edited(folder, record, changed, json.loads(content))


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
    found = list(dict.fromkeys(p / edited.record.notebook for p in places if (p / edited.record.notebook).is_file()))
    if len(found) == 1:
        near = Path(edited.record.notebook)
        return str(near if near.resolve() == found[0].resolve() else found[0])
    if not found:
        raise UsageError(
            f"{edited.record.notebook}, which the package came from, is neither beside {edited.folder} nor here; "
            f"say where it is: nb2pipe sync {edited.folder} NOTEBOOK"
        )
    raise UsageError(
        f"there are two notebooks {edited.record.notebook}: {', '.join(map(str, found))}; say which: nb2pipe sync {edited.folder} NOTEBOOK"
    )
