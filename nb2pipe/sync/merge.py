"""Both sides were edited: a merge of three texts, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from nb2pipe.notebook.model import Cell
from nb2pipe.sync.align import paired

OURS, MIDDLE, THEIRS = "<<<<<<< notebook", "=======", ">>>>>>> package"


class Merged(NamedTuple):
    """The new texts of the notebook's cells, by position; the cells among them that hold a conflict.

    ``gone`` are the positions, in the notebook that the package came from, of edited cells that the notebook has no more.
    """

    sources: dict[int, str]
    conflicts: tuple[int, ...]
    gone: tuple[int, ...]


def merge(base: Sequence[Cell], edited: Mapping[int, str], notebook: Sequence[Cell]) -> Merged:
    """Bring edits of the base's cells, by position, to the notebook's."""
    places = cells_now(base, notebook)
    sources: dict[int, str] = {}
    conflicts = []
    for cell, text in sorted(edited.items()):
        place = places.get(cell)
        if place is None or text in (base[cell].source, notebook[place].source):
            continue
        merged, clean = merge_text(base[cell].source, notebook[place].source, text)
        sources[place] = merged
        conflicts += [] if clean else [place]
    gone = tuple(c for c, text in sorted(edited.items()) if c not in places and text != base[c].source)
    return Merged(sources, tuple(conflicts), gone)


def cells_now(base: Sequence[Cell], notebook: Sequence[Cell]) -> dict[int, int]:
    """Where the cells of the base are in the notebook: by their ids, else by what stands between the same neighbours."""
    ids = {c.id: c.index for c in notebook}
    found = {c.index: ids[c.id] for c in base if c.id in ids}
    taken = set(found.values())
    edges = [(-1, -1), *_rising(sorted(found.items())), (len(base), len(notebook))]
    for (b1, n1), (b2, n2) in pairwise(edges):
        for kind in ("code", "markdown", "raw"):
            old = [c for c in base[b1 + 1 : b2] if c.kind == kind and c.index not in found]
            new = [c for c in notebook[n1 + 1 : n2] if c.kind == kind and c.index not in taken]
            for i, j in paired([c.source for c in old], [c.source for c in new]):
                found[old[i].index] = new[j].index
    return found


def _rising(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pairs without those of cells that were moved up."""
    last = -1
    for old, new in pairs:
        if new > last:
            yield old, new
            last = new


class _Hunk(NamedTuple):
    start: int
    end: int
    lines: tuple[str, ...]


def merge_text(base: str, notebook: str, package: str) -> tuple[str, bool]:
    """The text with both edits, and whether that is all; else the places that both edited stand in it marked, twice."""
    old = base.split("\n")
    left, right = _hunks(old, notebook.split("\n")), _hunks(old, package.split("\n"))
    result: list[str] = []
    row, clean = 0, True
    while left or right:
        start = min(h.start for h in (*left[:1], *right[:1]))
        mine: list[_Hunk] = []
        theirs: list[_Hunk] = []
        end = start
        while (left and left[0].start <= end) or (right and right[0].start <= end):
            side, taken = (left, mine) if left and left[0].start <= end else (right, theirs)
            hunk = side.pop(0)
            taken.append(hunk)
            end = max(end, hunk.end)
        result += old[row:start]
        row = end
        ours, other = _applied(old, mine, start, end), _applied(old, theirs, start, end)
        if not theirs or ours == other:
            result += ours
        elif not mine:
            result += other
        else:
            result += [OURS, *ours, MIDDLE, *other, THEIRS]
            clean = False
    return "\n".join([*result, *old[row:]]), clean


def _hunks(old: Sequence[str], new: Sequence[str]) -> list[_Hunk]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [_Hunk(i1, i2, tuple(new[j1:j2])) for kind, i1, i2, j1, j2 in matcher.get_opcodes() if kind != "equal"]


def _applied(old: Sequence[str], hunks: Sequence[_Hunk], start: int, end: int) -> list[str]:
    result: list[str] = []
    for hunk in hunks:
        result += [*old[start : hunk.start], *hunk.lines]
        start = hunk.end
    return [*result, *old[start:end]]


def marked(cells: Sequence[Cell]) -> int | None:
    """The first cell that still has the marks of a conflict."""
    return next((c.index for c in cells if c.kind == "code" and f"\n{OURS}\n" in f"\n{c.source}"), None)
