"""What a row says of one call, compared with what the call did."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nb2pipe.analysis.known.table import MODES, Call, Table, conditional, pairs
from tests.analysis.known.digests import Reach, immutable, meets
from tests.analysis.known.world import GENERATORS, Outside

TABLE = Table()
ATOM_NAMES = frozenset({"None", "bool", "int", "float", "str", "complex", "bytes", "range", "slice"})


@dataclass(slots=True)
class Given:
    """A call's receiver and arguments. ``positional`` and ``keywords`` are as a notebook would write them."""

    receiver: Any
    has_receiver: bool
    positional: list[Any]
    keywords: dict[str, Any]
    names: list[str]  # of the positional arguments, by the signature

    def values(self) -> dict[str, Any]:
        """Every value by a label: ``self``, or the parameter's name."""
        found = {"self": self.receiver} if self.has_receiver else {}
        for place, value in enumerate(self.positional):
            found[self.names[place] if place < len(self.names) else f"#{place}"] = value
        found.update(self.keywords)
        return found


@dataclass(slots=True)
class Observed:
    """What a call did."""

    changed: set[str] = field(default_factory=set)
    reaches: dict[str, Reach] = field(default_factory=dict)
    result: Any = None
    result_reach: Reach = field(default_factory=Reach)
    drawn: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    outside: Outside = field(default_factory=Outside)


def labels_of(row: Call, given: Given) -> dict[str, str]:
    """The label of the value that the analysis takes for each parameter name."""
    found = {name: name for name in given.keywords}
    for place in range(len(given.positional)):
        if place < len(row.params) and row.params[place] != "*":
            label = given.names[place] if place < len(given.names) else f"#{place}"
            found.setdefault(row.params[place], label)
    return found


def covered_by_mutates(row: Call, given: Given) -> set[str]:
    """The labels of the values that the row says change in this call."""
    found: set[str] = set()
    named = labels_of(row, given)
    values = given.values()
    for one in row.mutates:
        target, condition, wanted = conditional(one)
        if not _holds(condition, wanted, named, values):
            continue
        target = target.removesuffix("*") or "*"
        if target == "*":
            found.update(k for k in values if k != "self")
        elif target == "self":
            found.add("self" if given.has_receiver else next(iter(values), ""))
        elif target in named:
            found.add(named[target])
    return found


