"""Fresh copies of a notebook's folder, always at the same place: whatever runs there begins with the same files."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nb2pipe.diagnostics import UsageError
from nb2pipe.interpreters import environment_there
from nb2pipe.store import project_folder

_LEFT_OUT = (".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints", ".nb2pipe")


@dataclass(frozen=True, slots=True)
class Place:
    """Where copies of a folder stand: ``root`` is the project around it, ``target`` where that is laid out."""

    folder: Path
    root: Path
    target: Path

    @property
    def working(self) -> Path:
        """The copy of the folder itself."""
        return self.target / self.folder.relative_to(self.root)

    @property
    def scratch(self) -> Path:
        """A folder for what is no part of the copy."""
        return self.target.parent.parent

    def fresh(self, name: str) -> Path:
        """An empty folder for what is no part of the copy."""
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


@contextmanager
def a_place(folder: Path) -> Iterator[Place]:
    """A place for copies of ``folder``, which is gone at the end."""
    folder = folder.resolve()
    root = project_folder(folder)
    if root.parent == root:  # the whole disk is no project
        root = folder
    with tempfile.TemporaryDirectory(prefix="nb2pipe-verify-", ignore_cleanup_errors=True) as scratch:
        yield Place(folder, root, Path(scratch).resolve() / "place" / (root.name or "root"))


def lay_out(place: Place) -> Path:
    """Make the copy anew; what lies beside the folder and its parents, up to the project's, is linked to.

    Raises:
        UsageError: The folder cannot be copied.
    """
    try:
        shutil.rmtree(place.target, ignore_errors=True)
        place.target.mkdir(parents=True)
        source, target = place.root, place.target
        for part in place.folder.relative_to(place.root).parts:
            for other in source.iterdir():
                if other.name != part:
                    (target / other.name).symlink_to(other)
            source, target = source / part, target / part
            target.mkdir()
        left_out = shutil.ignore_patterns(*_LEFT_OUT)
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=left_out)
        for copied, _, _ in os.walk(target):  # a folder that nobody may write to could not be taken away again
            Path(copied).chmod(Path(copied).stat().st_mode | stat.S_IRWXU)
    except (OSError, shutil.Error) as error:
        raise UsageError(f"cannot copy {place.folder}: {error}") from error
    return target


def environment(**more: str) -> dict[str, str]:
    """The environment in which both sides run: sets of texts have one order, and pictures go to the notebook."""
    found = {"PYTHONHASHSEED": "0", **environment_there(), "PYTHONDONTWRITEBYTECODE": "1", **more}
    for name in ("MPLBACKEND", "COLUMNS", "LINES", "PYTEST_CURRENT_TEST"):
        found.pop(name, None)
    return found
