"""What a version is: the record that its lock file holds, written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError
from nb2pipe.package.existing import LOCK

SCHEMA = 1


class NotebookRecord(NamedTuple):
    """One of several notebooks: its name in the package, its file from the folder that they have in common, what it runs after."""

    name: str
    file: str
    after: tuple[str, ...] = ()


class CellRecord(NamedTuple):
    """A cell of the notebook; ``became`` are the steps, functions and parameters that came from it.

    ``notebook`` is the name of its notebook where there are several.
    """

    id: str
    kind: str
    sha256: str
    became: tuple[str, ...] = ()
    notebook: str = ""


class ParameterRecord(NamedTuple):
    """A parameter; ``default`` is Python's text of it."""

    name: str
    type: str
    default: str
    help: str = ""


class StepRecord(NamedTuple):
    """A step, as `package.model.PlannedStep` has it, with the file that it stands in and the digest of its text there.

    ``types`` are those of the values that it gives, where they are known.
    """

    name: str
    cells: tuple[int, ...]
    form: str
    file: str
    sha256: str
    takes: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    types: Mapping[str, str] = MappingProxyType({})
    reasons: tuple[Mapping[str, Any], ...] = ()


class FunctionRecord(NamedTuple):
    """A function or class of the notebook that several steps may use; ``train.score`` stands in the module of a step."""

    name: str
    cell: int
    file: str
    sha256: str


class EnvironmentRecord(NamedTuple):
    """What the package needs: Python, the distributions that it imports, and all that these need, by name."""

    python: str
    direct: Mapping[str, str]
    closure: Mapping[str, str]
    missing: tuple[str, ...] = ()


class ChangeRecord(NamedTuple):
    """What a version changed: ``kind`` is "first", or how much; ``since`` the version that it was compared with."""

    kind: str
    lines: tuple[str, ...]
    since: str = ""


class Record(NamedTuple):
    """All that is known of a version.

    ``split`` is how the notebook's cells were made steps, None as they say themselves; ``files`` are the digests of the project's
    files, but for the lock file's own; ``verified`` is what a comparison with the notebook came to, where there was one.
    ``notebooks`` are those of a package of several; ``notebook`` is then empty, and steps, functions and values are named with
    that of theirs (``clean.load``).
    """

    name: str
    version: str
    nb2pipe: str
    notebook: str
    split: str | None
    change: ChangeRecord
    cells: tuple[CellRecord, ...]
    parameters: tuple[ParameterRecord, ...]
    steps: tuple[StepRecord, ...]
    functions: tuple[FunctionRecord, ...]
    environment: EnvironmentRecord
    files: Mapping[str, str]
    verified: Mapping[str, Any] = MappingProxyType({})
    notebooks: tuple[NotebookRecord, ...] = ()


def own_name(row: StepRecord | FunctionRecord) -> str:
    """The name that a step or a function has in its file."""
    return row.name.rpartition(".")[2]


def refuse_several(record: Record, what: str, instead: str) -> None:
    """See that a package came from one notebook; ``what`` is then to be done, ``instead`` what can be where it did not.

    Raises:
        UsageError: It came from several.
    """
    if record.notebooks:
        files = ", ".join(n.file for n in record.notebooks)
        raise UsageError(
            f"{record.name} came from several notebooks ({files}), and {what} knows packages of one: {instead}"
        )


class EdgeRecord(NamedTuple):
    """``target`` takes ``values`` from ``source``, or runs after it."""

    source: str
    target: str
    values: tuple[str, ...] = ()


def edges(record: Record) -> tuple[EdgeRecord, ...]:
    """What flows between the steps."""
    givers: dict[str, str] = {}
    found = []
    for step in record.steps:
        values: dict[str, list[str]] = {s: [] for s in step.after}
        for name in step.takes:
            if name in givers:
                values.setdefault(givers[name], []).append(name)
        found += [EdgeRecord(source, step.name, tuple(names)) for source, names in sorted(values.items())]
        givers |= dict.fromkeys(step.gives, step.name)
    return tuple(found)


