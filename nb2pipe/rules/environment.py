"""Family 7: the language, the modules and the versions that the notebook needs."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from nb2pipe.analysis.modules import bound_names
from nb2pipe.diagnostics import Diagnostic, Sentence, Severity, say
from nb2pipe.interpreters import elsewhere, find, installed_version, own_modules
from nb2pipe.rules.base import Rule, span_of
from nb2pipe.rules.facts import Facts, Import, facts_of
from nb2pipe.rules.subject import Subject

_FRAMES = dict.fromkeys(
    ("pandas.DataFrame", "pandas.read_csv", "pandas.read_table", "pandas.read_excel", "pandas.read_parquet", "pandas.merge",
     "pandas.get_dummies", "pandas.read_sql", "pandas.read_sql_query", "pandas.read_feather", "pandas.read_pickle"),
    "pandas.DataFrame",
) | {"pandas.Series": "pandas.Series"}  # fmt: skip


class OtherLanguage(Rule):
    """The notebook is not in Python. Reading finds it."""

    code, name, severity, refuses = "NB701", "other-language", Severity.ERROR, True


class NotInstalled(Rule):
    """A module that is imported in any case and is not installed."""

    code, name, severity = "NB702", "import-not-installed", Severity.ERROR

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        written = {
            (e.cell, Path(a.resource.key).name)
            for e in subject.analysis.effects
            for a in e.accesses
            if a.resource.kind == "file" and a.mode == "write"
        }
        paths = [e.cell for e in subject.analysis.effects for a in e.accesses
                 if a.resource.key == "sys.path" and a.mode != "read"]  # fmt: skip
        facts = facts_of(subject)
        installs = [(c.span.cell, c.line.lower() + (c.body or "").lower()) for c in facts.commands]
        told: set[str] = set()
        for found in facts.imports:
            module = _missing_part(_full(found))
            top = module.partition(".")[0]
            made = {name for cell, name in written if cell <= found.place.cell}
            distribution = _distribution(module)
            if not top or distribution in told or found.place.guarded or made & {f"{top}.py", top}:
                continue
            elsewhere = any(cell <= found.place.cell for cell in paths)
            if _can_be_imported(module, subject.folder) or (elsewhere and _lies_near(top, subject.folder)):
                continue
            told.add(distribution)
            old = _data()["python2"].get(top)
            if any(cell <= found.place.cell and _names(distribution, line) for cell, line in installs):
                continue  # the notebook installs it itself, of which NB506 tells
            unsure = "*" in made or elsewhere
            yield self.finding(
                span_of(found.place.cell, found.node),
                say("`%1` is a module of Python 2", module)
                if old
                else say("`%1` is imported, and is not installed", module),
                why=say(
                    "this is a ModuleNotFoundError where the import is reached, "
                    "unless what stands above it has put the module there"
                )
                if unsure
                else say("this is a ModuleNotFoundError where the import is reached"),
                hint=say("Python 3 has %1", old) if old else _remedy(module, distribution),
                severity=Severity.ERROR if found.place.certain and not unsure else Severity.WARNING,
            )


def _full(found: Import) -> str:
    """The module that is imported; ``from google.cloud import storage`` imports one as well."""
    if found.module in ("google", "google.cloud") and isinstance(found.node, ast.ImportFrom):
        for alias in found.node.names:
            if (alias.asname or alias.name) == found.bound:
                return f"{found.module}.{alias.name}"
    return found.module


def _missing_part(module: str) -> str:
    """How much of a module's name says which distribution holds it: ``google.cloud.storage``, ``torch``."""
    parts = module.split(".")
    return ".".join(parts[: 3 if parts[:2] == ["google", "cloud"] else 2 if parts[0] == "google" else 1])


def _distribution(module: str) -> str:
    """The distribution that holds a module; the module's own name where nothing else is known."""
    known: dict[str, str] = _data()["distributions"]
    if module.startswith("google."):
        plain = re.sub(r"_v\d+(?:p\d+)?(?:alpha\d*|beta\d*)?$", "", module)
        return known.get(module, plain.replace(".", "-").replace("_", "-"))
    return known.get(module, module)


def _remedy(module: str, distribution: str) -> Sentence:
    if module == "google.colab":
        return say("it is there in Google Colab alone: leave it out elsewhere (`if '%1' in sys.modules:`)", module)
    if module == "kaggle_secrets":
        return say(
            "it is there in Kaggle's notebooks alone: leave it out elsewhere (`if '%1' in sys.modules:`)", module
        )
    other = elsewhere()
    if other is None:
        return say("pip install %1", distribution)
    return say("%1 -m pip install %2", other.program, distribution)


