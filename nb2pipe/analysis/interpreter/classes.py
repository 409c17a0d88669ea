"""The notebook's own classes: instances, inheritance, special methods."""

from __future__ import annotations

import ast

from nb2pipe.analysis.interpreter.functions import Functions
from nb2pipe.analysis.interpreter.machine import function_of
from nb2pipe.analysis.objects import (
    CONTAINERS,
    NONE,
    Obj,
    Val,
    hold,
    join,
    link,
)

_COMPARING = frozenset({"__eq__", "__lt__", "__gt__", "__le__", "__ge__", "__ne__"})
_OF_PARTS = _COMPARING | {
    "__hash__",
    "__format__",
    "__str__",
    "__repr__",
    "_repr_html_",
    "__copy__",
    "__deepcopy__",
    "__reduce__",
}
"""What a container asks of what it holds."""
_MANY = 500  # objects of one container that are looked at


class Classes(Functions):
    """Instances and methods of the notebook's own classes."""

    def instantiate(self, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> Val:
        """A new instance of one of the notebook's classes; ``__init__`` is interpreted."""
        base = self.library_base(obj)
        if base is not None and base.startswith("enum."):
            return (self.part_of_class(obj),)
        made: Val = ()
        for function in self.find(obj, "__new__") or ():
            if function.kind == "function":
                made = join(made, self.call_function(function, [(obj,), *args], kwargs, node, (obj,)))
        instances = tuple(o for o in made if o.kind == "value" and not o.immutable) or (self.bare_instance(obj),)
        given = [o for value in (*args, *kwargs.values()) for o in value]
        for instance in instances:
            init = self.find(obj, "__init__")
            for function in init or ():
                if function.kind == "function":
                    self.call_function(function, [(instance,), *args], kwargs, node, (instance,))
                else:
                    hold(instance, given)
            if not init and not made:
                self._fill(instance, obj, args, kwargs, node)
            if (base or "").startswith("sympy."):  # which asks `eval` whether there is to be an instance at all
                self.call_all_methods(instance, node, given)
            if self.endings:  # nobody may keep it
                self.call_dunder((instance,), ("__del__",), [], node)
        return instances

    def bare_instance(self, obj: Obj) -> Obj:
        """An instance of a class of the notebook, before ``__init__``."""
        base = self.library_base(obj)
        if base == "typing.NamedTuple" or obj.data.fields:
            base = "tuple"
        instance = self.new(base, klass=obj, immutable=base == "tuple" and self._is_closed(obj))
        instance.attrs = {}
        instance.holds[obj] = obj.held_by[instance] = None
        return instance

    def _is_closed(self, obj: Obj) -> bool:
        """Whether instances of a class of tuples take no attributes: those of a class that is derived do, unless it has slots."""
        return all(
            "__slots__" in k.data.attrs
            or k.data.fields
            or any(b.kind == "ref" and b.data == "typing.NamedTuple" for b in k.data.bases)
            for k in self.order_of(obj)
        )

    def _fill(self, instance: Obj, obj: Obj, args: list[Val], kwargs: dict[str, Val], node: ast.AST) -> None:
        """What dataclasses and named tuples make of their arguments."""
        attrs: dict[str, Val] = {}
        fields = [
            n for k in reversed(self.order_of(obj)) for n in (*k.data.fields, *k.data.attrs) if not n.startswith("__")
        ]
        fields = list(dict.fromkeys(fields))
        for position, value in enumerate(args):
            if position < len(fields):
                attrs[fields[position]] = value
        attrs |= {name: value for name, value in kwargs.items() if name.isidentifier()}
        for name in fields:
            for default in self.find(obj, name) or ():
                if name not in attrs and isinstance(default.data, tuple) and default.data[:1] == ("field",):
                    attrs[name] = self.call(default.data[1], [], {}, node, None)
        for value in (*args, *kwargs.values(), *attrs.values()):
            link(instance, value)
            if instance.immutable:
                hold(instance, value)
        instance.attrs = attrs
        for function in self.find(obj, "__post_init__") or ():
            self.call_one_with_self(function, (instance,), [], {}, node)

    def is_enum(self, obj: Obj) -> bool:
        """Whether the class is an enumeration."""
        return (self.library_base(obj) or "").startswith("enum.")

    def part_of_class(self, obj: Obj, value: Val = ()) -> Obj:
        """A member of an enumeration: it belongs to its class."""
        member = self.new("enum.Enum", immutable=True)
        member.holds[obj] = obj.held_by[member] = None
        if value:
            member.attrs = {"value": value, "_value_": value}
            link(member, value)
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
        if not self.has_classes:
            return None
        result: Val | None = None
        for obj in value:
            klass = obj if names == ("__class_getitem__",) and obj.kind == "class" else self.class_of(obj)
            if klass is None or klass.kind != "class":
                if names[0] in _OF_PARTS and (inner := self.instances_in(obj)):
                    self.call_dunder(inner, names, args, node)
                continue
            for name in names:
                methods = self.find(klass, name)
                if methods is None:
                    continue
                for method in methods:
                    found = self.call_one_with_self(method, (obj,), args, kwargs or {}, node)
                    result = join(result or (), found)
                if name not in _COMPARING:
                    break
        return result

    def instances_in(self, obj: Obj) -> Val:
        """The instances of the notebook's classes that a container holds, however deep."""
        if not self.has_classes or obj.type not in CONTAINERS or not obj.holds:
            return ()
        found, stack, seen = [], [obj], {obj}
        while stack and len(seen) < _MANY:
            for held in stack.pop().holds:
                if held in seen or held.kind != "value":
                    continue
                seen.add(held)
                if held.klass is not None:
                    found.append(held)
                elif held.type in CONTAINERS:
                    stack.append(held)
        return tuple(found)

    def ask(self, obj: Obj, names: tuple[str, ...], node: ast.AST) -> None:
        """Special methods that a call may run on an instance, each of them or not."""
        for instance in (obj,) if obj.klass is not None else self.instances_in(obj):
            for name in names:
                for method in (self.find(instance.klass, name) or ()) if instance.klass is not None else ():
                    if method.kind != "function":
                        continue

                    def run(method: Obj = method, instance: Obj = instance) -> bool:
                        count = len(function_of(method).node.args.args) - 1
                        given: list[Val] = [(instance,)] * max(count, 0)
                        found = self.call_function(method, [(instance,), *given], {}, node, (instance,))
                        self.consume(tuple(o for o in found if o.fixed == "generator"), node)
                        return True

                    self.branches(lambda: True, run)

    def call_all_methods(self, obj: Obj, node: ast.AST, given: list[Obj]) -> None:
        """A library may call any method of an instance that it is handed."""
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
                if name in seen or name in ("__init__", "__new__"):
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
        methods = self._next_in_line(klass, instance, name) if klass is not None else None
        given = [o for value in (*args, *kwargs.values()) for o in value]
        if methods is not None:
            return join(*(self.call_one_with_self(m, instance, args, kwargs, node) for m in methods))
        if name in ("__init__", "__init_subclass__", "__setattr__", "__setitem__"):
            for obj in instance:
                hold(obj, given)
            self.mutate(instance)
            return NONE
        classes = tuple(o for o in instance if o.kind == "class")
        if name == "__new__":
            asked = tuple(o for a in args[:1] for o in a if o.kind == "class" and self.class_of(o) is not klass)
            return tuple(self.bare_instance(o) for o in asked or classes if o is not klass or not o.data.meta) or (
                self.new(),
            )
        if name == "__call__" and classes:  # of a metaclass: an instance is made as ever
            return join(*(self.instantiate(o, args, kwargs, node) for o in classes))
        base = self.library_base(klass) if klass is not None else None
        row = self.table.method(base, name) if base is not None else None
        if row is not None and instance:
            return self.apply(row, f"{base}.{name}", instance[0], args, kwargs, node, None)
        return self.unknown_call(instance[0] if instance else None, args, kwargs, node)

    def _next_in_line(self, klass: Obj, instance: Val, name: str) -> Val | None:
        """The attribute that ``super()`` gives: that of the next class in the instance's method resolution order."""
        results: Val | None = None
        for obj in instance:
            owner = obj if obj.kind == "class" and self.class_of(obj) is None else self.class_of(obj)
            order = self.order_of(owner) if owner is not None and owner.kind == "class" else ()
            if klass not in order:
                order = self.order_of(klass)
            for following in order[order.index(klass) + 1 :]:
                found = following.data.attrs.get(name)
                if found is not None:
                    results = join(results or (), found)
                    break
        return results if instance else self.find(klass, name, skip_own=True)

    def call_one_with_self(
        self, method: Obj, instance: Val, args: list[Val], kwargs: dict[str, Val], node: ast.AST
    ) -> Val:
        """Call a function found in a class with its instance as first argument."""
        if method.kind == "function":
            given = args if function_of(method).static == "static" else [instance, *args]
            return self.call_function(method, given, kwargs, node, instance)
        if isinstance(method.data, tuple) and method.data[:1] == ("wraps",):
            return self.call_one(method, [instance, *args], kwargs, node, None)
        return self.call_one(method, args, kwargs, node, None)
