"""Definitions of functions and classes, with their decorators."""

from __future__ import annotations

import ast
from typing import Any

from nb2pipe.analysis.interpreter.assignments import Assignments
from nb2pipe.analysis.interpreter.machine import FAMILIES
from nb2pipe.analysis.objects import (
    STR,
    Class,
    Frame,
    Function,
    Obj,
    Val,
    hold,
    join,
    link,
)
from nb2pipe.analysis.scopes import own_nodes


class Definitions(Assignments):
    """Definitions."""

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
            if isinstance(obj.data, tuple) and obj.data[:1] == ("accessor",):
                owner, attribute = obj.data[1:]
                self.patch(owner, attribute, self.call(value, [(self.new(owner),)], {}, node, frame))
                results = join(results, value)
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
        each = [self.ev(b, frame) for b in node.bases]
        bases = join(*each) if each else ()
        options = {k.arg or "**": self.ev(k.value, frame) for k in node.keywords}
        space = frame.space if frame is not None else self.space
        self.has_classes = True
        either = any(len(v) > 1 for v in each) or any(b.kind == "class" and b.data.either for b in bases)
        record = Class(node.name, space, {}, bases, options.pop("metaclass", ()), either=either)
        obj = self.new()
        obj.kind = "class"
        obj.data = record
        link(obj, (*bases, *record.meta))
        declared = [n for n in own_nodes(node) if isinstance(n, (ast.Global, ast.Nonlocal))]
        body = Frame(
            space,
            frame,
            globals=frozenset(n for d in declared if isinstance(d, ast.Global) for n in d.names),
            nonlocals=frozenset(n for d in declared if isinstance(d, ast.Nonlocal) for n in d.names),
            is_class=True,
        )
        self.run_block(node.body, body)
        record.attrs = body.vars
        for name, value in body.vars.items():
            self.method_names.add(name)
            link(obj, value)
            for attr in value:
                if attr.kind == "function" and attr.data.klass is None:
                    attr.data.klass = obj
        self._made(obj, options, node)
        for base in bases if self.families else ():  # a class hears of those that are made from it, in this process
            if base.kind == "class":
                link(base, (obj,))
                self.dirty(base)
                self.change_library(FAMILIES)
        made: Val = (obj,)
        for decorator, callee in reversed(decorators):
            made = self._decorate(decorator, callee, made, frame)
        self.bind(frame, node.name, made)
        return True

    def _made(self, obj: Obj, options: dict[str, Val], node: ast.AST) -> None:
        """What Python runs when a class is made: its metaclass, ``__set_name__``, ``__init_subclass__``."""
        meta = self.class_of(obj)
        namespace = self.new("dict")
        for value in obj.data.attrs.values():
            hold(namespace, value)
        for name in ("__prepare__", "__new__", "__init__"):
            for function in (self.find(meta, name) or ()) if meta is not None else ():
                first = (obj,) if name == "__init__" or meta is None else (meta,)
                bases = self.new("tuple", immutable=True)
                hold(bases, obj.data.bases)
                given: list[Val] = [STR, (bases,), *([] if name == "__prepare__" else [(namespace,)])]
                self.call_one_with_self(function, first, given, options, node)
        for maker in (m for m in obj.data.meta if m.kind == "function"):  # a function may be the metaclass
            self.call_function(maker, [STR, obj.data.bases, (namespace,)], options, node)
        for attr in [a for value in obj.data.attrs.values() for a in value]:
            self.call_dunder((attr,), ("__set_name__",), [(obj,), STR], node)
        for function in self.find(obj, "__init_subclass__", skip_own=True) or ():
            self.call_one_with_self(function, (obj,), [], options, node)

    def _type_alias(self, node: Any, frame: Frame | None) -> bool:
        self.bind(frame, node.name.id, (self.new(immutable=True),))
        return True
