"""Abstract execution of statements: every binding form of Python, and the paths that may not be taken."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from nb2pipe.analysis.calls import Calls
from nb2pipe.analysis.machine import Diff, Exhausted, Region, function_of, truth
from nb2pipe.analysis.objects import (
    ATOMS,
    INT,
    STR,
    Binding,
    Class,
    Frame,
    Function,
    Obj,
    Val,
    atomic,
    hold,
    join,
    link,
    view,
)

_AUGMENTED = {
    ast.Add: "__iadd__",
    ast.Sub: "__isub__",
    ast.Mult: "__imul__",
    ast.BitOr: "__ior__",
    ast.BitAnd: "__iand__",
}
_SWALLOWING = frozenset({"contextlib.suppress", "contextlib.ExitStack", "contextlib.AsyncExitStack"})
_SAFE = (ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Dict, ast.Lambda, ast.expr_context)


class Statements(Calls):
    """Execution of every form of statement."""

    @abstractmethod
    def import_module(self, node: ast.Import, frame: Frame | None) -> None:
        """``import a.b as c``."""

    @abstractmethod
    def import_from(self, node: ast.ImportFrom, frame: Frame | None) -> None:
        """``from a import b``."""

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

    # -- simple statements ------------------------------------------------------------------------------------------

    def _expr(self, node: ast.Expr, frame: Frame | None) -> bool:
        value = self.ev(node.value, frame)
        if frame is None and not isinstance(node.value, ast.Constant):
            self.last_value = value
        return True

    def _assign(self, node: ast.Assign, frame: Frame | None) -> bool:
        value = self.ev(node.value, frame)
        for target in node.targets:
            self.assign(target, value, frame)
        return True

    def _ann_assign(self, node: ast.AnnAssign, frame: Frame | None) -> bool:
        if frame is None or frame.is_class:
            self.ev(node.annotation, frame)
        if node.value is not None:
            value = self.ev(node.value, frame)
            if len(value) == 1 and value[0].type is None and value[0].kind == "value" and not value[0].immutable:
                value[0].type = self.type_of_annotation(node.annotation, None) if value[0].cell == self.cell else None
            self.assign(node.target, value, frame)
        elif not isinstance(node.target, ast.Name):
            self.ev(node.target, frame)
        elif frame is not None and frame.is_class:
            frame.vars.setdefault(node.target.id, ())
        return True

    def _aug_assign(self, node: ast.AugAssign, frame: Frame | None) -> bool:
        target = node.target
        if isinstance(target, ast.Name):
            old = self.read(target.id, target, frame)
            right = self.ev(node.value, frame)
            self.assign(target, self.augment(node, old, right), frame)
            return True
        base = self.ev(target.value, frame)
        right = self.ev(node.value, frame)
        if isinstance(target, ast.Subscript):
            index = self.ev(target.slice, frame)
            olds = join(*(self.item(o, index, isinstance(target.slice, ast.Slice), target) for o in base))
        else:
            olds = join(*(self.attribute(o, target.attr, target, frame) for o in base))
        value = self.augment(node, olds, right)
        self.store_in(target, base, value, frame)
        return True

    def augment(self, node: ast.AugAssign, old: Val, right: Val) -> Val:
        """``old op= right``: changes what can be changed, else makes something new."""
        changed: list[Obj] = []
        result: Val = ()
        for obj in old:
            special = self.call_dunder((obj,), (_AUGMENTED.get(type(node.op), "__iop__"),), [right], node)
            if special is not None:
                result = join(result, special)
            elif obj.immutable:
                result = join(result, self.operate(type(node.op), (obj,), right, node))
            else:
                changed.append(obj)
                hold(obj, (e for r in right for e in (r.elems or (() if atomic(r) else (r,)))))
                result = join(result, (obj,))
        self.mutate(changed)
        if any(obj.type is None for obj in changed):  # one for them all, or values would double at every turn
            result = join(result, (self.new(),))
        return result or (self.new(),)

    def assign(self, target: ast.expr, value: Val, frame: Frame | None) -> None:
        if isinstance(target, ast.Name):
            self.bind(frame, target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, value, frame)
        elif isinstance(target, ast.Starred):
            rest = self.new("list")
            hold(rest, value)
            self.assign(target.value, (rest,), frame)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            base = self.ev(target.value, frame)
            if isinstance(target, ast.Subscript):
                self.ev(target.slice, frame)
            self.store_in(target, base, value, frame)

    def _unpack(self, target: ast.Tuple | ast.List, value: Val, frame: Frame | None) -> None:
        count = len(target.elts)
        starred = any(isinstance(e, ast.Starred) for e in target.elts)
        columns: list[Val] = [()] * count
        rest = []
        for obj in value:
            data = obj.data
            if isinstance(data, tuple) and data[:1] == ("parts",) and len(data[1]) == count and not starred:
                columns = [join(c, part) for c, part in zip(columns, data[1], strict=True)]
            else:
                rest.append(obj)
        if rest:
            pieces = self.iterate(tuple(rest), target)
            fresh = (
                len(pieces) == 1
                and not pieces[0].names
                and pieces[0].cell == self.cell
                and not (pieces[0].holds or pieces[0].held_by or pieces[0].views or pieces[0].immutable)
            )
            columns = [join(c, (self.new(pieces[0].type),) if fresh else pieces) for c in columns]
        for element, column in zip(target.elts, columns, strict=True):
            self.assign(element, column, frame)

    def store_in(self, target: ast.Attribute | ast.Subscript, base: Val, value: Val, frame: Frame | None) -> None:
        """``base.attr = value`` or ``base[index] = value``: a change to the object."""
        outer = self.span
        if frame is None:
            self.span = self.span_of(target)
        for obj in base:
            if obj.kind in ("module", "ref"):
                self.store_in_module(obj, target, value)
                continue
            if obj.kind == "class":
                if isinstance(target, ast.Attribute):
                    obj.data.attrs[target.attr] = join(obj.data.attrs.get(target.attr, ()), value)
                self.dirty(obj)
                link(obj, value)
                continue
            if isinstance(target, ast.Subscript):
                self.call_dunder((obj,), ("__setitem__",), [(self.new(),), value], target)
            elif obj.klass is not None:
                self.call_dunder((obj,), ("__setattr__",), [STR, value], target)
                setter = self.find(obj.klass, target.attr)
                for function in setter or ():
                    if function.kind == "function" and function_of(function).static == "setter":
                        self.call_function(function, [(obj,), value], {}, target, (obj,))
            self.mutate((obj,))
            if obj.klass is None and (obj.immutable or not (obj.names or obj.held_by or obj.views)):
                self._change_owner(target.value, frame)
            if isinstance(target, ast.Attribute) and obj.attrs is not None:
                known = obj.attrs.get(target.attr)
                fresh = known is None and self.may == 0
                obj.attrs[target.attr] = value if fresh else join(known or (), value)
                link(obj, value)
            elif obj.type not in ("pandas.DataFrame", "pandas.Series", "numpy.ndarray"):
                hold(obj, value)
        self.span = outer

    def _change_owner(self, node: ast.expr, frame: Frame | None) -> None:
        """``df.index.name = value``: what a library's attribute gives may be a part that the tables take for a copy."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
            if isinstance(node, ast.Name):
                self.mutate(o for o in self.read(node.id, node, frame) if o.kind == "value" and not o.immutable)

    def store_in_module(self, obj: Obj, target: ast.expr, value: Val) -> None:
        """A module's attribute or a library's mapping is set: os.environ[...], plt.rcParams[...], np.foo = ..."""
        name = self.table.canonical(str(obj.data))
        if name == "os.environ":
            self.touch("environment", "environment", "write")
        elif name.endswith("rcParams"):
            self.touch("setting", "matplotlib", "write")
        elif name.startswith("pandas.options"):
            self.touch("setting", "pandas", "write")
        elif name.startswith("plotly.io"):
            self.touch("setting", "plotly", "write")
        elif name == "sys.path":
            self.touch("setting", "sys.path", "write")
        else:
            space = self.spaces.get(str(obj.data))
            if space is not None and isinstance(target, ast.Attribute):
                old = space.names.get(target.attr)
                space.names[target.attr] = Binding(join(old.value if old else (), value), self.cell)
            self.change_module(obj)

    def _delete(self, node: ast.Delete, frame: Frame | None) -> bool:
        for target in node.targets:
            self._delete_target(target, frame)
        return True

    def _delete_target(self, target: ast.expr, frame: Frame | None) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._delete_target(element, frame)
        elif isinstance(target, ast.Name):
            if frame is not None and target.id not in frame.globals:
                self.put(frame.vars, target.id, None)
                return
            self.unbind(target.id, target, frame)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            base = self.ev(target.value, frame)
            if isinstance(target, ast.Subscript):
                self.ev(target.slice, frame)
                self.call_dunder(base, ("__delitem__",), [(self.new(),)], target)
            for obj in base:
                if obj.kind in ("module", "ref"):
                    self.store_in_module(obj, target, ())
            self.mutate(o for o in base if o.kind not in ("module", "ref"))

    def unbind(self, name: str, node: ast.AST, frame: Frame | None) -> None:
        """``del name`` of a global: it must be bound, and is not afterwards."""
        space = frame.space if frame is not None else self.space
        if space is self.space:
            self.use(name, node, frame)
            self.rec.deleted[name] = self.span
        self.put(space.names, name, None)

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
            self.ev(node.exc, frame)
        if self.tries:
            self.snapshot(self.tries[-1])
        return False

    def _assert(self, node: ast.Assert, frame: Frame | None) -> bool:
        self.ev(node.test, frame)
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

    # -- compound statements ------------------------------------------------------------------------------------------

    def _if(self, node: ast.If, frame: Frame | None) -> bool:
        known = decided(node.test, self.ev(node.test, frame))
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
        known = decided(node.test, self.ev(node.test, frame))
        if known is False:
            return self.run_block(node.orelse, frame)

        def once() -> bool:
            alive = self.run_block(node.body, frame)
            if alive:
                self.ev(node.test, frame)
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
            if entered is None:
                entered = self._enter(value, item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, entered, frame)
        suppressing = any(self._suppresses(item.context_expr, frame) for item in node.items)
        alive = self._guarded(node.body, contexts, frame, suppressing=suppressing)
        for value in reversed(contexts):
            self.call_dunder(value, ("__exit__", "__aexit__"), [(self.new(),)] * 3, node)
            self.mutate(o for o in value if o.kind == "value" and o.klass is None)
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
                    self.bind(frame, handler.name, (self.new(),))
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
                    self.ev(case.guard, frame)
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

    # -- definitions --------------------------------------------------------------------------------------------------

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame | None) -> bool:
        decorators = [(d, self.ev(d, frame)) for d in node.decorator_list]
        if frame is None:
            arguments = node.args
            for arg in (
                *arguments.posonlyargs,
                *arguments.args,
                *arguments.kwonlyargs,
                arguments.vararg,
                arguments.kwarg,
            ):
                if arg is not None and arg.annotation is not None:
                    self.ev(arg.annotation, frame)
            if node.returns is not None:
                self.ev(node.returns, frame)
        obj = self.make_function(node, node.name, frame)
        value: Val = (obj,)
        for decorator, callee in reversed(decorators):
            value = self._decorate(decorator, callee, value, frame)
        self.bind(frame, node.name, value)
        return True

    def _decorate(self, node: ast.expr, callee: Val, value: Val, frame: Frame | None) -> Val:
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        known = {"staticmethod": "static", "classmethod": "class", "property": "property", "cached_property": "property",
                 "setter": "setter", "getter": "property", "deleter": "setter"}  # fmt: skip
        for obj in value:
            if obj.kind == "function" and name in known:
                function: Function = obj.data
                function.static = known[name]
        if name in ("setter", "getter", "deleter") and isinstance(node, ast.Attribute):
            return join(value, tuple(o for o in self.ev(node.value, frame) if o.kind == "function"))
        if name in known or name in ("abstractmethod", "overload", "final", "override", "dataclass", "total_ordering"):
            return value
        results: Val = ()
        for obj in callee:
            if obj.kind in ("function", "class", "method") and not (obj.kind == "method" and obj.data[0].kind == "ref"):
                results = join(results, self.call_one(obj, [value], {}, node, frame))
                continue
            if obj.klass is not None:
                results = join(results, self.call_one(obj, [value], {}, node, frame))
                continue
            if obj.kind in ("ref", "module") or obj.kind == "value":
                made_by = node.func if isinstance(node, ast.Call) else node
                cached = getattr(made_by, "attr", getattr(made_by, "id", "")) in ("lru_cache", "cache")
                wrapper = self.new(None, fixed="cached function" if cached else "")
                wrapper.data = ("wraps", value)
                link(wrapper, value)
                if obj.kind == "value":
                    link(wrapper, (obj,))
                    self.mutate((obj,))
                    link(obj, value)
                results = join(results, value) if all(v.kind == "class" for v in value) else join(results, (wrapper,))
        return results or value

    def _class(self, node: ast.ClassDef, frame: Frame | None) -> bool:
        decorators = [(d, self.ev(d, frame)) for d in node.decorator_list]
        bases = join(*(self.ev(b, frame) for b in node.bases)) if node.bases else ()
        for keyword in node.keywords:
            self.ev(keyword.value, frame)
        space = frame.space if frame is not None else self.space
        record = Class(node.name, space, {}, bases)
        obj = self.new()
        obj.kind = "class"
        obj.data = record
        link(obj, bases)
        body = Frame(space, frame, is_class=True)
        self.run_block(node.body, body)
        record.attrs = body.vars
        for name, value in body.vars.items():
            self.method_names.add(name)
            link(obj, value)
            for attr in value:
                if attr.kind == "function" and attr.data.klass is None:
                    attr.data.klass = obj
        hook = None
        for base in bases:
            if base.kind == "class":
                hook = self.find(base, "__init_subclass__")
                for function in hook or ():
                    if function.kind == "function":
                        self.call_function(function, [(obj,)], {}, node, (obj,))
        value = (obj,)
        for decorator, callee in reversed(decorators):
            value = self._decorate(decorator, callee, value, frame)
        self.bind(frame, node.name, value)
        return True

    def _type_alias(self, node: Any, frame: Frame | None) -> bool:
        self.bind(frame, node.name.id, (self.new(immutable=True),))
        return True

    def iterate(self, value: Val, node: ast.AST) -> Val:
        results: list[Val] = []
        for obj in value:
            results.append(self._iterate_one(obj, node))
        return join(*results) if results else (self.new(),)

    def _iterate_one(self, obj: Obj, node: ast.AST) -> Val:
        data = obj.data
        if isinstance(data, tuple) and data and data[0] in ("lazy", "lazy-call", "lazy-row"):
            self.mutate((obj,))
            return self.consume((obj,), node) or (self.new(),)
        if obj.klass is not None:
            found = self.call_dunder((obj,), ("__iter__", "__getitem__"), [], node)
            if found is not None:
                self.call_dunder(found, ("__next__",), [], node)
                return join(*(o.elems or (self.part(o),) for o in found)) if found else ()
        kind = obj.type
        if kind in ("str", "bytes"):
            return STR if kind == "str" else INT
        if kind == "range":
            return INT
        if kind in ("list", "tuple", "set", "frozenset", "collections.deque"):
            return obj.elems or (self.new(),)
        if kind in ("dict", "collections.OrderedDict", "collections.Counter", "collections.defaultdict"):
            return join(STR, tuple(h for h in obj.holds if h not in obj.elems))
        klass = self.table.klass(kind) if kind is not None else None
        if klass is None or klass.iterator:
            if not obj.immutable:
                self.drain((obj,))
            if obj.elems:
                return obj.elems if klass is not None else join(obj.elems, (self.part(obj),))
            return (self.part(obj),)
        if klass.item_alias == "fresh" or klass.immutable:
            return self.typed_any(klass.item)
        if klass.item_alias == "view":
            out = self.typed(klass.item or kind)
            if not out.immutable:
                view(out, obj)
            return (out,)
        return obj.elems or (self.part(obj),)


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
