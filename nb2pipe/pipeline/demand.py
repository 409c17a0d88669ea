"""Which version of each name a block needs, and who hands it over: liveness, backwards over the blocks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from nb2pipe.analysis.effects import Effects
from nb2pipe.diagnostics import Span
from nb2pipe.pipeline.blocks import BlockEffects, Write


class Needs:
    """What a block takes in and leaves: ``inputs`` name the block that hands each name over.

    ``through`` are the earlier blocks whose version of a name may still be the one that arrives; ``shared`` the
    shared cells that must run first; ``parameters`` the parameters that reach the block unchanged.
    """

    __slots__ = ("inputs", "outputs", "parameters", "passes", "shared", "through")

    def __init__(self) -> None:
        self.inputs: dict[str, int] = {}
        self.outputs: set[str] = set()
        self.through: dict[str, list[int]] = {}
        self.shared: set[int] = set()
        self.parameters: set[str] = set()
        self.passes: dict[str, Span] = {}


class Sharing:
    """Which names may share an object when a cell begins, from what each cell says of the names it touched.

    That two names share an object is seen only by who changes it under one of them, or compares them by identity: where
    that happens no more, their values may come from different blocks.
    """

    def __init__(self, effects: Sequence[Effects]) -> None:
        self._parent: dict[str, str] = {}
        self._changed: dict[str, int] = {}
        self._compared = max((e.cell for e in effects if e.identity), default=-1)
        self._cells: dict[str, list[int]] = {}
        self._peers: dict[str, list[frozenset[str]]] = {}
        for effect in effects:
            for name, *peers in effect.sharing:
                new = frozenset(peers)
                old = self._now(name)
                self._set(name, effect.cell, new)
                for peer in new - old:
                    self._set(peer, effect.cell, self._now(peer) | {name})
                for peer in old - new:
                    self._set(peer, effect.cell, self._now(peer) - {name})
                for peer in peers:
                    self._parent[self._root(peer)] = self._root(name)
        for effect in effects:
            for mutation in effect.mutations:
                root = self._root(mutation.name)
                self._changed[root] = max(self._changed.get(root, -1), effect.cell)

    def _root(self, name: str) -> str:
        """The name that stands for all that ever share with ``name``, through others too (union-find, halving paths)."""
        parent = self._parent
        while parent.get(name, name) != name:
            parent[name] = name = parent.get(parent[name], parent[name])
        return name

    def _observed(self, name: str, cell: int) -> bool:
        """Whether anything that ever shares with ``name`` is changed or compared by identity in ``cell`` or later."""
        return self._compared >= cell or self._changed.get(self._root(name), -1) >= cell

    def _now(self, name: str) -> frozenset[str]:
        history = self._peers.get(name)
        return history[-1] if history else frozenset()

    def _set(self, name: str, cell: int, peers: frozenset[str]) -> None:
        cells = self._cells.setdefault(name, [])
        history = self._peers.setdefault(name, [])
        if cells and cells[-1] == cell:
            history[-1] = peers
        else:
            cells.append(cell)
            history.append(peers)

    def before(self, name: str, cell: int) -> frozenset[str]:
        """The names that may share an object with ``name`` when ``cell`` begins."""
        cells = self._cells.get(name)
        if not cells:
            return frozenset()
        position = bisect_left(cells, cell)
        return self._peers[name][position - 1] if position else frozenset()

    def groups(self, names: set[str], cell: int) -> Iterator[set[str]]:
        """The parts of ``names`` that hang together by sharing which can still be seen, those of two names and more."""
        left = {n for n in names if n in self._cells and self._observed(n, cell)}
        while left:
            start = left.pop()
            group = {start}
            stack = [start]
            while stack:
                for peer in self.before(stack.pop(), cell):
                    if peer in left:
                        left.discard(peer)
                        group.add(peer)
                        stack.append(peer)
            if len(group) > 1:
                yield group


class Writers:
    """For each name, the blocks and shared cells that write it, in document order."""

    def __init__(self, blocks: Sequence[BlockEffects], shared: Mapping[int, BlockEffects]) -> None:
        entries: dict[str, list[tuple[int, int, Write]]] = {}
        for position, block in enumerate(blocks):
            for name, write in block.writes.items():
                entries.setdefault(name, []).append((block.cells[0], position, write))
        for cell, block in shared.items():
            for name, write in block.writes.items():
                entries.setdefault(name, []).append((cell, -1, write))
        for found in entries.values():
            found.sort(key=lambda e: e[0])
        self._entries = entries

    def before(self, name: str, cell: int) -> tuple[int, int, Write] | None:
        """The last write of ``name`` before ``cell``: (first cell, block or -1 for a shared cell, write)."""
        entries = self._entries.get(name)
        if not entries:
            return None
        low, high = 0, len(entries)
        while low < high:
            middle = (low + high) // 2
            if entries[middle][0] < cell:
                low = middle + 1
            else:
                high = middle
        return entries[low - 1] if low else None


def demand(
    blocks: Sequence[BlockEffects],
    shared: Mapping[int, BlockEffects],
    parameters: Mapping[str, int],
    sharing: Sharing,
) -> list[Needs]:
    """The needs of each block.

    A use reaches back to the last block that writes the name. What that block may leave as it was, or only
    changes, it needs itself: liveness is followed backwards in one pass, for every producer stands before its reader.
    Names that share an object and are needed together come from one block, the last that wrote any of them, so that they
    share it still.
    """
    writers = Writers(blocks, shared)
    needs = [Needs() for _ in blocks]
    for position in range(len(blocks) - 1, -1, -1):
        block, need = blocks[position], needs[position]
        wanted = set(block.uses) | set(need.passes)
        _add_shared(block, need, wanted, writers, shared, parameters)
        cell = block.cells[0]
        source: dict[str, int] = {}
        for name in wanted:
            entry = writers.before(name, cell)
            if entry is not None and entry[1] >= 0 and entry[2].kind != "deleted":
                source[name] = entry[1]
        direct = dict(source)
        for group in sharing.groups(set(source), cell):
            last = max(source[n] for n in group)
            for name in group:
                source[name] = last
        for name in sorted(source):
            producer = source[name]
            need.inputs[name] = producer
            giver = needs[producer]
            giver.outputs.add(name)
            write = blocks[producer].writes.get(name)
            if (write is None or write.kind != "must") and name not in blocks[producer].uses:
                giver.passes.setdefault(name, write.span if write is not None else Span(blocks[producer].cells[-1]))
            if name in block.uses:
                through = _reaching(name, producer, direct[name], blocks, writers)
                if through:
                    need.through[name] = through
    return needs


def _reaching(name: str, producer: int, direct: int, blocks: Sequence[BlockEffects], writers: Writers) -> list[int]:
    """The blocks before ``producer`` whose version of ``name`` may be the one that it hands on."""
    found = []
    current = direct if direct != producer else producer
    if direct != producer:
        found.append(direct)
    while blocks[current].writes[name].kind == "may":
        entry = writers.before(name, blocks[current].cells[0])
        if entry is None or entry[1] < 0 or entry[2].kind == "deleted":
            break
        current = entry[1]
        found.append(current)
    return found


def _add_shared(
    block: BlockEffects,
    need: Needs,
    wanted: set[str],
    writers: Writers,
    shared: Mapping[int, BlockEffects],
    parameters: Mapping[str, int],
) -> None:
    """The shared cells that give the block its names, and what these need in turn."""
    cell = block.cells[0]
    stack = [(name, cell) for name in sorted(wanted)]
    seen: set[tuple[str, int]] = set()
    while stack:
        name, place = stack.pop()
        if (name, place) in seen:
            continue
        seen.add((name, place))
        entry = writers.before(name, place)
        if entry is None or entry[1] >= 0:
            continue
        home, _, write = entry
        need.shared.add(home)
        if parameters.get(name) == home:
            need.parameters.add(name)
        for inner in shared[home].uses:
            stack.append((inner, home))
            found = writers.before(inner, home)
            if found is not None and found[1] >= 0:
                wanted.add(inner)
        if write.kind != "must":
            stack.append((name, home))
