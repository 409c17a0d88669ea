"""Which functions and classes of a notebook can stand in a module of their own, and what they take with them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from nb2pipe.package.bindings import BUILTINS, Place
from nb2pipe.package.calls import WITH_VALUES, ShadowedError, hands_on, passing, taking
from nb2pipe.package.definitions import DEFINITIONS, Acting
from nb2pipe.package.model import Function


def lifted(
    places: Sequence[Place],
    bound: Mapping[str, Sequence[Place]],
    imported: AbstractSet[str],
    changed: AbstractSet[str],
    acting: Acting,
) -> dict[str, Function]:
    """The functions and classes that mean the same in a module, by name.

    ``imported`` are the names that imports bind at the top of modules; ``changed`` those whose objects the notebook
    changes or deletes; ``acting`` tells which definitions do something where they stand, and stay there.
    """
    candidates = {p.statement.node.name: p for p in places if _may(p, bound, changed, acting)}  # type: ignore[attr-defined]  # definitions
    while True:
        extra = _extra(candidates, bound, imported)
        bad = {n for n, p in candidates.items() if not _stands(p, candidates, extra, bound, imported)}
        bad |= _in_the_way(places, candidates, {n: e for n, e in extra.items() if e and n not in bad}, bound)
        if not bad:
            break
        candidates = {n: p for n, p in candidates.items() if n not in bad}
    passed = {n: e for n, e in extra.items() if e}
    found = {}
    for name, place in candidates.items():
        text = taking(passing(place.statement.text, passed), extra[name])
        mentions = place.names.mentioned - {*extra[name]}
        if f"{WITH_VALUES}(" in text:
            mentions |= {WITH_VALUES}
        found[name] = Function(name, place.statement, text, extra[name], frozenset(mentions), place.cell, place.origin)
    return found


def at_home(
    places: Sequence[Place],
    home: Mapping[int, str],
    known: AbstractSet[str],
    inputs: Mapping[str, AbstractSet[str]],
    changed: AbstractSet[str],
    acting: Acting,
) -> dict[str, dict[str, Function]]:
    """The functions and classes whose names the notebook binds anew, and that can stand at the top of their step's module.

    By step and name. ``home`` is the step of each cell, ``known`` are the names that mean the same in all of the notebook,
    ``inputs`` what each step has from others, ``changed`` the names whose objects the notebook changes or deletes,
    ``acting`` which definitions do something where they stand.
    """
    there = Counter((home.get(p.cell, ""), n) for p in places for n in p.names.bound | p.names.declared)
    found: dict[str, dict[str, Function]] = {}
    for place in places:
        node, step = place.statement.node, home.get(place.cell, "")
        if not step or not _may_move(place, changed, acting) or not place.names.mentioned <= known:
            continue
        assert isinstance(node, DEFINITIONS)  # noqa: S101  others may not
        if there[step, node.name] == 1 and node.name not in inputs[step]:
            text, mentions = place.statement.text, frozenset(place.names.mentioned)
            found.setdefault(step, {})[node.name] = Function(
                node.name, place.statement, text, (), mentions, place.cell, place.origin
            )
    return found


def _may(place: Place, bound: Mapping[str, Sequence[Place]], changed: AbstractSet[str], acting: Acting) -> bool:
    return _may_move(place, changed, acting) and len(bound[place.statement.node.name]) == 1  # type: ignore[attr-defined]  # definitions


def _may_move(place: Place, changed: AbstractSet[str], acting: Acting) -> bool:
    """Whether this is a definition that binds and does nothing outside of it, of an object that nothing changes."""
    node = place.statement.node
    if not isinstance(node, DEFINITIONS) or place.names.declared or node.name in changed:
        return False
    return not any(isinstance(n, (ast.Nonlocal, ast.Global)) for n in ast.walk(node)) and not acting.acts(node)


def _extra(
    candidates: Mapping[str, Place], bound: Mapping[str, Sequence[Place]], imported: AbstractSet[str]
) -> dict[str, tuple[str, ...]]:
    """The values of the notebook that each function reads, itself or through those that it calls."""
    own = {
        name: {n for n in place.names.mentioned if n in bound and n not in imported and n not in candidates}
        for name, place in candidates.items()
    }
    while True:
        more = {
            name: own[name].union(*(own[n] for n in place.names.mentioned if n in candidates))
            for name, place in candidates.items()
        }
        if more == own:
            return {name: tuple(sorted(values)) for name, values in own.items()}
        own = more


def _stands(
    place: Place,
    candidates: Mapping[str, Place],
    extra: Mapping[str, tuple[str, ...]],
    bound: Mapping[str, Sequence[Place]],
    imported: AbstractSet[str],
) -> bool:
    """Whether a definition means the same in a module, once its values are passed on to it."""
    node: ast.stmt = place.statement.node
    assert isinstance(node, DEFINITIONS)  # noqa: S101  all candidates are
    unknown = place.names.mentioned - candidates.keys() - imported - bound.keys()
    if unknown - BUILTINS or "__name__" in unknown:
        return False
    now = place.names.read
    for name in now & candidates.keys():
        other = candidates[name]
        if (other.cell, other.position) > (place.cell, place.position) or extra[name]:
            return False
    if now - candidates.keys() - imported - BUILTINS:
        return False
    needed = extra[node.name]
    if not needed:
        return True
    if isinstance(node, ast.ClassDef) or node.decorator_list:
        return False
    later = any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.GeneratorExp))
                for n in ast.walk(node) if n is not node)  # fmt: skip
    return not later or all(len(bound[n]) == 1 for n in needed)


def _in_the_way(
    places: Sequence[Place],
    candidates: Mapping[str, Place],
    extra: Mapping[str, tuple[str, ...]],
    bound: Mapping[str, Sequence[Place]],
) -> set[str]:
    """The functions whose values cannot be passed on somewhere."""
    found: set[str] = set()
    if not extra:
        return found
    for place in places:
        if not place.names.mentioned & extra.keys():
            continue
        inside = getattr(place.statement.node, "name", "") in candidates
        for name in sorted(place.names.mentioned & extra.keys()):
            one = {name: extra[name]}
            try:
                if hands_on(place.statement.text, one) and any(len(bound[n]) > 1 for n in one[name]):
                    found.add(name)
                if not inside and not all(_there(bound[n], place) for n in one[name]):
                    found.add(name)
                passing(place.statement.text, one)
            except (ShadowedError, SyntaxError):
                found.add(name)
    return found


def _there(binding: Sequence[Place], place: Place) -> bool:
    """Whether a name has a value where a statement stands; parameters, which no statement binds, always do."""
    return not binding or min((p.cell, p.position) for p in binding) < (place.cell, place.position)


def ordered(functions: Mapping[str, Function]) -> Iterator[Function]:
    """The functions in the notebook's order."""
    yield from sorted(functions.values(), key=lambda f: (f.cell, f.statement.node.lineno))
