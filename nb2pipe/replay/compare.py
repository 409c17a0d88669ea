"""Two portraits of one value: where they differ first."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from nb2pipe.diagnostics import Sentence, say
from nb2pipe.replay import arrays
from nb2pipe.replay.portrait import MAGIC, WITH_VALUES, Node

Portrait = Sequence[Node]

_LONGEST = 200  # characters of a value in a report
_ROW = re.compile(r"\[(\d+)\]")
_NOTHING = object()


class Place(NamedTuple):
    """Where two portraits differ: ``where`` is "" for the whole value."""

    where: str
    expected: str
    actual: str


class Outcome(NamedTuple):
    """What a comparison gives: the first difference, and why nothing can be said of a part, "" where all was compared."""

    difference: Place | None
    unknown: str = ""


def compared(expected: Portrait, actual: Portrait, rtol: float = 0.0) -> Outcome:
    """Compare two portraits; ``rtol`` is the relative difference that floating-point numbers may have."""
    comparison = _Comparison(expected, actual, rtol)
    return Outcome(comparison.run(0, 0), comparison.unknown)


class _Comparison:
    """A walk through two portraits, side by side."""

    def __init__(self, expected: Portrait, actual: Portrait, rtol: float) -> None:
        self.expected, self.actual, self.rtol = expected, actual, rtol
        self.unknown = ""

    def run(self, left: int, right: int) -> Place | None:
        """Compare two parts, and the parts of these, without going deeper than one call."""
        waiting = [(left, right, "")]
        seen: set[tuple[int, int]] = set()
        partners: tuple[dict[int, int], dict[int, int]] = {}, {}
        while waiting:
            left, right, where = waiting.pop()
            if (left, right) in seen:
                continue
            seen.add((left, right))
            a, b = self.expected[left], self.actual[right]
            if "opaque" in (a.kind, b.kind):
                node = a if a.kind == "opaque" else b
                self.unknown = self.unknown or _opaque(node)
                continue
            if a.shared and b.shared:
                known = partners[0].setdefault(left, right), partners[1].setdefault(right, left)
                if known != (right, left):
                    words = say("the object that also stands elsewhere in the value"), say("another object")
                    return Place(where, *(words if known[0] != right else reversed(words)))
            found = self.node(a, b, where)
            if found is not None:
                return found
            if a.kind == "function":
                waiting += reversed(list(_insides(a, b, where)))
            elif a.kind == b.kind and a.kind not in ("frame", "series"):
                waiting += reversed(list(zip(a.parts, b.parts, self.names(a, where), strict=True)))
        return None

    def node(self, a: Node, b: Node, where: str) -> Place | None:
        """Where two nodes differ, their parts left aside."""
        if (a.kind, a.type) != (b.kind, b.type):
            return self.kinds(a, b, where)
        match a.kind:
            case "atom":
                return None if self.equal(a.data, b.data) else _texts(a.data, b.data, where)
            case "text" if a.data != b.data:
                return Place(where, a.data, b.data)
            case "atoms":
                return self.atoms(a.data, b.data, where)
            case "array":
                return self.array(a.data, b.data, where)
            case "function" if a.data[0] != b.data[0] and MAGIC not in a.data[0]:
                one, two = next((x, y) for x, y in itertools.zip_longest(a.data[0], b.data[0]) if x != y)
                return Place(_in(where, say("the code of %1", a.type)), one or say("no more"), two or say("no more"))
            case "picture":
                return pictures_differ(a.data, b.data, where)
            case "object" if a.data != b.data:
                one, two = next((x, y) for x, y in itertools.zip_longest(a.data, b.data) if x != y)
                return Place(_in(where, say("attributes")), one or say("no more"), two or say("no more"))
            case "frame":
                return self.frame(a, b, where)
        if len(a.parts) != len(b.parts) and a.kind != "function":
            half = 2 if a.kind == "mapping" else 1
            return Place(_in(where, say("length")), str(len(a.parts) // half), str(len(b.parts) // half))
        return self.series(a, b, where) if a.kind == "series" else None

    def kinds(self, a: Node, b: Node, where: str) -> Place | None:
        """Two nodes of different kinds or types."""
        if {a.kind, b.kind} == {"atoms", "items"} and a.type == b.type:
            return self.mixed(a, b, where)
        if a.kind == "function" and b.type == WITH_VALUES:  # a function to which the package passes values
            function = self.actual[b.parts[0]]
            if (function.kind, function.type) == (a.kind, a.type):
                return self.node(a, function, where)
        plain = {"atom", "text", "name", "function", "unbound"}
        if a.type == b.type or (a.kind in plain and b.kind in plain) or "unbound" in (a.kind, b.kind):
            return Place(where, self.text(a, self.expected), self.text(b, self.actual))
        return Place(_in(where, say("type")), a.type or a.kind, b.type or b.kind)

    def equal(self, one: Any, two: Any) -> bool:
        if type(one) is not type(two):
            return False
        if isinstance(one, complex):
            return self.equal(one.real, two.real) and self.equal(one.imag, two.imag)
        if not isinstance(one, float):
            return bool(one == two)
        if math.isnan(one) or math.isnan(two):
            return math.isnan(one) and math.isnan(two)
        if self.rtol:
            return math.isclose(one, two, rel_tol=self.rtol)
        return one == two and math.copysign(1, one) == math.copysign(1, two)

    def atoms(self, one: Sequence[Any], two: Sequence[Any], where: str) -> Place | None:
        if len(one) != len(two):
            return Place(_in(where, say("length")), str(len(one)), str(len(two)))
        for number, (x, y) in enumerate(zip(one, two, strict=True)):
            if not self.equal(x, y):
                return _texts(x, y, f"{where}[{number}]")
        return None

    def mixed(self, a: Node, b: Node, where: str) -> Place | None:
        """Items that on one side only all are numbers and texts."""
        one, two = (
            [side[p] for p in node.parts]
            if node.kind == "items"
            else [Node("atom", type(v).__name__, v) for v in node.data]
            for node, side in ((a, self.expected), (b, self.actual))
        )
        for number, (x, y) in enumerate(itertools.zip_longest(one, two)):
            if x is None or y is None:
                break
            if (x.kind, x.type) != (y.kind, y.type) or not self.equal(x.data, y.data):
                return Place(f"{where}[{number}]", self.text(x, self.expected), self.text(y, self.actual))
        return Place(_in(where, say("length")), str(len(one)), str(len(two)))

    def array(self, one: tuple[Any, ...], two: tuple[Any, ...], where: str) -> Place | None:
        (dtype, shape, data), (other, size, content) = one, two
        if dtype != other:
            return Place(_in(where, "dtype"), dtype, other)
        if shape != size:
            return Place(_in(where, say("shape")), str(shape), str(size))
        if data == content:
            return None
        if not isinstance(data, bytes):
            block = next(i for i, (x, y) in enumerate(zip(data, content, strict=True)) if x != y)
            return Place(_in(where, f"MB {block + 1}"), f"SHA-256 {data[block][:16]}", f"SHA-256 {content[block][:16]}")
        found = arrays.first_unequal(dtype, data, content, self.equal)
        if found is None:
            return None
        texts = arrays.text(dtype, found.expected), arrays.text(dtype, found.actual)
        return Place(f"{where}{_index(found.number, shape)}", *texts)

    # -- pandas -------------------------------------------------------------------------------------------------------

    def frame(self, a: Node, b: Node, where: str) -> Place | None:
        """The names of the columns are compared first, then those of the rows, then the columns."""
        if self.run(a.parts[1], b.parts[1]) is not None:
            return self.labels_differ(a.parts[1], b.parts[1], _in(where, say("columns")))
        found = self.rows(a, b, where)
        if found is not None:
            return found
        first: tuple[int, Place] | None = None
        for column, (left, right) in enumerate(zip(a.parts[3:], b.parts[3:], strict=True)):
            name = say("column %1", label(self.expected, a.parts[1], column))
            row, found = self.column(a, left, right)
            if found is not None and (first is None or row < first[0]):
                words = _in(found.where, name) if row >= 0 else _in(name, found.where) if found.where else name
                first = row, found._replace(where=_in(where, words))
        return first and first[1]

    def series(self, a: Node, b: Node, where: str) -> Place | None:
        found = self.rows(a, b, where)
        if found is None:
            found = self.run(a.parts[1], b.parts[1])
            if found is not None:
                return found._replace(where=_in(where, say("name")))
            _, found = self.column(a, a.parts[3], b.parts[3])
            if found is not None:
                found = found._replace(where=_in(where, found.where) if found.where else where)
        return found

    def rows(self, a: Node, b: Node, where: str) -> Place | None:
        """Where the names of the rows differ, or what hangs on the whole."""
        if self.run(a.parts[0], b.parts[0]) is not None:
            return self.labels_differ(a.parts[0], b.parts[0], _in(where, say("index")))
        third = a.parts[2], b.parts[2]
        found = self.run(*third)
        return found and found._replace(where=_in(where, f"attrs{found.where}"))

    def column(self, a: Node, left: int, right: int) -> tuple[int, Place | None]:
        """Where two columns differ, with the number of the row; -1 for a dtype."""
        found = self.run(left, right)
        row = _ROW.match(found.where) if found is not None else None
        if found is None or row is None:
            kinds = self.expected[left].type, self.actual[right].type
            return -1, Place("dtype", *kinds) if found is not None and kinds[0] != kinds[1] else found
        number = int(row[1])
        if self.expected[left].type.startswith("category of "):
            texts = (
                label(side, side[place].parts[0], int(code)) if code != "-1" else say("no category")
                for side, place, code in ((self.expected, left, found.expected), (self.actual, right, found.actual))
            )
            found = Place(found.where, *texts)
        rest = found.where[row.end() :]
        return number, found._replace(where=say("row %1", f"{label(self.expected, a.parts[0], number)}{rest}"))

    def labels_differ(self, left: int, right: int, where: str) -> Place:
        found = self.run(left, right)
        one, two = (self.expected[left].parts, self.actual[right].parts)
        count = [_length(side[parts[-1]]) for side, parts in ((self.expected, one), (self.actual, two))]
        if count[0] != count[1] and max(*count) <= 30:
            texts = (
                ", ".join(label(side, place, n) for n in range(size))
                for side, place, size in zip((self.expected, self.actual), (left, right), count, strict=True)
            )
            return Place(where, *map(_clipped, texts))
        assert found is not None  # noqa: S101  the caller has seen that they differ
        return found._replace(where=f"{where}{found.where}" if found.where[:1] == "[" else _in(where, found.where))

    # -- words --------------------------------------------------------------------------------------------------------

    def names(self, a: Node, where: str) -> Iterator[str]:
        """The places of a node's parts."""
        if a.kind == "mapping":
            for number, place in enumerate(a.parts[::2]):
                yield _in(where, say("key %1", number + 1))
                yield f"{where}[{self.text(self.expected[place], self.expected)}]"
        elif a.kind == "object":
            for name in a.data:
                yield _in(where, name.strip("<>")) if name[:1] == "<" else f"{where}{name}"
        else:
            for number in range(len(a.parts)):
                yield f"{where}[{number}]"

    def text(self, node: Node, side: Portrait) -> str:
        """A node in a few words."""
        match node.kind:
            case "atom":
                return _clipped(repr(node.data))
            case "atoms":
                return _clipped(repr(list(node.data) if node.type == "list" else node.data))
            case "text":
                return f"{node.type}({node.data})"
            case "unbound":
                return say("no value")
            case "name" | "function":
                return node.type
            case "array" if not node.data[1] and isinstance(node.data[2], bytes):
                (item,) = arrays.items(node.data[0], node.data[2])
                return f"{node.type}({arrays.text(node.data[0], item)})"
        return say("a %1", node.type)


