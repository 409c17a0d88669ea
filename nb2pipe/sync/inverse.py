"""What the package's way of writing a statement was in the notebook: what `nb2pipe.package.calls` adds is taken away again."""

from __future__ import annotations

import ast
import contextlib
import re
import tokenize
from collections.abc import Mapping, Sequence

from nb2pipe.emit.source import inside_strings
from nb2pipe.package.calls import WITH_VALUES, taking
from nb2pipe.sync.units import parsed, tokens_of

Extra = Mapping[str, tuple[str, ...]]
_TIMED = re.compile(r"with (?:timed\(\)|captured\(\)(?: as \w+)?):\n")


def shown(text: str) -> str | None:
    """What a ``display(...)`` shows; None where it is no such call of one value."""
    node = parsed(text).body[0]
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "display":
        return None
    if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
        return None
    inner = text[len("display(") : -1]
    try:
        alone = parsed(inner).body[0]
    except (SyntaxError, IndexError):
        return None
    # `display(x,)` shows x, and `x,` is a tuple
    return inner if isinstance(alone, ast.Expr) and ast.dump(alone.value) == ast.dump(call.args[0]) else None


def not_passing(text: str, extra: Extra) -> str:
    """The text without the arguments that `nb2pipe.package.calls.passing` adds."""
    while any(name in text for name in extra):
        shorter = _without_one(text, extra)
        if shorter is None:
            return text
        text = shorter
    return text


def _without_one(text: str, extra: Extra) -> str | None:
    """The text without one of the arguments or ``with_values``; None where there is none."""
    for node in ast.walk(parsed(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        first = node.args[0] if node.args else None
        if node.func.id == WITH_VALUES and isinstance(first, ast.Name) and len(node.args) == 1:
            added = extra.get(first.id, ())
            if added and tuple(k.arg for k in node.keywords) == added and all(_same_name(k) for k in node.keywords):
                return _cut(text, _start(node), _end(node), first.id)
        added = extra.get(node.func.id, ())
        keyword = next((k for k in node.keywords if k.arg in added and _same_name(k)), None)
        if keyword is not None:
            return _without_argument(text, _start(keyword), _end(keyword.value))
    return None


_Place = tuple[int, int]


def _same_name(keyword: ast.keyword) -> bool:
    return isinstance(keyword.value, ast.Name) and keyword.value.id == keyword.arg


def _start(node: ast.expr | ast.keyword) -> _Place:
    return node.lineno, node.col_offset


def _end(node: ast.expr) -> _Place:
    return node.end_lineno or 0, node.end_col_offset or 0


def _without_argument(text: str, start: _Place, end: _Place) -> str:
    """The text without an argument and the comma that goes with it."""
    kept = [t for t in tokens_of(text) if t.type not in (tokenize.NL, tokenize.COMMENT)]
    before = next(t for t in reversed(kept) if t.end <= start)
    after = next(t for t in kept if t.start >= end)
    if after.string == ",":
        if before.string == ",":
            return _cut(text, before.end, after.end)
        return _cut(text, start, next(t for t in kept if t.start >= after.end).start)
    return _cut(text, before.start if before.string == "," else start, end)


def _cut(text: str, start: _Place, end: _Place, put: str = "") -> str:
    """The text with what stands between two places replaced."""
    lines = text.split("\n")
    head, tail = lines[start[0] - 1][: start[1]], lines[end[0] - 1][end[1] :]
    return "\n".join([*lines[: start[0] - 1], head + put + tail, *lines[end[0] :]])


def not_taking(text: str, extra: Sequence[str]) -> str:
    """The definition without the arguments that `nb2pipe.package.calls.taking` adds, where it would add them again."""
    names = ", ".join(extra)
    for added in (
        f", *, {names}",
        f" *, {names},",
        f"*, {names}, ",
        f"*, {names}",
        f", {names}",
        f" {names},",
        f"{names}, ",
    ):
        place = text.find(added)
        while added and place >= 0:
            shorter = text[:place] + text[place + len(added) :]
            with contextlib.suppress(SyntaxError, StopIteration, AssertionError):
                if taking(shorter, extra) == text:
                    return shorter
            place = text.find(added, place + 1)
    return text


def in_magic(head: str, text: str) -> str | None:
    """The text of a magic that runs Python, with the Python that the package has; None where it is not so any more.

    ``head`` is the first line of the magic in the notebook, such as ``%%time``.
    """
    match = _TIMED.match(text)
    if match is None:
        return None
    inside = inside_strings(text)
    lines = [line if n in inside else line.removeprefix("    ") for n, line in enumerate(text.split("\n"), 1)][1:]
    if head.lstrip().startswith("%%"):
        return "\n".join([head, *lines])
    return f"{head.lstrip().split()[0]} {lines[0]}" if len(lines) == 1 else None
