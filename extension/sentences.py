"""The templates of the sentences that nb2pipe says by `say`, as JSON: for `catalogue.mjs`, which looks for their translations.

Run by itself it needs nothing but Python; it reads the sources and imports none of them.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "nb2pipe"


def collected(folder: Path = SOURCES) -> tuple[list[str], list[str]]:
    """The templates, sorted, and what is wrong with how they are written."""
    templates: set[str] = set()
    faults: list[str] = []
    for file in sorted(folder.rglob("*.py")):
        source = file.read_text("utf-8")
        if "say(" not in source:
            continue
        tree = ast.parse(source)
        if not any(_imports_it(node) for node in tree.body) and file.name != "diagnostics.py":
            continue
        for call in _calls(tree):
            template = call.args[0] if call.args else None
            wrong = "what is translated has to be a literal, or no catalogue has it"
            if isinstance(template, ast.Constant) and isinstance(template.value, str):
                wrong = _wrong(template.value, call)
                templates.add(template.value)
            if wrong:
                faults.append(f"{file.relative_to(folder.parent)}:{call.lineno}: {wrong}")
    return sorted(templates - {""}), faults


def _imports_it(node: ast.stmt) -> bool:
    imported = isinstance(node, ast.ImportFrom) and node.module == "nb2pipe.diagnostics"
    return imported and any(alias.name == "say" for alias in node.names)  # type: ignore[attr-defined]  # it is an import


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls of `say`, but for those in functions that are given another one of that name."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        given = node.args
        if any(a.arg == "say" for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)):
            return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _calls(child)


def _wrong(template: str, call: ast.Call) -> str:
    """What is wrong with a template: its numbers have to be those of the arguments, and other percent signs are none."""
    numbers = {int(digit) for digit in re.findall(r"%([1-9])", template)}
    if template.count("%") != len(re.findall(r"%[1-9](?![0-9])", template)):
        return "a percent sign stands before a number from 1 to 9 alone"
    given = call.args[1:]
    if not any(isinstance(a, ast.Starred) for a in given) and numbers != set(range(1, len(given) + 1)):
        return f"the template has the numbers {sorted(numbers)}, and {len(given)} arguments are given"
    return ""


def main() -> None:
    """Print the templates and the faults."""
    templates, faults = collected()
    json.dump({"templates": templates, "faults": faults}, sys.stdout)


if __name__ == "__main__":
    main()