def _insides(a: Node, b: Node, where: str) -> Iterator[tuple[int, int, str]]:
    """The defaults of two functions, and what both have of names outside of them; in a package that is more."""
    if b.kind != "function":
        return
    yield a.parts[0], b.parts[0], _in(where, say("defaults"))
    yield a.parts[1], b.parts[1], _in(where, say("defaults"))
    for name in a.data[1]:
        if name in b.data[1]:
            yield a.parts[2 + a.data[1].index(name)], b.parts[2 + b.data[1].index(name)], _in(where, name)


def pictures_differ(expected: tuple[int, int, bytes], actual: tuple[int, int, bytes], where: str = "") -> Place | None:
    """The first pixel in which two pictures (width, height, RGBA) differ."""
    (width, height, one), (other, size, two) = expected, actual
    if (width, height) != (other, size):
        return Place(_in(where, say("size")), f"{width} x {height}", f"{other} x {size}")
    if one == two:
        return None
    place = next(i for i in range(0, len(one), 4) if one[i : i + 4] != two[i : i + 4])
    y, x = divmod(place // 4, width)
    return Place(
        _in(where, say("pixel %1", f"({x}, {y})")),
        f"#{one[place : place + 4].hex()}",
        f"#{two[place : place + 4].hex()}",
    )


def texts_differ(expected: str, actual: str) -> Place:
    """The first line in which two texts differ."""
    lines = itertools.zip_longest(expected.split("\n"), actual.split("\n"))
    number, one, two = next((n, x, y) for n, (x, y) in enumerate(lines, 1) if x != y)
    shown = (say("no more lines") if line is None else _clipped(line) for line in (one, two))
    return Place(say("line %1", number), *shown)


def label(side: Portrait, index: int, number: int) -> str:
    """The name of a row or column; its number where the index has more than one level."""
    node = side[side[index].parts[-1]] if side[index].parts else side[index]
    if node.kind == "atoms" and number < len(node.data):
        return str(node.data[number])
    if node.kind == "array" and isinstance(node.data[2], bytes):
        dtype = node.data[0]
        found = next(itertools.islice(arrays.items(dtype, node.data[2]), number, None), _NOTHING)
        if found is not _NOTHING:
            return arrays.text(dtype, found)
    if node.kind == "object" and node.data[-1:] == ("",):  # an array of objects
        return label(side, side[index].parts[-1], number)
    return str(number)


def _length(node: Node) -> int:
    if node.kind == "atoms":
        return len(node.data)
    return int(node.data[1][0]) if node.kind == "array" and node.data[1] else len(node.parts)


def _index(number: int, shape: tuple[int, ...]) -> str:
    found: list[str] = []
    for size in reversed(shape):
        number, rest = divmod(number, size)
        found.append(str(rest))
    return f"[{', '.join(reversed(found))}]" if found else ""


def _texts(one: Any, two: Any, where: str) -> Place:
    """Two numbers or texts; of long texts the line."""
    if isinstance(one, str) and isinstance(two, str) and "\n" in one + two:
        found = texts_differ(one, two)
        return found._replace(where=_in(where, found.where))
    return Place(where, _clipped(repr(one)), _clipped(repr(two)))


def _opaque(node: Node) -> Sentence:
    if not node.type:
        return say("a value cannot be compared: %1", node.data)
    return say("a %1 cannot be compared: %2", node.type, node.data)


def _in(where: str, word: str) -> str:
    return say("%1, %2", where, word) if where else word


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
