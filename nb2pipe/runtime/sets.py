"""Sets as they are laid out in memory, on which their order rests: built anew of their elements, half of them have another.

A set of CPython is a table of hashes with open addressing (Objects/setobject.c). Where an element stands, and in which order the
set is gone through, rests on the size of the table and on what stood in the way when it was added, also what has been removed
since. All of that is read here from memory, and made again by adding and removing; but for where `pop` goes on, which is written.
"""

from __future__ import annotations

import ctypes
import itertools
import pickle
import struct
import sys
from array import array
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

_LINEAR_PROBES, _PERTURB_SHIFT = 9, 5
_HEAD = struct.Struct("4nn2n")  # fill, used, mask, table; the hash of a frozenset; finger
_FINGER = 16 + 40  # where the last of these stands in a set, in bytes
_FEW, _MANY, _TRIES = 7, 1000, 100
_FAR = 2**40  # what keeps a place has a number from here on


class Arranged(NamedTuple):
    """How a set is built: ``keepers``, which only keep places taken, and then ``items`` are added, and the keepers removed again.

    The first ``sized`` of all these are added at once, for which the table gets twice their size; then it grows as it has to.
    ``finger`` is where `pop` goes on. ``swept`` are added before all, and removed first and together, which makes the table anew.
    """

    sized: int
    keepers: tuple[int, ...]
    items: tuple[Any, ...]
    finger: int = 0
    swept: tuple[int, ...] = ()


class _Table(NamedTuple):
    """What is in memory: how many places are or were taken, the last place, where `pop` goes on, and the places."""

    fill: int
    mask: int
    finger: int
    places: bytes


def _read(found: Any) -> _Table:
    fill, _, mask, place, _, finger, _ = _HEAD.unpack(ctypes.string_at(id(found) + object.__basicsize__, _HEAD.size))
    return _Table(fill, mask, finger, ctypes.string_at(place, (mask + 1) * 16))


def _is_known() -> bool:
    """Whether this Python's sets are laid out as they are read here."""
    if sys.implementation.name != "cpython" or sys.maxsize < 2**32 or object.__basicsize__ != 16:
        return False
    probe = {8, 1}
    fill, used, mask, place, _, _, _ = _HEAD.unpack(ctypes.string_at(id(probe) + 16, _HEAD.size))
    if (fill, used, mask, place) != (2, 2, 7, id(probe) + 64):
        return False
    return array("q", _read(probe).places)[1:4:2].tolist() == [8, 1]


_KNOWN = _is_known()


def build(arranged: Arranged, kind: Callable[[Iterable[Any]], Any] = set) -> Any:
    """A set, or a frozenset, as it was arranged."""
    everything = (*arranged.swept, *arranged.keepers, *arranged.items)
    if kind is frozenset:
        return frozenset(dict.fromkeys(everything) if arranged.sized else everything)
    found = set(dict.fromkeys(everything[: arranged.sized]))
    found.update(everything[arranged.sized :])
    if arranged.swept:
        found.difference_update(arranged.swept)
    for keeper in arranged.keepers:
        found.discard(keeper)
    if arranged.finger and _KNOWN:  # a number that the table is searched from; nothing else can set it
        ctypes.c_ssize_t.from_address(id(found) + _FINGER).value = arranged.finger
    return found


def load(arranged: tuple[Any, ...], made: dict[int, Any]) -> Any:
    """The set that stands in a pickle as `reference` says; ``made`` are those of the pickle so far.

    Raises:
        pickle.UnpicklingError: Its own elements hold it.
    """
    number, *rest = arranged
    if rest:
        frozen, *parts = rest
        made[number] = build(Arranged(*parts), frozenset if frozen else set)
    if number not in made:
        raise pickle.UnpicklingError("a set is held by its own elements")
    return made[number]


def reference(found: Any, number: int, arranged: Arranged) -> tuple[Any, ...]:
    """How a set stands in a pickle, the first time; then its number alone does."""
    return number, type(found) is frozenset, *arranged


