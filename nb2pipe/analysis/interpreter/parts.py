"""What an object gives that is indexed, iterated, or asked for an attribute."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from nb2pipe.analysis.interpreter.machine import Machine, function_of
from nb2pipe.analysis.objects import (
    ATOMS,
    INT,
    STR,
    Class,
    Frame,
    Obj,
    Val,
    hold,
    join,
    link,
    reach,
    view,
)

_LABELS = frozenset({"str", "int", "float"})
_SELECTIONS = frozenset({"list", "slice", "bool", "numpy.ndarray", "pandas.Series", "pandas.DataFrame", "pandas.Index"})


class Parts(Machine):
    """Parts of objects."""

    def find(self, obj: Obj, name: str, skip_own: bool = False) -> Val | None:
        """An attribute of a class of the notebook, along its bases (depth first)."""
        klass = obj.data
        assert isinstance(klass, Class)  # noqa: S101  an invariant of the heap
        if not skip_own:
            found = klass.attrs.get(name)
            if found is not None:
                return found
        for base in klass.bases:
            if base.kind == "class" and base is not obj:
                found = self.find(base, name)
                if found is not None:
                    return found
        return None

    def attribute(self, obj: Obj, name: str, node: ast.AST, frame: Frame | None) -> Val:
        kind = obj.kind
        if kind in ("module", "ref"):
            return self.module_attribute(obj, name)
        if kind == "class":
            found = self.find(obj, name)
            if found is not None:
                return tuple(self._bind_method(f, obj, obj) for f in found)
            of_meta = join(*(self.find(m, name) or () for m in obj.data.meta if m.kind == "class"))
            if of_meta:
                return tuple(
                    Obj("method", data=(Bound(f, obj), ""), cell=obj.cell) if f.kind == "function" else f
                    for f in of_meta
                )
            return (Obj("method", data=(obj, name), cell=obj.cell),) if not name.startswith("__") else STR
        if kind == "super":
            return (Obj("method", data=(obj, name), cell=obj.cell),)
        if kind == "function":
            return obj.attrs[name] if obj.attrs and name in obj.attrs else (self.part(obj),)
        if kind == "method":
            return self._method_attribute(obj, name)
        if name == "__dict__" and obj.kind == "value" and not obj.immutable:
            return (self.part(obj),)
        if obj.attrs is not None and name in obj.attrs:
            value = obj.attrs[name]
            if obj.klass is not None and self.find(obj.klass, name) is not None:
                value = join(value, self._class_attribute(obj, name, node))
            return value
        if obj.klass is not None and obj.klass.kind == "class":
            found = self.find(obj.klass, name)
            if found is not None:
                return self._class_attribute(obj, name, node)
            getter = self.find(obj.klass, "__getattr__")
            if getter is not None:
                return join(*(self.call_one_with_self(g, (obj,), [STR], {}, node) for g in getter))
        if isinstance(obj.data, tuple) and obj.data and obj.data[0] == "wraps":
            return (self.part(obj),)
        return self.typed_attribute(obj, name)

    def _method_attribute(self, obj: Obj, name: str) -> Val:
        """An attribute of what was taken for a method: of an object that little is known of it may be any part."""
        receiver: Obj = obj.data[0]
        if isinstance(receiver, Bound):
            return (receiver.target,) if name == "__self__" else (receiver.function,)
        return (receiver,) if name == "__self__" else self.attribute(self.part(receiver), name, ast.Pass(), None)

    def _class_attribute(self, obj: Obj, name: str, node: ast.AST) -> Val:
        assert obj.klass is not None  # noqa: S101  asked for before
        results: Val = ()
        for found in self.find(obj.klass, name) or ():
            if found.kind == "function" and function_of(found).static == "property":
                results = join(results, self.call_function(found, [(obj,)], {}, node, (obj,)))
            elif found.kind == "function" and function_of(found).static == "setter":
                continue
            else:
                results = join(results, (self._bind_method(found, obj, obj.klass),))
        return results

    def _bind_method(self, found: Obj, owner: Obj, klass: Obj) -> Obj:
        """A function found in a class, bound to what it was looked up on."""
        if found.kind != "function":
            return found
        static = function_of(found).static
        if static == "static" or (owner.kind == "class" and static != "class"):
            return found
        target = klass if static == "class" else owner
        bound = Obj(cell=owner.cell)
        bound.data = ("wraps", (found,))
        bound.kind = "method"
        bound.data = (Bound(found, target), "")
        link(bound, (found, target))
        return bound

    def typed_attribute(self, obj: Obj, name: str) -> Val:
        """An attribute of an object whose class is a library's, or not known."""
        kind = obj.type
        if kind is not None:
            found = self.table.attribute(kind, name)
            if found is not None:
                if found.alias == "self":
                    return (obj,)
                out = self.typed(found.returns)
                if found.alias in ("view", "elements", "args") and not out.immutable:
                    if out.type is None:
                        return (self.part(obj),)
                    view(out, obj)
                return (out,)
            if kind == "pandas.DataFrame" and self.table.method(kind, name) is None:
                return (self.new("pandas.Series"),)
            if self.table.method(kind, name) is not None or (obj.immutable and not obj.holds):
                bound = Obj("method", data=(obj, name), cell=obj.cell)
                link(bound, (obj,))
                return (bound,)
        return self.attribute_value(obj, name)

    def attribute_value(self, obj: Obj, name: str) -> Val:
        """What an attribute of which nothing is known gives: a method, or a part that shares what the object has."""
        bound = self.attribute_values.get((obj, name))
        if bound is None:
            bound = self.attribute_values[obj, name] = Obj(cell=obj.cell, data=("attribute", obj, name))
            view(bound, obj)
        return join(self.attributes_set.get((obj, name), ()), (bound,))

    def module_attribute(self, obj: Obj, name: str) -> Val:
        """An attribute of a module: the table's, the source's, or a reference by its dotted path."""
        dotted = f"{obj.data}.{name}"
        space = self.spaces.get(str(obj.data))
        if space is not None and (space.local or name in space.names):
            binding = space.names.get(name)
            if binding is None and name in space.pending:
                self.resolve_pending(space, name)
                binding = space.names.get(name)
            if binding is not None:
                return binding.value
        canonical = self.table.canonical(dotted)
        if canonical == "os.environ":
            self.touch("environment", "environment", "read")
        if (
            self.table.call(canonical) is None
            and self.table.klass(canonical) is None
            and not self.table.is_module(canonical)
        ):
            owner = self.table.attribute(str(obj.data), name)
            if owner is not None and owner.returns is not None:
                return (self.typed(owner.returns),)
            builtin = str(obj.data)
            if (
                builtin in ("math", "numpy", "scipy", "torch", "sys", "string")
                and name.isidentifier()
                and (name in ("pi", "e", "inf", "nan", "tau", "newaxis", "maxsize", "version", "__version__"))
            ):
                return ATOMS["float"]
        return (Obj("ref", data=canonical),)

    def item(self, obj: Obj, index: Val, sliced: bool, node: ast.AST) -> Val:
        """The value of ``obj[index]``."""
        self.call_dunder(index, ("__hash__", "__eq__", "__index__"), [], node)
        result = self.call_dunder((obj,), ("__getitem__", "__class_getitem__"), [index], node)
        if result is not None:
            return result
        kind = obj.type
        if kind in ("list", "tuple", "dict", "collections.deque", "collections.OrderedDict"):
            if sliced:
                out = self.new(kind, immutable=kind == "tuple")
                hold(out, obj.elems)
                return (out,)
            return obj.elems or (self.new(),)
        if kind == "collections.defaultdict":
            self.mutate((obj,))
            made: Val = ()
            for held in list(obj.holds):
                if held.kind == "function":
                    made = join(made, self.call((held,), [], {}, node, None))
            hold(obj, made)
            return obj.elems or (self.part(obj),)
        if kind in ("str", "bytes", "range"):
            return STR if kind == "str" else INT
        if kind is not None:
            klass = self.table.klass(kind)
            if klass is not None:
                if klass.select and klass.item_alias == "fresh":
                    chosen = _selects(index, sliced=sliced)
                    several = self.typed_any(klass.select) if chosen is not False else ()
                    return join(several, self.typed_any(klass.item) if chosen is not True else ())
                if klass.item_alias == "fresh" or klass.immutable:
                    return self.typed_any(klass.item)
                if klass.item_alias == "view":
                    out = self.typed(klass.item or kind)
                    if not out.immutable:
                        view(out, obj)
                    return (out,)
                if obj.elems:
                    return obj.elems
                part = self.part(obj)
                return (part,)
        if obj.kind in ("ref", "module", "class"):
            return (obj,)
        return join(obj.elems, (self.part(obj),)) if obj.elems else (self.part(obj),)

    def typed_any(self, names: str | None) -> Val:
        """A new object of each of the known types, with ``|`` between them: it is one of these."""
        return tuple(self.typed(name) for name in names.split("|")) if names is not None else (self.new(),)

    def typed(self, name: str | None) -> Obj:
        """A new object of a known type."""
        if name in ATOMS:
            return ATOMS[name][0]
        if name is None:
            return self.new()
        klass = self.table.klass(name)
        return self.new(
            name, immutable=klass is not None and klass.immutable, fixed=klass.fixed or "" if klass is not None else ""
        )

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
        if klass is not None and klass.draws:
            self.draw_by(obj, klass.draws, node)
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

    def draw_by(self, obj: Obj, generator: str, node: ast.AST) -> None:
        """Go through a loader: it draws from the global generator or its own, and asks its data set for its items."""
        self.touch("random", generator, "write")
        for held in list(reach((obj,))):
            if held.type == "torch.Generator":
                self.mutate((held,))
            elif held.klass is not None:
                self.call_all_methods(held, node, [])

    def is_iterator(self, obj: Obj) -> bool:
        """Whether iterating the object changes it, as far as is known."""
        if obj.fixed in ("generator", "file") or (obj.type == "iterator"):
            return True
        if obj.type is not None:
            klass = self.table.klass(obj.type)
            return klass is not None and klass.iterator
        return False

    def drain(self, value: Iterable[Obj]) -> None:
        """Something is taken out of iterators: those that they take it from change with them."""
        stack = list(value)
        seen = set(stack)
        while stack:
            obj = stack.pop()
            self.mutate((obj,))
            for held in obj.holds:
                if held not in seen and self.is_iterator(held):
                    seen.add(held)
                    stack.append(held)


def _selects(index: Val, *, sliced: bool) -> bool | None:
    """Whether indexing takes several of the items, or one by its label; None where that is not known."""
    kinds = {o.type for o in index}
    if sliced or (kinds and kinds <= _SELECTIONS):
        return True
    return False if kinds and kinds <= _LABELS else None


class Bound(Obj):
    """The receiver of a bound method of the notebook's own classes."""

    __slots__ = ("function", "target")

    def __init__(self, function: Obj, target: Obj) -> None:
        super().__init__("value", cell=target.cell)
        self.function = function
        self.target = target
        link(self, (function, target))
