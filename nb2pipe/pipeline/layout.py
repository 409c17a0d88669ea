"""Where the boxes, labels and lines of a layered drawing go (Sugiyama, Tagawa and Toda, 1981).

Between each two layers of steps lies a layer of labels. A line passes every layer that it crosses at a place of its
own, and a label is such a place, so lines never run through boxes or labels and labels never touch each other. Lines
of one step that go further than the next layer share a trunk.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from nb2pipe.pipeline.graph import implied, layers

if TYPE_CHECKING:
    import networkx as nx

_APART = {"box": 26.0, "label": 14.0, "line": 12.0}  # the free space beside each, in px
_SWEEPS = 12
_STILL = 0.05  # px: places that move less from sweep to sweep stay where they are


class Size(NamedTuple):
    """Width and height in px."""

    width: float
    height: float


class Place(NamedTuple):
    """A box or label: its centre and its size, in px."""

    x: float
    y: float
    width: float
    height: float


class Route(NamedTuple):
    """A line from the bottom of one box to the top of another.

    ``points`` are (x, y) in px: the line is upright from the first to the second, bends from there to the third, is
    upright again to the fourth, and so on. ``label`` is the place of its label, if it has one.
    """

    source: str
    target: str
    points: tuple[tuple[float, float], ...]
    label: Place | None
    implied: bool


class Layout(NamedTuple):
    """A drawing: the places of steps, the lines, and the size of it all."""

    boxes: Mapping[str, Place]
    routes: tuple[Route, ...]
    width: float
    height: float


Node = tuple[str, str, str, int]  # kind, source, target, layer: a box has only a source, a trunk no target
Edge = tuple[str, str]


def lay_out(graph: nx.DiGraph[str], boxes: Mapping[str, Size], labels: Mapping[Edge, Size]) -> Layout:
    """Lay out a graph of steps whose boxes and labels have these sizes; edges that others imply get no label."""
    hidden = implied(graph)
    depth = {n: 2 * d for d, layer in enumerate(layers(graph)) for n in layer}
    ways = {e: _way(e, depth, e in hidden) for e in graph.edges}
    rows, near = _rows(graph, depth, ways)
    rows = _uncrossed(rows, near)
    sizes = {n: _size(n, boxes, labels) for row in rows for n in row}
    x = _spread(rows, near, sizes)
    left = min((x[n] - sizes[n].width / 2 for row in rows for n in row), default=0.0)
    x = {n: v - left for n, v in x.items()}
    tops, heights = _heights(rows, near, sizes, x)
    out, into = _ports(graph, ways, x, sizes)
    routes = []
    for edge, way in sorted(ways.items(), key=lambda item: (depth[item[0][0]], depth[item[0][1]], item[0])):
        start, end = ("box", edge[0], "", depth[edge[0]]), ("box", edge[1], "", depth[edge[1]])
        first, last = start[3], end[3]
        points = [(out[edge], tops[first] + (heights[first] + sizes[start].height) / 2)]
        points.append((out[edge], tops[first] + heights[first]))
        for node in way:
            bottom = (x[node], tops[node[3]] + heights[node[3]])
            if node[0] == "line" and abs(points[-1][0] - x[node]) < 0.05:
                points[-1] = bottom
            else:
                points += [(x[node], tops[node[3]]), bottom]
        points += [(into[edge], tops[last]), (into[edge], tops[last] + (heights[last] - sizes[end].height) / 2)]
        label = None
        if way[-1][0] == "label":
            row = way[-1][3]
            label = Place(x[way[-1]], tops[row] + heights[row] / 2, sizes[way[-1]].width, sizes[way[-1]].height)
        routes.append(Route(*edge, tuple(points), label, edge in hidden))
    places = {
        n[1]: Place(x[n], tops[n[3]] + heights[n[3]] / 2, sizes[n].width, sizes[n].height)
        for row in rows for n in row if n[0] == "box"
    }  # fmt: skip
    width = max((x[n] + sizes[n].width / 2 for row in rows for n in row), default=0.0)
    return Layout(places, tuple(routes), width, tops[-1] + heights[-1] if tops else 0.0)


def _way(edge: Edge, depth: Mapping[str, int], hidden: bool) -> tuple[Node, ...]:
    """The places that an edge passes between its boxes: the trunk of its source, at last its label."""
    source, target = edge
    last = depth[target] - 1
    trunk = [("line", source, "", row) for row in range(depth[source] + 1, last)]
    return (*trunk, ("line", source, "", last) if hidden else ("label", source, target, last))


def _rows(
    graph: nx.DiGraph[str], depth: Mapping[str, int], ways: Mapping[Edge, Sequence[Node]]
) -> tuple[list[list[Node]], dict[Node, tuple[dict[Node, None], dict[Node, None]]]]:
    """The places by layer, and for each those above and below that it hangs together with."""
    rows: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    near: dict[Node, tuple[dict[Node, None], dict[Node, None]]] = {}

    def add(node: Node) -> None:
        if node not in near:
            near[node] = ({}, {})
            rows[node[3]].append(node)

    for name in graph:
        add(("box", name, "", depth[name]))
    for (source, target), way in ways.items():
        chain = [("box", source, "", depth[source]), *way, ("box", target, "", depth[target])]
        for upper, lower in pairwise(chain):
            add(lower)
            near[upper][1][lower] = None
            near[lower][0][upper] = None
    return rows, near


Near = Mapping[Node, tuple[Mapping[Node, None], Mapping[Node, None]]]


def _uncrossed(rows: list[list[Node]], near: Near) -> list[list[Node]]:
    """The order within each layer: by the barycentre of the neighbours above, then below; the best of the sweeps."""
    best, fewest = [list(row) for row in rows], _crossings(rows, near)
    rows = [list(row) for row in rows]
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        side = sweep % 2
        place: dict[Node, float] = {n: float(p) for row in rows for p, n in enumerate(row)}
        for row in rows if side == 0 else reversed(rows):

            def centre(node: Node, place: dict[Node, float] = place, side: int = side) -> float:
                neighbours = near[node][side]
                return sum(place[n] for n in neighbours) / len(neighbours) if neighbours else place[node]

            row.sort(key=centre)
            place.update({n: float(p) for p, n in enumerate(row)})
        crossings = _crossings(rows, near)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return best


def _crossings(rows: Sequence[Sequence[Node]], near: Near) -> int:
    """How many pairs of lines cross between neighbouring layers."""
    total = 0
    for row, below in pairwise(rows):
        place = {n: p for p, n in enumerate(below)}
        seen: list[int] = []
        for node in row:
            ends = sorted(place[n] for n in near[node][1])
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _size(node: Node, boxes: Mapping[str, Size], labels: Mapping[Edge, Size]) -> Size:
    if node[0] == "box":
        return boxes[node[1]]
    return labels[node[1], node[2]] if node[0] == "label" else Size(2.0, 0.0)


def _spread(rows: Sequence[Sequence[Node]], near: Near, sizes: Mapping[Node, Size]) -> dict[Node, float]:
    """The middle of each place, in px: near its neighbours', in the order of its layer, and clear of those beside it."""
    gaps = [
        [(sizes[a].width + sizes[b].width) / 2 + max(_APART[a[0]], _APART[b[0]]) for a, b in pairwise(row)]
        for row in rows
    ]
    x: dict[Node, float] = {}
    for row, apart in zip(rows, gaps, strict=True):
        whole = sum(apart)
        x.update(zip(row, fitted([-whole / 2] * len(row), apart), strict=True))
    order = list(zip(rows, gaps, strict=True))
    pulls = {n: [(m, _pull(n, m)) for side in near[n] for m in side] for row in rows for n in row}
    weights = {n: sum(w for _, w in found) or 1.0 for n, found in pulls.items()}
    for sweep in range(max(_SWEEPS, min(300, 120_000 // max(len(x), 1)))):
        moved = 0.0
        for row, apart in order if sweep % 2 == 0 else reversed(order):
            wanted = [sum(x[m] * w for m, w in pulls[n]) / weights[n] if pulls[n] else x[n] for n in row]
            for node, place in zip(row, fitted(wanted, apart, [weights[n] for n in row]), strict=True):
                moved = max(moved, abs(x[node] - place))
                x[node] = place
        if moved < _STILL:
            break
    _straighten(rows, gaps, x)
    return x


def _straighten(rows: Sequence[Sequence[Node]], gaps: Sequence[Sequence[float]], x: dict[Node, float]) -> None:
    """Make trunks upright over as many layers as the places beside them allow, instead of stairs of small bends."""
    position = {n: p for row in rows for p, n in enumerate(row)}
    trunks: dict[str, list[Node]] = {}
    for row in rows:
        for node in row:
            if node[0] == "line":
                trunks.setdefault(node[1], []).append(node)
    for trunk in trunks.values():
        run: list[Node] = []
        low, high = -inf, inf
        for node in trunk:
            row, apart, p = rows[node[3]], gaps[node[3]], position[node]
            left = x[row[p - 1]] + apart[p - 1] if p > 0 else -inf
            right = x[row[p + 1]] - apart[p] if p + 1 < len(row) else inf
            if run and max(low, left) > min(high, right):
                _settle(run, low, high, x)
                run, low, high = [], -inf, inf
            run.append(node)
            low, high = max(low, left), min(high, right)
        _settle(run, low, high, x)


def _settle(run: Sequence[Node], low: float, high: float, x: dict[Node, float]) -> None:
    """Put all places of a run at one x, the mean of theirs as far as the limits allow."""
    mean = sum(x[n] for n in run) / len(run)
    x.update(dict.fromkeys(run, min(max(mean, low), high)))


def _pull(one: Node, other: Node) -> float:
    """How much two places that hang together want to stand one above the other: trunks most, so that they are straight."""
    return {0: 1.0, 1: 2.0, 2: 8.0}[(one[0] == "line") + (other[0] == "line")]


def fitted(wanted: Sequence[float], gaps: Sequence[float], weights: Sequence[float] | None = None) -> list[float]:
    """The positions nearest to those wanted, in the same order and at least ``gaps`` apart.

    Least squares by pooling adjacent violators (Ayer et al., 1955) on positions less the gaps before them.
    """
    weights = weights or [1.0] * len(wanted)
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[list[float]] = []  # mean, weight, count
    for value, offset, weight in zip(wanted, offsets, weights, strict=False):
        pools.append([value - offset, weight, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, more, number = pools.pop()
            last = pools[-1]
            last[0] = (last[0] * last[1] + mean * more) / (last[1] + more)
            last[1] += more
            last[2] += number
    levelled = [mean for mean, _, number in pools for _ in range(int(number))]
    return [value + offset for value, offset in zip(levelled, offsets, strict=False)]


def _heights(
    rows: Sequence[Sequence[Node]], near: Near, sizes: Mapping[Node, Size], x: Mapping[Node, float]
) -> tuple[list[float], list[float]]:
    """The top and the height of each layer, in px; where lines go far to the side there is more room between layers."""
    heights = [max(sizes[n].height for n in row) for row in rows]
    tops = [0.0] * len(rows)
    for i in range(1, len(rows)):
        aside = max((abs(x[n] - x[m]) for n in rows[i] for m in near[n][0]), default=0.0)
        tops[i] = tops[i - 1] + heights[i - 1] + min(max(22.0, aside * 0.14), 56.0)
    return tops, heights


def _ports(
    graph: nx.DiGraph[str], ways: Mapping[Edge, Sequence[Node]], x: Mapping[Node, float], sizes: Mapping[Node, Size]
) -> tuple[dict[Edge, float], dict[Edge, float]]:
    """Where lines leave and enter their boxes, in px: as straight as may be and apart from one another."""
    boxes = {node[1]: (x[node], sizes[node].width) for node in x if node[0] == "box"}
    out: dict[Edge, float] = {}
    into: dict[Edge, float] = {}
    for name in graph:
        for edges, found, end in ((graph.out_edges(name), out, 0), (graph.in_edges(name), into, -1)):
            nodes = sorted({ways[e][end] for e in edges}, key=lambda n: (x[n], n))
            ports = dict(zip(nodes, _along(*boxes[name], [x[n] for n in nodes]), strict=True))
            found.update({e: ports[ways[e][end]] for e in edges})
    return out, into


def _along(middle: float, width: float, wanted: Iterable[float]) -> list[float]:
    """Places along the side of a box for lines that come from, or go to, ``wanted``, in order."""
    wanted = list(wanted)
    half = width / 2 - 12
    apart = min(12.0, 2 * half / (len(wanted) - 1)) if len(wanted) > 1 else 0.0
    near = fitted([min(max(w, middle - half), middle + half) for w in wanted], [apart] * (len(wanted) - 1))
    # Pools may reach beyond the box; what is left of its width always takes them.
    low = [middle - half + i * apart for i in range(len(near))]
    high = [middle + half - (len(near) - 1 - i) * apart for i in range(len(near))]
    return [min(max(v, a), b) for v, a, b in zip(near, low, high, strict=True)]
