"""The project around a package: how it is built and installed, what it says of itself, and where it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nb2pipe.emit.filetree import FileTree, digest, file_tree
from nb2pipe.notebook.model import Notebook
from nb2pipe.package.environment import Environment
from nb2pipe.package.existing import LOCK
from nb2pipe.package.model import Plan
from nb2pipe.package.origin import origin, origin_path
from nb2pipe.package.provenance import record_of
from nb2pipe.package.versions.changelog import CHANGELOG
from nb2pipe.package.versions.record import ChangeRecord, Record, lock_text
from nb2pipe.package.write import default_text, package_files


@dataclass(frozen=True, slots=True)
class Draft:
    """A project that has no version yet: its record, and the files that are the same whatever its version."""

    plan: Plan
    environment: Environment
    record: Record
    files: FileTree


def draft(
    plan: Plan,
    name: str,
    notebook: Notebook,
    split: str | None,
    environment: Environment,
    types: Mapping[str, Mapping[str, str]],
) -> Draft:
    """The project of a plan.

    ``notebook`` is where it came from, its cells made steps as ``split`` says; ``types`` are those of the values that steps
    give, where they are known.
    """
    texts: dict[str, str | bytes] = {f"src/{name}/{path}": content for path, content in package_files(plan, name).files}
    texts["README.md"] = _readme(plan, name)
    texts["requirements.lock"] = "".join(f"{d.name}=={d.version}\n" for d in environment.closure)
    texts[origin_path(notebook.path)] = origin(notebook)
    files = file_tree(texts)
    return Draft(plan, environment, record_of(plan, name, notebook, split, environment, types, files), files)


def project_files(made: Draft, version: str, change: ChangeRecord, changelog: str) -> FileTree:
    """All files of a version of the project."""
    return with_record(made, version_of(made, version, change, changelog), changelog)


def version_of(made: Draft, version: str, change: ChangeRecord, changelog: str) -> Record:
    """The record of a version of the project."""
    own = _own_files(made, version, changelog)
    files = {**made.record.files, **{path: digest(text.encode("utf-8")) for path, text in own.items()}}
    return replace(made.record, version=version, change=change, files=dict(sorted(files.items())))


def with_record(made: Draft, record: Record, changelog: str) -> FileTree:
    """All files of the version that has this record."""
    own = _own_files(made, record.version, changelog)
    return file_tree({**dict(made.files.files), **own, LOCK: lock_text(record)})


def _own_files(made: Draft, version: str, changelog: str) -> dict[str, str]:
    """The files that say which version it is."""
    text = _pyproject(made.plan, made.record.name, version, made.environment)
    return {"pyproject.toml": text, CHANGELOG: changelog}


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

[tool.hatch.build.targets.wheel.extra-metadata]
"{LOCK}" = "{LOCK}"
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
            f"| `{p.name}` | {_cell(p.type)} | `{_cell(default_text(p))}` | {_cell(p.help)} |" for p in plan.parameters
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
