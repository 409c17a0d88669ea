"""Text broken into lines as IPython breaks it: Oppen's algorithm ("Prettyprinting", 1980), after Ruby's ``prettyprint``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class _Group:
    """Text that is broken as a whole; ``waiting`` of its breaks are not yet decided."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.waiting = 0
        self.broken = False


class Lines:
    """Text in groups, laid out in lines of at most ``max_width`` characters where the groups allow it.

    A group is broken at all of its breaks or at none. Text waits until it is known whether it fits into the line; when
    it does not, the outermost group with a break that waits is broken.
    """

    max_width = 79

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.indentation = 0
        self._column = 0
        self._waiting: deque[str | tuple[_Group, str, int]] = deque()
        self._width = 0  # of what waits
        self._stack = [_Group(0)]
        self._levels = [[self._stack[0]]]  # the groups that may still be broken, by depth

    def text(self, text: str) -> None:
        """Add text that is not to be broken."""
        if not self._waiting:
            self.parts.append(text)
            self._column += len(text)
            return
        self._wait(text, len(text))

    def breakable(self, sep: str = " ") -> None:
        """Add a place where the group may be broken; ``sep`` stands there if it is not."""
        group = self._stack[-1]
        if group.broken:
            self._new_line()
            return
        group.waiting += 1
        self._wait((group, sep, self.indentation), len(sep))

    def break_(self) -> None:
        """Begin a new line."""
        group = self._next_to_break()
        if group is not None:
            self._break(group)
        self._new_line()

    def begin_group(self, indent: int = 0, opening: str = "") -> None:
        """Begin a group, whose lines are indented by so much more."""
        if opening:
            self.text(opening)
        group = _Group(len(self._stack))
        self._stack.append(group)
        while len(self._levels) <= group.depth:
            self._levels.append([])
        self._levels[group.depth].append(group)
        self.indentation += indent

    def end_group(self, dedent: int = 0, closing: str = "") -> None:
        """End the group that was begun last."""
        self.indentation -= dedent
        group = self._stack.pop()
        if not group.waiting:
            self._forget(group)
        if closing:
            self.text(closing)

    @contextmanager
    def group(self, indent: int = 0, opening: str = "", closing: str = "") -> Iterator[None]:
        """A group, for ``with``."""
        self.begin_group(indent, opening)
        try:
            yield
        finally:
            self.end_group(indent, closing)

    @contextmanager
    def indent(self, indent: int) -> Iterator[None]:
        """Indent the lines that begin inside, for ``with``."""
        self.indentation += indent
        try:
            yield
        finally:
            self.indentation -= indent

    def flush(self) -> None:
        """Write out what waits."""
        while self._waiting:
            self._put(self._waiting.popleft())
        self._width = 0

    def _wait(self, item: str | tuple[_Group, str, int], width: int) -> None:
        self._waiting.append(item)
        self._width += width
        while self._column + self._width > self.max_width:
            group = self._next_to_break()
            if group is None:
                return
            self._break(group)

    def _break(self, group: _Group) -> None:
        while group.waiting or (self._waiting and isinstance(self._waiting[0], str)):
            item = self._waiting.popleft()
            self._width -= len(item if isinstance(item, str) else item[1])
            self._put(item)

    def _put(self, item: str | tuple[_Group, str, int]) -> None:
        if isinstance(item, str):
            self.parts.append(item)
            self._column += len(item)
            return
        group, separator, indentation = item
        group.waiting -= 1
        if group.broken:
            self.parts.append("\n" + " " * indentation)
            self._column = indentation
            return
        if not group.waiting:
            self._forget(group)
        self.parts.append(separator)
        self._column += len(separator)

    def _new_line(self) -> None:
        self.flush()
        self.parts.append("\n" + " " * self.indentation)
        self._column = self.indentation

    def _next_to_break(self) -> _Group | None:
        for level in self._levels:
            for index, group in enumerate(reversed(level)):
                if group.waiting:
                    del level[index]  # counts from the other end than it should, but IPython's lines depend on it
                    group.broken = True
                    return group
            for group in level:
                group.broken = True
            level.clear()
        return None

    def _forget(self, group: _Group) -> None:
        if group in self._levels[group.depth]:
            self._levels[group.depth].remove(group)
