"""The abstract heap: what the interpreter knows of objects, of names and of who reaches whom.

The analysis is an abstract interpretation of the notebook run top to bottom. Every expression has a value: a tuple
of the abstract objects that it may be. Objects hold others, without regard to the position in a container
(field-insensitive but for the attributes of the notebook's own classes). Objects never shrink; names are
rebound exactly, so the heap is flow-insensitive and the names are flow-sensitive.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

Kind = Literal["value", "function", "class", "module", "ref", "method", "super", "frame"]


class _Unknown:
    """No constant is known."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()
HOLE = "\x00"  # stands in a string constant for a piece that is not known


class Obj:
    """An abstract object.

    ``type`` is a dotted type name as the tables of known calls spell it, or None; ``klass`` the notebook's
    own class of an instance. ``const`` is the Python constant where it is known; a string may have `HOLE`s.
    ``cell`` is the cell that made it: what a cell does to its own objects is nobody else's affair.
    """

    __slots__ = (
        "attrs", "cell", "const", "data", "elems", "fixed", "held_by", "holds", "immutable", "kind", "klass", "names",
        "part", "type", "views",
    )  # fmt: skip

    def __init__(
        self,
        kind: Kind = "value",
        type: str | None = None,  # noqa: A002  the field's word
        *,
        cell: int = -1,
        immutable: bool = False,
        const: Any = UNKNOWN,
        data: Any = None,
        fixed: str = "",
        klass: Obj | None = None,
    ) -> None:
        self.kind = kind
        self.type = type
        self.cell = cell
        self.immutable = immutable
        self.const = const
        self.data = data
        self.fixed = fixed
        self.klass = klass
        # in the order in which they were added, so that two runs look at them in one order
        self.holds: dict[Obj, None] = {}
        self.held_by: dict[Obj, None] = {}
        self.views: dict[Obj, None] = {}
        self.names: set[str] = set()
        self.attrs: dict[str, tuple[Obj, ...]] | None = None
        self.elems: Val = ()
        self.part: Obj | None = None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.type or self.data or ''} @{self.cell}>"


Val = tuple[Obj, ...]


def scalar(type_name: str, const: Any = UNKNOWN) -> Obj:
    """An object that cannot change and holds nothing that can."""
    return Obj(type=type_name, immutable=True, const=const)


NONE: Val = (scalar("None", None),)
TRUE: Val = (scalar("bool", True),)
FALSE: Val = (scalar("bool", False),)
BOOL: Val = (scalar("bool"),)
INT: Val = (scalar("int"),)
FLOAT: Val = (scalar("float"),)
STR: Val = (scalar("str"),)
NUMBER: Val = (scalar("float"),)
ATOMS = {"None": NONE, "bool": BOOL, "int": INT, "float": FLOAT, "str": STR, "complex": (scalar("complex"),),
         "bytes": (scalar("bytes"),), "range": (scalar("range"),), "slice": (scalar("slice"),),
         "ellipsis": (scalar("ellipsis"),)}  # fmt: skip


class Frame:
    """The local variables of one call (or of a class body or comprehension).

    ``obj`` stands on the heap for the cells that closures share; ``globals`` and ``nonlocals`` are the names declared
    so; ``parent`` is the frame that encloses the function's definition; ``space`` the global namespace.
    """

    __slots__ = (
        "globals",
        "is_class",
        "klass",
        "names",
        "nonlocals",
        "obj",
        "parent",
        "returns",
        "self_value",
        "space",
        "vars",
    )

    def __init__(
        self, space: Space, parent: Frame | None = None, names: frozenset[str] = frozenset(),
        globals: frozenset[str] = frozenset(), nonlocals: frozenset[str] = frozenset(), *, is_class: bool = False,  # noqa: A002  Python's own word
    ) -> None:  # fmt: skip
        self.space, self.parent, self.names = space, parent, names
        self.globals, self.nonlocals, self.is_class = globals, nonlocals, is_class
        self.vars: dict[str, Val] = {}
        self.obj: Obj | None = None
        self.returns: list[Obj] = []
        self.klass: Obj | None = None
        self.self_value: Val = ()


class Binding:
    """What a global name holds. ``must`` is the cell in which it was bound for certain, -1 where that is open.

    ``maybe_unbound`` is True where some path leaves the name without a value.
    """

    __slots__ = ("maybe_unbound", "must", "value")

    def __init__(self, value: Val, must: int = -1, maybe_unbound: bool = False) -> None:
        self.value, self.must, self.maybe_unbound = value, must, maybe_unbound


class Space:
    """A global namespace: the notebook's own (``module`` is ""), or a source module's."""

    __slots__ = ("local", "module", "names", "obj", "path", "pending")

    def __init__(self, module: str = "", obj: Obj | None = None, *, local: bool = False, path: str = "") -> None:
        self.module, self.obj, self.local, self.path = module, obj, local, path
        self.names: dict[str, Binding] = {}
        self.pending: dict[str, ast.stmt] = {}


class Function:
    """A function or lambda of the notebook or of a source module."""

    __slots__ = ("defaults", "frame", "klass", "name", "node", "scope", "space", "static")

    def __init__(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, space: Space, frame: Frame | None, name: str,
        defaults: dict[str, Val], scope: Scope | None = None,
    ) -> None:  # fmt: skip
        self.node, self.space, self.frame, self.name = node, space, frame, name
        self.defaults, self.scope = defaults, scope
        self.klass: Obj | None = None
        self.static = ""  # "static", "class" or "property" where a decorator says so


