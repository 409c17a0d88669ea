"""Steps whose cells stand apart: joined where the pipeline still computes what the notebook does, else kept as parts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from nb2pipe.diagnostics import Diagnostic, Severity, Site, Span, say
from nb2pipe.pipeline.blocks import BlockEffects
from nb2pipe.pipeline.demand import Needs
from nb2pipe.pipeline.external import Order
from nb2pipe.pipeline.split import Block


class Merged(NamedTuple):
    """``home`` gives for each block the block that leads its step; ``names`` the steps' names by leading block."""

    home: tuple[int, ...]
    names: dict[int, str]
    diagnostics: tuple[Diagnostic, ...]


def merge_reopened(
    blocks: Sequence[Block],
    composed: Sequence[BlockEffects],
    needs: Sequence[Needs],
    external: Sequence[Order],
    *,
    join: bool = True,
) -> Merged:
    """Join the blocks of each step name where that is safe, or without ``join`` nowhere.

    Joining runs the later part where the earlier one runs. That is safe where nothing in between leads from the one to
    the other (a circle of steps), where no name reaches the two parts in different versions, and where nobody
    needs a version that the later part replaces.
    """
    home = list(range(len(blocks)))
    names: dict[int, str] = {}
    leaders: dict[str, list[int]] = {}
    diagnostics = []
    taken = {b.step for b in blocks}
    for position, block in enumerate(blocks):
        earlier = leaders.get(block.step)
        if earlier is None:
            leaders[block.step] = [position]
            names[position] = block.step
            continue
        trial = list(home)
        trial[position] = earlier[-1]
        problem = _circle(trial, needs, external, blocks) or _clash(position, earlier[-1], trial, composed, needs)
        if problem is None and not join:
            problem = [earlier[-1]]
        if problem is None:
            home = trial
            continue
        number = len(earlier) + 1
        while f"{block.step}_{number}" in taken:
            number += 1
        name = f"{block.step}_{number}"
        taken.add(name)
        names[position] = name
        earlier.append(position)
        diagnostics.append(_report(block, blocks, composed, needs, position, name, problem))
    return Merged(tuple(home), names, tuple(diagnostics))


def _edges(home: Sequence[int], needs: Sequence[Needs], external: Sequence[Order]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for position, need in enumerate(needs):
        for producer in need.inputs.values():
            if home[producer] != home[position]:
                found.setdefault(home[producer], set()).add(home[position])
    for order in external:
        if home[order.source] != home[order.target]:
            found.setdefault(home[order.source], set()).add(home[order.target])
    return found


def _circle(
    home: Sequence[int], needs: Sequence[Needs], external: Sequence[Order], blocks: Sequence[Block]
) -> list[int] | None:
    """The blocks of a circle that leads back to a step, or None."""
    edges = _edges(home, needs, external)
    for start in sorted(set(home)):
        stack = [(start, [start])]
        seen: set[int] = set()
        while stack:
            current, path = stack.pop()
            for target in sorted(edges.get(current, ())):
                if target == start:
                    return path
                if target not in seen:
                    seen.add(target)
                    stack.append((target, [*path, target]))
    return None


def _clash(
    part: int, leader: int, home: Sequence[int], composed: Sequence[BlockEffects], needs: Sequence[Needs]
) -> list[int] | None:
    """A name that the parts would need in two versions, or that somebody needs as the earlier part left it."""
    others = [p for p, h in enumerate(home) if h == leader and p != part]
    for name, producer in needs[part].inputs.items():
        if home[producer] == leader:
            continue
        for other in others:
            version = needs[other].inputs.get(name)
            if (version is not None and home[version] != home[producer]) or name in composed[other].writes:
                return [leader, home[producer]]
            if version is None and name in composed[other].uses:
                return [leader, home[producer]]
    written = {n for n, w in composed[part].writes.items()}
    for position, need in enumerate(needs):
        if home[position] == leader:
            continue
        for name, producer in need.inputs.items():
            if producer in others and name in written:
                return [leader, home[position]]
    return None


def _report(
    block: Block,
    blocks: Sequence[Block],
    composed: Sequence[BlockEffects],
    needs: Sequence[Needs],
    position: int,
    name: str,
    circle: Sequence[int],
) -> Diagnostic:
    """Say the whole circle with its evidence."""
    sites = []
    steps = [blocks[i].step for i in circle]
    ring = [*circle, position]
    for source, target in itertools.pairwise(ring):
        for value, producer in sorted(needs[target].inputs.items()):
            if blocks[producer].step == blocks[source].step:
                write = composed[producer].writes.get(value)
                read = composed[target].uses.get(value)
                if write is not None:
                    sites.append(Site(write.span, say("step %1 writes %2", blocks[source].step, value)))
                if read is not None:
                    sites.append(Site(read, say("step %1 reads %2", blocks[target].step, value)))
                break
    path = " -> ".join([*dict.fromkeys(steps), block.step])
    return Diagnostic(
        Span(block.cells[0]),
        "NB304",
        Severity.WARNING,
        say("step `%1` is reopened after a step that stands between its cells: %2", block.step, path),
        hint=say("move the cell up to the other cells of `%1`, or give it a step name of its own", block.step),
        why=say(
            "as one step this would be a circle, so the later cells run as a step `%1`, which computes the same", name
        ),
        sites=tuple(sites),
    )
