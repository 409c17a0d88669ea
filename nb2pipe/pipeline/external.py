"""Order between accesses to what all processes share: files, the network, displays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nb2pipe.analysis.effects import Access, Resource
from nb2pipe.diagnostics import Span


class Order(NamedTuple):
    """Block ``source`` must touch ``resource`` before block ``target`` does."""

    source: int
    target: int
    resource: Resource
    write: Span
    read: Span


def may_be_same(left: str, right: str) -> bool:
    """Whether two resource keys may name one thing; ``*`` stands for any text."""
    if left in (right, "*") or right == "*":
        return True
    if "*" not in left and "*" not in right:
        return _inside(left, right) or _inside(right, left)
    head_left, head_right = left.partition("*")[0], right.partition("*")[0]
    if not (head_left.startswith(head_right) or head_right.startswith(head_left)):
        return False
    tail_left, tail_right = (
        left.rpartition("*")[2] if "*" in left else left,
        right.rpartition("*")[2] if "*" in right else right,
    )
    if "*" in left and "*" in right:
        return tail_left.endswith(tail_right) or tail_right.endswith(tail_left)
    pattern, text = (left, right) if "*" in left else (right, left)
    head, _, _ = pattern.partition("*")
    tail = pattern.rpartition("*")[2]
    return (len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)) or _inside(text, head)


def _inside(folder: str, path: str) -> bool:
    """Whether ``path`` lies in ``folder``: a folder that is made or listed is an access to what is in it."""
    return folder == "." or path.startswith(folder.rstrip("/") + "/")


def orders(accesses: Sequence[tuple[int, Access]]) -> Iterator[Order]:
    """The orders that the accesses need, in document order: read after write, write after read, write after write."""
    for kind in ("file", "network", "display"):
        writers: list[tuple[int, Access]] = []
        readers: list[tuple[int, Access]] = []
        for block, access in accesses:
            if access.resource.kind != kind:
                continue
            key = access.resource.key
            for other, earlier in reversed(writers):
                if may_be_same(earlier.resource.key, key):
                    if other != block:
                        yield Order(
                            other, block, _specific(earlier.resource, access.resource), earlier.span, access.span
                        )
                    if earlier.resource.key in ("*", key):
                        break
            if access.mode == "read":
                readers.append((block, access))
                continue
            for other, earlier in readers:
                if other != block and may_be_same(earlier.resource.key, key):
                    yield Order(other, block, _specific(earlier.resource, access.resource), earlier.span, access.span)
            if key == "*":
                writers.clear()
                readers.clear()
            else:
                readers = [r for r in readers if r[1].resource.key != key]
                writers = [w for w in writers if w[1].resource.key != key]
            writers.append((block, access))


def _specific(left: Resource, right: Resource) -> Resource:
    """The one of two matching resources that says more."""
    return right if "*" in left.key else left
