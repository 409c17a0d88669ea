"""What commands say of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nb2pipe.package.versions.keep import Kept


def told(kept: Kept, *, signing: bool = False, verifying: bool = False) -> str:
    """What became of a project among the versions of its package, in one line."""
    if kept.change is None:
        unsigned = "; it is not signed, for only new versions are" if signing else ""
        unmarked = "; its record stays as it was, whatever the verdict" if verifying else ""
        return f"version {kept.number}: nothing has changed{unsigned}{unmarked}"
    return f"version {kept.number}: {in_one_line(kept.change.kind, kept.change.lines)}"


def in_one_line(kind: str, lines: tuple[str, ...]) -> str:
    """How much a version changed, and the first of what it changed."""
    if kind == "first":
        return "the first"
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"{kind}, {lines[0]}{more}"


def records_are_gone(kept: Kept) -> bool:
    """Whether the version before has what a run gave for its tests to compare with, and this one has not."""
    from nb2pipe.package.versions.change import RECORDS_GONE

    return kept.change is not None and RECORDS_GONE in kept.change.lines