def results(record: Record) -> dict[str, str]:
    """The final outputs, which no step takes behind the one that gives them last: each name with its type, or ""."""
    found: dict[str, str] = {}
    for step in record.steps:
        for name in step.takes:
            found.pop(name, None)
        found |= {name: step.types.get(name, "") for name in step.gives}
    return found


def without_circumstances(record: Record) -> Record:
    """The record without what makes it no other version: its number, which nb2pipe wrote it, and who has looked."""
    return record._replace(version="", nb2pipe="", change=ChangeRecord("", ()), verified={})


# -- as text --------------------------------------------------------------------------------------------------------


def lock_text(record: Record) -> str:
    """The lock file: JSON, a line for each cell, step and file."""
    document: dict[str, Any] = {"schema": SCHEMA, **record._asdict()}
    document["change"] = _plain(record.change._asdict())
    for part in ("notebooks", "cells", "parameters", "steps", "functions"):
        document[part] = [_plain(row._asdict()) for row in document[part]]
    document["environment"] = _plain(record.environment._asdict())
    for part in ("verified", "notebooks"):
        if not document[part]:
            del document[part]
    return "{\n" + ",\n".join(f"  {_text(key)}: {_laid_out(value)}" for key, value in document.items()) + "\n}\n"


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what is empty."""
    return {key: value for key, value in row.items() if value not in ("", (), {}, [])}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _laid_out(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return "{\n" + ",\n".join(f"    {_text(k)}: {_text(v)}" for k, v in value.items()) + "\n  }"
    if isinstance(value, Sequence) and value and not isinstance(value, str):
        return "[\n" + ",\n".join(f"    {_text(v)}" for v in value) + "\n  ]"
    return _text(value)


def read_record(folder: Path) -> Record:
    """The record of the project in a folder.

    Raises:
        UsageError: There is none, or it is of a form that this nb2pipe does not know.
    """
    try:
        text = (folder / LOCK).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{folder} holds no package of nb2pipe: `nb2pipe compile` writes one") from None
    return parse_lock(text, folder / LOCK)


def parse_lock(text: str, where: object = LOCK) -> Record:
    """The record in the text of a lock file; ``where`` is named in errors.

    Raises:
        UsageError: It is no lock file, or one of a form that this nb2pipe does not know.
    """
    try:
        document = json.loads(text)
        if document["schema"] == SCHEMA:
            return _record(document)
        wrong = f"it has schema {document['schema']}, and this nb2pipe reads schema {SCHEMA}"
    except (ValueError, KeyError, TypeError, AttributeError):
        wrong = "it is damaged, or no lock file of nb2pipe"
    raise UsageError(f"cannot read {where}: {wrong}")


def _record(document: Mapping[str, Any]) -> Record:
    environment = document["environment"]
    if not str(document["name"]).isidentifier() or not all(map(_is_inside, document["files"])):
        raise ValueError("a name that leads elsewhere")  # lock files come with what others have written
    return Record(
        name=str(document["name"]),
        version=str(document["version"]),
        nb2pipe=str(document["nb2pipe"]),
        notebook=str(document["notebook"]),
        split=document["split"],
        change=ChangeRecord(
            document["change"]["kind"], tuple(document["change"]["lines"]), document["change"].get("since", "")
        ),
        cells=tuple(CellRecord(**_tuples(c)) for c in document["cells"]),
        parameters=tuple(ParameterRecord(**{"type": "", "default": "", **p}) for p in document["parameters"]),
        steps=tuple(StepRecord(**_tuples(s)) for s in document["steps"]),
        functions=tuple(FunctionRecord(**f) for f in document["functions"]),
        environment=EnvironmentRecord(
            environment["python"],
            dict(environment.get("direct", {})),
            dict(environment.get("closure", {})),
            tuple(environment.get("missing", ())),
        ),
        files=dict(document["files"]),
        verified=dict(document.get("verified", {})),
        notebooks=tuple(NotebookRecord(**_tuples(n)) for n in document.get("notebooks", ())),
    )


def _is_inside(path: str) -> bool:
    """Whether a path stays in the folder of the project."""
    return not path.startswith("/") and "\\" not in path and not {"", ".", ".."} & {*path.split("/")}


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
