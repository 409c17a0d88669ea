"""One object in place of many of a kind: what keeps the analysis of loops short."""

from __future__ import annotations

from nb2pipe.analysis.objects import CONTAINERS, Obj, Val, hold, join, link, view

_MANY = 8
"""How many objects of one type a value may hold before one comes to stand for them all."""


def summarised(value: Val, cell: int) -> Val:
    """The value, with one object in place of many of one type: what changes it changes them all, and they it.

    A loop that goes on with what a method of each gives would double them with every pass, and loops inside of loops
    square that. ``cell`` is where the object is made.
    """
    if len(value) <= _MANY:
        return value
    alike: dict[tuple[str, str | None, Obj | None, bool], list[Obj]] = {}
    for obj in value:
        owner, name = _owner(obj)
        if _plain(owner):
            alike.setdefault((name, owner.type, owner.klass, owner.immutable), []).append(obj)
    for (name, *_, immutable), group in alike.items():
        one = group[0]
        if immutable:
            if not name or any(_owner(o)[0].holds for o in group):
                continue  # constants are few, and methods of one are all the same
        elif len(owners := list(dict.fromkeys(_owner(o)[0] for o in group))) > _MANY:
            one = _summary(owners, cell)
            one = Obj("method", data=(one, name), cell=cell) if name else one
        else:
            continue
        value = (*(o for o in value if o not in group), one)
    return value


def _plain(obj: Obj) -> bool:
    """Whether nothing more is to be known of an object than its type, its attributes and what it shares."""
    if type(obj) is not Obj or obj.kind != "value" or obj.fixed or obj.type in CONTAINERS:
        return False
    return obj.data is None or (isinstance(obj.data, tuple) and obj.data[:1] == ("lent",))


def _owner(obj: Obj) -> tuple[Obj, str]:
    """The object itself, or where it is a method that one's receiver and the name of the method."""
    return obj.data if obj.kind == "method" and len(obj.data) == 2 else (obj, "")


def _summary(group: list[Obj], cell: int) -> Obj:
    one = Obj(type=group[0].type, klass=group[0].klass, cell=cell)
    attrs: dict[str, Val] = {}
    for obj in group:
        one.names |= obj.names
        view(one, obj)
        hold(one, obj.elems)
        link(one, obj.holds)
        for name, known in (obj.attrs or {}).items():
            attrs[name] = join(attrs.get(name, ()), known)
    if any(obj.attrs is not None for obj in group):  # what is set by way of one of them is found by way of any
        for obj in (one, *group):
            obj.attrs = attrs
    return one
