"""Abstract calls of the notebook's own functions, which are interpreted where they are called."""

from __future__ import annotations

import ast

from nb2pipe.analysis.interpreter.expressions import Expressions
from nb2pipe.analysis.interpreter.flow import Region
from nb2pipe.analysis.interpreter.machine import CALL_DEPTH, SOURCE_BUDGET, SOURCE_DEPTH, function_of
from nb2pipe.analysis.objects import (
    ATOMS,
    NONE,
    Binding,
    Frame,
    Function,
    Obj,
    Val,
    hold,
    join,
    link,
)


class Functions(Expressions):
    """What calling a function of the notebook, or of a module's source, does."""

    def call_function(
        self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val = ()
    ) -> Val:
        """Interpret a function's body with these arguments, in the bindings of this moment."""
        function = function_of(obj)
        scope = function.scope
        assert scope is not None  # noqa: S101  set where functions are made
        self.rec.traits.add("calls")
        if scope.generator and not getattr(node, "_consuming", False):
            out = self.new("iterator", fixed="generator")
            out.data = ("lazy-call", obj, args, kwargs, self_value)
            link(out, (obj, *(o for a in (*args, *kwargs.values()) for o in a)))
            return (out,)
        if isinstance(function.node, ast.AsyncFunctionDef) and not getattr(node, "_consuming", False):
            out = self.new(None, fixed="coroutine")
            out.data = ("lazy-call", obj, args, kwargs, self_value)
            link(out, (obj, *(o for a in (*args, *kwargs.values()) for o in a)))
            return (out,)
        return self.run_function(obj, args, kwargs, node, self_value)

    def run_function(
        self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val = ()
    ) -> Val:
        """Run the body now, within the limits of depth and budget."""
        function = function_of(obj)
        scope = function.scope
        assert scope is not None  # noqa: S101  set where functions are made
        if self.stack.count(function.node) >= 2 or len(self.stack) >= CALL_DEPTH or self.budget <= 0:
            return self.summarise(obj, args, kwargs)
        if function.space.module:
            self.rec.libraries |= {function.space.module, function.space.module.partition(".")[0]}
            if not function.space.local:
                return self.run_source(obj, args, kwargs, node, self_value)
        return self.run_body(obj, args, kwargs, node, self_value)

    def run_source(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val) -> Val:
        """A function of an installed module: interpreted a few calls deep, with a small budget of its own."""
        function = function_of(obj)
        if self.source_depth:
            if self.source_depth >= SOURCE_DEPTH:
                return self.summarise(obj, args, kwargs)
            self.source_depth += 1
            value = self.run_body(obj, args, kwargs, node, self_value)
            self.source_depth -= 1
            return value
        if function.node in self.given_up:
            return self.unknown_call(None, args, kwargs, node)
        outer, self.budget = self.budget, min(self.budget, SOURCE_BUDGET)
        given = self.budget

        def body() -> Val:
            self.source_depth = 1
            return self.run_body(obj, args, kwargs, node, self_value)

        found = self.bounded(body)
        self.source_depth = 0
        self.budget = outer - (given - self.budget)
        if found is None:
            self.given_up.add(function.node)
            return self.unknown_call(None, args, kwargs, node)
        return found

    def run_body(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, self_value: Val) -> Val:
        """Interpret a body in a frame of its own."""
        function = function_of(obj)
        scope = function.scope
        assert scope is not None  # noqa: S101  set where functions are made
        inner = Frame(
            function.space, function.frame, names=scope.locals, globals=scope.globals, nonlocals=scope.nonlocals
        )
        inner.klass = function.klass
        inner.self_value = self_value
        self.bind_arguments(function, inner, args, kwargs)
        self.stack.append(function.node)
        outer_loops, self.loops = self.loops, []
        region = Region(0)
        self.functions.append(region)
        try:
            if isinstance(function.node, ast.Lambda):
                inner.returns.extend(self.ev(function.node.body, inner))
                alive = True
            else:
                body = function.node.body
                alive = self.in_region(region, lambda: self.run_block(body, inner))
        finally:
            self.functions.pop()
            self.loops = outer_loops
            self.stack.pop()
        value = tuple(dict.fromkeys(inner.returns))
        if not isinstance(function.node, ast.Lambda) and (alive or not value):
            value = join(value, NONE)
        return join(value)

    def bind_arguments(self, function: Function, inner: Frame, args: list[Val], kwargs: dict[str, Val]) -> None:
        """Bind parameters to arguments as Python does; what is left open may be any of what was given."""
        spec = function.node.args
        positional = [*spec.posonlyargs, *spec.args]
        rest = kwargs.get("**", ())
        stars = kwargs.get("*", ())  # what a starred argument and those behind it give, however many
        for position, arg in enumerate(positional):
            if position < len(args) - (1 if stars else 0):
                value = args[position]
            elif stars:
                value = join(stars, function.defaults.get(arg.arg, ()), kwargs.get(arg.arg, ()), rest)
            elif arg.arg in kwargs:
                value = kwargs[arg.arg]
            else:
                value = join(function.defaults.get(arg.arg, ()), rest)
            inner.vars[arg.arg] = self._annotated(value, arg.annotation, function)
        for arg in spec.kwonlyargs:
            value = kwargs.get(arg.arg) or join(function.defaults.get(arg.arg, ()), rest)
            inner.vars[arg.arg] = self._annotated(value, arg.annotation, function)
        if spec.vararg is not None:
            extra = self.new("tuple", immutable=True)
            for value in (*args[len(positional) :], stars):
                hold(extra, value)
            if not stars:
                extra.data = ("parts", tuple(args[len(positional) :]))
            inner.vars[spec.vararg.arg] = (extra,)
        if spec.kwarg is not None:
            extra = self.new("dict")
            known = {a.arg for a in (*positional, *spec.kwonlyargs)}
            for name, value in kwargs.items():
                if name not in known and name != "*":
                    hold(extra, value)
            inner.vars[spec.kwarg.arg] = (extra,)

    def _annotated(self, value: Val, annotation: ast.expr | None, function: Function) -> Val:
        if value:
            return value
        return (self.new(self.type_of_annotation(annotation, function)),)

    def type_of_annotation(self, annotation: ast.expr | None, function: Function | None) -> str | None:
        """The type that an annotation names, where the table knows it; nothing is evaluated or recorded."""
        if not isinstance(annotation, (ast.Name, ast.Attribute)):
            return None
        parts: list[str] = []
        current: ast.expr = annotation
        while isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        if not isinstance(current, ast.Name):
            return None
        space = function.space if function is not None else self.space
        binding: Binding | None = space.names.get(current.id)
        root = (
            str(binding.value[0].data)
            if binding and binding.value and binding.value[0].kind in ("ref", "module")
            else current.id
        )
        name = self.table.canonical(".".join([root, *reversed(parts)]))
        return name if name in ATOMS or self.table.klass(name) is not None else None

    def summarise(self, obj: Obj, args: list[Val], kwargs: dict[str, Val]) -> Val:
        """Too deep or too long to interpret: the function may do what its text mentions, to all that it is given."""
        function = function_of(obj)
        scope = function.scope
        given = [o for value in (*args, *kwargs.values()) for o in value]
        if self.stack.count(function.node) < 2 and scope is not None:
            for name in sorted(scope.mentions - scope.locals):
                binding: Binding | None = function.space.names.get(name)
                if binding is None:
                    continue
                if function.space is self.space:
                    self.use(name, None, Frame(self.space))
                if any(o.kind == "value" for o in binding.value):
                    self.mutate((o for o in binding.value if o.kind == "value"), deep=True)
            for name in sorted(scope.globals):
                self.bind(Frame(function.space, globals=frozenset({name})), name, (self.new(),))
        self.mutate(given, deep=True)
        out = self.new()
        link(out, given)
        return (out,)

    def consume(self, value: Val, node: ast.AST) -> Val:
        results: Val = ()
        for obj in value:
            data = obj.data
            if isinstance(data, tuple) and data and data[0] == "lazy-call":
                self.dirty(obj)
                target, args, kwargs, self_value = data[1:]
                if self.stack.count(function_of(target).node) < 1:
                    found = self.run_function(target, args, kwargs, node, self_value)
                    if obj.fixed == "generator":
                        hold(obj, found)
                        results = join(results, obj.elems)
                    else:
                        results = join(results, found)
                else:
                    results = join(results, obj.elems)
            elif isinstance(data, tuple) and data and data[0] == "lazy":
                self.dirty(obj)
                if obj not in self.consuming:
                    self.consuming.add(obj)
                    self.branches(lambda: True, data[1])
                    self.consuming.discard(obj)
                results = join(results, obj.elems)
            elif isinstance(data, tuple) and data and data[0] == "lazy-row":
                self.drain((obj,), node)
                self.call_back(data[1], data[2], node)
                results = join(results, obj.elems)
            elif obj.fixed == "coroutine" or obj.type is None:
                results = join(results, (self.part(obj),))
            else:
                results = join(results, (obj,))
        return results
