"""Packages of notebooks made for a test, edited as a person would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe import api
from nb2pipe.sync.roundtrip import Synced
from tests.making import write


class Project(NamedTuple):
    """A notebook and the package that was compiled from it."""

    notebook: Path
    folder: Path
    name: str

    def file(self, path: str) -> Path:
        """A file of the package's own code."""
        return self.folder / "src" / self.name / path

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace what stands once in a file."""
        text = self.file(path).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in\n{text}"
        self.file(path).write_text(text.replace(old, new), "utf-8")

    def sync(self) -> Synced:
        """What a sync comes to."""
        return api.sync(str(self.folder), str(self.notebook))

    def sources(self) -> list[str]:
        """The texts of the notebook's cells."""
        return [c.source for c in api.load(str(self.notebook)).cells]


def project(folder: Path, cells: Sequence[dict[str, Any] | str], split: str | None = None) -> Project:
    """A notebook of these cells and its package, in a folder."""
    return compiled(write(folder / "made.ipynb", cells), folder / "package", split)


def compiled(notebook: Path, folder: Path, split: str | None = None) -> Project:
    """The package of a notebook."""
    made = api.package(api.compile_notebook(api.load(str(notebook)), split))
    api.write_package(made, folder)
    return Project(notebook, folder, made.name)


def compared(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that a compile after a sync has to give again, of a package's files by path."""
    left_out = ("notebooks/", "nb2pipe.lock.json", "CHANGELOG.md")
    return {path: content for path, content in files.items() if not path.startswith(left_out)}


def on_disk(project: Project) -> dict[str, bytes]:
    """Those files of a package as it stands on the disk."""
    paths = [p for p in project.folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    return compared({p.relative_to(project.folder).as_posix(): p.read_bytes() for p in paths})


def compiled_again(project: Project) -> dict[str, bytes]:
    """Those files as the notebook compiles to them now."""
    split = json.loads((project.folder / "nb2pipe.lock.json").read_text("utf-8"))["split"]
    made = api.package(api.compile_notebook(api.load(str(project.notebook)), split), project.name)
    return compared(dict(made.tree.files))