def _holds(condition: tuple[str, ...], wanted: bool, named: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    """Whether one of the arguments is true (``inplace``), or false (``copy=False``), in this call."""
    return not condition or any(name in named and _true(values[named[name]]) is wanted for name in condition)


def _true(value: Any) -> bool:
    try:
        return bool(value)
    except (ValueError, TypeError, RuntimeError):
        return True


def touched(row: Call, given: Given, class_name: str | None, seeded: bool) -> list[tuple[str, str, str]]:
    """The resources that the row says this call touches: kind, key (a path for a file, or ``*``), mode."""
    found = []
    named = labels_of(row, given)
    values = given.values()
    for kind, key, mode, *condition in row.touches:
        if condition and condition[0] == "unless" and len(condition) > 2:
            if all(_undrawing(values[named[name]]) for name in condition[2].split(",") if name in named):
                continue
        elif condition and condition[0] == "unless":
            klass = TABLE.klass(class_name)
            if class_name is not None and (seeded or (klass is not None and klass.seedless)):
                continue
        elif condition and condition[0] == "without":
            if any(name in named and values[named[name]] is not None for name in condition[1]):
                continue
        elif condition and condition[0] in MODES:
            mode = values[named[condition[1]]] if condition[1] in named else "r"
            if isinstance(mode, str) and not set(mode) & set(MODES[condition[0]]):
                continue
        elif condition:
            value = values[named[condition[1]]] if condition[1] in named else None
            if not _unhashable(value) and value not in condition[2]:
                continue
        if kind == "file" and key not in ("*", "self"):
            key = key.partition("+")[0]  # a suffix that is added where it is missing
            if key not in named:
                continue
            found.append((kind, _path(values[named[key]]), mode))
        elif kind == "file" and key == "self":
            found.append((kind, _path(given.receiver), mode))
        else:
            found.append((kind, key, mode))
    return found


def _undrawing(value: Any) -> bool:
    """Whether an argument is no estimator, or one with a seed, or one that needs none."""
    if not hasattr(value, "get_params"):
        return True
    module = ".".join(p for p in type(value).__module__.split(".") if not p.startswith("_"))
    klass = TABLE.klass(f"{module}.{type(value).__name__}")
    return isinstance(getattr(value, "random_state", None), int) or (klass is not None and klass.seedless)


def _unhashable(value: Any) -> bool:
    return not (value is None or isinstance(value, (str, int, float, tuple)))


def _path(value: Any) -> str:
    return os.path.abspath(os.fspath(value)) if isinstance(value, (str, os.PathLike)) else "*"


def faults(
    name: str, row: Call, given: Given, seen: Observed, class_name: str | None = None, *, seeded: bool = False
) -> list[str]:
    """Where the call did more than its row says: the contradictions in the unsafe direction."""
    found: list[str] = []
    values = given.values()
    found += [f"changes {label}" for label in sorted(seen.changed - covered_by_mutates(row, given))]
    found += _keeping(row, given, seen, values)
    found += _sharing(name, row, given, seen, values)
    found += _world(row, given, seen, class_name, seeded)
    named = labels_of(row, given)
    callbacks = {named[c] for c in row.calls if c in named} | ({"*"} if "*" in row.calls else set())
    if not row.lazy or seen.called:
        found += [f"calls {label}" for label in sorted(seen.called - callbacks) if "*" not in callbacks]
    found += type_faults(row, seen.result)
    return found


def _keeping(row: Call, given: Given, seen: Observed, values: Mapping[str, Any]) -> list[str]:
    found = []
    named = labels_of(row, given)
    for holder, holding in seen.reaches.items():
        for held, what in seen.reaches.items():
            if holder == held or values[holder] is values[held] or not (what.objects or what.buffers):
                continue
            if id(values[held]) not in holding.objects and not meets(holding, what):
                continue
            if holder == "self":
                if "*" in row.keeps or held in {named.get(k) for k in row.keeps}:
                    continue
                if row.keeps == ("elements",) and id(values[held]) not in holding.objects:
                    continue
            elif any(named.get(one) == holder and named.get(other) == held for one, other in pairs(row.holds)):
                continue
            if held == "self" or (held, holder) in {f[1:] for f in found}:
                continue
            found.append(("keeps", held, holder))
    return [f"{holder} keeps {held}" for _, held, holder in found]


def _sharing(name: str, row: Call, given: Given, seen: Observed, values: Mapping[str, Any]) -> list[str]:
    named = labels_of(row, given)
    alias, condition, wanted = conditional(row.alias)
    if not _holds(condition, wanted, named, values):
        alias = "fresh"
    if immutable(seen.result) or alias == "args" or (alias == "later" and hasattr(seen.result, "__next__")):
        return []
    first = "self" if given.has_receiver else next(iter(values), "")
    found = []
    for label, what in seen.reaches.items():
        shared = "itself" if id(values[label]) in seen.result_reach.objects else meets(seen.result_reach, what)
        if not shared:
            continue
        if alias == "self" and label == first:
            continue
        if alias.startswith("arg:") and named.get(alias[4:]) == label:
            continue
        if alias == "view" and label == first:
            continue
        if alias.startswith("view:") and label in {named.get(k) for k in alias[5:].split(",")}:
            continue
        if alias == "elements" and (shared != "itself" or row.returns == "iterator" or _fallback(name, label, values)):
            continue
        if alias == "self" and (
            label in {named.get(k) for k in row.keeps} or "*" in row.keeps or label in _kept(row, named)
        ):
            continue
        if (
            label == "self"
            and "self" in covered_by_mutates(row, given)
            and shared == "dict"
            and not vars_of(values[label])
        ):
            continue
        found.append(f"result shares {shared} with {label}")
    return found


def _fallback(name: str, label: str, values: Mapping[str, Any]) -> bool:
    """Whether a call may give this argument as it is: ``max(a, b)``, ``d.get(key, default)``."""
    method = name.rpartition(".")[2]
    place = [k for k in values if k != "self"].index(label) if label != "self" else -1
    if name in ("min", "max"):
        return len(values) > 1
    return (place == 1 and (name == "next" or method in ("get", "pop", "fromkeys"))) or (
        place == 2 and name == "functools.reduce"
    )


def _kept(row: Call, named: Mapping[str, str]) -> set[str]:
    return {named[held] for _, held in pairs(row.holds) if held in named}


def vars_of(value: Any) -> dict[str, Any]:
    return getattr(value, "__dict__", {}) or {}


def _world(row: Call, given: Given, seen: Observed, class_name: str | None, seeded: bool) -> list[str]:
    found = []
    touches = touched(row, given, class_name, seeded)
    claimed = {(kind, key) for kind, key, mode in touches if mode != "read"}
    found += [f"draws from {g}" for g in GENERATORS if g in seen.drawn and ("random", g) not in claimed]
    files = [(key, mode) for kind, key, mode in touches if kind == "file"]
    for path in sorted(seen.outside.writes):
        if not any(mode != "read" and (key == "*" or path.startswith(key)) for key, mode in files):
            found.append("writes a file")
            break
    for path in sorted(seen.outside.reads - seen.outside.writes):
        if not any(key == "*" or path.startswith(key) for key, mode in files):
            found.append("reads a file")
            break
    if seen.outside.network and not any(kind == "network" for kind, *_ in touches):
        found.append("goes to the network")
    if seen.outside.process and not any(kind == "file" and key == "*" for kind, key, _ in touches):
        found.append("starts a process")
    return found


def type_faults(row: Call, result: Any) -> list[str]:
    """A result that can change, said to be one that cannot."""
    if row.alias in ("self",) or row.alias.startswith("arg:") or row.returns is None:
        if row.constant and row.returns is None and not _settled(result):
            return [f"result is {type(result).__qualname__}, not constant"]
        return []
    klass = TABLE.klass(row.returns)
    claimed = row.returns in ATOM_NAMES or (klass is not None and klass.immutable and row.returns != "tuple")
    if claimed and not _settled(result):
        return [f"result is {type(result).__qualname__}, not {row.returns}"]
    return []


def _settled(value: Any) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return all(_settled(v) for v in value)
    return immutable(value) or (callable(value) and not hasattr(value, "__dict__"))


def type_differs(row: Call, result: Any) -> str:
    """The type of the result where it is not the one that the row names, for the survey; "" where it is."""
    if (
        row.returns in (None, "like", "object", "iterator", "file")
        or row.alias in ("self",)
        or row.alias.startswith("arg:")
    ):
        return ""
    names = {f"{k.__module__}.{k.__qualname__}".removeprefix("builtins.") for k in type(result).__mro__}
    short = {n.partition(".")[0] + "." + n.rpartition(".")[2] for n in names} | {n.rpartition(".")[2] for n in names}
    wanted = str(row.returns)
    if (
        wanted in names
        or wanted in short
        or wanted.rpartition(".")[2] in short
        or (wanted == "None" and result is None)
    ):
        return ""
    if result is None or (wanted == "numpy.ndarray" and immutable(result)):
        return ""
    return f"{type(result).__qualname__}, not {wanted}"
