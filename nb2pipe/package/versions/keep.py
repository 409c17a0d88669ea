"""A project becomes a version: it is compared with the current one, gets its number, and is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.emit.filetree import FileTree, digest
from nb2pipe.package.existing import LOCK, SIGNATURE, files_of
from nb2pipe.package.project import Draft, project_files, version_of, with_record
from nb2pipe.package.versions.change import Version, changes, kind_of
from nb2pipe.package.versions.changelog import CHANGELOG, with_section
from nb2pipe.package.versions.history import History, add, history, record_in, tree_in, version_in
from nb2pipe.package.versions.number import FIRST, Number, above, number, number_in
from nb2pipe.package.versions.record import ChangeRecord, read_record, without_circumstances

FIRST_CHANGE = ChangeRecord("first", (say("The first version."),))
Sign = Callable[[bytes], bytes]
"""Gives the signature of a lock file."""


class Kept(NamedTuple):
    """The version that a project is: ``change`` is None where it was there already."""

    number: Number
    tree: FileTree
    change: ChangeRecord | None


def first_files(made: Draft) -> FileTree:
    """The files of a project as the first version of its package."""
    return project_files(made, str(FIRST), FIRST_CHANGE, with_section("", str(FIRST), FIRST_CHANGE))


def keep(made: Draft, found: History, wanted: str | None = None, sign: Sign | None = None) -> Kept:
    """Keep a project as a new version of its package, unless it is the current one.

    Args:
        made: The project.
        found: The versions that there are.
        wanted: The number that the new version is to have, where the change asks for no higher one.
        sign: What signs the lock file.

    Raises:
        UsageError: The number is too low, the store cannot be read or written, or another compile was quicker.
    """
    asked = number(wanted) if wanted is not None else None
    same = _same(made, found)
    if same is not None:
        if asked is not None and asked != same.number:
            raise UsageError(f"nothing has changed since version {same.number}, so there is no version {asked} to make")
        return same
    change, least = _change(made, found)
    if asked is not None and asked < least:
        words = "the first version is" if not found.numbers else f"the change is {change.kind}, which makes it"
        raise UsageError(f"--version {asked} is too low: {words} {least}; a higher number may be chosen")
    chosen = asked or least
    previous = _changelog(found) if found.numbers else ""
    text = with_section(previous, str(chosen), change, str(found.numbers[-1]) if found.numbers else "")
    tree = project_files(made, str(chosen), change, text)
    if sign is not None:
        lock = dict(tree.files)[LOCK]
        tree = FileTree(tuple(sorted((*tree.files, (SIGNATURE, sign(lock))))))
    if add(found, chosen, tree):
        return Kept(chosen, tree, change)
    now = history(found.folder.parent.parent, found.name)
    same = _same(made, now)
    if same is None:
        raise UsageError(
            say(
                "another compile has made version %1 of %2 meanwhile; nothing was written: compile again, to compare with that",
                str(now.current), found.name,
            )
        )  # fmt: skip
    return same


def _same(made: Draft, found: History) -> Kept | None:
    """The current version, where it is this project."""
    if found.current is None:
        return None
    record = record_in(found, found.current)
    mine = version_of(made, record.version, record.change, _changelog(found))
    if without_circumstances(mine) != without_circumstances(record):
        return None
    return Kept(found.current, tree_in(found, found.current), None)


def _change(made: Draft, found: History) -> tuple[ChangeRecord, Number]:
    """What the project changes, and the number that it has to have at least."""
    if found.current is None:
        return FIRST_CHANGE, FIRST
    old = version_in(found, found.current)
    changelog = _changelog(found)
    mine = version_of(made, old.record.version, old.record.change, changelog)
    lines = changes(old, Version(mine, dict(with_record(made, mine, changelog).files)))
    kind = kind_of(lines)
    return ChangeRecord(kind, tuple(line.text for line in lines), str(found.current)), above(found.numbers[-1], kind)


def _changelog(found: History) -> str:
    file = found.folder / str(found.current) / CHANGELOG
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from error


def with_project(found: History, folder: Path) -> History:
    """The versions, with the one that a project's folder holds where it is a later one than all in the store.

    So it is where the project came from elsewhere, with a clone of its repository, and the store did not.

    Raises:
        UsageError: The store cannot be written.
    """
    try:
        record = read_record(folder)
        which = number_in(record.version)
        if record.name != found.name or which is None or (found.numbers and which <= found.numbers[-1]):
            return found
        files = files_of(folder, record.files)
    except (OSError, UsageError):
        return found  # what is wrong with the folder is told when it is written to
    if any(digest(files[path]) != known for path, known in record.files.items()):
        return found
    add(found, which, FileTree(tuple(sorted(files.items()))))
    return history(found.folder.parent.parent, found.name)
