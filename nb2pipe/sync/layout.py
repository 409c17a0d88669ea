"""Steps in one file or in a folder: an edit can make them too long for the one, or short enough."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from nb2pipe.emit.source import first_line
from nb2pipe.sync.units import parsed

Files = Mapping[str, bytes]


def is_other_layout(left: Files, right: Files, package: str) -> bool:
    """Whether one of two packages has its steps in one file, and the other in a folder."""
    return bool(_paths(left, package)) and bool(_paths(right, package)) and _one(package) in {*left} ^ {*right}


def in_one_file(files: Files, package: str) -> dict[str, bytes]:
    """The files with all steps in one, sorted by name.

    Raises:
        SyntaxError: One of them is no Python.
    """
    paths = _paths(files, package)
    imports: set[str] = set()
    functions: list[tuple[str, str]] = []
    for path in paths:
        text = files[path].decode("utf-8", "replace")
        lines = text.split("\n")
        nodes = parsed(text).body
        ends = [first_line(n) - 1 for n in nodes[1:]] + [len(lines)]
        for node, end in zip(nodes, ends, strict=True):
            own = "\n".join(lines[first_line(node) - 1 : end]).strip()
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                imports.add(re.sub(r"^from \.\.", "from .", own))
            elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                functions.append((getattr(node, "name", ""), own))
    whole = "\n".join([*sorted(imports), *(text for _, text in sorted(functions))]) + "\n"
    return {**{p: c for p, c in files.items() if not _is_steps(p, package)}, _one(package): whole.encode("utf-8")}


def _one(package: str) -> str:
    return f"src/{package}/steps.py"


def _is_steps(path: str, package: str) -> bool:
    return path == _one(package) or path.startswith(f"src/{package}/steps/")


def _paths(files: Files, package: str) -> list[str]:
    return sorted(p for p in files if _is_steps(p, package) and not p.endswith("__init__.py"))
