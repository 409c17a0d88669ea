"""What is installed: the metadata of distributions, read as far as it is needed.

`importlib.metadata` and `packaging` read the same, and cost as much to import as all else that `compile` does.
"""

from __future__ import annotations

import operator
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.interpreters import path_there, release_there

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA_TOO = re.compile(r"""\([^()]*\)\s+and\s+extra\s*==\s*["'][^"']+["']""")
_SIMPLE = re.compile(r"""\(?(\w+)\s*(<=|>=|==|!=|<|>)\s*["']([\w.-]*)["']\)?""")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_HERE = {"extra": "", "sys_platform": sys.platform, "os_name": os.name}


class Metadata(NamedTuple):
    """What a distribution says of itself: its name, its version, and what it requires (PEP 508)."""

    name: str
    version: str
    requires: tuple[str, ...]


def folders(site: Path) -> list[Path]:
    """The metadata folders of what is installed in a folder of ``sys.path``."""
    return sorted(site.glob("*.dist-info"))


def named(folder: Path) -> str:
    """The distribution that a metadata folder is of."""
    return normal(folder.name.partition("-")[0])


def metadata(folder: Path) -> Metadata:
    """What a distribution says of itself (core metadata, PEP 566: headers as in mail, up to an empty line)."""
    head = (folder / "METADATA").read_text("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")[0]
    fields: dict[str, list[str]] = {}
    for line in re.sub(r"\n[ \t]+", " ", head).split("\n"):
        key, _, value = line.partition(":")
        fields.setdefault(key.lower(), []).append(value.strip())
    return Metadata(fields["name"][0], fields["version"][0], tuple(fields.get("requires-dist", ())))


def installed_otherwise(name: str) -> Metadata | None:
    """A distribution that has no such folder: an old egg, or an importer's own."""
    from importlib.metadata import distributions

    found = next(iter(distributions(name=name, path=[*path_there()])), None)
    if found is None:
        return None
    return Metadata(name, found.version, tuple(found.requires or ()))


def _is_asked_for(requirement: str) -> bool:
    """Whether a requirement holds in this environment, without extras (PEP 508)."""
    marker = requirement.partition(";")[2].strip()
    if not marker or _EXTRA_TOO.fullmatch(marker):
        return not marker
    simple = [_holds(part) for part in re.split(r"\s+and\s+", marker)] if " or " not in marker else [None]
    if False in simple:
        return False
    if None not in simple:
        return True
    from packaging.markers import InvalidMarker, Marker

    try:
        release = release_there()
        python = {"python_version": _dotted(release[:2]), "python_full_version": _dotted(release)}
        return Marker(marker).evaluate({"extra": "", **python})
    except InvalidMarker:
        return False


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _holds(part: str) -> bool | None:
    """Whether one comparison of a marker holds; None for what `packaging` has to be asked."""
    found = _SIMPLE.fullmatch(part)
    if found is None:
        return None
    variable, compared, value = found[1], _COMPARED[found[2]], found[3]
    if variable == "python_version" and re.fullmatch(r"\d+\.\d+", value):
        return compared(release_there()[:2], tuple(map(int, value.split("."))))
    if variable in _HERE and found[2] in ("==", "!="):
        return compared(_HERE[variable], value)
    return None


def required(metadata: Metadata) -> list[str]:
    """The distributions that one requires in this environment, without extras."""
    return [normal(m[0]) for r in metadata.requires if (m := _NAME.match(r)) and _is_asked_for(r)]


def normal(name: str) -> str:
    """The name of a distribution, normalised (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
