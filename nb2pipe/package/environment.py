"""What a package needs: the distributions that its imports come from, by the metadata of what is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from nb2pipe.interpreters import find, own_modules, path_there
from nb2pipe.package.installed import folders, installed_otherwise, metadata, named, normal, required


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
        if top in own_modules():
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
        spec = find(top)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    if spec is not None and spec.origin and spec.origin not in ("built-in", "frozen", "namespace"):
        places.append(spec.origin)
    for site in dict.fromkeys(Path(p).parent for p in places):
        likely = sorted(folders(site), key=lambda f: (named(f) != normal(top), f.name))
        found = next((f for f in likely if _holds(f, top)), None)
        if found is not None:
            known = metadata(found)
            return Distribution(normal(known.name), known.version)
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
    places = {named(f): f for entry in reversed(path_there()) for f in folders(Path(entry))}
    seen: set[str] = set()
    waiting = [d.name for d in direct]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        found = metadata(places[name]) if name in places else installed_otherwise(name)
        if found is not None:
            yield Distribution(name, found.version)
            waiting += required(found)
