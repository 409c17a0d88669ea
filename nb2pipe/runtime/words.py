"""Why a step runs, in words: what is different between what its last result was made from and what it is made from now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
                return "the parameters that are given changed" if cell < 0 else f"cell {cell + 1} changed"
    for name in sorted({*before, *now}):
        kind, _, what = name.partition(" ")
        if kind != "parameter" or before.get(name) == now.get(name):
            continue
        if name not in now:
            return f"parameter {what} is not used any more"
        if name not in before:
            return f"parameter {what} is used now"
        return f"parameter {what} changed: {_short(before[name])} -> {_short(now[name])}"
    if old != new:
        return "its cells changed"
    for name in sorted({*before, *now}):
        kind, _, what = name.partition(" ")
        if kind == "value" and before.get(name) != now.get(name):
            if what.startswith("<"):
                what = what.strip("<>")
            return (
                f"{what} is taken now"
                if name not in before
                else f"{what} changed"
                if name in now
                else f"{what} is not taken any more"
            )
    for name in sorted(now):
        if before.get(name) == now[name]:
            continue
        if name == "packages":
            return _packages(before.get(name, ""), now[name])
        if name == "environment":
            lines = sorted({*before.get(name, "").splitlines()} ^ {*now[name].splitlines()})
            return (
                f"the environment variable {lines[0].partition('=')[0]} changed" if lines else "the environment changed"
            )
        return f"{_WORDS.get(name, name)} changed"
    return "no earlier result"


_WORDS = {
    "nb2pipe": "the version of nb2pipe",
    "python": "the interpreter",
    "machine": "the machine",
    "hashes": "PYTHONHASHSEED",
    "guards": "how guards look",
    "folder": "the notebook's folder",
    "configuration": "matplotlib's configuration",
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
            return f"{name} {new[name]} was installed"
        if name not in new:
            return f"{name} {old[name]} was uninstalled"
        return f"{name} {old[name]} -> {new[name]}"
    return "what is installed changed"


def _short(value: str) -> str:
    return value if len(value) <= _LONG else f"{value[: _LONG - 1]}…"
