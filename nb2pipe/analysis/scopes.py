"""Which names a function body binds, and which it takes from outside: Python's static scoping rules."""

from __future__ import annotations

import ast

from nb2pipe.analysis.objects import Scope

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
_BINDING = frozenset({
    *_NESTED, ast.NamedExpr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.ExceptHandler, ast.MatchAs, ast.MatchStar,
    ast.MatchMapping, ast.Yield, ast.YieldFrom,
})  # fmt: skip


class _Collector:
    """One walk over a body, not into nested scopes; a walrus in a comprehension binds in the body."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.mentions: set[str] = set()
        self.generator = False

    def walk(self, node: ast.AST, inside_comprehension: bool = False) -> None:
        kind = type(node)
        if isinstance(node, ast.Name):
            self.mentions.add(node.id)
            if not inside_comprehension and not isinstance(node.ctx, ast.Load):
                self.bound.add(node.id)
            return
        if kind in _BINDING and self._binds(node, inside_comprehension):
            return
        inside = inside_comprehension or kind in _COMPREHENSIONS
        for name in node._fields:
            part = getattr(node, name, None)
            for child in part if isinstance(part, list) else (part,):
                if isinstance(child, ast.AST) and child._fields:
                    self.walk(child, inside)

    def _binds(self, node: ast.AST, inside_comprehension: bool) -> bool:
        """What a statement or expression binds besides by names that are stored to; whether that is all of it."""
        if isinstance(node, ast.NamedExpr):
            self.bound.add(node.target.id)
            self.walk(node.value, inside_comprehension)
        elif isinstance(node, _NESTED):
            self._nested(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.bound.update(a.asname or a.name.partition(".")[0] for a in node.names if a.name != "*")
        elif isinstance(node, ast.Global):
            self.globals.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            self.nonlocals.update(node.names)
        else:
            if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
                self.bound.add(node.name)
            elif isinstance(node, ast.MatchMapping) and node.rest:
                self.bound.add(node.rest)
            elif isinstance(node, (ast.Yield, ast.YieldFrom)) and not inside_comprehension:
                self.generator = True
            return False
        return True

    def _nested(self, node: ast.AST) -> None:
        """A nested scope binds its own name here; what it mentions may be read when it is called."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.bound.add(node.name)
            for decorator in node.decorator_list:
                self.walk(decorator)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
                self.walk(default)
            scope = scope_of(node)
            self.mentions |= scope.mentions - (scope.locals - scope.globals)
            self.mentions |= scope.globals
            return
        inner = _Collector()
        for child in ast.iter_child_nodes(node):
            inner.walk(child)
        self.mentions |= inner.mentions


_CACHE: dict[int, tuple[ast.AST, Scope]] = {}


def scope_of(node: FunctionNode) -> Scope:
    """The static scope of a function or lambda (Python reference, section 4.2.2)."""
    cached = _CACHE.get(id(node))
    if cached is not None and cached[0] is node:
        return cached[1]
    collector = _Collector()
    for statement in [node.body] if isinstance(node, ast.Lambda) else node.body:
        collector.walk(statement)
    args = node.args
    names = {a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)}
    names |= {a.arg for a in (args.vararg, args.kwarg) if a is not None}
    bound = (collector.bound | names) - collector.globals - collector.nonlocals
    scope = Scope(
        frozenset(bound),
        frozenset(collector.globals),
        frozenset(collector.nonlocals),
        collector.generator,
        frozenset(collector.mentions),
    )
    _CACHE[id(node)] = (node, scope)
    return scope


def own_nodes(node: ast.ClassDef) -> list[ast.AST]:
    """The statements of a class body with all that is in them, but for what stands in functions and classes."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = list(node.body)
    while stack:
        current = stack.pop()
        found.append(current)
        if not isinstance(current, _NESTED):
            stack.extend(c for c in ast.iter_child_nodes(current) if isinstance(c, (ast.stmt, ast.ExceptHandler)))
    return found
