"""What a package needs: the distributions that its imports come from, by the metadata of what is installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Distribution(NamedTuple):
    """An installed distribution, its name normalised (PEP 503)."""

    name: str
    version: str


class Environment(NamedTuple):
    """What the notebook's imports come from, all that these need in turn, and the modules that nothing installed has."""

    direct: tuple[Distribution, ...]
    closure: tuple[Distribution, ...]
    missing: tuple[str, ...]


def environment_of(modules: Iterable[str]) -> Environment:
    """The distributions that ``modules`` (dotted) come from; those of the standard library need none."""
    direct: set[Distribution] = set()
    missing: set[str] = set()
    for top in sorted({m.partition(".")[0] for m in modules}):
        if top in sys.stdlib_module_names:
            continue
        found = _distribution_of(top)
        if found is None:
            missing.add(top)
        else:
            direct.add(found)
    return Environment(tuple(sorted(direct)), tuple(sorted(_closure(direct))), tuple(sorted(missing)))


def _distribution_of(top: str) -> Distribution | None:
    """The distribution whose files hold a module; its own name is tried first, for most are named so."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    if spec is not None and spec.origin and spec.origin not in ("built-in", "frozen", "namespace"):
        places.append(spec.origin)
    for site in dict.fromkeys(Path(p).parent for p in places):
        folders = sorted(
            site.glob("*.dist-info"), key=lambda f: (_normal(f.name.partition("-")[0]) != _normal(top), f.name)
        )
        for folder in folders:
            if _holds(folder, top):
                found = importlib.metadata.Distribution.at(folder)
                return Distribution(_normal(found.metadata["Name"]), found.version)
    return None


def _holds(folder: Path, top: str) -> bool:
    try:
        record = b"\n" + (folder / "RECORD").read_bytes()
    except OSError:
        return False
    return any(
        b"\n" + top.encode("utf-8") + ending in record for ending in (b"/", b".py,", b".cpython-", b".abi3.", b".pyd,")
    )


def _closure(direct: Iterable[Distribution]) -> Iterator[Distribution]:
    """These and all that they require in this environment, without extras."""
    from packaging.requirements import InvalidRequirement, Requirement

    seen: set[str] = set()
    waiting = [d.name for d in direct]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        yield Distribution(name, found.version)
        for text in found.requires or ():
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(_normal(requirement.name))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