class Scope(NamedTuple):
    """What a function body says of its names: computed once a function node."""

    locals: frozenset[str]
    globals: frozenset[str]
    nonlocals: frozenset[str]
    generator: bool
    mentions: frozenset[str]


class Class:
    """A class of the notebook or of a source module: its attributes, bases and metaclass.

    ``order`` is its method resolution order, once it was asked for; ``fields`` are those of a named tuple. Where a base
    may be one class or another (``either``), whatever stands along the order may be the one that Python finds.
    """

    __slots__ = ("attrs", "bases", "either", "fields", "meta", "name", "order", "space")

    def __init__(
        self, name: str, space: Space, attrs: dict[str, Val], bases: Val = (), meta: Val = (), *,
        fields: tuple[str, ...] = (), either: bool = False,
    ) -> None:  # fmt: skip
        self.name, self.space, self.attrs, self.bases, self.meta = name, space, attrs, bases, meta
        self.fields, self.either = fields, either
        self.order: tuple[Obj, ...] = ()


def join(*values: Val) -> Val:
    """The union of values, without repeats, in order; never longer than a handful without need."""
    if len(values) == 1 or (len(values) == 2 and values[0] == values[1]):
        return values[0]
    seen: dict[Obj, None] = {}
    for value in values:
        for obj in value:
            seen[obj] = None
    if len(seen) > 12:
        return _thin(seen)
    return tuple(seen)


def _thin(seen: dict[Obj, None]) -> Val:
    """Keep one of each immutable type: many constants say no more than one unknown constant."""
    out: dict[Any, Obj] = {}
    for obj in seen:
        if obj.immutable and obj.kind == "value" and not obj.holds:
            out[("atom", obj.type)] = ATOMS.get(obj.type or "", (obj,))[0]
        else:
            out[id(obj)] = obj
    return tuple(out.values())


def atomic(obj: Obj) -> bool:
    """Whether the object can neither change nor lead to one that can."""
    return obj.kind in ("ref", "module") or (obj.immutable and not obj.holds and obj.kind == "value")


def is_atom(obj: Obj) -> bool:
    """Whether the object is of a type whose instances hold nothing: one object may stand for all of them."""
    return obj.immutable and obj.type in ATOMS and obj.klass is None


def hold(holder: Obj, held: Iterable[Obj]) -> None:
    """Record that ``holder`` keeps references to ``held``, and gives them when it is indexed or iterated."""
    if is_atom(holder):
        return
    for obj in held:
        if obj is holder:
            continue
        if obj not in holder.elems:
            holder.elems = join(holder.elems, (obj,))
        if not atomic(obj) and obj not in holder.holds:
            holder.holds[obj] = obj.held_by[holder] = None


def link(holder: Obj, held: Iterable[Obj]) -> None:
    """Record that ``holder`` reaches ``held`` by some way other than indexing."""
    if is_atom(holder):
        return
    for obj in held:
        if obj is not holder and not atomic(obj) and obj not in holder.holds:
            holder.holds[obj] = obj.held_by[holder] = None


def view(viewer: Obj, base: Obj) -> None:
    """Record that ``viewer`` shares its buffer with ``base``."""
    if viewer is not base and not is_atom(viewer) and not is_atom(base):
        viewer.views[base] = base.views[viewer] = None
        link(viewer, (base,))
        if viewer.type not in FRAMES and isinstance(base.data, tuple) and base.data[:1] == ("lent",):
            view(viewer, base.data[1])


FRAMES = frozenset({"pandas.DataFrame", "pandas.Series"})


def elements(kind: str, data: Val) -> Val:
    """What can change among the elements of a frame that is made of ``data``: whether it copies that or not, it keeps the same."""
    held = [e for obj in data for e in obj.elems]
    if kind == "pandas.DataFrame":
        held = [e for column in held for e in column.elems]
    return tuple(dict.fromkeys(e for e in held if not atomic(e)))


CONTAINERS = frozenset({"list", "dict", "set", "tuple", "collections.deque", "collections.OrderedDict", "frozenset"})


def reach(objs: Iterable[Obj], *, classes: bool = True) -> Iterator[Obj]:
    """Every object that can be got at from ``objs``, themselves included; each once."""
    stack = list(objs)
    seen = set(stack)
    while stack:
        obj = stack.pop()
        yield obj
        if obj.kind == "class" and not classes:
            continue
        for other in obj.holds:
            if other not in seen:
                seen.add(other)
                stack.append(other)
        if obj.attrs:
            for value in obj.attrs.values():
                for other in value:
                    if other not in seen:
                        seen.add(other)
                        stack.append(other)


def reachers(objs: Iterable[Obj], seen: set[Obj] | None = None, spared: Iterable[Obj] = ()) -> Iterator[Obj]:
    """Every object from which one of ``objs`` can be got at, themselves included.

    None of ``seen``, which grows by all that are found, and none of ``spared``, nor what only they lead to.
    """
    if seen is None:
        seen = set()
    if spared:
        found = {*seen, *spared}
        yield from reachers(objs, found)
        seen |= found - {*spared}
        return
    stack = [o for o in dict.fromkeys(objs) if o not in seen]
    seen.update(stack)
    while stack:
        obj = stack.pop()
        yield obj
        for other in obj.held_by:
            if other not in seen:
                seen.add(other)
                stack.append(other)


def shareable(obj: Obj) -> bool:
    """Whether two names that reach this object can tell that they share it."""
    return not obj.immutable and obj.kind in ("value", "frame", "super")
