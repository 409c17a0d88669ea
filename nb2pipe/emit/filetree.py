"""A project as a value: its files by path, and the one place where they reach the disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from nb2pipe.diagnostics import UsageError


class FileTree(NamedTuple):
    """The files of a project: ``files`` are (path with forward slashes, content), sorted by path."""

    files: tuple[tuple[str, bytes], ...]


def file_tree(texts: Mapping[str, str | bytes]) -> FileTree:
    """A tree of these files; texts are UTF-8 with line feeds."""
    return FileTree(tuple(sorted((path, t.encode("utf-8") if isinstance(t, str) else t) for path, t in texts.items())))


def digests(tree: FileTree) -> dict[str, str]:
    """The SHA-256 of each file, in hexadecimal."""
    return {path: digest(content) for path, content in tree.files}


def digest(content: bytes) -> str:
    """The SHA-256 of a content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def write(tree: FileTree, folder: Path) -> None:
    """Write the project to ``folder``, whole or not at all; what stands there already is replaced.

    Raises:
        UsageError: The folder cannot be written, or the disk is full.
    """
    folder = folder.absolute()
    made: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        made.chmod(0o777 & ~_umask())
        for path, content in tree.files:
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        _replace(folder, made)
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _replace(folder: Path, made: Path) -> None:
    """Put ``made`` in the place of ``folder``."""
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
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
