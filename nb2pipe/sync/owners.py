"""Whose each statement of a package is: the cell, and which of the cell's statements."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nb2pipe.package.model import Part, Plan, PlannedStep
from nb2pipe.package.prose import comment
from nb2pipe.sync.align import aligned
from nb2pipe.sync.units import Body, Unit, comments, parsed, same

_ENDS = ("display(", "with timed():", "with captured(")
"""How the last statement of a cell may begin, so that nothing can come behind it: it is shown, or the cell is one magic."""


class Owner(NamedTuple):
    """The cell that a statement belongs to, and the number of the statement there.

    ``origin`` is None for one that the cell did not have, and ``made`` is whether nb2pipe writes it of its own accord.
    """

    cell: int
    origin: int | None
    made: bool = False


class Item(NamedTuple):
    """A statement that a cell is to have: ``origin`` is the cell's own, as ``old`` was written from it; None where it is new.

    ``new`` is as it was edited; above it stand only the comments that are its own.
    """

    origin: int | None
    old: Unit | None
    new: Unit


class Wanted(NamedTuple):
    """What a cell is to have in place of its statements ``origins``, and the comments below (None: as they are).

    ``first`` is whether it goes before all else, where no statement of the cell says its place.
    """

    items: tuple[Item, ...]
    origins: tuple[int, ...]
    below: tuple[str, ...] | None = None
    first: bool = False


class Owned(NamedTuple):
    """A body, the owner of each unit, and for each of its cells the comment that its Markdown became."""

    body: Body
    owners: tuple[Owner, ...]
    prose: Mapping[int, tuple[str, ...]]
    home: int


def owned_step(body: Body, step: PlannedStep) -> Owned:
    """The body of a step's function, as it was written."""
    owners = [o for part in step.parts for o in _owners(part)]
    if step.gives:
        owners.append(Owner(step.parts[-1].cell, None, made=True))
    prose = {p.cell: tuple(comment(p.prose).split("\n")) for p in step.parts if p.prose}
    return Owned(body, tuple(owners), prose, step.cells[0])


def owned_section(body: Body, part: Part) -> Owned:
    """A cell of a script, as it was written."""
    return Owned(body, tuple(_owners(part)), {}, part.cell)


def owned_functions(body: Body, plan: Plan) -> Owned:
    """The file of functions, as it was written."""
    owners = tuple(Owner(f.cell, f.origin) for f in plan.functions)
    return Owned(body, owners, {}, plan.functions[0].cell)


def _owners(part: Part) -> list[Owner]:
    count = len(parsed(part.lines).body)
    made = [Owner(part.cell, None, made=True)] * (count - len(part.origins))
    return [*(Owner(part.cell, o) for o in part.origins), *made]


def wanted_in_functions(base: Owned, edited: Body) -> dict[int, Wanted]:
    """What the cells are to have, that the file of functions was written from; only those that change."""
    old = [u._replace(above=comments(u.above)) for u in base.body.units]
    new = [u._replace(above=comments(u.above)) for u in edited.units]
    owners = _given([u.text for u in new], aligned(old, new), base)
    return _wanted((old, base.owners, {}), (new, owners, {}))


def wanted_in_body(base: Owned, edited: Body) -> dict[int, Wanted]:
    """What the cells of a step are to have; only those that change."""
    pairs = aligned(base.body.units, edited.units)
    owners: list[Owner | None] = [None if p is None else base.owners[p] for p in pairs]
    for position, unit in enumerate(edited.units):
        owner = owners[position]
        if owner is None and isinstance(parsed(unit.text).body[0], ast.Return):
            owners[position] = Owner(base.owners[-1].cell if base.owners else base.home, None, made=True)
    _give(owners, edited.units, base)
    given = [o for o in owners if o is not None]
    old, below = _own_comments(base.body, base.owners, base.prose)
    new, below_new = _own_comments(edited, given, base.prose)
    return _wanted((old, base.owners, below), (new, given, below_new))


_Side = tuple[Sequence[Unit], Sequence[Owner], Mapping[int, tuple[str, ...]]]


