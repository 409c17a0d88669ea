"""Where a package came from: each cell with what it became, each step with its file, the digest of everything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, NamedTuple

from nb2pipe import __version__
from nb2pipe.emit.filetree import FileTree, digest
from nb2pipe.notebook.model import Notebook
from nb2pipe.notebook.read import path_text
from nb2pipe.package.environment import Environment
from nb2pipe.package.model import Plan, PlannedStep
from nb2pipe.package.versions.code import pieces
from nb2pipe.package.versions.record import (
    CellRecord,
    ChangeRecord,
    EnvironmentRecord,
    FunctionRecord,
    ParameterRecord,
    Record,
    StepRecord,
)
from nb2pipe.package.write import default_source


class Source(NamedTuple):
    """What a package comes from: the notebook, and how its cells were made steps (None: as they say themselves)."""

    notebook: Notebook
    split: str | None


def record_of(
    plan: Plan, name: str, source: Source, environment: Environment, files: FileTree
) -> Record:  # fmt: skip
    """The record of a project that has no version yet; ``files`` are its files."""
    contents = dict(files.files)
    package = f"src/{name}"
    whole = contents.get(f"{package}/steps.py")
    common = {} if whole is None else pieces(whole.decode("utf-8"))
    steps = []
    for step in plan.steps:
        file = f"{package}/scripts/{step.name}.py"
        content = contents.get(file, b"")
        if step.form == "function":
            file = f"{package}/steps.py" if whole is not None else f"{package}/steps/{step.name}.py"
            found = common if whole is not None else pieces(contents[file].decode("utf-8"))
            content = found[step.name].text.encode("utf-8")
        steps.append(_step(step, file, content))
    shared = [(f"{package}/functions.py", "", plan.functions)] if plan.functions else []
    own = [(f"{package}/steps/{s.name}.py", f"{s.name}.", s.functions) for s in plan.steps if s.functions]
    return Record(
        name=name,
        version="",
        nb2pipe=__version__,
        notebook=PurePath(path_text(source.notebook.path)).name,
        split=source.split,
        change=ChangeRecord("", ()),
        cells=tuple(_cells(plan, source.notebook)),
        parameters=tuple(ParameterRecord(p.name, p.type, default_source(p), p.help) for p in plan.parameters),
        steps=tuple(steps),
        functions=tuple(
            FunctionRecord(f"{prefix}{f.name}", f.cell, file, digest(defined[f.name].text.encode("utf-8")))
            for file, prefix, found in (*shared, *own)
            for defined in (pieces(contents[file].decode("utf-8")),)
            for f in found
        ),
        environment=environment_record(environment),
        files={path: digest(content) for path, content in files.files},
    )


def environment_record(environment: Environment) -> EnvironmentRecord:
    """What a package needs, as its record has it."""
    return EnvironmentRecord(
        ">=3.11",
        {d.name: d.version for d in environment.direct},
        {d.name: d.version for d in environment.closure},
        environment.missing,
    )


def _step(step: PlannedStep, file: str, content: bytes) -> StepRecord:
    reasons: list[dict[str, Any]] = [{"reason": r.text, "cell": r.span.cell, "line": r.span.line} for r in step.reasons]
    return StepRecord(
        step.name, step.cells, step.form, file, digest(content), step.takes, step.parameters, step.gives, step.after,
        step.needs, step.leaves, {n: text for (n, side), text in step.types if side == "gives"}, tuple(reasons),
    )  # fmt: skip


def _cells(plan: Plan, notebook: Notebook) -> Iterable[CellRecord]:
    became: dict[int, list[str]] = {}
    for parameter in plan.parameters:
        became.setdefault(parameter.span.cell, []).append(f"parameter {parameter.name}")
    for function in (*plan.functions, *(f for s in plan.steps for f in s.functions)):
        became.setdefault(function.cell, []).append(f"function {function.name}")
    for step in plan.steps:
        for part in step.parts:
            names = became.setdefault(part.cell, [])
            if f"step {step.name}" not in names:
                names.append(f"step {step.name}")
    for cell in notebook.cells:
        # a source may hold halves of surrogate pairs, which UTF-8 has not
        sha256 = digest(cell.source.encode("utf-8", "surrogatepass"))
        yield CellRecord(cell.id, cell.kind, sha256, tuple(became.get(cell.index, ())))
