"""The edits of a package's files, carried into the cells that these were written from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nb2pipe.emit.filetree import FileTree
from nb2pipe.notebook.model import Code
from nb2pipe.package.local import names_of_local
from nb2pipe.package.model import Import, Plan
from nb2pipe.sync.cells import Ending, rebuilt
from nb2pipe.sync.imports import wanted_imports
from nb2pipe.sync.inverse import shown
from nb2pipe.sync.owners import (
    Owned,
    Wanted,
    owned_functions,
    owned_section,
    owned_step,
    wanted_in_body,
    wanted_in_functions,
)
from nb2pipe.sync.parameters import wanted_parameters
from nb2pipe.sync.units import Body, module, parsed, stands_elsewhere, statements_of


@dataclass(frozen=True, slots=True)
class Base:
    """The package as it was written: its name, its files, their plan, and the cells behind it."""

    name: str
    tree: FileTree
    plan: Plan
    codes: tuple[Code, ...]


Edits = dict[int, list[Wanted]]


def edits(base: Base, changed: Mapping[str, bytes | None]) -> Edits:
    """What the cells are to have, by cell; ``changed`` are the files that were edited.

    What no cell can have is left out: the comparison of packages that follows will show it.
    """
    found: Edits = {}
    before: dict[Import, None] = {}
    after: dict[Import, None] = {}
    for path, content in base.tree.files:
        inside = path.removeprefix(f"src/{base.name}/")
        text = _text(content)
        edited = _text(changed[path]) if path in changed else text
        if inside == "parameters.py" and edited and edited != text:
            _add(found, wanted_parameters(base.plan, base.codes, text, edited))
        kind = _kind(inside)
        if not kind:
            continue
        old = module(text, kind)
        new = old if edited == text else module(edited, kind)
        before |= dict.fromkeys(_outside(base, old.imports))
        after |= dict.fromkeys(_outside(base, new.imports))
        if new is old:
            continue
        for name, owned in _owned(base.plan, kind, path.rpartition("/")[2].removesuffix(".py"), old.bodies):
            if name in new.bodies and len(owned.owners) == len(owned.body.units):
                wanted = (wanted_in_functions if kind == "functions" else wanted_in_body)(owned, new.bodies[name])
                _add(found, {cell: [one] for cell, one in wanted.items()})
    _add(found, wanted_imports(base.codes, before, after, carried(base, found, {})))
    return found


def _outside(base: Base, imports: Iterable[Import]) -> Iterator[Import]:
    """The imports as the notebook has them: without those of the package itself, modules beside the notebook as their own."""
    local = names_of_local(base.plan)
    for entry in imports:
        if not entry.module.startswith((".", f"{base.name}.")) and entry.module != base.name:
            yield entry
            continue
        module = entry.module.removeprefix(base.name).lstrip(".")
        if module.partition(".")[0] in local:
            yield entry._replace(module=module)
        elif not module and entry.member in local:
            yield Import(entry.name, entry.member, "", entry.alias)


def _text(content: bytes | None) -> str:
    """The text of a file of Python; "" where it is none any more."""
    try:
        text = (content or b"").decode("utf-8")
        parsed(text)
    except (SyntaxError, ValueError):
        return ""
    return text


def _add(found: Edits, more: Mapping[int, list[Wanted]]) -> None:
    for cell, wanted in more.items():
        found.setdefault(cell, []).extend(wanted)


def _kind(path: str) -> str:
    """Which kind of file of a package holds statements of cells; "" for one that does not."""
    if path == "steps.py" or (path.startswith("steps/") and path != "steps/__init__.py"):
        return "steps"
    if path == "functions.py":
        return "functions"
    return "script" if path.startswith("scripts/") and path != "scripts/__init__.py" else ""


def _owned(plan: Plan, kind: str, stem: str, bodies: Mapping[str, Body]) -> Iterator[tuple[str, Owned]]:
    """The bodies of a file by name, each with the owners of its statements."""
    if kind == "functions":
        yield "", owned_functions(bodies[""], plan)
    for step in plan.steps:
        if kind == "steps" and step.form == "function" and step.name in bodies:
            yield step.name, owned_step(bodies[step.name], step)
        elif kind == "script" and step.form == "script" and step.name == stem and len(bodies) == len(step.parts):
            for number, part in enumerate(step.parts, 1):
                yield str(number), owned_section(bodies[str(number)], part)


def carried(base: Base, found: Edits, endings: Mapping[int, Ending]) -> dict[int, str]:
    """The new text of each cell that is edited, by cell."""
    extra = {f.name: f.extra for f in base.plan.functions if f.extra}
    codes = {c.cell.index: c for c in base.codes}
    return {cell: rebuilt(codes[cell], found[cell], extra, endings.get(cell, "")) for cell in sorted(found)}


def endings(found: Edits, plan: Plan) -> dict[int, Ending]:
    """How the last expressions of cells have to be written otherwise, so that the package shows what the edited one does.

    ``plan`` is that of the package with the edits.
    """
    parts = {p.cell: p for s in plan.steps for p in s.parts if p.origins}
    result: dict[int, Ending] = {}
    for cell, every in found.items():
        part = parts.get(cell)
        last = next((w.items[-1].new for w in every if w.items and not stands_elsewhere(w.items[-1].new)), None)
        if part is None or last is None:
            continue
        ours = statements_of(part.lines).statements[len(part.origins) - 1]
        shows, should = shown(ours.text) is not None, shown(last.text) is not None
        if shows != should:
            result[cell] = "silent" if shows else "explicit"
    return result
