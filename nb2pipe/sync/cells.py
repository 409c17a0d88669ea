"""A cell's text with the statements that it is to have: what is not edited stays as it stands, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from nb2pipe.emit.source import Statement, first_line, statements
from nb2pipe.notebook.model import Code
from nb2pipe.package.magics import is_magic
from nb2pipe.sync.inverse import Extra, in_magic, not_passing, not_taking, shown
from nb2pipe.sync.owners import Item, Wanted
from nb2pipe.sync.units import Unit, is_definition, same

Ending = Literal["", "explicit", "silent"]
"""How the last expression of a cell is written: as a notebook has it, as ``display(x)``, or ``x;`` which shows nothing."""


class _Chunk(NamedTuple):
    """Whole lines of a cell: those above some statements, and those that the statements share."""

    above: tuple[str, ...]
    lines: tuple[str, ...]
    origins: tuple[int, ...]


@dataclass(slots=True)
class _Piece:
    """Lines of the new text. ``explicit`` and ``silent`` are the other ways to write them, where there are."""

    above: list[str]
    lines: list[str]
    explicit: list[str] | None = None
    silent: list[str] | None = None


@dataclass(slots=True)
class _Plan:
    """What is added before and behind each statement of a cell, and what becomes of itself; all by its number."""

    before: dict[int, list[Unit]] = field(default_factory=dict)
    behind: dict[int, list[Unit]] = field(default_factory=dict)
    items: dict[int, list[Item]] = field(default_factory=dict)
    owned: list[int] = field(default_factory=list)


def rebuilt(code: Code, wanted: Sequence[Wanted], extra: Extra, ending: Ending = "") -> str:
    """The cell's text as it is wanted; ``extra`` are the arguments that functions of the package take and pass on."""
    assert code.tree is not None  # noqa: S101  it became part of a package
    source = code.cell.source
    found = statements(source, code.tree).statements
    lines = source.split("\n")
    plan = _planned(len(found), wanted)
    pieces: list[_Piece] = [] if found else [_added(u, extra) for u in plan.behind.get(-1, ())]
    for chunk in _chunks(lines, found):
        pieces += _kept(chunk, found, plan, extra)
    below = next((w.below for w in wanted if w.below is not None), None)
    tail = lines[_end(found[-1]) :] if found else [line for line in lines if line.strip()]
    return "\n".join([*_written(pieces, ending), *(tail if below is None else below)])


def _chunks(lines: Sequence[str], found: Sequence[Statement]) -> list[_Chunk]:
    chunks: list[_Chunk] = []
    row = 0
    for number, statement in enumerate(found):
        first, last = first_line(statement.node), _end(statement)
        if chunks and first <= row:
            old = chunks[-1]
            chunks[-1] = _Chunk(old.above, (*old.lines, *lines[row:last]), (*old.origins, number))
        else:
            chunks.append(_Chunk(tuple(lines[row : first - 1]), tuple(lines[first - 1 : last]), (number,)))
        row = last
    return chunks


def _end(statement: Statement) -> int:
    return statement.node.end_lineno or statement.node.lineno


def _planned(count: int, wanted: Sequence[Wanted]) -> _Plan:
    """Where the statements that were added go: behind the one above them, else before the one below."""
    plan = _Plan(owned=[o for w in wanted for o in w.origins])
    for one in wanted:
        last: int | None = None
        waiting: list[Unit] = []
        for item in one.items:
            if item.origin is not None:
                last = item.origin
                plan.items.setdefault(last, []).append(item)
                plan.before.setdefault(last, []).extend(waiting)
                waiting = []
            elif last is None:
                waiting.append(item.new)
            else:
                plan.behind.setdefault(last, []).append(item.new)
        if one.first and count:
            plan.before.setdefault(0, [])[:0] = waiting
        else:
            plan.behind.setdefault(count - 1, []).extend(waiting)
    return plan


def _added(unit: Unit, extra: Extra) -> _Piece:
    text = not_passing(unit.text, extra)
    above = ["", "", *unit.above] if is_definition(unit) and "" not in unit.above else list(unit.above)
    return _Piece(above, _with(text, unit.beside), silent=_with(f"{text};", unit.beside))


def _with(text: str, beside: str) -> list[str]:
    return (f"{text}  {beside}" if beside else text).split("\n")


class _Seat(NamedTuple):
    """Where a statement stands: the lines above it, and what stands before and behind it on its own lines."""

    above: list[str]
    head: str
    rest: str


def _kept(chunk: _Chunk, found: Sequence[Statement], plan: _Plan, extra: Extra) -> list[_Piece]:
    """The lines of a chunk with its statements as they are wanted, and with what is added among them."""
    first, last = chunk.origins[0], chunk.origins[-1]
    apart = any(plan.behind.get(o) for o in chunk.origins[:-1]) or any(plan.before.get(o) for o in chunk.origins[1:])
    intact = all(_unchanged(plan.items.get(o, ()), plan.owned.count(o)) for o in chunk.origins if o in plan.owned)
    pieces = [_added(u, extra) for u in plan.before.get(first, ())]
    if intact and not apart:
        pieces.append(_as_it_stands(chunk, found, plan.items))
    else:
        for origin in chunk.origins:
            if origin != first:
                pieces += [_added(u, extra) for u in plan.before.get(origin, ())]
            pieces += _statement(chunk, origin, found[origin], plan, extra)
            if origin != last:
                pieces += [_added(u, extra) for u in plan.behind.get(origin, ())]
    return [*pieces, *(_added(u, extra) for u in plan.behind.get(last, ()))]


