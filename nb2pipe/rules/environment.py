"""Family 7: the language, the modules and the versions that the notebook needs."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import Diagnostic, Severity
from nb2pipe.rules.base import Rule, span_of
from nb2pipe.rules.facts import facts_of
from nb2pipe.rules.run import Subject


class OtherLanguage(Rule):
    """The notebook is not in Python. Reading finds it."""

    code, name, severity, refuses = "NB701", "other-language", Severity.ERROR, True


class NotInstalled(Rule):
    """A module that is imported in any case and is not installed."""

    code, name, severity = "NB702", "import-not-installed", Severity.ERROR

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        written = {
            Path(a.resource.key).name
            for e in subject.analysis.effects
            for a in e.accesses
            if a.resource.kind == "file" and a.mode == "write"
        }
        told: set[str] = set()
        for found in facts_of(subject).imports:
            top = found.module.partition(".")[0]
            if not top or top in told or found.place.guarded or f"{top}.py" in written or "*" in written:
                continue
            if _can_be_imported(top, subject.folder):
                continue
            told.add(top)
            yield self.finding(
                span_of(found.place.cell, found.node),
                f"`{top}` is imported, and is not installed",
                why="this is a ModuleNotFoundError where the import is reached",
                hint=f"pip install {_data()['distributions'].get(top, top)}",
                severity=Severity.ERROR if found.place.certain else Severity.WARNING,
            )


def _can_be_imported(top: str, folder: Path) -> bool:
    if top in sys.stdlib_module_names or top in sys.builtin_module_names or top == "__main__":
        return True
    if (folder / f"{top}.py").exists() or (folder / top).is_dir():
        return True
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return True  # a module that is half imported already


class RemovedApi(Rule):
    """A function that the installed version of a library no longer has."""

    code, name, severity = "NB703", "removed-api", Severity.WARNING

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        facts = facts_of(subject)
        told: set[tuple[int, int, str]] = set()
        for reference in facts.references:
            row = _removed(reference.name)
            key = (reference.place.cell, getattr(reference.node, "lineno", 0), reference.name)
            if row is not None and key not in told and not reference.place.guarded:
                told.add(key)
                yield self._said(reference.place.cell, reference.node, reference.name, row)
        types = {d.name: d.kind for e in subject.analysis.effects for d in e.definitions}
        for call in facts.calls:
            function = call.node.func
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                name = f"{types.get(function.value.id, '')}.{function.attr}"
                row = _removed(name)
                if row is not None and not call.place.guarded:
                    yield self._said(call.place.cell, call.node, name, row)

    def _said(self, cell: int, node: ast.AST, name: str, row: dict[str, str]) -> Diagnostic:
        return self.finding(
            span_of(cell, node),
            f"{name} was removed from {row['library']} {row['removed']}; {installed_version(row['library'])} is installed",
            why="this is an AttributeError or an ImportError where it is reached",
            hint=row["instead"],
        )


def _removed(name: str) -> dict[str, str] | None:
    """The row of a name that the installed version lacks: the name's own, or that of what it is part of."""
    table: dict[str, dict[str, str]] = _data()["removed"]
    row = table.get(name)
    if row is None:
        return None
    installed = installed_version(row["library"])
    return row if installed and _numbers(installed) >= _numbers(row["removed"]) else None


@lru_cache(maxsize=32)
def installed_version(distribution: str) -> str:
    """The installed version of a distribution, empty where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads((Path(__file__).parent / "environment.json").read_text("utf-8"))
    data["removed"] = {
        name: {"library": group["library"], "removed": group["removed"], "instead": instead}
        for group in data["removed"]
        for name, instead in group["names"].items()
    }
    return data


RULES: tuple[type[Rule], ...] = (OtherLanguage, NotInstalled, RemovedApi)
