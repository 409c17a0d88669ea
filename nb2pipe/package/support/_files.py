"""Values in a folder: one file a value, ``<folder>/<step>/<name>.<suffix>``, written as a whole or not at all.

A value is JSON where that gives it back as it was, ``.npy`` where it is a plain array, else a pickle. Values that share
something that can change are one pickled dict, ``a+b.pickle``, so that they share it when they are loaded again.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from ._formats import SUFFIXES, ValueNotStorable, look, read, write

__all__ = ["ValueMissing", "ValueNotStorable", "kept", "load", "put", "save"]

Result = TypeVar("Result")

_MORE = "..."  # ends the name of a file of more values than a file's name can list
_LONGEST = 200  # bytes, of the 255 that file systems allow for a file's name


class ValueMissing(LookupError):
    """A value that no file holds: the step that gives it has not run."""


def save(folder: str | os.PathLike[str], step: str, values: Mapping[str, Any]) -> None:
    """Keep what a step gives, in place of what it gave before.

    Raises:
        ValueNotStorable: One of the values cannot be pickled. The files are then as they were.
    """
    place = Path(folder, step)
    place.mkdir(parents=True, exist_ok=True)
    looks = {name: look(step, name, value) for name, value in values.items()}
    arrays = sum((pickler.owners for pickler in looks.values()), Counter[int]())
    shared = frozenset(owner for owner, count in arrays.items() if count > 1)
    drafts: list[Path] = []
    paths: list[Path] = []
    try:
        # names that differ in case only are one file on some file systems
        for names in _groups({name: {name.casefold(), *pickler.changeable()} for name, pickler in looks.items()}):
            apart = len(names) == 1 and shared.isdisjoint(looks[names[0]].owners)
            inside = {name: values[name] for name in names}
            draft, suffix = _drafted(place, partial(write, step, inside, shared=None if apart else shared))
            drafts.append(draft)
            paths.append(place / f"{_stem(names)}{suffix}")
        for draft, path in zip(drafts, paths, strict=True):
            draft.replace(path)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    for path in _files(place):
        if path not in paths:
            path.unlink(missing_ok=True)


def put(path: Path, data: bytes) -> None:
    """Write a file that is no value's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _drafted(path.parent, lambda file: file.write(data))[0].replace(path)


def _drafted(place: Path, fill: Callable[[BinaryIO], Result]) -> tuple[Path, Result]:
    """A file that is safe on the disk, to be given its name, and what filling it has given."""
    draft = place / f".{secrets.token_hex(8)}.part"
    try:
        with draft.open("xb") as file:
            result = fill(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft, result


def load(folder: str | os.PathLike[str], step: str, names: Iterable[str]) -> dict[str, Any]:
    """Values that a step gave, by name; those that shared something do so again.

    Raises:
        ValueMissing: A value is not there; the message names the step that has to run first.
    """
    place = Path(folder, step)
    holders = {name: path for path in _files(place) for name in _held(path)}
    wanted: dict[Path, list[str]] = {}
    for name in names:
        if name not in holders:
            raise ValueMissing(f"{name} is not in {place}: step {step} has to run first")
        wanted.setdefault(holders[name], []).append(name)
    values = {}
    for path, inside in wanted.items():
        content = read(path)
        values.update({name: content[name] for name in inside} if "+" in path.stem else {inside[0]: content})
    return values


def kept(folder: str | os.PathLike[str], step: str) -> list[str]:
    """The names of the values that are kept of a step."""
    return [name for path in _files(Path(folder, step)) for name in _held(path)]


def _files(place: Path) -> list[Path]:
    """The files of a step's values, the newest last."""
    if not place.is_dir():
        return []
    found = [p for p in place.iterdir() if p.suffix in SUFFIXES and not p.name.startswith(".")]
    return sorted(found, key=lambda p: (p.stat().st_mtime_ns, p.name))


def _stem(names: list[str]) -> str:
    stem = "+".join(names)
    if len(os.fsencode(stem)) <= _LONGEST or len(names) == 1:
        return stem
    return f"{names[0]}+{_MORE}"


def _held(path: Path) -> list[str]:
    """The names of the values in a file."""
    names = path.stem.split("+")
    return list(read(path)) if names[-1] == _MORE else names


def _groups(shared: Mapping[str, set[Any]]) -> list[list[str]]:
    """The names in groups, such that names with a common item are in one."""
    groups: list[tuple[list[str], set[Any]]] = []
    for name, items in shared.items():
        joined = [group for group in groups if not group[1].isdisjoint(items)]
        apart = [group for group in groups if group[1].isdisjoint(items)]
        names = [n for group in joined for n in group[0]]
        groups = [*apart, ([*names, name], items.union(*(group[1] for group in joined)))]
    return [sorted(names, key=list(shared).index) for names, _ in groups]
