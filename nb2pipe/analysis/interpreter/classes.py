"""The notebook's own classes: instances, inheritance, special methods."""

from __future__ import annotations

import ast
from collections.abc import Callable

from nb2pipe.analysis.interpreter.functions import Functions
from nb2pipe.analysis.interpreter.machine import function_of
from nb2pipe.analysis.objects import (
    NONE,
    Class,
    Obj,
    Val,
    hold,
    join,
    link,
)


class Classes(Functions):
    """Instances and methods of the notebook's own classes."""

    def instantiate(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> Val:
        """A new instance of one of the notebook's classes; ``__init__`` is interpreted."""
        klass: Class = obj.data
        base = self.library_base(obj)
        instance = self.new(base, klass=obj)
        instance.attrs = {}
        instance.holds.add(obj)
        obj.held_by.add(instance)
        given = [o for value in (*args, *kwargs.values()) for o in value]
        made: Val = ()
        for meta in klass.meta:
            for function in (self.find(meta, "__call__") or ()) if meta.kind == "class" else ():
                if function.kind == "function" and function_of(function).node not in self.stack:
                    made = join(made, self.call_function(function, [(obj,), *args], kwargs, node, (obj,)))
        if made:
            return made
        if base is not None and base.startswith(("enum.", "typing.NamedTuple")):
            return (self.part_of_class(obj),)
        init = self.find(obj, "__init__") or self.find(obj, "__new__")
        if init:
            for function in init:
                if function.kind == "function":
                    self.call_function(function, [(instance,), *args], kwargs, node, (instance,))
                else:
                    hold(instance, given)
        else:
            fields = [n for n in klass.attrs if not n.startswith("__")]
            for position, value in enumerate(args):
                if position < len(fields):
                    instance.attrs[fields[position]] = value
                link(instance, value)
            for name, value in kwargs.items():
                instance.attrs[name] = value
                link(instance, value)
            post = self.find(obj, "__post_init__")
            for function in post or ():
                self.call_one(function, [(instance,)], {}, node, None)
        return (instance,)

    def part_of_class(self, obj: Obj) -> Obj:
        """A member of an enumeration: it belongs to its class."""
        member = self.new("enum.Enum", immutable=True)
        member.holds.add(obj)
        obj.held_by.add(member)
        return member

    def library_base(self, obj: Obj) -> str | None:
        """The first type from a library among the bases of a class of the notebook."""
        seen = {obj}
        stack = [obj]
        while stack:
            current = stack.pop()
            if current.kind in ("ref", "module"):
                return self.table.canonical(str(current.data))
            if current.kind == "class":
                for base in current.data.bases:
                    if base not in seen:
                        seen.add(base)
                        stack.append(base)
        return None

    def call_dunder(
        self, value: Val, names: tuple[str, ...], args: list[Val], node: ast.AST, kwargs: dict[str, Val] | None = None
    ) -> Val | None:
        result: Val | None = None
        for obj in value:
            klass = obj.klass
            if klass is None and not (obj.kind == "class" and names == ("__class_getitem__",)):
                if obj.type in ("list", "tuple", "dict", "set") and any(h.klass is not None for h in obj.holds):
                    self.call_dunder(tuple(h for h in obj.holds if h.klass is not None), names, args, node)
                continue
            if klass is None:
                continue
            for name in names:
                methods = self.find(klass, name)
                if methods is None:
                    continue
                for method in methods:
                    if method.kind == "function":
                        found = self.call_function(method, [(obj,), *args], kwargs or {}, node, (obj,))
                        result = join(result or (), found)
                if name not in ("__eq__", "__lt__", "__gt__", "__le__", "__ge__", "__ne__"):
                    break
        return result

    def call_all_methods(
        self, obj: Obj, node: ast.AST, given: list[Obj], only: Callable[[str], bool] = lambda _: True
    ) -> None:
        """A library may call any method of an instance that it is handed, or any that ``only`` says."""
        if obj.klass is None or obj in self.consuming:
            return
        self.consuming.add(obj)
        unknown = self.new()
        link(unknown, given)
        seen: set[str] = set()
        stack = [obj.klass]
        self.may += 1
        self._make_another(obj.klass, unknown, node)
        while stack:
            klass = stack.pop()
            if klass.kind != "class" or (klass.data.space.module and not klass.data.space.local):
                continue  # a class of an installed module: what libraries call on each other is in the tables
            stack.extend(klass.data.bases)
            for name, value in klass.data.attrs.items():
                if name in seen or name in ("__init__", "__new__") or not only(name):
                    continue
                seen.add(name)
                for method in value:
                    if method.kind == "function":
                        function = method

                        def run(function: Obj = function) -> bool:
                            count = len(function_of(function).node.args.args) - 1
                            self.call_function(function, [(obj,), *[(unknown,)] * max(count, 0)], {}, node, (obj,))
                            return True

                        self.branches(lambda: True, run)
        self.may -= 1
        self.consuming.discard(obj)

    def _make_another(self, klass: Obj, unknown: Obj, node: ast.AST) -> None:
        """A library may make further instances of the class of one that it is handed, as scikit-learn's ``clone`` does."""
        if klass.kind != "class" or klass.data.space.module:
            return
        counts = [
            len(function_of(f).node.args.args) - 1 for f in self.find(klass, "__init__") or () if f.kind == "function"
        ]

        def again() -> bool:
            self.instantiate(klass, [(unknown,)] * max(counts), {}, node)
            return True

        if counts:
            self.branches(lambda: True, again)

    def call_super(self, receiver: Obj, name: str, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> Val:
        """``super().name(...)``: the next class that has it; of a library's class nothing but the instance changes."""
        klass, instance = receiver.data
        methods = self.find(klass, name, skip_own=True) if klass is not None else None
        given = [o for value in (*args, *kwargs.values()) for o in value]
        if methods is not None:
            return join(*(self.call_one_with_self(m, instance, args, kwargs, node) for m in methods))
        if name in ("__init__", "__init_subclass__", "__setattr__", "__setitem__"):
            for obj in instance:
                hold(obj, given)
            self.mutate(instance)
            return NONE
        if name == "__new__":
            return (self.new(),)
        base = self.library_base(klass) if klass is not None else None
        row = self.table.method(base, name) if base is not None else None
        if row is not None and instance:
            return self.apply(row, f"{base}.{name}", instance[0], args, kwargs, node, None)
        return self.unknown_call(instance[0] if instance else None, args, kwargs, node)

    def call_one_with_self(
        self, method: Obj, instance: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST
    ) -> Val:
        """Call a function found in a class with its instance as first argument."""
        if method.kind == "function":
            return self.call_function(method, [instance, *args], kwargs, node, instance)
        return self.call_one(method, args, kwargs, node, None)
