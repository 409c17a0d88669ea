"""Abstract execution of statements, and of the paths through them that may not be taken."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from nb2pipe.analysis.interpreter.definitions import Definitions
from nb2pipe.analysis.interpreter.flow import Diff, Exhausted, Region
from nb2pipe.analysis.interpreter.machine import function_of, truth
from nb2pipe.analysis.objects import (
    ATOMS,
    Frame,
    Obj,
    Val,
    atomic,
    hold,
    join,
    link,
)

_SWALLOWING = frozenset({"contextlib.suppress", "contextlib.ExitStack", "contextlib.AsyncExitStack"})
_SAFE = (ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Dict, ast.Lambda, ast.expr_context)


class Statements(Definitions):
    """Execution of every form of statement."""

    def run_block(self, body: list[ast.stmt], frame: Frame | None) -> bool:
        for statement in body:
            if frame is None:
                self.span = self.span_of(statement)
            else:
                self.budget -= 1
                if self.budget < 0 and self.source_depth:
                    raise Exhausted
            method = _DISPATCH.get(type(statement))
            if method is None:
                continue
            if not method(self, statement, frame):
                return False
        return True

    def run_raising(self, body: list[ast.stmt], frame: Frame | None) -> tuple[bool, Diff, list[Diff]]:
        """Run a block that an exception may leave after any statement, and undo its bindings.

        Gives whether its end is reached, the bindings at its end, and those with which it may be left before.
        """
        region = Region(len(self.journals))
        self.tries.append(region)

        def run() -> bool:
            for statement in body:
                if not self.run_block([statement], frame):
                    return False
                self.snapshot(region)
            return True

        alive, after = self.run_branch(run)
        self.tries.pop()
        return alive, after, [{}, *region.snapshots]

    def run_failing_cell(self, body: list[ast.stmt]) -> bool:
        """A cell that is expected to raise: what follows it finds the bindings of any point of it."""
        _, after, before = self.run_raising(body, None)
        return self.join_diffs([after, *before])

    def _expr(self, node: ast.Expr, frame: Frame | None) -> bool:
        self.dropped.add(node.value)
        value = self.ev(node.value, frame)
        if frame is None:
            self.last_value = value
        return True

    def _return(self, node: ast.Return, frame: Frame | None) -> bool:
        if node.value is not None:
            value = self.ev(node.value, frame)
            if frame is not None:
                frame.returns.extend(value)
        elif frame is not None:
            frame.returns.append(ATOMS["None"][0])
        if self.functions:
            self.snapshot(self.functions[-1])
        return False

    def _raise(self, node: ast.Raise, frame: Frame | None) -> bool:
        if node.exc is not None:
            raised = self.ev(node.exc, frame)
            raised = join(*(self.instantiate(o, [], {}, node) if o.kind == "class" else (o,) for o in raised))
            if node.cause is not None:
                link(raised[0], self.ev(node.cause, frame)) if raised else None
            self.thrown = join(self.thrown, raised)[-12:]
        if self.tries:
            self.snapshot(self.tries[-1])
        return False

    def _assert(self, node: ast.Assert, frame: Frame | None) -> bool:
        self.tested(self.ev(node.test, frame), node)
        if node.msg is not None:
            message = node.msg
            self.branches(lambda: True, lambda: bool(self.ev(message, frame)) or True)
        return True

    def _import(self, node: ast.Import, frame: Frame | None) -> bool:
        self.import_module(node, frame)
        return True

    def _import_from(self, node: ast.ImportFrom, frame: Frame | None) -> bool:
        self.import_from(node, frame)
        return True

    def _jump(self, node: ast.Break | ast.Continue, frame: Frame | None) -> bool:
        if self.loops:
            self.snapshot(self.loops[-1][0 if isinstance(node, ast.Break) else 1])
        return False

    def _if(self, node: ast.If, frame: Frame | None) -> bool:
        test = self.ev(node.test, frame)
        self.tested(test, node)
        known = decided(node.test, test)
        if known is True:
            return self.run_block(node.body, frame)
        if known is False:
            return self.run_block(node.orelse, frame)
        return self.branches(lambda: self.run_block(node.body, frame), lambda: self.run_block(node.orelse, frame))

    def _for(self, node: ast.For | ast.AsyncFor, frame: Frame | None) -> bool:
        source = self.ev(node.iter, frame)
        certain = self.never_empty(node.iter, source)

        def once() -> bool:
            self.assign(node.target, self.iterate(source, node.iter), frame)
            return self.run_block(node.body, frame)

        return self._loop(once, node.orelse, frame, certain)

    def _while(self, node: ast.While, frame: Frame | None) -> bool:
        test = self.ev(node.test, frame)
        self.tested(test, node)
        known = decided(node.test, test)
        if known is False:
            return self.run_block(node.orelse, frame)

        def once() -> bool:
            alive = self.run_block(node.body, frame)
            if alive:
                self.tested(self.ev(node.test, frame), node)
            return alive

        return self._loop(once, node.orelse, frame, known is True)

    def _loop(self, once: Callable[[], bool], orelse: list[ast.stmt], frame: Frame | None, certain: bool) -> bool:
        """Run a loop's body twice, so that what one round leaves reaches the next; then join with no round at all."""
        broken = Region(0)

        def round_() -> bool:
            step = Region(0)
            self.loops.append((broken, step))
            try:
                return self.in_region(step, once)
            finally:
                self.loops.pop()

        def whole() -> bool:
            alive = round_() if certain else self.branches(lambda: True, round_)
            if alive:
                alive = self.branches(lambda: True, round_)
            if alive and orelse:
                alive = self.run_block(orelse, frame)
            return alive

        return self.in_region(broken, whole)

    def _with(self, node: ast.With | ast.AsyncWith, frame: Frame | None) -> bool:
        contexts: list[Val] = []
        for item in node.items:
            value = self.ev(item.context_expr, frame)
            contexts.append(value)
            entered = self.call_dunder(value, ("__enter__", "__aenter__"), [], item.context_expr)
            if isinstance(node, ast.AsyncWith) and entered is not None:
                entered = self.consume(entered, node)
            if entered is None:
                entered = self._enter(value, item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, entered, frame)
        suppressing = any(self._suppresses(item.context_expr, frame) for item in node.items)
        alive = self._guarded(node.body, contexts, frame, suppressing=suppressing)
        for value in reversed(contexts):
            left = self.call_dunder(value, ("__exit__", "__aexit__"), [(self.new(),)] * 3, node)
            if isinstance(node, ast.AsyncWith) and left is not None:
                self.consume(left, node)
            plain = [o for o in value if o.kind == "value" and o.klass is None]
            self.mutate(plain, deep=True)
            for obj in plain:
                self.unwind(obj, node)
        return alive

    def _suppresses(self, node: ast.expr, frame: Frame | None) -> bool:
        """Whether the expression calls one of the standard library's contexts that end exceptions."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)):
            return False
        return any(
            o.kind == "ref" and self.table.canonical(str(o.data)) in _SWALLOWING for o in self.ev(node.func, frame)
        )

    def _guarded(self, body: list[ast.stmt], contexts: list[Val], frame: Frame | None, *, suppressing: bool) -> bool:
        """The body of a ``with``: where a context may swallow an exception, the end is reached from anywhere in it."""
        may = [self._may_swallow(o) for value in contexts for o in value]
        if True not in may and not suppressing:
            raises = None in may and any(isinstance(n, ast.Raise) for s in body for n in ast.walk(s))
            if not raises:
                return self.run_block(body, frame)
        self.in_try += 1
        _, after, left = self.run_raising(body, frame)
        self.in_try -= 1
        return self.join_diffs([after, *left])

    def _may_swallow(self, context: Obj) -> bool | None:
        """Whether leaving the context may end an exception; None where nothing is known of it."""
        if isinstance(context.data, tuple) and context.data[:1] == ("lazy-call",):
            tries = [n for n in ast.walk(function_of(context.data[1]).node) if isinstance(n, ast.Try) and n.handlers]
            return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for t in tries for s in t.body for n in ast.walk(s))
        if context.klass is not None and context.klass.kind == "class":
            ends = [o for name in ("__exit__", "__aexit__") for o in self.find(context.klass, name) or ()]
            returns = [
                n
                for o in ends
                if o.kind == "function"
                for n in ast.walk(function_of(o).node)
                if isinstance(n, ast.Return)
            ]
            known = all(r.value is None or (isinstance(r.value, ast.Constant) and not r.value.value) for r in returns)
            return not known if ends else None
        return None if context.type is None else False

    def _enter(self, value: Val, node: ast.AST) -> Val:
        results: Val = ()
        for obj in value:
            if obj.data and isinstance(obj.data, tuple) and obj.data[0] in ("lazy-call", "lazy"):
                results = join(results, self.consume((obj,), node))
            elif obj.type is not None or obj.fixed:
                results = join(results, (obj,))
            else:
                self.mutate((obj,))
                results = join(results, (obj, self.part(obj)))
        return results

    def _try(self, node: Any, frame: Frame | None) -> bool:
        def body_and_else() -> bool:
            return self.run_block(node.body, frame) and self.run_block(node.orelse, frame)

        if not node.handlers or all(cannot_raise(s) for s in node.body):
            alive = body_and_else()
            return self.run_block(node.finalbody, frame) and alive
        self.in_try += 1
        body_alive, after, left = self.run_raising(node.body, frame)
        self.in_try -= 1
        results = []

        def rest() -> bool:
            self.join_diffs([after])
            return self.run_block(node.orelse, frame)

        if body_alive:
            alive, diff = self.run_branch(rest)
            if alive:
                results.append(diff)
        for handler in node.handlers:

            def handle(handler: ast.ExceptHandler = handler) -> bool:
                self.join_diffs([after, *left])
                if handler.type is not None:
                    self.ev(handler.type, frame)
                if handler.name:
                    self.bind(frame, handler.name, (self.new(), *self.thrown))
                alive = self.run_block(handler.body, frame)
                if handler.name:
                    store = frame.vars if frame is not None else self.space.names
                    if frame is None:
                        self.rec.deleted[handler.name] = self.span
                    self.put(store, handler.name, None)
                return alive

            alive, diff = self.run_branch(handle)
            if alive:
                results.append(diff)
        alive = self.join_diffs(results)
        return self.run_block(node.finalbody, frame) and alive

    def _match(self, node: ast.Match, frame: Frame | None) -> bool:
        subject = self.ev(node.subject, frame)
        exhaustive = False
        thunks: list[Callable[[], bool]] = []
        for case in node.cases:

            def run(case: ast.match_case = case) -> bool:
                self._pattern(case.pattern, subject, frame)
                if case.guard is not None:
                    self.tested(self.ev(case.guard, frame), case.guard)
                return self.run_block(case.body, frame)

            thunks.append(run)
            if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None:
                exhaustive = True
        if not exhaustive:
            thunks.append(lambda: True)
        return self.branches(*thunks)

    def _pattern(self, pattern: ast.pattern, subject: Val, frame: Frame | None) -> None:
        pieces = join(*(o.elems or ((o,) if atomic(o) else (self.part(o),)) for o in subject)) if subject else ()
        for attr in ast.iter_child_nodes(pattern):
            if isinstance(attr, ast.expr):
                self.ev(attr, frame)
            elif isinstance(attr, ast.pattern):
                self._pattern(attr, pieces if not isinstance(pattern, (ast.MatchOr, ast.MatchAs)) else subject, frame)
        if isinstance(pattern, ast.MatchAs) and pattern.name:
            self.bind(frame, pattern.name, subject)
        elif isinstance(pattern, ast.MatchStar) and pattern.name:
            rest = self.new("list")
            hold(rest, pieces)
            self.bind(frame, pattern.name, (rest,))
        elif isinstance(pattern, ast.MatchMapping) and pattern.rest:
            rest = self.new("dict")
            hold(rest, pieces)
            self.bind(frame, pattern.rest, (rest,))


def decided(test: ast.expr, value: Val) -> bool | None:
    """Whether a test is decided by its own text: a value that only happens to be known may be another one tomorrow."""
    return truth(value) if isinstance(test, ast.Constant) else None


def cannot_raise(node: ast.stmt) -> bool:
    """Whether a statement is sure not to raise: it only binds names to constants and the like."""
    if isinstance(node, ast.Pass):
        return True
    if isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets):
        return isinstance(node.value, ast.Constant) or (
            isinstance(node.value, (ast.List, ast.Tuple, ast.Dict))
            and all(
                isinstance(n, (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.expr_context))
                for n in ast.walk(node.value)
            )
        )
    return isinstance(node, ast.FunctionDef) and not node.decorator_list and not node.args.defaults


_Method = Callable[[Statements, Any, Frame | None], bool]


_DISPATCH: dict[type, _Method] = {
    ast.Expr: Statements._expr,
    ast.Assign: Statements._assign,
    ast.AnnAssign: Statements._ann_assign,
    ast.AugAssign: Statements._aug_assign,
    ast.Delete: Statements._delete,
    ast.Return: Statements._return,
    ast.Raise: Statements._raise,
    ast.Assert: Statements._assert,
    ast.Import: Statements._import,
    ast.ImportFrom: Statements._import_from,
    ast.Break: Statements._jump,
    ast.Continue: Statements._jump,
    ast.If: Statements._if,
    ast.For: Statements._for,
    ast.AsyncFor: Statements._for,
    ast.While: Statements._while,
    ast.With: Statements._with,
    ast.AsyncWith: Statements._with,
    ast.Try: Statements._try,
    ast.TryStar: Statements._try,
    ast.Match: Statements._match,
    ast.FunctionDef: Statements._function,
    ast.AsyncFunctionDef: Statements._function,
    ast.ClassDef: Statements._class,
}
if hasattr(ast, "TypeAlias"):
    _DISPATCH[ast.TypeAlias] = Statements._type_alias
