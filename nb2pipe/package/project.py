"""The project around a package: how it is built and installed, what it says of itself, and where it came from."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any

from nb2pipe import __version__
from nb2pipe.emit.filetree import FileTree, digest, digests, file_tree
from nb2pipe.notebook.model import Notebook
from nb2pipe.package.environment import Environment
from nb2pipe.package.existing import LOCK
from nb2pipe.package.model import Plan, PlannedStep
from nb2pipe.package.origin import origin, origin_path
from nb2pipe.package.write import package_files


def project_files(
    plan: Plan, name: str, version: str, environment: Environment, notebook: Notebook, split: str | None
) -> FileTree:
    """All files of the project; ``notebook`` is where it came from, its cells made steps as ``split`` says."""
    texts: dict[str, str | bytes] = {f"src/{name}/{path}": content for path, content in package_files(plan, name).files}
    texts["pyproject.toml"] = _pyproject(plan, name, version, environment)
    texts["README.md"] = _readme(plan, name)
    texts["requirements.lock"] = "".join(f"{d.name}=={d.version}\n" for d in environment.closure)
    texts[origin_path(notebook.path)] = origin(notebook)
    tree = file_tree(texts)
    lock = {
        **provenance(notebook),
        "split": split,
        "name": name,
        "version": version,
        "steps": [_provenance(s) for s in plan.steps],
        "files": digests(tree),
    }
    return file_tree({**texts, LOCK: json.dumps(lock, indent=2, ensure_ascii=False) + "\n"})


def provenance(notebook: Notebook) -> dict[str, Any]:
    """Where the package came from: the notebook's cells by their content, and what compiled them."""
    cells = [{"id": c.id, "kind": c.kind, "sha256": digest(c.source.encode("utf-8"))} for c in notebook.cells]
    return {"nb2pipe": __version__, "notebook": PurePath(notebook.path).name, "cells": cells}


def _provenance(step: PlannedStep) -> dict[str, Any]:
    found: dict[str, Any] = {"name": step.name, "cells": list(step.cells), "form": step.form}
    if step.reasons:
        found["reasons"] = [{"reason": r.text, "cell": r.span.cell, "line": r.span.line} for r in step.reasons]
    return found


def _pyproject(plan: Plan, name: str, version: str, environment: Environment) -> str:
    needs = "".join(f'    "{d.name}>={d.version}",\n' for d in environment.direct)
    dependencies = f"[\n{needs}]" if needs else "[]"
    description = json.dumps(plan.title, ensure_ascii=False)
    return f"""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name.replace("_", "-")}"
version = "{version}"
description = {description}
readme = "README.md"
requires-python = ">=3.11"
dependencies = {dependencies}

[project.scripts]
{name.replace("_", "-")} = "{name}.__main__:run"

[tool.hatch.build.targets.wheel]
packages = ["src/{name}"]

[tool.ruff]
extend-exclude = ["notebooks"]  # as they were written

[tool.ruff.lint.per-file-ignores]
# these are the notebook's own lines: their style is kept
"src/{name}/{{steps,steps/*,functions,scripts/*}}.py" = [
    "B", "BLE", "C4", "E4", "E5", "E7", "F401", "F403", "F405", "F841", "PERF", "PIE", "PLR", "PLW", "RET", "RUF", "S", "SIM", "UP",
]
"""


def _readme(plan: Plan, name: str) -> str:
    lines = [f"# {plan.title}", ""]
    if plan.prose:
        lines += [plan.prose, ""]
    example = f"import {name}.pipeline\n\nvalues = {name}.pipeline.run()"
    lines += ["```sh", "pip install .", f"python -m {name}", f"python -m {name} --help", "```", "",
              "or, from Python:", "", "```python", example, "```", "",
              "## The pipeline", "", "```mermaid", _mermaid(plan).rstrip(), "```", "",
              "| step | takes | gives |", "| --- | --- | --- |"]  # fmt: skip
    lines += [
        f"| {_cell(s.title or s.name)} | {_names((*s.takes, *s.parameters))} | {_names(s.gives)} |" for s in plan.steps
    ]
    if plan.parameters:
        lines += ["", "## Parameters", "", "| parameter | type | default | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{p.name}` | {_cell(p.type)} | `{_cell(repr(p.default))}` | {_cell(p.help)} |" for p in plan.parameters
        ]
    return "\n".join(lines) + "\n"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{n}`" for n in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _mermaid(plan: Plan) -> str:
    numbers = {s.name: f"s{i}" for i, s in enumerate(plan.steps)}
    lines = ["flowchart TB", *(f'    {numbers[s.name]}["{s.name}"]' for s in plan.steps)]
    made: dict[str, str] = {}
    for step in plan.steps:
        sources: dict[str, list[str]] = {}
        for name in step.takes:
            if name in made:
                sources.setdefault(made[name], []).append(name)
        for source, names in sources.items():
            lines.append(f'    {numbers[source]} -->|"{", ".join(names)}"| {numbers[step.name]}')
        lines += [f"    {numbers[s]} -.-> {numbers[step.name]}" for s in step.after if s not in sources]
        made |= dict.fromkeys(step.gives, step.name)
    return "\n".join(lines) + "\n"
