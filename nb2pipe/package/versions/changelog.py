"""The changelog of a package: a section a version, the newest first, in words."""

from __future__ import annotations

from nb2pipe.package.versions.record import ChangeRecord

CHANGELOG = "CHANGELOG.md"
_HEAD = "# Changes\n"


def with_section(previous: str, version: str, change: ChangeRecord, highest: str = "") -> str:
    """The changelog with a section for a new version; ``highest`` is the version right below it in number.

    Where the new one follows another, because somebody had gone back to that, the section says so.
    """
    heading = f"## {version}" + (f" ({change.kind})" if change.kind != "first" else "")
    lines = [heading, ""]
    if change.since and highest and change.since != highest:
        lines += [f"Follows {change.since}.", ""]
    lines += [f"- {line}" for line in change.lines]
    older = previous.removeprefix(_HEAD).strip("\n")
    return "\n".join([_HEAD, *lines, ""]) + (f"\n{older}\n" if older else "")
