"""Parts of packages that cells import by `import package.part`: who is handed the package finds them in it, as in the notebook."""

from __future__ import annotations

import ast
import importlib
import sys
import types
from collections.abc import Sequence
from typing import Any

_parts: dict[str, dict[str, None]] = {}


class Imports:
    """Sees what cells import; the shell shows it the cells before they run."""

    def visit(self, tree: ast.AST) -> ast.AST:
        """Look at a cell that is about to run, and leave it as it is."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if "." in alias.name and not alias.asname:
                        _note(alias.name)
        return tree


def reduced(module: types.ModuleType) -> Any:
    """What pickle is to do with a module of which cells have imported parts; ``NotImplemented`` with any other."""
    parts = [name for name in _parts.get(module.__name__, ()) if name in sys.modules]
    return (arrived, (module.__name__, parts)) if parts else NotImplemented


def arrived(name: str, parts: Sequence[str]) -> types.ModuleType:
    """A package in the process of a step that is handed it."""
    for part in parts:
        _note(part)
        importlib.import_module(part)
    return importlib.import_module(name)


def _note(name: str) -> None:
    _parts.setdefault(name.partition(".")[0], {})[name] = None
