"""The modules beside a notebook that it imports: they go into the package."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from nb2pipe.package.model import Import, Plan


def local_modules(folder: Path, imports: Iterable[Import]) -> tuple[tuple[str, str], ...]:
    """The modules beside the notebook that these imports reach, also through one another: (path in the package, text).

    A module finds the others in the package: ``import other`` becomes ``from . import other``.
    """
    found: dict[str, str] = {}
    waiting = [i.module for i in imports if not i.module.startswith(".")]
    while waiting:
        module = waiting.pop()
        top = module.partition(".")[0]
        path = folder / f"{top}.py"
        if f"{top}.py" in found or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        found[f"{top}.py"] = text
        waiting += _imported(text)
    return tuple(
        sorted((path, _relative(text, {p.removesuffix(".py") for p in found})) for path, text in found.items())
    )


def names_of_local(plan: Plan) -> set[str]:
    """The names of the modules beside the notebook that are in the package."""
    return {path.removesuffix(".py") for path, _ in plan.local}


def modules_outside(plan: Plan) -> list[str]:
    """The modules that a package imports and does not have."""
    local = names_of_local(plan)
    return [i.module for i in plan.imports if not i.module.startswith(".") and i.module.partition(".")[0] not in local]


def _imported(text: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return names


def _relative(text: str, local: set[str]) -> str:
    """The text with imports of the local modules made relative."""
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] in local:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace(f"from {node.module}", f"from .{node.module}", 1)
        elif isinstance(node, ast.Import) and all(a.name in local for a in node.names):
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace("import ", "from . import ", 1)
    return "\n".join(lines)
