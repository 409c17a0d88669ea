"""What changed between two versions of a package: how much, and in words, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from nb2pipe.diagnostics import Sentence, say
from nb2pipe.package.versions.changelog import CHANGELOG
from nb2pipe.package.versions.code import Piece, bindings, body_of, computed, module_of, pieces, same_code, text_in
from nb2pipe.package.versions.number import KINDS, Kind
from nb2pipe.package.versions.record import (
    EnvironmentRecord,
    FunctionRecord,
    Record,
    StepRecord,
    own_name,
    results,
    without_circumstances,
)

_LONG = 60
_PROJECT = "pyproject.toml"
_RUNTIME = "_runtime/"
_TESTS = "tests/"
_RECORDS = "tests/data/"
RECORDED = say("the tests compare with what a run gave")
RECORDED_ANEW = say("the tests compare with what another run gave")
RECORDS_GONE = say("the tests no longer compare with what a run gave")
_PLANNED = ("__init__.py", "__main__.py", "pipeline.py", "parameters.py", "functions.py", "steps/__init__.py")
"""What is written from the plan, and told as steps, functions and parameters, or as text."""


class Version(NamedTuple):
    """A version as it is kept: its record, and the content of its files by path."""

    record: Record
    files: Mapping[str, bytes]


class Line(NamedTuple):
    """One change in words, with how much it is."""

    kind: Kind
    text: Sentence


def changes(old: Version, new: Version) -> tuple[Line, ...]:
    """What changed, the greatest first; nothing where the two are one version."""
    plain = (without_circumstances(v.record)._replace(files={}) for v in (old, new))
    if next(plain) == next(plain) and not _changed(old, new):
        return ()
    lost = lost_results(old.record, new.record)
    found = [
        *_parameters(old.record, new.record),
        *_results(old, new, lost),
        *_steps(old, new, lost),
        *_functions(old, new),
        *_environment(old.record.environment, new.record.environment),
        *_modules(old, new),
        *_origin(old.record, new.record),
    ]
    found += _rest(old, new, found)
    return tuple(sorted(dict.fromkeys(found), key=lambda line: -KINDS.index(line.kind)))


def kind_of(lines: Sequence[Line]) -> Kind:
    """How much all changes are together."""
    return max((line.kind for line in lines), key=KINDS.index, default="patch")


# -- what others rely on ------------------------------------------------------------------------------------------


def _parameters(old: Record, new: Record) -> Iterator[Line]:
    before = {p.name: p for p in old.parameters}
    after = {p.name: p for p in new.parameters}
    for name in (n for n in before if n not in after):
        yield Line("major", say("parameter `%1` is gone", name))
    for name, p in after.items():
        if name not in before:
            words = ", ".join(t for t in (p.type, _brief(p.default)) if t)
            yield Line("minor", say("new parameter `%1` (%2)", name, words))
            continue
        was = before[name]
        if was.type != p.type:
            yield Line("major", say("parameter `%1` is %2 (was %3)", name, _type(p.type), _type(was.type)))
        if not same_code(f"_ = {was.default}".encode(), f"_ = {p.default}".encode()):
            values = _brief(p.default), _brief(was.default)
            yield Line("minor", say("parameter `%1` is %2 by default (was %3)", name, *values))
        elif was.default != p.default:
            yield Line("patch", say("only text changed in the default of parameter `%1`", name))
        if was.help != p.help:
            yield Line("patch", say("only text changed in parameter `%1`", name))
    if [n for n in before if n in after] != [n for n in after if n in before]:
        yield Line("minor", say("the parameters stand in another order"))


def _brief(text: str) -> str:
    """A literal on one line, its end left out where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"


def _type(name: str) -> Sentence:
    return say("of type %1", name) if name else say("of any type")


def lost_results(old: Record, new: Record) -> frozenset[str]:
    """The final outputs that no step gives any more."""
    given = {name for step in new.steps for name in step.gives}
    return frozenset(name for name in results(old) if name not in given)


def _results(old: Version, new: Version, lost: frozenset[str]) -> Iterator[Line]:
    now = _types_of_results(new)
    for name, was in _types_of_results(old).items():
        if name in lost:
            yield Line("major", say("result `%1` is gone", name))
        elif was and now.get(name) and was != now[name]:
            yield Line("major", say("result `%1` is a %2 (was a %3)", name, now[name], was))


