"""The wheel and the sdist of a project, the same bytes wherever they are built, and where they are handed to."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.emit.filetree import FileTree, write, write_new_file

_EPOCH = "1580601600"
"""The time of everything in a distribution: hatchling's own, whatever the environment says."""
_WALLS = (".git", ".hg")
"""What keeps the builder from looking for files to ignore in the folders above."""

Distributions = Mapping[str, bytes]


class Target(NamedTuple):
    """Where distributions go: ``folder``, or else ``repository``, a name that twine knows or an address."""

    folder: str = ""
    repository: str = ""


class Handed(NamedTuple):
    """A distribution where it was handed to: its path, or its name in a repository; ``new`` is False where it was there already."""

    name: str
    new: bool


def build(tree: FileTree, kinds: Sequence[str]) -> Distributions:
    """The distributions of a project by the names of their files; ``kinds`` are "wheel" and "sdist".

    Raises:
        UsageError: They cannot be built.
    """
    settings = {name: value for name, value in os.environ.items() if not name.startswith("HATCH_")}
    with tempfile.TemporaryDirectory(prefix="nb2pipe-") as place:
        project, made = Path(place, "project"), Path(place, "made")
        write(tree, project)
        for wall in _WALLS:
            (project / wall).mkdir()
        targets = [word for kind in kinds for word in ("-t", kind)]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "hatchling", "build", "-d", str(made), *targets],
            cwd=project, env={**settings, "SOURCE_DATE_EPOCH": _EPOCH, "PYTHONUTF8": "1"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()[-1]
            raise UsageError(f"hatchling could not build the {' and '.join(kinds)}: {last}")
        return {path.name: path.read_bytes() for path in sorted(made.iterdir())}


def place(made: Distributions, folder: Path) -> tuple[Handed, ...]:
    """Put distributions into a folder; what is there already stays.

    Raises:
        UsageError: The folder cannot be written, or holds another distribution of that name and version.
    """
    placed = []
    for name, content in made.items():
        path = folder / name
        new = write_new_file(content, path)
        if not new and path.read_bytes() != content:
            raise UsageError(f"{path} is there already, and is another; a version is never written over")
        placed.append(Handed(str(path), new))
    return tuple(placed)


def hand_on(made: Distributions, target: Target) -> tuple[Handed, ...]:
    """Hand distributions to a folder or to twine.

    Raises:
        UsageError: The folder cannot be written, twine is not installed, or could not upload.
    """
    if target.folder:
        return place(made, Path(target.folder))
    if importlib.util.find_spec("twine") is None:
        raise UsageError("--repository needs twine: pip install twine; --to FOLDER needs nothing")
    option = "--repository-url" if "://" in target.repository else "--repository"
    with tempfile.TemporaryDirectory(prefix="nb2pipe-") as folder:
        paths = [placed.name for placed in place(made, Path(folder))]
        sys.stderr.flush()
        asking = [] if sys.stdin.isatty() else ["--non-interactive"]
        command = [sys.executable, "-m", "twine", "upload", *asking, option, target.repository, *paths]
        code = subprocess.run(command, stdout=2, check=False).returncode  # what twine prints is no output of ours
    if code:
        raise UsageError(f"twine could not upload to {target.repository} (it ended with {code})")
    return tuple(Handed(name, new=True) for name in made)
