"""Where a package came from: each cell with what it became, each step with its file, the digest of everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from nb2pipe import __version__
from nb2pipe.analysis.effects import Certainty, Effects
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
from nb2pipe.package.write import default_text

_WORDS = frozenset({"", "import", "function", "star", "None"})
"""What a binding may be said to be that is no type of a value."""


def types_given(plan: Plan, effects: Iterable[Effects]) -> dict[str, dict[str, str]]:
    """For each step the types of the values that it gives, where every cell of it that binds one says the same."""
    by_cell = {e.cell: e for e in effects}
    found: dict[str, dict[str, str]] = {}
    for step in plan.steps:
        kinds: dict[str, set[str]] = {}
        for cell in step.cells:
            for d in by_cell[cell].definitions if cell in by_cell else ():
                kinds.setdefault(d.name, set()).add(d.kind if d.certainty is Certainty.MUST else "")
        found[step.name] = {n: next(iter(k)) for n, k in kinds.items() if len(k) == 1 and not k & _WORDS}
    return found


def record_of(
    plan: Plan, name: str, notebook: Notebook, split: str | None, environment: Environment,
    types: Mapping[str, Mapping[str, str]], files: FileTree,
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
        steps.append(_step(step, file, content, types.get(step.name, {})))
    functions = f"{package}/functions.py"
    defined = pieces(contents[functions].decode("utf-8")) if plan.functions else {}
    return Record(
        name=name,
        version="",
        nb2pipe=__version__,
        notebook=PurePath(path_text(notebook.path)).name,
        split=split,
        change=ChangeRecord("", ()),
        cells=tuple(_cells(plan, notebook)),
        parameters=tuple(ParameterRecord(p.name, p.type, default_text(p), p.help) for p in plan.parameters),
        steps=tuple(steps),
        functions=tuple(
            FunctionRecord(f.name, f.cell, functions, digest(defined[f.name].text.encode("utf-8")))
            for f in plan.functions
        ),
        environment=EnvironmentRecord(
            ">=3.11",
            {d.name: d.version for d in environment.direct},
            {d.name: d.version for d in environment.closure},
            environment.missing,
        ),
        files={path: digest(content) for path, content in files.files},
    )


def _step(step: PlannedStep, file: str, content: bytes, types: Mapping[str, str]) -> StepRecord:
    reasons: list[dict[str, Any]] = [{"reason": r.text, "cell": r.span.cell, "line": r.span.line} for r in step.reasons]
    return StepRecord(
        step.name, step.cells, step.form, file, digest(content), step.takes, step.parameters, step.gives, step.after,
        step.needs, step.leaves, {n: types[n] for n in step.gives if n in types}, tuple(reasons),
    )  # fmt: skip


def _cells(plan: Plan, notebook: Notebook) -> Iterable[CellRecord]:
    became: dict[int, list[str]] = {}
    for parameter in plan.parameters:
        became.setdefault(parameter.span.cell, []).append(f"parameter {parameter.name}")
    for function in plan.functions:
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
