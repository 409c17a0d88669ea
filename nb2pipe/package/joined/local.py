"""Modules beside notebooks that are joined: one that several import is one module of the package, where it is the same for all."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from nb2pipe.package.joined.model import Planned
from nb2pipe.package.model import Import, Plan


def shared(planned: Sequence[Planned], taken: Collection[str]) -> dict[str, str]:
    """The modules that stand at the top of the package, by path, with their text; ``taken`` are the names of others there.

    A module of another text in another folder stays in the part of its notebook, and so does what imports such a one.
    """
    texts: dict[str, set[str]] = {}
    for member in planned:
        for path, text in member.plan.local:
            texts.setdefault(path, set()).add(text)
    found = {p: next(iter(t)) for p, t in texts.items() if len(t) == 1 and p.removesuffix(".py") not in taken}
    while True:
        apart = [p for p, text in found.items() if any(f"{n}.py" not in found for n in _siblings(text))]
        if not apart:
            return dict(sorted(found.items()))
        found = {p: text for p, text in found.items() if p not in apart}


def _siblings(text: str) -> Iterator[str]:
    """The modules beside it that a module imports, as the package has it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from [node.module.partition(".")[0]] if node.module else [a.name for a in node.names]


def with_shared(plan: Plan, modules: Collection[str]) -> Plan:
    """The plan of a part, where these modules (by path) stand at the top of the package."""
    names = {path.removesuffix(".py") for path in modules}
    above = tuple(
        _above(i) if i.module.partition(".")[0] in names or i.module.startswith("._") else i for i in plan.imports
    )
    return plan._replace(imports=above, local=tuple((path, text) for path, text in plan.local if path not in modules))


def _above(entry: Import) -> Import:
    """An import from the top of the package, as a part of it has it."""
    if entry.module.startswith("."):
        return entry._replace(module=f".{entry.module}")
    if entry.member:
        return entry._replace(module=f"..{entry.module}")
    return Import(entry.name, "..", entry.module, entry.alias)
