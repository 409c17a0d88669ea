"""Notebooks and their packages for a test, to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nb2pipe import api
from nb2pipe.replay.model import Report
from nb2pipe.replay.verify import Settings
from tests.making import compiled, write


def project(folder: Path, cells: Sequence[dict[str, Any] | str], split: str = "cells:1") -> tuple[api.Compiled, Path]:
    """A compiled notebook, and the folder of its project; the package is named ``made``."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    subject = compiled(write(work / "notebook.ipynb", cells), split)
    api.write_package(api.package(subject, "made"), folder / "project")
    return subject, folder / "project"


def changed(folder: Path, old: str, new: str, file: str = "steps.py") -> None:
    """Change a text in a package, as somebody would by hand."""
    path = folder / "src" / "made" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def verified(folder: Path, cells: Sequence[dict[str, Any] | str], *changes: tuple[str, str], **settings: Any) -> Report:
    """The report on a notebook and its package, after these changes to the package's steps."""
    subject, made = project(folder, cells)
    for old, new in changes:
        changed(made, old, new)
    return api.verify(subject, made, Settings(**settings))
