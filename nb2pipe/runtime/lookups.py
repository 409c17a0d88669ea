"""Names that functions look up and do not find, though an earlier step binds them: heard of even where the error is caught.

Libraries catch what they call: a grid search takes a fit that fails with a NameError for one that has no score. Python looks for a
global name among the globals of a function, then among its builtins, and these may be a dictionary that hears what is not in it.
It makes looking up slower, so only functions that refer to such a name are given it, and those that are made after them.
"""

from __future__ import annotations

import ast
import builtins
import os
import types
from collections.abc import Iterable
from typing import Any

from nb2pipe.runtime.children import Children
from nb2pipe.runtime.clouds import cloudpickle

_BUILTINS = "__builtins__"


class _Hearing(dict[str, Any]):
    """The builtins, but for names that are ``absent`` from this process: who asks for one is noted, be it Python's own as well."""

    def __init__(self) -> None:
        super().__init__()
        self.absent: frozenset[str] = frozenset()
        self.missed: dict[str, None] = {}
        self.pid = os.getpid()

    def __missing__(self, name: str) -> Any:
        if name in self.absent and os.getpid() == self.pid:
            self.missed[name] = None
        return vars(builtins)[name]


class Lookups:
    """What one step at a time looks up in ``namespace``; the shell shows it the cells before they run, as to what changes them.

    What children of this process miss is not heard: where a step has some, all that the functions brought into it can miss counts.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._own = namespace.get(_BUILTINS, builtins)
        self._hearing = _Hearing()
        self._brought: set[str] = set()
        self._children = Children()

    def begin(self, absent: Iterable[str]) -> None:
        """A step begins in whose namespace these names are not, though steps before it bind them."""
        global _current  # noqa: PLW0603  one process, one step at a time
        _current = self
        self._hearing.clear()
        self._hearing.absent, self._hearing.missed, self._hearing.pid = frozenset(absent), {}, os.getpid()
        self._brought = set()
        self._children = Children()

    def brought(self, code: types.CodeType) -> None:
        """A value brings a function of the notebook into the step, which is about to be made of its code."""
        absent = self._hearing.absent
        names = absent & cloudpickle._extract_code_globals(code).keys() if absent else absent
        if names and not self._brought:
            self._hear()
        self._brought |= names

    def visit(self, tree: ast.AST) -> ast.AST:
        """Look at a cell that is about to run, and leave it as it is."""
        if self._hearing.absent:
            nodes = list(ast.walk(tree))
            if any(isinstance(n, ast.Name) and n.id == _BUILTINS for n in nodes):
                self._namespace[_BUILTINS] = self._own
            elif self._brought or any(self._refers(n) for n in nodes):
                self._hear()
        return tree

    def end(self) -> list[str]:
        """The step's cells have run: the names that were missed."""
        missed = dict(self._hearing.missed)
        if self._brought and self._children.may_have_called():
            missed |= dict.fromkeys(sorted(self._brought - self._namespace.keys()))
        self._namespace[_BUILTINS] = self._own
        self._hearing.absent = frozenset()
        return list(missed)

    def _hear(self) -> None:
        self._hearing.update(
            (name, value) for name, value in vars(builtins).items() if name not in self._hearing.absent
        )
        self._namespace[_BUILTINS] = self._hearing

    def _refers(self, node: ast.AST) -> bool:
        """Whether a function may refer to what is absent."""
        return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and any(
            isinstance(n, ast.Name) and n.id in self._hearing.absent for n in ast.walk(node)
        )


_current: Lookups | None = None


def brought(code: types.CodeType) -> None:
    """Tell of a function that is about to be made of ``code``, which a value has brought."""
    if _current is not None:
        _current.brought(code)
