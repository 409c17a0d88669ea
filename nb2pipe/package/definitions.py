"""What happens where a function or class is defined: a decorator is called, a base hears of it, the body of a class runs.

A definition at the top of a module is run by every process that imports it, and before any step: what shows something, draws
a random number or opens a file has to be done in its own step.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from nb2pipe.package.bindings import Place
from nb2pipe.package.imports import imports_of

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_TELLING = frozenset({"print", "display", "input", "open", "exec", "eval", "breakpoint"})
_MODULES = (
    "sys.std",
    "logging.",
    "random.",
    "numpy.random.",
    "matplotlib.",
    "IPython.",
    "ipywidgets.",
    "subprocess.",
    "warnings.",
)
"""What begins the full names of what shows, draws, runs or writes when it is called; ``ipywidgets.interact`` is a decorator."""
_QUIET = ("logging.getLogger", "random.Random", "numpy.random.default_rng", "numpy.random.Generator")
_HOOKS = ("__init_subclass__", "__set_name__", "__new__", "__init__", "__prepare__", "__call__")


class Acting:
    """Which definitions of a notebook act where they stand; ``places`` are all its statements."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._origins = {
            i.name: f"{i.module}.{i.member}" if i.member else i.module if i.alias else i.name
            for place in places
            for i in imports_of(place.statement.node)
        }
        self._defined: dict[str, list[ast.stmt]] = {}
        for place in places:
            if isinstance(place.statement.node, DEFINITIONS):
                self._defined.setdefault(place.statement.node.name, []).append(place.statement.node)

    def acts(self, node: ast.stmt) -> bool:
        """Whether a definition shows, draws or opens something, or may do so, where it stands."""
        assert isinstance(node, DEFINITIONS)  # noqa: S101  others do not define
        return any(self._does(call, layers, frozenset()) for call, layers in _called_by(node))

    def _does(self, called: ast.expr, layers: int, seen: frozenset[str]) -> bool:
        """Whether a call of this does something; of what it gives ``layers - 1`` calls more are made."""
        if isinstance(called, ast.Call):
            inside = any(
                self._does(c.func, 1, seen) for a in called.args for c in ast.walk(a) if isinstance(c, ast.Call)
            )
            return inside or self._does(called.func, layers + 1, seen)
        name = ast.unparse(called) if isinstance(called, (ast.Name, ast.Attribute)) else ""
        root, _, rest = name.partition(".")
        if root in self._defined and root not in seen:
            return any(self._runs(body, seen | {root}) for n in self._defined[root] for body in _bodies(n, layers))
        if root in self._origins:
            full = f"{self._origins[root]}.{rest}" if rest else self._origins[root]
            return full.startswith(_MODULES) and not full.startswith(_QUIET)
        return root in _TELLING and not rest

    def _runs(self, body: Sequence[ast.AST], seen: frozenset[str]) -> bool:
        """Whether statements do something when they run, apart from the functions that they define."""
        for node in body:
            for inner in _run_by(node):
                if isinstance(inner, ast.Call) and self._does(inner.func, 1, seen):
                    return True
                if isinstance(inner, DEFINITIONS) and any(self._does(c, n, seen) for c, n in _called_by(inner)):
                    return True
        return False


def _called_by(node: ast.AST) -> Iterator[tuple[ast.expr, int]]:
    """What a definition calls where it stands, and how many calls are made of it and of what it gives."""
    if not isinstance(node, DEFINITIONS):
        return
    for decorator in node.decorator_list:
        yield decorator, 1
    if isinstance(node, ast.ClassDef):
        for base in (*node.bases, *(k.value for k in node.keywords)):
            yield base, 1
        parts: list[ast.AST] = list(node.body)
    else:
        parts = [d for d in (*node.args.defaults, *node.args.kw_defaults) if d is not None]
    for part in parts:
        for inner in _run_by(part):
            if isinstance(inner, ast.Call):
                yield inner.func, 1
            elif inner is not node and isinstance(inner, DEFINITIONS):
                yield from _called_by(inner)


def _run_by(node: ast.AST) -> Iterator[ast.AST]:
    """What of a statement runs with it: all but the bodies of functions."""
    yield node
    if isinstance(node, (*DEFINITIONS, ast.Lambda)):
        return
    for child in ast.iter_child_nodes(node):
        yield from _run_by(child)


def _bodies(node: ast.AST, layers: int) -> Iterator[Sequence[ast.AST]]:
    """The bodies that run when a definition is called, and what it gives is called, ``layers`` calls in all.

    Of a class those of the methods that run where it is made, called or derived from.
    """
    if isinstance(node, ast.ClassDef):
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name in _HOOKS:
                yield from _bodies(method, layers)
        return
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return
    yield node.body
    if layers > 1:
        for inner in ast.walk(node):
            if inner is not node and isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from _bodies(inner, layers - 1)
