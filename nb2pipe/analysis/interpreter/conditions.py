"""When a row of the table of known calls holds: which argument is which parameter, and what that says of its conditions."""

from __future__ import annotations

from typing import Any

from nb2pipe.analysis.interpreter.machine import const_of, truth
from nb2pipe.analysis.known.table import MODES, Call, Table
from nb2pipe.analysis.objects import UNKNOWN, Obj, Val, atomic, join

Named = dict[str, Val]
OPEN = "*"
"""The key, among the named arguments, of what may be any parameter: what ``*`` and ``**`` of the call unpack."""
DATA = frozenset({"pandas.DataFrame", "pandas.Series", "numpy.ndarray"})
"""What estimators and figures were once given and keep, and do not change when they change themselves."""
_GROUPS = frozenset({"list", "tuple", "dict", "set"})


def named_arguments(row: Call, args: list[Val], kwargs: dict[str, Val]) -> Named:
    """The arguments by the row's parameters; those that cannot be told apart stand under `OPEN`."""
    if not kwargs:
        if not args:
            return {}
        if len(args) <= len(row.params) and "*" not in row.params:
            return dict(zip(row.params, args, strict=False))
    known = args
    if OPEN in kwargs:  # what is behind an unpacked iterable may be any parameter
        unpacked = kwargs[OPEN]
        known = args[: next((i for i, value in enumerate(args) if value is unpacked), 0)]
    named = {parameter: value for parameter, value in zip(row.params, known, strict=False) if parameter != "*"}
    named.update(kwargs)
    several = join(kwargs.get("**", ()), *args[len(known) :])
    if several:
        named[OPEN] = several
    return named


def argument(named: Named, name: str) -> Val:
    """What a parameter is given, or may be given."""
    return named.get(name, named.get(OPEN, ()))


def applies(condition: tuple[str, ...], wanted: bool, named: Named) -> bool | None:
    """Whether one of the parameters is given and is true (or false, as ``wanted``); None where that is open."""
    if not condition:
        return True
    found: list[bool | None] = []
    for name in condition:
        value = named.get(name)
        if value is None:
            found.append(None if OPEN in named else False)
        else:
            known = truth(value)
            found.append(None if known is None else known is wanted)
    return True if True in found else None if None in found else False


def touches(condition: list[Any], receiver: Obj | None, named: Named, table: Table) -> bool:
    """Whether a touch may happen, by the condition that it ends in."""
    if not condition:
        return True
    if condition[0] == "unless":
        if len(condition) == 2:
            return receiver is None or not undrawing(receiver, table)
        several = [o for name in condition[2].split(",") for o in argument(named, name)]
        return not several or not all(undrawing(o, table) for o in several)
    if condition[0] == "without":
        return not any(given(named[name]) for name in condition[1] if name in named)
    if condition[0] == "text":  # what else it may be is the contents of a file
        return any(o.type in ("str", "pathlib.Path") for o in argument(named, condition[1]))
    if condition[0] in ("reads", "writes"):
        opened = argument(named, condition[1])
        mode = const_of(opened) if opened else "r"
        return not isinstance(mode, str) or any(letter in mode for letter in MODES[condition[0]])
    value = named.get(condition[1])
    const = (UNKNOWN if OPEN in named else None) if value is None else const_of(value)
    return const is UNKNOWN or const in condition[2]


def given(value: Val) -> bool:
    """Whether a value is certainly not None."""
    return bool(value) and all(o.kind != "value" or o.type not in (None, "None") for o in value)


def undrawing(obj: Obj, table: Table) -> bool:
    """Whether nothing of an object draws from the global random state: an estimator with a seed, or with no need of one."""
    if atomic(obj) or obj.data == "seeded" or obj.type in DATA:
        return True
    if obj.type in _GROUPS:
        return all(undrawing(o, table) for o in obj.elems)
    klass = table.klass(obj.type) if obj.type is not None else None
    return klass is not None and klass.seedless
