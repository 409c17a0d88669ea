"""The call of any object, by what it is."""

from __future__ import annotations

import ast

from nb2pipe.analysis.interpreter.rows import Rows
from nb2pipe.analysis.objects import Frame, Obj, Val, join, link


class Calls(Rows):
    """Calls of every kind of callable."""

    def call(self, callee: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        results = [self.call_one(obj, args, kwargs, node, frame) for obj in callee]
        return results[0] if len(results) == 1 else join(*results)

    def call_one(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST, frame: Frame | None) -> Val:
        """Call one object."""
        kind = obj.kind
        if kind == "function":
            return self.call_function(obj, args, kwargs, node)
        if kind == "class":
            return self.instantiate(obj, args, kwargs, node)
        if kind in ("ref", "module"):
            return self.call_ref(str(obj.data), args, kwargs, node, frame)
        if kind == "method":
            receiver, name = obj.data
            return self.call_method(receiver, name, args, kwargs, node, frame)
        if isinstance(obj.data, tuple) and obj.data[:1] == ("attribute",):
            return self.call_method(obj.data[1], obj.data[2], args, kwargs, node, frame)
        if isinstance(obj.data, tuple) and obj.data and obj.data[0] == "wraps":
            result = self.call(obj.data[1], args, kwargs, node, frame)
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