def _wanted(base: _Side, edited: _Side) -> dict[int, Wanted]:
    old, new = _by_cell(base), _by_cell(edited)
    places = {(o.cell, o.origin, n): u for o, u, n in old}
    found: dict[int, Wanted] = {}
    for cell in dict.fromkeys(o.cell for o, _, _ in (*old, *new)):
        origins = tuple(o.origin for o, _, _ in old if o.cell == cell and o.origin is not None)
        items = tuple(
            Item(o.origin, places.get((cell, o.origin, n)) if o.origin is not None else None, u)
            for o, u, n in new
            if o.cell == cell
        )
        before, after = base[2].get(cell, ()), edited[2].get(cell, ())
        unchanged = tuple(i.origin for i in items) == origins and all(
            i.old is not None and same(i.old, i.new) and i.old.above == i.new.above for i in items
        )
        if not unchanged or before != after:
            found[cell] = Wanted(items, origins, after if before != after else None)
    return found


def _by_cell(side: _Side) -> list[tuple[Owner, Unit, int]]:
    """The statements that are of cells, each with how many the same statement of its cell had become before it."""
    count: dict[Owner, int] = {}
    found = []
    for unit, owner in zip(side[0], side[1], strict=True):
        if not owner.made:
            count[owner] = count.get(owner, -1) + 1
            found.append((owner, unit, count[owner]))
    return found


def _given(texts: Sequence[str], pairs: Sequence[int | None], base: Owned) -> list[Owner]:
    """The owners of functions: one that was added belongs where the one above it does."""
    found: list[Owner] = []
    for pair in pairs:
        cell = found[-1].cell if found else base.home
        found.append(Owner(cell, None) if pair is None else base.owners[pair])
    return found


def _give(owners: list[Owner | None], units: Sequence[Unit], base: Owned) -> None:
    """Say which cells the statements belong to that were added: those of their neighbours."""
    start = 0
    while start < len(owners):
        if owners[start] is not None:
            start += 1
            continue
        end = start
        while end < len(owners) and owners[end] is None:
            end += 1
        before = owners[start - 1] if start else None
        after = owners[end] if end < len(owners) else None
        if after is not None and after.made and before is not None:
            after = None
        first, second = before or after, after or before
        if first is None or second is None:
            first = second = Owner(base.home, None)
        middle = end if first.cell == second.cell else _boundary(units, start, end, base, (first, second))
        for position in range(start, end):
            owners[position] = Owner((first if position < middle else second).cell, None)
        start = end


def _boundary(units: Sequence[Unit], start: int, end: int, base: Owned, between: tuple[Owner, Owner]) -> int:
    """The first of some statements that belongs to the second of two cells."""
    prose = base.prose.get(between[1].cell, ())
    for position in range(start, end + 1):
        above = units[position].above
        if prose and any(above[i : i + len(prose)] == prose for i in range(len(above))):
            return position
    ends = between[0].made or units[start - 1].text.startswith(_ENDS)
    if ends and "" in units[start].above:
        return start
    return next((p for p in range(end, start - 1, -1) if "" in units[p].above), end)


def _own_comments(
    body: Body, owners: Sequence[Owner], prose: Mapping[int, tuple[str, ...]]
) -> tuple[list[Unit], dict[int, tuple[str, ...]]]:
    """The units, each with the comments of its own; and the comments that stand below the statements of each cell."""
    units: list[Unit] = []
    below: dict[int, tuple[str, ...]] = {}
    previous: Owner | None = None
    for unit, owner in zip(body.units, owners, strict=True):
        own = unit.above
        if owner.made:
            if previous is not None and not previous.made:
                below[previous.cell] = comments(own)
        elif previous is None:
            own = own[1:] if own[:1] == ("",) else own
        elif owner.cell != previous.cell or previous.made:
            gap = own.index("") if "" in own else 0
            tail, own = own[:gap], own[gap + ("" in own) :]
            if not previous.made:
                below[previous.cell] = tail
            said = prose.get(owner.cell, ())
            own = own[len(said) :] if own[: len(said)] == said else own
        units.append(unit._replace(above=own))
        previous = owner
    if previous is not None and not previous.made:
        below[previous.cell] = body.below
    return units, below