def arrange(found: Any) -> Arranged | None:
    """How a set or frozenset is built so that it is laid out as it is; None where adding its elements in order does that.

    Raises:
        pickle.PicklingError: Its order cannot be had again.
    """
    kind = type(found)
    items = tuple(found)
    if any(getattr(t, "__hash__", None) is object.__hash__ for t in set(map(type, items))):
        return None  # in the order of addresses, which are others each time
    plain = build(Arranged(0, (), items), kind)
    if not _KNOWN:
        if all(a is b for a, b in zip(plain, found, strict=True)):
            return None
        raise pickle.PicklingError("a set would have another order")
    table = _read(found)
    if _read(plain) == table:
        return None
    wanted, nearly = _places(table), None
    for arranged in _ways(table, found, items, keeps=kind is set):
        made = _read(build(arranged, kind))
        if made == table:
            return arranged
        if nearly is None and _places(made) == wanted:
            nearly = arranged  # what was removed stands elsewhere
    if nearly is not None:
        return nearly
    raise pickle.PicklingError("a set would have another order")


def _places(table: _Table) -> tuple[int, list[int], list[int]]:
    """The size of a table, and what stands in which place, without what was removed."""
    words = array("q", table.places)
    keys, hashes = words[::2], words[1::2]
    taken = [i for i, (key, number) in enumerate(zip(keys, hashes, strict=True)) if key and number != -1]
    return table.mask, taken, [keys[i] for i in taken]


def _ways(table: _Table, found: Any, items: tuple[Any, ...], *, keeps: bool) -> Iterable[Arranged]:
    """Ways to build it, the most exact first: what stands where its hash says, and then what stands elsewhere."""
    words = array("q", table.places)
    keys, hashes = words[::2], words[1::2]
    size = table.mask + 1
    elements = {id(item): item for item in items}
    home: list[Any] = []
    displaced: list[tuple[int, int, Any]] = []
    removed: list[int] = []
    free: list[int] = []
    occupied = bytearray(size)
    for place, (key, number) in enumerate(zip(keys, hashes, strict=True)):
        if not key:
            free.append(place)
        elif number == -1:
            removed.append(place)
            occupied[place] = 1
        elif number & table.mask == place:
            home.append(elements[key])
            occupied[place] = 1
        else:
            displaced.append((place, number, elements[key]))
    ordered = (*home, *_in_turn(displaced, occupied, table.mask))

    def keeper(place: int) -> int:
        number = place + -(-_FAR // size) * size
        while number in found:
            number += size
        return number

    keepers = tuple(map(keeper, removed)) if keeps else ()
    at_once = min(len(items) + len(keepers), size // 2 - 1)
    yield Arranged(at_once, keepers, ordered, table.finger)
    yield Arranged(0, keepers, ordered, table.finger)
    # a table that is larger than its elements need: more places are kept, so that it is made so large
    missing = max(size // 4, 5) - at_once
    if keeps and 0 < missing <= len(free):
        more = tuple(map(keeper, free[: size // 4 + 1]))
        yield Arranged(min(at_once + len(more), size // 2 - 1), keepers, ordered, table.finger, more)
        yield Arranged(at_once + missing, (*keepers, *more[:missing]), ordered, table.finger)
    # where a table has just grown, its elements come in the order that they had in the smaller one
    turns = range(1, _TRIES if len(items) < _MANY else 2)
    orders = itertools.permutations(items) if len(items) < _FEW else (_turned(items, turn) for turn in turns)
    yield from (Arranged(0, keepers, tuple(order), table.finger) for order in orders)


def _turned(items: tuple[Any, ...], turn: int) -> Iterable[Any]:
    """The elements in another order for each ``turn``."""
    order = sorted(range(len(items)), key=lambda i: (i + 1) * turn * 7919 % 1_000_003)
    return (items[i] for i in order)


def _in_turn(displaced: list[tuple[int, int, Any]], occupied: bytearray, mask: int) -> Iterable[Any]:
    """What stands in another place than its hash says, each after all that was in its way."""
    left = displaced
    while left:
        later = []
        for place, number, item in left:
            if _lands(number, occupied, mask) == place:
                occupied[place] = 1
                yield item
            else:
                later.append((place, number, item))
        if len(later) == len(left):
            yield from (item for _, _, item in later)
            return
        left = later


def _lands(number: int, occupied: bytearray, mask: int) -> int:
    """The place that an element with this hash is put in."""
    perturb = number & (2**64 - 1)
    place = number & mask
    while True:
        last = place + _LINEAR_PROBES if place + _LINEAR_PROBES <= mask else place
        for one in range(place, last + 1):
            if not occupied[one]:
                return one
        perturb >>= _PERTURB_SHIFT
        place = (place * 5 + 1 + perturb) & mask