def _types_of_results(version: Version) -> dict[str, str]:
    """The final outputs with their types, by the names that these have where they come from: `pd` is only what a notebook calls it."""
    found = results(version.record)
    for step in version.record.steps:
        names = bindings(text_in(version.files, step.file)) if step.types else {}
        for name, text in step.types.items():
            root, dot, rest = text.partition(".")
            if found.get(name) == text:
                found[name] = f"{names.get(root, root)}{dot}{rest}"
    return found


# -- steps and functions ------------------------------------------------------------------------------------------


def renamed_steps(old: Version, new: Version) -> dict[str, str]:
    """The steps that have another name now and compute the same: the old name of each new one."""
    gone = [s for s in old.record.steps if s.name not in {t.name for t in new.record.steps}]
    fresh = [s for s in new.record.steps if s.name not in {t.name for t in old.record.steps}]
    found: dict[str, str] = {}
    for step in fresh:
        same = [s for s in gone if s.gives == step.gives and s.takes == step.takes and s.form == step.form
                and computes(s, old) == computes(step, new) and s.name not in found.values()]  # fmt: skip
        if len(same) == 1:
            found[step.name] = same[0].name
    return found


def computes(step: StepRecord, version: Version) -> str:
    """What a step's own code computes, as text; the same for two steps that compute the same."""
    text = text_in(version.files, step.file)
    if step.form != "function":
        return module_of(text)
    piece = pieces(text).get(own_name(step))
    return body_of(piece.node) if piece else ""


def _written_for(step: StepRecord, version: Version) -> str:
    """What a step's code computes and takes, as text: its signature with it."""
    text = text_in(version.files, step.file)
    piece = pieces(text).get(own_name(step)) if step.form == "function" else None
    return computed(piece.node) if piece else module_of(text)


def text_of(step: StepRecord, version: Version) -> str:
    """A step's code as it stands in its file."""
    text = text_in(version.files, step.file)
    if step.form != "function":
        return text.rstrip("\n")
    piece = pieces(text).get(own_name(step))
    return piece.text if piece else ""


def _steps(old: Version, new: Version, lost: frozenset[str]) -> Iterator[Line]:
    renamed = renamed_steps(old, new)
    before = {s.name: s for s in old.record.steps}
    after = {s.name: s for s in new.record.steps}
    for name in before:
        if name not in after and name not in renamed.values():
            yield Line("minor", say("step `%1` is gone", name))
    for name, step in after.items():
        was = before.get(renamed.get(name, name))
        if was is None:
            yield Line("minor", _new_step(step))
            continue
        if name in renamed:
            yield Line("minor", say("step `%1` is named `%2`", was.name, name))
        yield from _step(was, step, old, new, lost)
    kept = [renamed.get(n, n) for n in after if renamed.get(n, n) in before]
    if kept != [n for n in before if n in kept]:
        yield Line("minor", say("the steps run in another order"))


