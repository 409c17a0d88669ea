"""The project around a package: how it is built and installed, what it says of itself, and where it came from."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from nb2pipe.emit.filetree import FileTree, digest, file_tree
from nb2pipe.notebook.read import path_text
from nb2pipe.package.environment import Environment
from nb2pipe.package.existing import LOCK
from nb2pipe.package.local import names_of_local
from nb2pipe.package.model import Plan
from nb2pipe.package.notebooks import step_notebooks
from nb2pipe.package.origin import origin, origin_path
from nb2pipe.package.project_tests import project_tests
from nb2pipe.package.provenance import Source, record_of
from nb2pipe.package.readme import readme
from nb2pipe.package.versions.changelog import CHANGELOG
from nb2pipe.package.versions.record import ChangeRecord, Record, lock_text
from nb2pipe.package.write import package_files


class Draft(NamedTuple):
    """A project that has no version yet: its record, and the files that are the same whatever its version.

    ``title`` says in a line what it is, ``unlinted`` is what its linter is told of the notebook's own lines.
    """

    title: str
    unlinted: str
    environment: Environment
    record: Record
    files: FileTree


def draft(
    plan: Plan,
    name: str,
    source: Source,
    environment: Environment,
    *,
    record: bool = False,
    more: Mapping[str, str] | None = None,
) -> Draft:
    """The project of a plan.

    ``record`` is whether a run will be recorded for its tests; ``more`` are files by path, in place of those that are there.
    """
    texts: dict[str, str | bytes] = {f"src/{name}/{path}": content for path, content in package_files(plan, name).files}
    texts["README.md"] = readme(plan, name)
    texts |= {f"tests/{path}": text for path, text in project_tests(plan, name, record=record).items()}
    texts |= {f"notebooks/{path}": text for path, text in step_notebooks(plan, name).items()}
    texts[origin_path(path_text(source.notebook.path))] = origin(source.notebook)
    texts["requirements.lock"] = "".join(f"{d.name}=={d.version}\n" for d in environment.closure)
    files = file_tree({**texts, **(more or {})})
    record_ = record_of(plan, name, source, environment, files)
    own = {"functions", "steps", *names_of_local(plan)}
    return Draft(plan.title, unlinted(name, record_.files, own), environment, record_, files)


def with_more(made: Draft, more: Mapping[str, bytes]) -> Draft:
    """The project with more files."""
    files = file_tree({**dict(made.files.files), **more})
    return made._replace(files=files, record=made.record._replace(files={p: digest(c) for p, c in files.files}))


def project_files(made: Draft, version: str, change: ChangeRecord, changelog: str) -> FileTree:
    """All files of a version of the project."""
    return with_record(made, version_of(made, version, change, changelog), changelog)


def version_of(made: Draft, version: str, change: ChangeRecord, changelog: str) -> Record:
    """The record of a version of the project."""
    own = _own_files(made, version, changelog)
    files = {**made.record.files, **{path: digest(text.encode("utf-8")) for path, text in own.items()}}
    return made.record._replace(version=version, change=change, files=dict(sorted(files.items())))


def with_record(made: Draft, record: Record, changelog: str) -> FileTree:
    """All files of the version that has this record."""
    own = _own_files(made, record.version, changelog)
    return file_tree({**dict(made.files.files), **own, LOCK: lock_text(record)})


def _own_files(made: Draft, version: str, changelog: str) -> dict[str, str]:
    """The files that say which version it is."""
    text = _pyproject(made, version)
    return {"pyproject.toml": text, CHANGELOG: changelog}


_STYLE = "B BLE C4 E F401 F541 F811 F841 PERF PIE PLR PLW RET RUF S SIM UP"


def unlinted(name: str, paths: Iterable[str], own: Iterable[str]) -> str:
    """What ruff is not to say of the files that hold the notebook's own lines: those in ``own``, by path in the package."""
    modules = {p.removeprefix(f"src/{name}/").removesuffix(".py") for p in paths}
    folders = {f"{m.rpartition('/')[0]}/*" for m in modules if m.rpartition("/")[0] in {*own}}
    own = sorted(modules & {*own} | folders)
    lines = []
    if own:
        pattern = f"{{{','.join(own)}}}" if len(own) > 1 else own[0]
        rules = "".join(f"    {line},\n" for line in textwrap.wrap(", ".join(f'"{r}"' for r in _STYLE.split()), 80))
        lines.append(f'"src/{name}/{pattern}.py" = [\n{rules.replace(",,", ",")}]\n')
    for folder in sorted({m.rpartition("/")[0] for m in modules if f"/{m}".rpartition("/")[0].endswith("/scripts")}):
        lines.append(f'"src/{name}/{folder}/*.py" = ["ALL"]\n')  # they find names where other scripts have left them
    head = "\n[tool.ruff.lint.per-file-ignores]\n# these are the notebook's own lines: their style is kept\n"
    return head + "".join(lines) if lines else ""


def _pyproject(made: Draft, version: str) -> str:
    name = made.record.name
    needs = "".join(f'    "{d.name}>={d.version}",\n' for d in made.environment.direct)
    dependencies = f"[\n{needs}]" if needs else "[]"
    description = json.dumps(made.title, ensure_ascii=False)
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

[tool.hatch.build.targets.wheel.extra-metadata]
"{LOCK}" = "{LOCK}"

[tool.pytest.ini_options]
pythonpath = ["src"]
testpaths = ["tests"]

[tool.ruff]
extend-exclude = ["notebooks"]  # as they were written
{made.unlinted}"""
