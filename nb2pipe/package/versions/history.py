"""The versions of a package in the store: each a folder that is written once, and a file that names the current one.

    versions/analysis/1.0.0/     the project of a version, complete
                      1.1.0/
                      current    "1.0.0"

A name that begins with a dot is that of a version which is being written, or whose writer was killed.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.emit.filetree import FileTree, digest, umask, write_new
from nb2pipe.package.existing import LOCK, files_of
from nb2pipe.package.versions.change import Version
from nb2pipe.package.versions.number import Number, number, number_in
from nb2pipe.package.versions.record import Record, parse_lock
from nb2pipe.store import made_store

_CURRENT = "current"


class History(NamedTuple):
    """The versions of a package: ``folder`` is where they are, ``numbers`` from the lowest, ``current`` one of them.

    A package without versions has no current one.
    """

    name: str
    folder: Path
    numbers: tuple[Number, ...]
    current: Number | None


def history(store: Path, name: str) -> History:
    """What the store has of a package.

    Raises:
        UsageError: The store cannot be read.
    """
    folder = store / "versions" / name
    try:
        found = sorted(n for n in map(number_in, os.listdir(folder)) if n)
    except FileNotFoundError:
        found = []
    except OSError as error:
        raise _unreadable(folder, error) from error
    current = found[-1] if found else None
    with contextlib.suppress(OSError):  # it is written behind the first version
        named = number_in((folder / _CURRENT).read_text("utf-8").strip())
        current = named if named in found else current
    return History(name, folder, tuple(found), current)


def known_history(store: Path, name: str) -> History:
    """What the store has of a package that has versions.

    Raises:
        UsageError: It has none, or the store cannot be read.
    """
    found = history(store, name)
    if found.numbers:
        return found
    names = names_in(store)
    near = difflib.get_close_matches(name, names, 1)
    if near:
        raise UsageError(say("there are no versions of %1 in %2; did you mean %3?", name, str(store), near[0]))
    if names:
        raise UsageError(say("there are no versions of %1 in %2; there are %3", name, str(store), ", ".join(names)))
    raise UsageError(say("there are no versions of %1 in %2", name, str(store)))


def names_in(store: Path) -> list[str]:
    """The packages that the store has versions of."""
    try:
        return sorted(n for n in os.listdir(store / "versions") if history(store, n).numbers)
    except OSError:
        return []


def chosen(found: History, text: str) -> Number:
    """The version of a package that a user names.

    Raises:
        UsageError: There is no such version.
    """
    wanted = number(text)
    if wanted in found.numbers:
        return wanted
    known = [str(n) for n in found.numbers]
    near = difflib.get_close_matches(text, known, 1)
    if near:
        raise UsageError(say("%1 has no version %2; did you mean %3?", found.name, text, near[0]))
    raise UsageError(say("%1 has no version %2; there are %3", found.name, text, ", ".join(known)))


def record_in(found: History, which: Number) -> Record:
    """The record of a version.

    Raises:
        UsageError: The version cannot be read.
    """
    file = found.folder / str(which) / LOCK
    try:
        return parse_lock(file.read_text("utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, error) from error


def version_in(found: History, which: Number) -> Version:
    """A version, whole.

    Raises:
        UsageError: The version cannot be read, or is not what was written.
    """
    folder = found.folder / str(which)
    record = record_in(found, which)
    try:
        files = files_of(folder, record.files)
    except OSError as error:
        raise _unreadable(Path(error.filename), error) from error
    for path, known in record.files.items():
        if digest(files[path]) != known:
            raise UsageError(
                say("version %1 of %2 was changed by hand in the store: %3", str(which), found.name, str(folder / path))
            )
    return Version(record, files)


def row(found: History, record: Record) -> dict[str, Any]:
    """What is told of a version to programs, as plain data."""
    return {
        "version": record.version,
        "kind": record.change.kind,
        "since": record.change.since or None,
        "current": record.version == str(found.current),
        "changes": list(record.change.lines),
    }


def tree_in(found: History, which: Number) -> FileTree:
    """The project of a version; the errors are those of `version_in`."""
    return FileTree(tuple(sorted(version_in(found, which).files.items())))


def _unreadable(place: Path, error: Exception) -> UsageError:
    return UsageError(say("cannot read %1: %2", str(place), getattr(error, "strerror", None) or str(error)))


# -- what writes ----------------------------------------------------------------------------------------------------


def add(found: History, which: Number, tree: FileTree) -> bool:
    """Put a version into the store and make it the current one; False where the store is not as ``found`` any more.

    Nothing that is there is ever written over: a version is a folder that comes into its place whole.

    Raises:
        UsageError: The store cannot be written.
    """
    store = made_store(found.folder.parent.parent)
    _make(found.folder)
    with _alone(found.folder) as alone:
        if alone:
            _sweep(found.folder)
        if history(store, found.name) != found or not write_new(tree, found.folder / str(which)):
            return False
        set_current(found, which)
    return True


def set_current(found: History, which: Number) -> None:
    """Let a version be the current one.

    Raises:
        UsageError: The store cannot be written.
    """
    try:
        handle, path = tempfile.mkstemp(prefix=f".{_CURRENT}-", dir=found.folder)
        made = Path(path)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{which}\n")
            made.chmod(0o666 & ~umask())
            made.replace(found.folder / _CURRENT)
        except OSError:
            made.unlink()
            raise
    except OSError as error:
        raise _unwritable(found.folder, error) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """No other process adds a version of the package meanwhile; False where the system cannot keep it from that."""
    try:
        import fcntl
    except ImportError:
        yield False
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:  # some shared disks have no locks
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what writers that were killed have left."""
    for name in os.listdir(folder):
        if name.startswith(".") and number_in(name[1:].partition("-")[0]):
            shutil.rmtree(folder / name, ignore_errors=True)


def _unwritable(place: Path, error: OSError) -> UsageError:
    return UsageError(
        say(
            "cannot keep versions in %1: %2; NB2PIPE_STORE or --store names another folder",
            str(place), error.strerror or str(error),
        )
    )  # fmt: skip
