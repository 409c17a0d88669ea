"""What a block of cells does as a whole: the effects of its cells, one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from nb2pipe.analysis.effects import Access, Certainty, Effects, Resource
from nb2pipe.diagnostics import Span

STATES = frozenset({"random", "environment", "cwd", "setting"})
EXTERNAL = frozenset({"file", "network", "display"})
WriteKind = Literal["must", "mutated", "may", "deleted"]


class Write:
    """What a block leaves under a name: a new value, a changed one, one of two, or none."""

    __slots__ = ("kind", "span")

    def __init__(self, kind: WriteKind, span: Span) -> None:
        self.kind = kind
        self.span = span


class BlockEffects:
    """The upward-exposed uses of a block, what it writes, and its accesses to what all processes share.

    States of the process stand among the names, in ``<>``; ``free`` are the random states that it draws from
    unseeded, so that nothing depends on the order.
    """

    __slots__ = ("cells", "external", "free", "modules", "resources", "uses", "writes")

    def __init__(self, cells: tuple[int, ...]) -> None:
        self.cells = cells
        self.uses: dict[str, Span] = {}
        self.writes: dict[str, Write] = {}
        self.external: list[Access] = []
        self.resources: dict[str, Resource] = {}
        self.modules: dict[str, None] = {}
        self.free: set[str] = set()


def state_name(resource: Resource) -> str:
    """The name under which a state of the process flows as a value."""
    return f"<{resource.key}>"


def relevant_accesses(effects: Sequence[Effects]) -> dict[int, tuple[Access, ...]]:
    """The accesses of each cell that order anything: draws before any seed is set are free of one another."""
    pinned: set[str] = set()
    found = {}
    for effect in effects:
        kept = []
        for access in effect.accesses:
            if access.resource.kind == "clock":
                continue
            if access.resource.kind == "random":
                if access.mode in ("set", "read"):
                    pinned.add(access.resource.key)
                elif access.resource.key not in pinned:
                    continue
            kept.append(access)
        found[effect.cell] = tuple(kept)
    return found


def compose(
    cells: tuple[int, ...], effects: Mapping[int, Effects], accesses: Mapping[int, tuple[Access, ...]]
) -> BlockEffects:
    """The effects of ``cells`` run one after another."""
    block = BlockEffects(cells)
    defined: set[str] = set()
    for cell in cells:
        effect = effects.get(cell)
        if effect is None:
            continue
        block.modules.update(dict.fromkeys(effect.modules))
        for use in effect.uses:
            if use.name not in defined:
                block.uses.setdefault(use.name, use.span)
        for mutation in effect.mutations:
            if mutation.name not in defined:
                block.writes[mutation.name] = Write("mutated", mutation.span)
        for deletion in effect.deletions:
            if deletion.certainty is Certainty.MUST:
                block.writes[deletion.name] = Write("deleted", deletion.span)
                defined.add(deletion.name)
            elif deletion.name not in defined:
                _may(block, deletion.name, deletion.span)
        for definition in effect.definitions:
            if definition.certainty is Certainty.MUST:
                block.writes[definition.name] = Write("must", definition.span)
                defined.add(definition.name)
            elif definition.name not in defined or block.writes[definition.name].kind == "deleted":
                _may(block, definition.name, definition.span)
                if definition.name in defined:
                    block.writes[definition.name] = Write("must", definition.span)
        ordered = accesses.get(cell, ())
        block.free.update(
            state_name(a.resource) for a in effect.accesses if a.resource.kind == "random" and a not in ordered
        )
        for access in ordered:
            _access(block, access, defined)
    return block


def _may(block: BlockEffects, name: str, span: Span) -> None:
    """A may-definition: what reached before may reach still; a change that is already there says more."""
    known = block.writes.get(name)
    if known is None or known.kind not in ("mutated", "must"):
        block.writes[name] = Write("may", span)


def _access(block: BlockEffects, access: Access, defined: set[str]) -> None:
    resource = access.resource
    if resource.kind in EXTERNAL:
        block.external.append(access)
        return
    name = state_name(resource)
    block.resources[name] = resource
    if access.mode == "set" and access.certainty is Certainty.MUST:
        block.writes[name] = Write("must", access.span)
        defined.add(name)
        return
    if name not in defined:
        block.uses.setdefault(name, access.span)
        if access.mode != "read":
            block.writes[name] = Write("mutated", access.span)
