"""The sure types of what steps take and give become annotations, where a name for them costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nb2pipe.analysis.effects import Certainty, Effects
from nb2pipe.package.bindings import Place
from nb2pipe.package.known_types import BUILTINS
from nb2pipe.package.model import Import, PlannedStep
from nb2pipe.package.sure_types import Known, Types, types_after

_ANY = Import("Any", "typing", "Any")


def typed(
    steps: Sequence[PlannedStep], own: Mapping[str, Sequence[Place]], known: Known, effects: Mapping[int, Effects]
) -> tuple[list[PlannedStep], list[Import]]:
    """The steps with annotations, and the imports that only these need; ``own`` are the statements of each step.

    Where the notebook sets attributes of others' modules, no call is sure to be what it is named, and nothing is annotated.
    """
    if any(a.resource.key.startswith("patch:") for e in effects.values() for a in e.accesses):
        return list(steps), []
    names = {s.name for s in steps}
    uncertain = {n for places in own.values() for p in places for n in p.names.declared}
    now: Types = {}
    found: list[PlannedStep] = []
    more: dict[str, Import] = {}
    for step in steps:
        after: Types = {}
        if step.form == "function":
            before = {n: t for n, t in now.items() if n in step.takes}
            after = types_after(own[step.name], before, known)
            after = {n: t for n, t in after.items() if _agreed(n, t, step, effects) and n not in uncertain}
        types = {}
        for name, kind, side in (
            *((n, now.get(n, ""), "takes") for n in step.takes), *((n, after.get(n, ""), "gives") for n in step.gives),
        ):  # fmt: skip
            text, entry = _written(kind, known, names)
            if text:
                types[name, side] = text
                more |= {entry.name: entry} if entry else {}
        if len(step.gives) > 1 and 0 < sum((n, "gives") in types for n in step.gives) < len(step.gives):
            if "Any" in known.bound | names and known.imports.get("Any") != (_ANY,):
                types = {key: text for key, text in types.items() if key[1] == "takes"}
            else:
                more["Any"] = _ANY
        found.append(_with(step, types))
        now |= {n: after.get(n, "") for n in step.gives}
    return found, list(more.values())


def _agreed(name: str, kind: str, step: PlannedStep, effects: Mapping[int, Effects]) -> bool:
    """Whether the analysis, where it has an opinion of what a step binds last, has this one, and the step is sure to bind."""
    definitions = [d for c in step.cells if c in effects for d in effects[c].definitions if d.name == name]
    if not definitions:
        return True
    last = definitions[-1]
    return last.certainty is Certainty.MUST and last.kind in ("", kind)


def _with(step: PlannedStep, types: Mapping[tuple[str, str], str]) -> PlannedStep:
    given = [(n, "gives") in types for n in step.gives]
    roots = {text.partition(".")[0] for text in types.values()} | ({"Any"} if any(given) and not all(given) else set())
    return step._replace(types=tuple(types.items()), mentions=step.mentions | roots)


def _written(kind: str, known: Known, steps: set[str]) -> tuple[str, Import | None]:
    """How a type is written, "" where no name for it is at hand, and the import that this needs anew."""
    taken = {*known.bound, *steps}
    if kind in BUILTINS.values():
        return ("" if kind in taken else kind), None
    module, _, name = kind.rpartition(".")
    if not module:
        return ("" if name in steps else name), None
    for bound, entries in known.imports.items():
        if bound.startswith("_"):  # a private name has no place in a signature
            continue
        for entry in entries:
            if entry.member and f"{entry.module}.{entry.member}" == kind and bound not in steps:
                return bound, None
            path = kind.removeprefix(f"{entry.module}.")
            near = entry.module == module or (entry.module, path) == ("numpy", "random.Generator")
            if not entry.member and near and bound not in steps:
                return f"{bound if entry.alias else entry.module}.{path}", None
    imported = any(e.module == module for entries in known.imports.values() for e in entries)
    return (name, Import(name, module, name)) if imported and name not in taken else ("", None)