def _names(distribution: str, command: str) -> bool:
    """Whether a command installs a distribution, by any of the spellings that pip takes for one."""
    wanted = re.escape(distribution.lower()).replace(r"\-", "[-_.]").replace("_", "[-_.]")
    return bool(wanted) and "install" in command and re.search(rf"(?<![\w.-]){wanted}(?![\w-])", command) is not None


def _lies_near(top: str, folder: Path) -> bool:
    """Whether a module lies above the notebook's folder or in a folder of it, where ``sys.path`` may point."""
    places = (folder.parent, folder.parent.parent, *(p for p in folder.iterdir() if p.is_dir()))
    return any((place / f"{top}.py").exists() or (place / top / "__init__.py").exists() for place in places)


def _can_be_imported(module: str, folder: Path) -> bool:
    top = module.partition(".")[0]
    if top in own_modules() or top == "__main__":
        return True
    if (folder / f"{top}.py").exists() or (folder / top).is_dir():
        return True
    try:
        return find(module) is not None
    except ModuleNotFoundError:
        return False  # what the module is part of is missing
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
        calls = {id(call.node): call for call in facts.calls}
        for cell, function, kind in _methods(subject, facts):
            call = calls[id(function)]
            assert isinstance(function.func, ast.Attribute)  # noqa: S101  so `_methods` chooses
            name = f"{kind}.{function.func.attr}"
            row = _removed(name)
            if row is not None and not call.place.guarded:
                yield self._said(cell, function, name, row)

    def _said(self, cell: int, node: ast.AST, name: str, row: dict[str, str]) -> Diagnostic:
        return self.finding(
            span_of(cell, node),
            say(
                "%1 was removed from %2 %3; %4 is installed",
                name, row["library"], row["removed"], installed_version(row["library"]) or "",
            ),
            why=say("this is an AttributeError or an ImportError where it is reached"),
            hint=_instead(row["instead"]),
        )  # fmt: skip


def _instead(text: str) -> Sentence:
    """What the table says of a name that was removed: a sentence of these, or ``use`` with code behind it."""
    whole = (
        say("use loc or iloc"), say("use loc with a factorised index"), say("use a MultiIndex or xarray"),
        say("import joblib itself"), say("Python 3 needs no six"),
    )  # fmt: skip
    return next((s for s in whole if s == text), None) or say("use %1", text.removeprefix("use "))


def _methods(subject: Subject, facts: Facts) -> Iterator[tuple[int, ast.Call, str]]:
    """The calls of methods of names whose type is known when they are called, outside of functions, with that type.

    A name has the type that the cells above gave it, and then that of the assignments that come before the call. Only cells
    are looked through that call a method of a name that some library has removed.
    """
    removed = {name.rpartition(".")[2] for name in _data()["removed"]}
    calling = {
        c.place.cell for c in facts.calls if isinstance(c.node.func, ast.Attribute) and c.node.func.attr in removed
    }
    given = {effects.cell: {d.name: d.kind for d in effects.definitions} for effects in subject.analysis.effects}
    kinds: dict[str, str] = {}
    for cell, tree in facts.trees:
        now = dict(kinds)
        for statement in tree.body if cell.index in calling else ():
            if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
                for name in _made_otherwise(statement):
                    now[name] = ""
            for node in _outside_of_functions(statement):
                function = node.func if isinstance(node, ast.Call) else None
                if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                    kind = now.get(function.value.id, "")
                    if kind and isinstance(node, ast.Call):
                        yield cell.index, node, kind
            for name in bound_names(statement):
                now[name] = ""
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
                made = _FRAMES.get(facts.resolve(statement.value.func), "")
                now |= {target.id: made for target in statement.targets if isinstance(target, ast.Name)}
        kinds |= given.get(cell.index, {})


def _made_otherwise(statement: ast.stmt) -> set[str]:
    """The names that a compound statement binds to something else than what a call gives (``df = df.append(row)``)."""
    called = {
        target.id
        for node in _outside_of_functions(statement)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    other = {
        target.id
        for node in _outside_of_functions(statement)
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return (bound_names(statement) - called) | other


def _outside_of_functions(statement: ast.stmt) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _removed(name: str) -> dict[str, str] | None:
    """The row of a name that the installed version lacks: the name's own, or that of what it is part of."""
    table: dict[str, dict[str, str]] = _data()["removed"]
    row = table.get(name)
    if row is None:
        return None
    installed = installed_version(row["library"])
    return row if installed and _numbers(installed) >= _numbers(row["removed"]) else None


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
