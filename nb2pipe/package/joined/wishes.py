"""What a user says of notebooks that are joined: in `pipeline.toml` beside them, and in their metadata."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from nb2pipe.diagnostics import UsageError
from nb2pipe.notebook.model import Notebook
from nb2pipe.notebook.read import path_text, stem
from nb2pipe.package.joined.model import Member, Wishes
from nb2pipe.package.naming import identifier

PIPELINE = "pipeline.toml"
OWN = frozenset({"pipeline", "parameters", "functions", "steps", "scripts"})  # modules that packages have
_OF_A_NOTEBOOK = ("after", "takes")


def common_folder(notebooks: Sequence[Notebook]) -> Path:
    """The folder that all the notebooks stand in, or below."""
    return Path(os.path.commonpath([Path(n.path).resolve().parent for n in notebooks]))


def members_of(notebooks: Sequence[Notebook]) -> tuple[Member, ...]:
    """The notebooks by their names, whatever the order in which they were given.

    Raises:
        UsageError: One is given twice, or two have one name.
    """
    top = common_folder(notebooks)
    found: dict[str, Member] = {}
    for notebook in sorted(notebooks, key=lambda n: Path(n.path).resolve().as_posix()):
        place = Path(notebook.path).resolve()
        name = identifier(stem(notebook.path))
        name = f"{name}_notebook" if name in OWN else name
        file = PurePath(path_text(str(place.relative_to(top)))).as_posix()
        if name in found:
            if found[name].file == file:
                raise UsageError(f"{notebook.path} is given twice")
            raise UsageError(
                f"{found[name].file} and {file} would both be `{name}` in the package: give one of them another name"
            )
        found[name] = Member(name, file, PurePath(file).parent.as_posix(), notebook)
    return tuple(found[name] for name in sorted(found))


def with_wishes(members: Sequence[Member], folder: Path) -> tuple[tuple[Member, ...], Wishes]:
    """The members with what their metadata and the `pipeline.toml` in ``folder`` say of them, and what that says of the whole.

    Raises:
        UsageError: One of these says what is not understood, or names a notebook that is not there.
    """
    document = _read(folder / PIPELINE)
    _known(document, ("name", "apart", "notebooks"), PIPELINE)
    tables = _checked(document.get("notebooks", {}), dict, f"{PIPELINE}: notebooks", "tables, one a notebook")
    names = _names(members)
    told: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for key, table in tables.items():
        where = f"{PIPELINE}: notebooks.{key}"
        told[_named(key, names, PIPELINE)] = (where, _checked(table, dict, where, "a table"))
    found = []
    for member in members:
        own = member.notebook.metadata.get("nb2pipe")
        own = {key: own[key] for key in _OF_A_NOTEBOOK if key in own} if isinstance(own, dict) else {}
        said = [(f"{member.file}: nb2pipe in its metadata", own)]  # where a run may have left more
        for where, table in (*said, *([told[member.name]] if member.name in told else [])):
            member = _with(member, table, where, names)  # noqa: PLW2901  what is said last counts
        found.append(member)
    apart = _names_in(document.get("apart", []), f"{PIPELINE}: apart")
    name = document.get("name")
    if name is not None:
        _checked(name, str, f"{PIPELINE}: name", "a text")
    return tuple(found), Wishes(name, frozenset(apart))


def _with(member: Member, table: Mapping[str, Any], where: str, names: Mapping[str, str]) -> Member:
    _known(table, _OF_A_NOTEBOOK, where)
    after = [_named(n, names, f"{where}.after") for n in _names_in(table.get("after", []), f"{where}.after")]
    given = _checked(table.get("takes", {}), dict, f"{where}.takes", "names, each with the notebook that hands it on")
    takes = {name: _named(source, names, f"{where}.takes") for name, source in given.items()}
    if member.name in (*after, *takes.values()):
        raise UsageError(f"{where}: `{member.name}` cannot come after itself")
    return replace(
        member, after=tuple(sorted({*member.after, *after})), takes=dict(sorted({**member.takes, **takes}.items()))
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _names(members: Iterable[Member]) -> dict[str, str]:
    """What a notebook may be called, by its file and its path with or without the ending: the name that it has in the package."""
    found: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for member in members:
        path = PurePath(member.file)
        for text in {member.name, member.file, path.name, path.stem, path.with_suffix("").as_posix()}:
            counts[text] += 1
            found[text] = member.name
    return {text: name for text, name in found.items() if counts[text] == 1}


def _named(text: object, names: Mapping[str, str], where: str) -> str:
    if isinstance(text, str) and text in names:
        return names[text]
    known = sorted(set(names.values()))
    near = difflib.get_close_matches(str(text), known, 1)
    raise UsageError(
        f"{where}: there is no notebook {text} among those that are joined"
        + (f"; did you mean {near[0]}?" if near else f": they are {', '.join(known)}")
    )


def _known(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in table:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            raise UsageError(
                f"{where}: there is no key `{key}`" + (f"; did you mean `{near[0]}`?" if near else f"; the keys are {', '.join(keys)}")
            )  # fmt: skip


def _checked(value: Any, kind: type, where: str, expected: str) -> Any:
    if not isinstance(value, kind):
        raise UsageError(f"{where}: expected {expected}, got {value!r}")
    return value


def _names_in(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(n, str) for n in value):
        raise UsageError(f"{where}: expected a list of names, got {value!r}")
    return value
