"""What stands in a project's folder already: it is written over only where nobody would lose anything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from nb2pipe.diagnostics import UsageError, say
from nb2pipe.emit.filetree import FileTree, digest, files_in, place_of

LOCK = "nb2pipe.lock.json"
SIGNATURE = f"{LOCK}.sig"
MADE_BY_USE = frozenset(
    {"__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".venv", "dist", "build", ".git"}
)
"""The names of what running, testing, building and keeping a project leave in its folder."""
_REMEDY = say("nb2pipe sync brings it into the notebook, --force writes over it")


def changed_by_hand(folder: Path) -> list[str]:
    """The files of a project that are not as they were written, and those that others have put there.

    Raises:
        UsageError: The folder holds something else than a project of nb2pipe.
    """
    try:
        lock = json.loads((folder / LOCK).read_text(encoding="utf-8"))
        written: dict[str, str] = {**lock["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        if not folder.is_dir():
            raise UsageError(say("%1 is a file", str(folder))) from None
        if any(folder.iterdir()):
            raise UsageError(
                say("%1 holds something else than a package of nb2pipe; -o DIR writes elsewhere", str(folder))
            ) from None
        return []
    found = []
    for name, path in files_in(folder).items():
        if name in (LOCK, SIGNATURE) or made_by_use(name):
            continue
        if written.pop(name, "") != digest(path.read_bytes()):
            found.append(name)
    return sorted([*found, *written])


def files_of(folder: Path, listed: Iterable[str]) -> dict[str, bytes]:
    """What a project's folder holds of the files that its lock file lists, with that file, and the signature where there is one.

    Raises:
        OSError: One cannot be read.
    """
    places = {path: place_of(path, folder) for path in (*listed, LOCK, SIGNATURE)}
    return {path: place.read_bytes() for path, place in places.items() if path != SIGNATURE or place.is_file()}


def made_by_use(name: str) -> bool:
    """Whether a file in a project is nobody's work: what running, testing and building leave behind."""
    return bool(MADE_BY_USE & {*name.split("/")}) or ".egg-info" in name


def is_there(tree: FileTree, folder: Path) -> bool:
    """Whether the folder holds exactly this project already."""
    places = [(place_of(path, folder), content) for path, content in tree.files]
    return all(place.is_file() and place.read_bytes() == content for place, content in places)


def refuse_changes_by_hand(folder: Path, tree: FileTree, remedy: str = _REMEDY) -> None:
    """See that a project's folder holds nothing that would be lost where ``tree`` is written; ``remedy`` is what can be done.

    What was changed by hand to what ``tree`` has is not lost.

    Raises:
        UsageError: It does, or it holds something else than a project of nb2pipe.
    """
    files = dict(tree.files)
    changed = [n for n in changed_by_hand(folder) if not _holds(folder / n, files.get(n))] if folder.exists() else []
    if changed:
        names = ", ".join(changed[:5])
        if len(changed) > 5:
            names = say("%1 and %2 more", names, len(changed) - 5)
        raise UsageError(say("%1 was changed by hand: %2; %3", str(folder), names, remedy))


def _holds(path: Path, content: bytes | None) -> bool:
    return path.is_file() and path.read_bytes() == content
