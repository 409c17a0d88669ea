"""Why a step runs, in words: what is different between what its last result was made from and what it is made from now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nb2pipe.diagnostics import say
from nb2pipe.pipeline.words import in_words
from nb2pipe.runtime.task import Unstorable

_LONG = 40  # letters of a parameter's value


def unstorable_in_words(value: Unstorable) -> str:
    """A value, or a state of the process, that cannot leave its process."""
    return in_words(value.name) if value.name.startswith("<") else f"`{value.name}` ({value.kind})"


def difference(before: Mapping[str, str], now: Mapping[str, str], cells: Sequence[int]) -> str:
    """The first difference between two recipes, those that a user makes first; ``cells`` are the positions of its cells."""
    old = sum(k.startswith("cell ") for k in before)
    new = sum(k.startswith("cell ") for k in now)
    if old == new:
        for place, cell in enumerate(cells):
            if before.get(f"cell {place}") != now.get(f"cell {place}"):
                return say("the parameters that are given changed") if cell < 0 else say("cell %1 changed", cell + 1)
    for name in sorted({*before, *now}):
        kind, _, what = name.partition(" ")
        if kind != "parameter" or before.get(name) == now.get(name):
            continue
        if name not in now:
            return say("parameter %1 is not used any more", what)
        if name not in before:
            return say("parameter %1 is used now", what)
        return say("parameter %1 changed: %2 -> %3", what, _short(before[name]), _short(now[name]))
    if old != new:
        return say("its cells changed")
    for name in sorted({*before, *now}):
        kind, _, what = name.partition(" ")
        if kind == "value" and before.get(name) != now.get(name):
            if what.startswith("<"):
                what = what.strip("<>")
            if name not in before:
                return say("%1 is taken now", what)
            return say("%1 changed", what) if name in now else say("%1 is not taken any more", what)
    for name in sorted(now):
        if before.get(name) == now[name]:
            continue
        if name == "packages":
            return _packages(before.get(name, ""), now[name])
        if name == "environment":
            lines = sorted({*before.get(name, "").splitlines()} ^ {*now[name].splitlines()})
            if not lines:
                return say("the environment changed")
            return say("the environment variable %1 changed", lines[0].partition("=")[0])
        return say("%1 changed", _WORDS.get(name, name))
    return say("no earlier result")


_WORDS = {
    "nb2pipe": say("the version of nb2pipe"),
    "python": say("the interpreter"),
    "machine": say("the machine"),
    "hashes": "PYTHONHASHSEED",
    "guards": say("how guards look"),
    "folder": say("the notebook's folder"),
    "configuration": say("matplotlib's configuration"),
}


def _packages(before: str, now: str) -> str:
    """Which package has another version, is new or is gone."""

    def versions(text: str) -> dict[str, str]:
        found = {}
        for line in text.splitlines():
            name, dash, rest = line.partition("-")
            found[name] = rest.rpartition(".dist-info")[0] or rest if dash else line
        return found

    old, new = versions(before), versions(now)
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            continue
        if name not in old:
            return say("%1 was installed", f"{name} {new[name]}")
        if name not in new:
            return say("%1 was uninstalled", f"{name} {old[name]}")
        return f"{name} {old[name]} -> {new[name]}"
    return say("what is installed changed")


def _short(value: str) -> str:
    return value if len(value) <= _LONG else f"{value[: _LONG - 1]}…"
