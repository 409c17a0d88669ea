"""A project as a value: its files by path, and the one place where they reach the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from nb2pipe.diagnostics import UsageError, say


class FileTree(NamedTuple):
    """The files of a project: ``files`` are (path with forward slashes, content), sorted by path."""

    files: tuple[tuple[str, bytes], ...]


def file_tree(texts: Mapping[str, str | bytes]) -> FileTree:
    """A tree of these files; texts are UTF-8 with line feeds."""
    return FileTree(tuple(sorted((path, t.encode("utf-8") if isinstance(t, str) else t) for path, t in texts.items())))


def place_of(path: str, folder: Path) -> Path:
    """Where a file of a project stands in ``folder``; its name is UTF-8, whatever the locale makes of such bytes."""
    return folder / os.fsdecode(path.encode("utf-8"))


def files_in(folder: Path) -> dict[str, Path]:
    """The files in a folder, by their paths in a project, sorted."""
    found = {}
    for place in folder.rglob("*"):
        if place.is_file():
            found[os.fsencode(place.relative_to(folder).as_posix()).decode("utf-8", "replace")] = place
    return dict(sorted(found.items()))


def digest(content: bytes) -> str:
    """The SHA-256 of a content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write(tree: FileTree, folder: Path, kept: Collection[str] = ()) -> None:
    """Write the project to ``folder``, whole or not at all; what stands there already is replaced.

    ``kept`` are the names in the folder that stay.

    Raises:
        UsageError: The folder cannot be written, or the disk is full.
    """
    with _made(tree, folder.absolute()) as made:
        _replace(folder.absolute(), made, kept)


def write_new(tree: FileTree, folder: Path) -> bool:
    """Write the project to ``folder``, whole or not at all; False where something stands there already.

    Raises:
        UsageError: The folder cannot be written, or the disk is full.
    """
    with _made(tree, folder.absolute()) as made:
        try:
            made.rename(folder)
        except OSError as error:  # which of the two it is depends on the file system
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                return False
            raise
    return True


def check_target(path: str, source: str) -> None:
    """See, before anything runs, that a file can be written where ``-o`` says.

    Raises:
        UsageError: Its folder is not there or not writable, it is a folder itself, or it would overwrite the notebook, ``source``.
    """
    target = Path(path)
    try:
        if target.is_dir():
            raise UsageError(say("-o %1 is a folder", path))
        if target.exists() and target.resolve() == Path(source).resolve():
            raise UsageError(say("-o %1 would overwrite the notebook itself; give another name", path))
        folder = next(p for p in target.absolute().parents if p.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise UsageError(
                say("-o %1 cannot be written: %2 is not a folder that you may write to", path, str(folder))
            )
    except OSError as error:  # a name too long, a loop of links
        raise UsageError(say("-o %1 cannot be written: %2", path, error.strerror or str(error))) from None


def write_new_file(content: bytes, path: Path) -> bool:
    """Write a file, whole or not at all; False where something stands there already.

    Raises:
        UsageError: The folder cannot be written, or the disk is full.
    """
    made: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        made = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        made.chmod(0o666 & ~umask())
        return _named(made, path)
    except OSError as error:
        raise UsageError(say("cannot write %1: %2", str(path), error.strerror or str(error))) from error
    finally:
        if made is not None:
            made.unlink(missing_ok=True)


def _named(made: Path, path: Path) -> bool:
    """Give a file its name; False where the name is taken. A link never replaces what is there, as renaming would."""
    try:
        path.hardlink_to(made)
    except FileExistsError:
        return False
    except OSError:  # some shared disks have no links
        if path.exists():
            return False
        made.replace(path)
    return True


@contextmanager
def _made(tree: FileTree, folder: Path) -> Iterator[Path]:
    """The project in a new folder beside ``folder``, to be moved; what is left of it at the end is removed."""
    made: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        made.chmod(0o777 & ~umask())
        for path, content in tree.files:
            target = place_of(path, made)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        yield made
    except OSError as error:
        raise UsageError(say("cannot write %1: %2", str(folder), error.strerror or str(error))) from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _replace(folder: Path, made: Path, kept: Collection[str]) -> None:
    """Put ``made`` in the place of ``folder``, with what is ``kept`` of it."""
    if not folder.exists():
        made.rename(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    old.rmdir()
    folder.rename(old)
    try:
        made.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    for name in kept:
        if (old / name).exists() and not (folder / name).exists():
            (old / name).rename(folder / name)
    shutil.rmtree(old, ignore_errors=True)


def umask() -> int:
    """The mode bits that files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