def _statement(chunk: _Chunk, origin: int, statement: Statement, plan: _Plan, extra: Extra) -> list[_Piece]:
    """The lines of one statement; those that shared a line get lines of their own."""
    items = plan.items.get(origin, ())
    above = _above(chunk, items) if origin == chunk.origins[0] else []
    if len(chunk.origins) == 1:
        begin = chunk.lines[0]
        seat = _Seat(above, begin[: len(begin) - len(begin.lstrip())], _rest(chunk, statement))
    else:
        seat = _Seat(above, "", f"  {statement.beside}" if statement.beside else "")
    if origin not in plan.owned:
        return [_Piece(above, f"{seat.head}{statement.text}{seat.rest}".split("\n"))]
    if is_magic(statement.node):
        return _edited_magic(chunk.lines[0], above, items, extra)
    return [_edited(seat, statement, item, extra) for item in items]


def _rest(chunk: _Chunk, statement: Statement) -> str:
    """What stands behind the last statement of a chunk: a semicolon, a comment."""
    return chunk.lines[-1][statement.node.end_col_offset or 0 :]


def _unchanged(items: Sequence[Item], count: int) -> bool:
    return len(items) == count and all(i.old is not None and same(i.old, i.new) for i in items)


def _as_it_stands(chunk: _Chunk, found: Sequence[Statement], items: Mapping[int, Sequence[Item]]) -> _Piece:
    last = found[chunk.origins[-1]]
    own = items.get(chunk.origins[-1], ())
    piece = _Piece(_above(chunk, items.get(chunk.origins[0], ())), list(chunk.lines))
    if own and not is_magic(last.node):
        rest = _rest(chunk, last)
        text = "\n".join(chunk.lines)
        before = text[: len(text) - len(rest)]
        piece.silent = f"{before};{rest}".split("\n")
        if shown(own[0].new.text) is not None and shown(last.text) is None:
            piece.explicit = f"{before[: len(before) - len(last.text)]}display({last.text}){rest}".split("\n")
    return piece


def _above(chunk: _Chunk, items: Sequence[Item]) -> list[str]:
    """The lines above a statement, with the comments that it has now."""
    if not items or items[0].old is None or items[0].old.above == items[0].new.above:
        return list(chunk.above)
    above = list(items[0].new.above)
    if above[:1] != [""] and "" not in items[0].old.above:  # of a first statement or a definition they say nothing
        blank = next((n for n, line in enumerate(chunk.above) if line.strip()), len(chunk.above))
        above = [*chunk.above[:blank], *above]
    return above


def _edited_magic(head: str, above: list[str], items: Sequence[Item], extra: Extra) -> list[_Piece]:
    """A magic of which the plain form was edited: the magic with other Python, else that plain form."""
    inner = in_magic(head, items[0].new.text) if len(items) == 1 else None
    if inner is not None:
        return [_Piece(above, inner.split("\n"))]
    pieces = [_added(i.new, extra) for i in items]
    if pieces:
        pieces[0].above = above
    return pieces


def _edited(seat: _Seat, statement: Statement, item: Item, extra: Extra) -> _Piece:
    text = item.new.text
    definition = is_definition(item.new)
    taken = extra.get(getattr(statement.node, "name", ""), ()) if definition else ()
    text = not_passing(not_taking(text, taken) if taken else text, extra)
    rest = seat.rest
    if item.old is None or item.old.beside != item.new.beside:
        rest = (";" if statement.silent else "") + (f"  {item.new.beside}" if item.new.beside else "")
    wrapped = shown(statement.text) is None and item.old is not None and shown(item.old.text) is not None
    inner = shown(text) if wrapped else None

    def lines(middle: str) -> list[str]:
        return f"{seat.head}{middle}{rest}".split("\n")

    explicit = None if inner is None else lines(text)
    return _Piece(seat.above, lines(inner or text), explicit, None if statement.silent else lines(f"{text};"))


def _written(pieces: Sequence[_Piece], ending: Ending) -> list[str]:
    lines: list[str] = []
    for number, piece in enumerate(pieces, 1):
        way = ending if number == len(pieces) else "explicit"
        chosen = {"": None, "explicit": piece.explicit, "silent": piece.silent}[way]
        lines += [*(piece.above if lines else _without_gap(piece.above)), *(chosen or piece.lines)]
    return lines


def _without_gap(above: list[str]) -> list[str]:
    """The lines above the first statement of a cell, which begins with no empty ones."""
    first = next((n for n, line in enumerate(above) if line.strip()), len(above))
    return above[first:]
