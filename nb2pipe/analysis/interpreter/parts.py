"""What an object gives that is indexed, iterated, or asked for an attribute."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from nb2pipe.analysis.interpreter.machine import FAMILIES, Machine, function_of
from nb2pipe.analysis.objects import (
    ATOMS,
    CONTAINERS,
    FRAMES,
    INT,
    NONE,
    STR,
    Class,
    Frame,
    Obj,
    Val,
    atomic,
    hold,
    join,
    link,
    reach,
    view,
)

_INDEXED = {
    "numpy.c_": "numpy.ndarray", "numpy.r_": "numpy.ndarray", "numpy.mgrid": "numpy.ndarray", "numpy.ogrid": "object",
    "numpy.s_": "slice", "numpy.index_exp": "slice", "pandas.IndexSlice": "slice", "os.environ": "str",
}  # fmt: skip
"""What libraries give where one of their names is indexed: something new. Of any other it is a part of the module."""
_LAZY = (("lazy",), ("lazy-call",), ("lazy-row",))
_LABELS = frozenset({"str", "int", "float"})
_SELECTIONS = frozenset({"list", "slice", "bool", "numpy.ndarray", "pandas.Series", "pandas.DataFrame", "pandas.Index"})


class Parts(Machine):
    """Parts of objects."""

    def find(self, obj: Obj, name: str, skip_own: bool = False) -> Val | None:
        """An attribute of a class of the notebook, along its method resolution order."""
        result: Val | None = None
        for klass in self.order_of(obj)[skip_own:]:
            found: Val | None = klass.data.attrs.get(name)
            if found is None:
                continue
            if klass is obj or not obj.data.either:
                return found
            result = found if result is None else join(result, found)
        return result

    def order_of(self, obj: Obj) -> tuple[Obj, ...]:
        """The method resolution order of a class, as far as its bases are the notebook's own (C3, as Python's)."""
        klass = obj.data
        assert isinstance(klass, Class)  # noqa: S101  an invariant of the heap
        if not klass.order:
            klass.order = (obj,)  # whoever asks while it is worked out gets no further
            bases = [b for b in klass.bases if b.kind == "class" and b is not obj]
            klass.order = (obj, *_merged([[*self.order_of(b)] for b in bases] + [bases]))
        return klass.order

    def class_of(self, obj: Obj) -> Obj | None:
        """The notebook's class that an object is an instance of: of a class its metaclass, where it has one."""
        if obj.kind != "class":
            return obj.klass
        for klass in self.order_of(obj):
            for meta in klass.data.meta:
                if meta.kind == "class":
                    found: Obj = meta
                    return found
        return None

    def attribute(self, obj: Obj, name: str, node: ast.AST, frame: Frame | None) -> Val:
        kind = obj.kind
        if kind in ("module", "ref"):
            return self.module_attribute(obj, name)
        if kind == "class":
            found = self.find(obj, name)
            if found is not None and self.is_enum(obj) and not any(f.kind == "function" for f in found):
                return (self.part_of_class(obj, found),)
            if found is not None:
                return join(*(self._got(f, obj, obj, node) for f in found))
            meta = self.class_of(obj)
            found = self.find(meta, name) if meta is not None else None
            if meta is not None and found is not None:
                return join(*(self._got(f, obj, meta, node) for f in found))
            bound = not name.startswith("__") or name == FAMILIES
            return (Obj("method", data=(obj, name), cell=obj.cell),) if bound else STR
        if kind == "super":
            return (Obj("method", data=(obj, name), cell=obj.cell),)
        if kind == "function":
            return obj.attrs[name] if obj.attrs and name in obj.attrs else (self.part(obj),)
        if kind == "method":
            return self._of_method(obj, name, node, frame)
        if obj.klass is not None:
            self.call_dunder((obj,), ("__getattribute__",), [STR], node)
        if name == "__dict__" and obj.kind == "value" and not obj.immutable:
            return (self.part(obj),)
        if obj.attrs is not None and (name in obj.attrs or "*" in obj.attrs):
            value = join(obj.attrs.get(name, ()), obj.attrs.get("*", ()))
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

    def _class_attribute(self, obj: Obj, name: str, node: ast.AST) -> Val:
        assert obj.klass is not None  # noqa: S101  asked for before
        return join(*(self._got(found, obj, obj.klass, node) for found in self.find(obj.klass, name) or ()))

    def _got(self, found: Obj, owner: Obj, klass: Obj, node: ast.AST) -> Val:
        """What an attribute of a class gives when it is looked up on ``owner``: descriptors are asked."""
        static = function_of(found).static if found.kind == "function" else ""
        if static == "setter":
            return ()
        if static == "property" and owner.kind != "class":
            return self.call_function(found, [(owner,)], {}, node, (owner,))
        if isinstance(found.data, tuple) and found.data[:1] == ("property",) and owner.kind != "class":
            return join(*(self.call_one_with_self(g, (owner,), [], {}, node) for g in found.data[1]))
        if found.klass is not None:
            given: list[Val] = [NONE if owner.kind == "class" else (owner,), (klass,)]
            asked = self.call_dunder((found,), ("__get__",), given, node)
            if asked is not None:
                return asked
        return (self._bind_method(found, owner, klass),)

    def _of_method(self, obj: Obj, name: str, node: ast.AST, frame: Frame | None) -> Val:
        """An attribute of what may be a method, or a value that the tables do not know of."""
        receiver = obj.data[0]
        if isinstance(receiver, Bound):
            return (receiver.target,) if name == "__self__" else (receiver.function,)
        if isinstance(receiver, Obj) and name == "__self__":
            return (receiver,)
        if isinstance(receiver, Obj) and receiver.kind == "value":
            return self.attribute(self.part(receiver), name, node, frame)
        return (self.new(),)

    def _bind_method(self, found: Obj, owner: Obj, klass: Obj) -> Obj:
        """A function found in a class, bound to what it was looked up on."""
        wrapped = found.kind == "value" and isinstance(found.data, tuple) and found.data[:1] == ("wraps",)
        if found.kind != "function" and not (wrapped and owner.kind != "class"):
            return found
        static = function_of(found).static if found.kind == "function" else ""
        if static == "static" or (owner.kind == "class" and static != "class"):
            return found
        target = klass if static == "class" else owner
        bound = Obj("method", cell=owner.cell)
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
                if found.alias == "elements" and out.type in CONTAINERS:
                    hold(out, obj.elems)
                    return (out,)
                if found.alias in ("view", "elements", "args") and not out.immutable:
                    if out.type is None:
                        return (self.part(obj),)
                    view(out, obj)
                self.lend(obj, (out,))
                return (out,)
            patched = self.patched_attribute(obj, name)
            if self.table.method(kind, name) is not None or (obj.immutable and not obj.holds):
                bound = Obj("method", data=(obj, name), cell=obj.cell)
                link(bound, (obj,))
                return (*patched, bound)
            if kind == "pandas.DataFrame":
                column = self.new("pandas.Series")
                self.lend(obj, (column,))
                return (*patched, column)
        return (*self.patched_attribute(obj, name), *self.attribute_value(obj, name))

    def patched_attribute(self, obj: Obj, name: str) -> Val:
        """What the notebook has set under this name on a class of a library, bound to an instance."""
        found: Val = ()
        for owner, value in self.patches.get(name, ()):
            self.rec.libraries.add(owner.partition(".")[0])
            found = join(found, *((self._bind_method(v, obj, obj),) for v in value))
        return found

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
        if name in self.patches:
            self.rec.libraries.add(dotted.partition(".")[0])  # whose module an attribute may hold, or a list
        space = self.spaces.get(str(obj.data))
        if space is not None and (space.local or name in space.names):
            binding = space.names.get(name)
            if binding is None and name in space.pending:
                self.resolve_pending(space, name)
                binding = space.names.get(name)
            if binding is not None:
                return binding.value
        canonical = self.table.canonical(dotted)
        patched = join(*(v for owner, v in self.patches.get(name, ()) if f"{owner}.{name}" in (dotted, canonical)))
        if patched:
            return join(patched, (Obj("ref", data=canonical),))
        if canonical == "sys.modules":
            self.rec.traits.add("guesses")  # any of them may be taken from it
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
        self.hashed(index, node)
        self.call_dunder(index, ("__index__",), [], node)
        result = self.call_dunder((obj,), ("__getitem__", "__class_getitem__"), [index], node)
        if result is not None:
            return result
        missing = self.call_dunder((obj,), ("__missing__",), [index], node)
        if missing is not None:
            return join(missing, obj.elems)
        kind = obj.type
        if kind in ("list", "tuple", "dict", "collections.deque", "collections.OrderedDict"):
            if sliced:
                out = self.new(kind, immutable=kind == "tuple")
                hold(out, obj.elems)
                return (out,)
            return self.elements(obj)
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
                    found = join(several, self.typed_any(klass.item) if chosen is not True else ())
                    self.lend(obj, found)
                    if kind in FRAMES and chosen is not True:
                        found = join(found, _within(obj))
                    return found
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
            known = _INDEXED.get(str(obj.data)) if obj.kind == "ref" else None
            return (obj,) if known is None else (self.typed(known),)
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

    def elements(self, obj: Obj) -> Val:
        """What a container holds; where nothing is known of that, one object that stands for all of it."""
        if not obj.elems:
            if obj.views:
                return (self.part(obj),)
            hold(obj, (Obj(cell=obj.cell),))
        return obj.elems

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
            found = self.call_dunder((obj,), ("__iter__", "__aiter__"), [], node)
            if found is not None:
                found = self.consume(tuple(o for o in found if o.fixed == "coroutine"), node) or found
                given = self.call_dunder(found, ("__next__", "__anext__"), [], node)
                if given is not None:
                    return self.consume(given, node)
                return join(*(self._iterate_one(o, node) for o in found if o.klass is None)) or (self.new(),)
            found = self.call_dunder((obj,), ("__getitem__",), [INT], node)
            if found is not None:
                return found
        kind = obj.type
        if kind in ("str", "bytes"):
            return STR if kind == "str" else INT
        if kind == "range":
            return INT
        if kind in ("list", "tuple", "set", "frozenset", "collections.deque"):
            return self.elements(obj)
        if kind in ("dict", "collections.OrderedDict", "collections.Counter", "collections.defaultdict"):
            return join(STR, tuple(h for h in obj.holds if h not in obj.elems))
        klass = self.table.klass(kind) if kind is not None else None
        if klass is not None and klass.draws:
            self.draw_by(obj, klass.draws, node)
        if klass is None or klass.iterator:
            if not obj.immutable:
                self.drain((obj,), node)
            if klass is not None and klass.item is not None and not obj.elems:
                return self.typed_any(klass.item)
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

    def drain(self, value: Iterable[Obj], node: ast.AST) -> None:
        """Something is taken out of iterators: those that they take it from change with them, and generators run."""
        stack = list(value)
        seen = set(stack)
        behind: list[Obj] = []
        while stack:
            obj = stack.pop()
            self.mutate((obj,))
            for held in obj.holds:
                if held not in seen and self.is_iterator(held):
                    seen.add(held)
                    stack.append(held)
                    behind.append(held)
        self.consume(tuple(o for o in behind if isinstance(o.data, tuple) and o.data[:1] in _LAZY), node)


def _merged(orders: list[list[Obj]]) -> list[Obj]:
    """The merge of C3 linearization; where there is none, depth first."""
    found: list[Obj] = []
    left = [order for order in orders if order]
    while left:
        head = next((o[0] for o in left if not any(o[0] in other[1:] for other in left)), left[0][0])
        found.append(head)
        left = [rest for order in left if (rest := [o for o in order if o is not head])]
    return found


def _within(frame: Obj) -> Val:
    """What can change among the elements of a frame, such as the lists in a column: it is not copied where it is looked up."""
    while isinstance(frame.data, tuple) and frame.data[:1] == ("lent",):
        frame = frame.data[1]
    return tuple(e for e in frame.elems if not atomic(e))


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
