"""All that is different between two versions of a package: in words, and as edges, parameters, environment and code."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from nb2pipe.package.versions.change import Line, Version, changes, in_its_part, kind_of, renamed_steps, text_of
from nb2pipe.package.versions.code import pieces, text_in
from nb2pipe.package.versions.record import EdgeRecord, ParameterRecord, Record, edges, own_name


class CodeChange(NamedTuple):
    """The code of a step, function or module that is not the same: ``what`` is "new", "gone" or "changed".

    ``lines`` are those of a unified diff, without its head.
    """

    name: str
    of: str
    what: str
    lines: tuple[str, ...]


class ParameterChange(NamedTuple):
    """A parameter that is not the same; None where it is not there."""

    name: str
    old: ParameterRecord | None
    new: ParameterRecord | None


class DistributionChange(NamedTuple):
    """A distribution whose version is not the same, "" where it is not needed; ``direct`` where the notebook imports it."""

    name: str
    old: str
    new: str
    direct: bool


class Difference(NamedTuple):
    """What is different between version ``old`` and version ``new`` of a package."""

    name: str
    old: str
    new: str
    kind: str
    lines: tuple[Line, ...]
    new_edges: tuple[EdgeRecord, ...]
    gone_edges: tuple[EdgeRecord, ...]
    parameters: tuple[ParameterChange, ...]
    environment: tuple[DistributionChange, ...]
    code: tuple[CodeChange, ...]


def difference(old: Version, new: Version) -> Difference:
    """Compare two versions of a package."""
    lines = changes(old, new)
    before, after = edges(old.record), edges(new.record)
    return Difference(
        new.record.name,
        old.record.version,
        new.record.version,
        kind_of(lines) if lines else "none",
        lines,
        tuple(e for e in after if e not in before),
        tuple(e for e in before if e not in after),
        tuple(_parameters(old.record, new.record)),
        tuple(_environment(old.record, new.record)),
        (*_steps(old, new), *_functions(old, new), *_modules(old, new)),
    )


def _parameters(old: Record, new: Record) -> Iterator[ParameterChange]:
    before, after = {p.name: p for p in old.parameters}, {p.name: p for p in new.parameters}
    for name in dict.fromkeys((*after, *before)):
        if before.get(name) != after.get(name):
            yield ParameterChange(name, before.get(name), after.get(name))


def _environment(old: Record, new: Record) -> Iterator[DistributionChange]:
    direct = old.environment.direct.keys() | new.environment.direct.keys()
    before = {**old.environment.closure, **old.environment.direct}
    after = {**new.environment.closure, **new.environment.direct}
    for name in sorted(before.keys() | after.keys(), key=lambda n: (n not in direct, n)):
        if before.get(name) != after.get(name):
            yield DistributionChange(name, before.get(name, ""), after.get(name, ""), name in direct)


def _steps(old: Version, new: Version) -> Iterator[CodeChange]:
    before = {s.name: s for s in old.record.steps}
    after = {s.name: s for s in new.record.steps}
    renamed = renamed_steps(old, new)
    for name, step in after.items():
        was = before.get(renamed.get(name, name))
        yield from _code(name, "step", text_of(was, old) if was else None, text_of(step, new))
    for name, step in before.items():
        if name not in after and name not in renamed.values():
            yield from _code(name, "step", text_of(step, old), None)


def _functions(old: Version, new: Version) -> Iterator[CodeChange]:
    before = {f.name: f for f in old.record.functions}
    after = {f.name: f for f in new.record.functions}
    for name in dict.fromkeys((*after, *before)):
        texts = []
        for found, version in ((before, old), (after, new)):
            function = found.get(name)
            known = pieces(text_in(version.files, function.file)) if function else {}
            piece = known.get(own_name(function)) if function else None
            texts.append(piece.text if piece else None)
        yield from _code(name, "function", *texts)


def _modules(old: Version, new: Version) -> Iterator[CodeChange]:
    """The modules beside the notebook that went into the package."""
    own = _modules_in(old.record) | _modules_in(new.record)
    package = f"src/{new.record.name}/"
    for path in sorted(own):
        texts = [text_in(v.files, path).rstrip("\n") if path in v.files else None for v in (old, new)]
        yield from _code(path.removeprefix(package), "module", *texts)


_WRITTEN = frozenset({"__init__.py", "__main__.py", "functions.py", "parameters.py", "pipeline.py", "steps.py"})


def _modules_in(record: Record) -> set[str]:
    package = f"src/{record.name}/"
    paths = [path for path in record.files if path.startswith(package) and path.endswith(".py")]
    return {p for p in paths if "/" not in in_its_part(p, record) and in_its_part(p, record) not in _WRITTEN}


def _code(name: str, of: str, old: str | None, new: str | None) -> Iterator[CodeChange]:
    if old == new:
        return
    if old is None or new is None:
        what, mark = ("new", "+") if old is None else ("gone", "-")
        yield CodeChange(name, of, what, tuple(mark + line for line in (new or old or "").split("\n")))
        return
    lines = difflib.unified_diff(old.split("\n"), new.split("\n"), lineterm="", n=3)
    yield CodeChange(name, of, "changed", tuple(lines)[2:])  # behind the names of files


def to_document(found: Difference) -> dict[str, Any]:
    """The difference as JSON has it."""
    return {
        "name": found.name,
        "from": found.old,
        "to": found.new,
        "kind": found.kind,
        "changes": [{"kind": line.kind, "text": line.text} for line in found.lines],
        "edges": {"new": [_edge(e) for e in found.new_edges], "gone": [_edge(e) for e in found.gone_edges]},
        "parameters": [
            {"name": p.name, "old": _parameter(p.old), "new": _parameter(p.new)} for p in found.parameters
        ],
        "environment": [
            {"name": d.name, "old": d.old or None, "new": d.new or None, "direct": d.direct} for d in found.environment
        ],
        "code": [{"name": c.name, "of": c.of, "change": c.what, "diff": list(c.lines)} for c in found.code],
    }  # fmt: skip


def _edge(edge: EdgeRecord) -> dict[str, Any]:
    return {"source": edge.source, "target": edge.target, "values": list(edge.values)}


def _parameter(parameter: ParameterRecord | None) -> Mapping[str, str] | None:
    return parameter._asdict() if parameter else None
