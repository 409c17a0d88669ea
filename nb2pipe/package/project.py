"""The project around a package: how it is built and installed, what it says of itself, and where it came from."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from nb2pipe import __version__
from nb2pipe.emit.filetree import FileTree, digest, digests, file_tree
from nb2pipe.notebook.model import Notebook
from nb2pipe.package.environment import Environment
from nb2pipe.package.existing import LOCK
from nb2pipe.package.local import names_of_local
from nb2pipe.package.model import Plan, PlannedStep
from nb2pipe.package.notebooks import step_notebooks
from nb2pipe.package.project_tests import project_tests
from nb2pipe.package.readme import readme
from nb2pipe.package.write import package_files


def project_files(
    plan: Plan,
    name: str,
    version: str,
    environment: Environment,
    source: Mapping[str, Any],
    *,
    record: bool = False,
    more: Mapping[str, str] | None = None,
) -> FileTree:
    """All files of the project; ``source`` is what the lock file says of where it came from.

    ``record`` is whether a run will be recorded for its tests; ``more`` are files by path, in place of those that are there.
    """
    texts: dict[str, str | bytes] = {f"src/{name}/{path}": content for path, content in package_files(plan, name).files}
    texts["pyproject.toml"] = _pyproject(plan, name, version, environment, _unlinted(plan, name, texts))
    texts["README.md"] = readme(plan, name)
    texts |= {f"tests/{path}": text for path, text in project_tests(plan, name, record=record).items()}
    texts |= {f"notebooks/{path}": text for path, text in step_notebooks(plan, name).items()}
    texts["requirements.lock"] = "".join(f"{d.name}=={d.version}\n" for d in environment.closure)
    texts |= more or {}
    tree = file_tree(texts)
    lock = {
        **source,
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


_STYLE = "B BLE C4 E F401 F541 F811 F841 PERF PIE PLR PLW RET RUF S SIM UP"


def _unlinted(plan: Plan, name: str, paths: Iterable[str]) -> str:
    """What ruff is not to say of the files that hold the notebook's own lines."""
    modules = {p.removeprefix(f"src/{name}/").removesuffix(".py") for p in paths}
    folders = {"steps/*"} if any(m.startswith("steps/") for m in modules) else set()
    own = sorted(modules & {"functions", "steps", *names_of_local(plan)} | folders)
    lines = []
    if own:
        pattern = f"{{{','.join(own)}}}" if len(own) > 1 else own[0]
        rules = "".join(f"    {line},\n" for line in textwrap.wrap(", ".join(f'"{r}"' for r in _STYLE.split()), 80))
        lines.append(f'"src/{name}/{pattern}.py" = [\n{rules.replace(",,", ",")}]\n')
    if any(m.startswith("scripts/") for m in modules):  # which find names where other scripts have left them
        lines.append(f'"src/{name}/scripts/*.py" = ["ALL"]\n')
    head = "\n[tool.ruff.lint.per-file-ignores]\n# these are the notebook's own lines: their style is kept\n"
    return head + "".join(lines) if lines else ""


def _pyproject(plan: Plan, name: str, version: str, environment: Environment, unlinted: str) -> str:
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

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
{name.replace("_", "-")} = "{name}.__main__:run"

[tool.hatch.build.targets.wheel]
packages = ["src/{name}"]

[tool.pytest.ini_options]
pythonpath = ["src"]
testpaths = ["tests"]
{unlinted}"""
