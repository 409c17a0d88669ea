"""Which statement of an edited file was which before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache

from nb2pipe.sync.units import Unit

_DEFINED = re.compile(r"(?:@.*\n)*(?:async )?(?:def|class) +(\w+)")
_ALIKE = 0.4  # from which likeness on a statement counts as the same one, edited


def aligned(old: Sequence[Unit], new: Sequence[Unit]) -> list[int | None]:
    """For each new unit the position of the old one that it was; None where it was added."""
    found: list[int | None] = [None] * len(new)
    matcher = SequenceMatcher(None, [u.text for u in old], [u.text for u in new], autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            found[j1:j2] = range(i1, i2)
        elif kind == "replace":
            for i, j in paired([u.text for u in old[i1:i2]], [u.text for u in new[j1:j2]]):
                found[j1 + j] = i1 + i
    return found


def paired(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The pairs, in order, that are most alike on the whole (an alignment by dynamic programming)."""

    @cache
    def likeness(i: int, j: int) -> float:
        if old[i].startswith("return") != new[j].startswith("return"):
            return 0.0
        names = _DEFINED.match(old[i]), _DEFINED.match(new[j])
        same_name = names[0] is not None and names[1] is not None and names[0][1] == names[1][1]
        return SequenceMatcher(None, old[i], new[j], autojunk=False).ratio() + same_name

    if len(old) == len(new) == 1:
        if likeness(0, 0):
            yield 0, 0
        return
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            pair = likeness(i, j) + best[i + 1][j + 1] if likeness(i, j) >= _ALIKE else 0.0
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(old) and j < len(new):
        if likeness(i, j) >= _ALIKE and best[i][j] == likeness(i, j) + best[i + 1][j + 1]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