def _new_step(step: StepRecord) -> Sentence:
    takes, gives = (_names(names) for names in ((*step.takes, *step.parameters), step.gives))
    if takes and gives:
        return say("new step `%1`: takes %2, gives %3", step.name, takes, gives)
    if takes:
        return say("new step `%1`: takes %2", step.name, takes)
    return say("new step `%1`: gives %2", step.name, gives) if gives else say("new step `%1`", step.name)


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{n}`" for n in names)


_TOO: Mapping[str, Callable[[str, str], Sentence]] = {
    "takes": lambda name, names: say("%1 takes %2 too", name, names),
    "gives": lambda name, names: say("%1 gives %2 too", name, names),
    "needs": lambda name, names: say("%1 needs %2 too", name, names),
    "leaves": lambda name, names: say("%1 leaves %2 too", name, names),
}
_NO_LONGER: Mapping[str, Callable[[str, str], Sentence]] = {
    "takes": lambda name, names: say("%1 no longer takes %2", name, names),
    "gives": lambda name, names: say("%1 no longer gives %2", name, names),
    "needs": lambda name, names: say("%1 no longer needs %2", name, names),
    "leaves": lambda name, names: say("%1 no longer leaves %2", name, names),
}


def _step(was: StepRecord, step: StepRecord, old: Version, new: Version, lost: frozenset[str]) -> Iterator[Line]:
    """What changed in one step."""
    name = f"`{step.name}`"
    if was.form != step.form:
        yield Line("minor", say("%1 is a %2 (was a %3)", name, _form(step), _form(was)))
    elif was.sha256 != step.sha256:
        if computes(was, old) != computes(step, new):
            yield Line("minor", say("%1 computes otherwise", name))
        elif _written_for(was, old) == _written_for(step, new):
            yield Line("patch", say("only text changed in %1", name))
    taken, given = (
        ({*was.takes, *was.parameters}, {*step.takes, *step.parameters}),
        ({*was.gives} - lost, {*step.gives}),
    )
    for verb, (before, after) in (("takes", taken), ("gives", given), ("needs", ({*was.needs}, {*step.needs})),
                                  ("leaves", ({*was.leaves}, {*step.leaves}))):  # fmt: skip
        if after - before:
            yield Line("minor", _TOO[verb](name, _names(sorted(after - before))))
        if before - after:
            yield Line("minor", _NO_LONGER[verb](name, _names(sorted(before - after))))
    if {*was.after} != {*step.after}:
        runs = say("%1 runs after %2", name, _names(step.after))
        yield Line("minor", runs if step.after else say("%1 no longer waits for %2", name, _names(was.after)))


def _form(step: StepRecord) -> str:
    return {"function": say("function"), "script": say("script")}.get(step.form, step.form)


def _functions(old: Version, new: Version) -> Iterator[Line]:
    before = {f.name: f for f in old.record.functions}
    after = {f.name: f for f in new.record.functions}
    for name in (n for n in before if n not in after):
        yield Line("minor", say("function `%1` is gone", name))
    for name, function in after.items():
        if name not in before:
            yield Line("minor", say("new function `%1`", name))
        elif before[name].sha256 != function.sha256:
            pair = (_piece(before[name], old), _piece(function, new))
            if pair[0] and pair[1] and computed(pair[0].node) == computed(pair[1].node):
                yield Line("patch", say("only text changed in %1", f"`{name}`"))
            else:
                yield Line("minor", say("%1 computes otherwise", f"`{name}`"))


def _piece(function: FunctionRecord, version: Version) -> Piece | None:
    return pieces(text_in(version.files, function.file)).get(own_name(function))


# -- the environment, and what no step tells ------------------------------------------------------------------------


def _environment(old: EnvironmentRecord, new: EnvironmentRecord) -> Iterator[Line]:
    if old.python != new.python:
        yield Line("minor", say("needs Python %1 (was %2)", new.python, old.python))
    for name in sorted(old.direct.keys() | new.direct.keys()):
        was, now = old.direct.get(name), new.direct.get(name)
        if was is None:
            yield Line("minor", say("needs %1", f"{name} {now}"))
        elif now is None:
            yield Line("minor", say("no longer needs %1", name))
        elif was != now:
            yield Line("minor", say("%1 %2 → %3", name, was, now))
    for name in (n for n in new.missing if n not in old.missing):
        yield Line("minor", say("nothing that is installed has `%1`", name))
    other = {n for n in old.closure.keys() | new.closure.keys() if old.closure.get(n) != new.closure.get(n)}
    other -= old.direct.keys() | new.direct.keys()
    if other:
        words = ", ".join(f"{n} {old.closure.get(n, 'none')} → {new.closure.get(n, 'none')}" for n in sorted(other))
        yield Line("minor", say("below these: %1", words))


def in_its_part(path: str, record: Record) -> str:
    """The path of a file from the folder of its notebook's code: the package's, or where there are several, one in that."""
    inside = path.removeprefix(f"src/{record.name}/")
    part, _, rest = inside.partition("/")
    return rest if part in {n.name for n in record.notebooks} else inside


def _modules(old: Version, new: Version) -> Iterator[Line]:
    """What changed in files of code that hold no step and no function of the notebook."""
    before, after = old.record.files, new.record.files
    package = f"src/{new.record.name}/"
    own = {*_PLANNED, *(s.file for r in (old.record, new.record) for s in r.steps)}
    runtime: set[Kind] = set()
    for path in sorted(before.keys() | after.keys()):
        name = path.removeprefix(package)
        if before.get(path) == after.get(path) or name == path or not path.endswith(".py"):
            continue
        if in_its_part(path, new.record) in own or path in own:
            yield from _rebound(path, old, new)
            continue
        same = same_code(old.files.get(path, b""), new.files.get(path, b""))
        if name.startswith(_RUNTIME):
            runtime.add("patch" if same else "minor")
        elif path not in before:
            yield Line("minor", say("new module `%1`", name))
        elif path not in after:
            yield Line("minor", say("module `%1` is gone", name))
        elif same:
            yield Line("patch", say("only text changed in %1", f"`{name}`"))
        else:
            yield Line("minor", say("%1 computes otherwise", f"`{name}`"))
    if runtime:
        versions = f"nb2pipe {old.record.nb2pipe} → {new.record.nb2pipe}"
        words = say("what runs the pipeline changed (%1)", f"`_runtime`; {versions}")
        yield Line(max(runtime, key=KINDS.index), words)


def _rebound(path: str, old: Version, new: Version) -> Iterator[Line]:
    """The imported names that stand for something else now, in files of the notebook's code."""
    before, after = bindings(text_in(old.files, path)), bindings(text_in(new.files, path))
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name] and not after[name].startswith(".") and not before[name].startswith("."):
            yield Line("minor", say("`%1` is `%2` (was `%3`)", name, after[name], before[name]))


def _origin(old: Record, new: Record) -> Iterator[Line]:
    """What changed of the notebook beside its text."""
    if old.notebook != new.notebook:
        yield Line("patch", say("the notebook is named `%1` (was `%2`)", new.notebook, old.notebook))
    files = [{n.name: n.file for n in r.notebooks} for r in (old, new)]
    for name in sorted(files[0].keys() | files[1].keys()):
        if name not in files[1]:
            yield Line("minor", say("notebook `%1` is gone", name))
        elif name not in files[0]:
            yield Line("minor", say("new notebook `%1`", name))
        elif files[0][name] != files[1][name]:
            yield Line("patch", say("notebook `%1` is `%2` (was `%3`)", name, files[1][name], files[0][name]))
    texts = [[(c.kind, c.sha256) for c in r.cells] for r in (old, new)]
    if texts[0] == texts[1] and [c.id for c in old.cells] != [c.id for c in new.cells]:
        yield Line("patch", say("cells of the notebook have other ids"))


def _records(old: Version, new: Version) -> Iterator[Line]:
    """Whether the project has records of a run, for its tests to compare with."""
    before, after = ({p: d for p, d in v.record.files.items() if p.startswith(_RECORDS)} for v in (old, new))
    if before != after:
        yield Line("patch", RECORDED if not before else RECORDED_ANEW if after else RECORDS_GONE)


def _rest(old: Version, new: Version, told: Sequence[Line]) -> Iterator[Line]:
    """What changed and is not told: code, so that it never counts as text, and text where there is nothing else."""
    records = [*_records(old, new)]
    yield from records
    if any(line.kind != "patch" for line in told):
        return
    changed, package = _changed(old, new), f"src/{new.record.name}/"
    if records:
        changed = [p for p in changed if not p.startswith(_TESTS)]
    code = [
        path for path in changed
        if path.startswith(package) and path.endswith(".py")
        and in_its_part(path, new.record) != "parameters.py"  # told field by field
        and not same_code(old.files.get(path, b""), new.files.get(path, b""))
    ]  # fmt: skip
    if code:
        yield from (Line("minor", say("the code of `%1` changed", path.removeprefix(package))) for path in code)
    elif changed and not told:
        yield from _files(changed, old, new, package)
    elif not told and not records:
        yield Line("patch", say("only text of the notebook changed"))


def _files(changed: Sequence[str], old: Version, new: Version, package: str) -> Iterator[Line]:
    """The files that are new, gone, and of another text."""
    fresh = [p for p in changed if p not in old.record.files]
    gone = [p for p in changed if p not in new.record.files]
    text = [p for p in changed if p not in fresh and p not in gone]
    names = [_names([p.removeprefix(package) for p in paths]) for paths in (fresh, gone, text)]
    if names[0]:
        yield Line("patch", say("new: %1", names[0]))
    if names[1]:
        yield Line("patch", say("gone: %1", names[1]))
    if names[2]:
        yield Line("patch", say("only text changed in %1", names[2]))


def _changed(old: Version, new: Version) -> list[str]:
    """The files that are not the same, but for what differs in each version, and the notebooks, which follow from the rest."""
    before, after = old.record.files, new.record.files
    names = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)} - {CHANGELOG}
    names = {p for p in names if not p.startswith("notebooks/")}
    projects = [v.files.get(_PROJECT, b"").replace(f'"{v.record.version}"'.encode(), b"") for v in (old, new)]
    return sorted(names - {_PROJECT} if projects[0] == projects[1] else names)
