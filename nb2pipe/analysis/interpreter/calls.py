"""The call of any object, by what it is."""

from __future__ import annotations

import ast
from collections.abc import Callable

from nb2pipe.analysis.interpreter.rows import Rows
from nb2pipe.analysis.objects import Frame, Obj, Val, join, link
from nb2pipe.analysis.summaries import summarised


class Calls(Rows):
    """Calls of every kind of callable."""

    def call(self, callee: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        if len(callee) == 1:
            return self.call_one(callee[0], args, kwargs, node, frame)
        values = [o.data[0].part for o in callee if o.kind == "method" and o.data[0].kind == "value"]
        results: list[Val] = []

        def one(obj: Obj) -> Callable[[], bool]:
            def run() -> bool:
                results.append(self.call_one(obj, args, kwargs, node, frame))
                return True

            return run

        self.branches(*(one(o) for o in callee if o not in values))  # it is one of them that is called
        return summarised(join(*results), self.cell)

    def call_one(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        """Call one object."""
        kind = obj.kind
        if kind == "function":
            return self.call_function(obj, args, kwargs, node)
        if kind == "class":
            meta = self.class_of(obj)
            made = self.call_dunder((obj,), ("__call__",), args, node, kwargs) if meta is not None else None
            return made if made is not None else self.instantiate(obj, args, kwargs, node)
        if kind in ("ref", "module"):
            return self.call_ref(str(obj.data), args, kwargs, node, frame)
        if kind == "method":
            receiver, name = obj.data
            return self.call_method(receiver, name, args, kwargs, node, frame)
        if isinstance(obj.data, tuple) and obj.data[:1] == ("attribute",):
            return self.call_method(obj.data[1], obj.data[2], args, kwargs, node, frame)
        if isinstance(obj.data, tuple) and obj.data and obj.data[0] == "wraps":
            result = join(self.call(obj.data[1], args, kwargs, node, frame), self._registered(obj, args, kwargs, node))
            link(obj, result)
            if obj.fixed:
                self.mutate((obj,))  # its cache
            return result
        if isinstance(obj.data, tuple) and obj.data and obj.data[0] == "partial":
            first, given, named = obj.data[1:]
            result = self.call(first, [*given, *args], {**named, **kwargs}, node, frame)
            link(obj, result)
            return result
        called = self.call_dunder((obj,), ("__call__", "forward"), args, node, kwargs)
        if called is not None:
            return called
        if obj.type is not None:
            klass = self.table.klass(obj.type)
            if klass is not None and klass.callable:
                return self.call_method(obj, klass.callable, args, kwargs, node, frame)
            row = self.table.method(obj.type, "__call__")
            if row is not None:
                return self.apply(row, obj.type + ".__call__", obj, args, kwargs, node, frame)
        return self.unknown_call(obj, args, kwargs, node)

    def _registered(self, wrapper: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> Val:
        """What a decorator of a library was given later on (``singledispatch``): it may be called instead."""
        seen, stack = {wrapper}, [wrapper]
        found: list[Val] = []
        while stack and len(seen) < 100:
            current = stack.pop()
            for other in (*current.holds, *current.views):
                if other in seen or other in wrapper.data[1]:
                    continue
                seen.add(other)
                if other.kind == "function":

                    def run(function: Obj = other) -> bool:
                        found.append(self.call_function(function, args, kwargs, node))
                        return True

                    self.branches(lambda: True, run)
                elif other.kind == "value" and other.type is None:
                    stack.append(other)
        return join(*found)
