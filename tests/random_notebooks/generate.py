"""Writing a whole notebook: themes, cells, wrappers around pieces, what is shown, tags and split."""

from __future__ import annotations

import random

from tests.random_notebooks import callables, data, language, library, outside, plain
from tests.random_notebooks.notebooks import RandomCell, RandomNotebook
from tests.random_notebooks.world import RECIPES, Recipe, SkipError, World, indent

MODULES = (plain, callables, data, outside, language, library)
THEMES = tuple(RECIPES)
SHOWN = {
    "object": "({0}.n, {0}.items)", "class": "({0}.made, {0}.kind)", "iterator": "next({0}, None)", "function": "{0}(2)", "thunk": "{0}()", "rng": "{0}.integers(9)", "changer": "{0}.__name__",
    "thunks": "sorted({0})", "set": "list({0})", "frame": "{0}.to_dict('list')", "series": "{0}.tolist()", "vector": "{0}.tolist()", "path": "str({0})",
    "spy": "type({0}).__name__", "held": "{0}.items", "made": "{0}.__name__", "dview": "list({0})",
}  # fmt: skip


def generate(rnd: random.Random, themes: tuple[str, ...] | None = None) -> RandomNotebook:
    """A random notebook: the same for the same draws."""
    w = World(rnd)
    if themes is None:
        count = w.number(1, 4)
        themes = tuple(dict.fromkeys(("basic", *(w.pick(THEMES) for _ in range(count)))))
    if {"frames", "arrays", "classes", "functions", "iterators", "files", "hooks", "library"} & set(
        themes
    ) and w.chance(0.8):
        themes = (*themes, "containers")
    weights = [
        (weight * (3 if theme not in ("basic", "containers") else 1), recipe)
        for theme in themes
        for weight, recipe in RECIPES[theme]
    ]
    cells = []
    size = w.number(3, 12)
    wrapping = w.pick((0.0, 0.1, 0.3))
    for index in range(size):
        cells.append(_cell(w, weights, wrapping, first=index == 0))
    return _tagged(w, cells)


def _cell(w: World, weights: list[tuple[int, Recipe]], wrapping: float, *, first: bool) -> RandomCell:
    pieces: list[str] = []
    if first:
        pieces += _seeds(w)
    raises = not first and w.chance(0.04)
    count = w.number(1, 4)
    place = w.number(0, count) if raises else -1
    for number in range(count):
        if number == place:
            pieces.append(_failure(w))
            w.closed += 1
        pieces += _piece(w, weights, wrapping)
    if number + 1 == place:
        pieces.append(_failure(w))
        w.closed += 1
    pieces += _showing(w)
    if raises and place >= 0:
        w.closed -= 1
    pieces = [*_magic(w, pieces)] if not raises else pieces
    return RandomCell(tuple(pieces), ("raises-exception",) if raises else ())


def _seeds(w: World) -> list[str]:
    """What a first cell begins with: a few names to work on."""
    found = []
    for kind, text in (
        ("int", str(w.number())),
        ("list", f"[{w.number()}, {w.number()}]"),
        ("dict", "{'a': 1}"),
        ("str", "'s'"),
    ):
        if w.chance(0.7):
            found.append(f"{w.target(kind)} = {text}")
    return found


def _at(weights: list[tuple[int, Recipe]], at: int) -> Recipe:
    """The recipe that stands at a place among all, each as wide as its weight."""
    for weight, recipe in weights:
        at -= weight
        if at < 0:
            return recipe
    raise IndexError(at)


def _draw(w: World, weights: list[tuple[int, Recipe]]) -> str:
    total = sum(weight for weight, _ in weights)
    for _ in range(60):
        at = w.rnd.randrange(total)
        recipe = _at(weights, at)
        kinds, imports, needed, files, facts, pinned = (
            dict(w.kinds),
            set(w.imports),
            list(w.needed),
            list(w.files),
            set(w.facts),
            set(w.pinned),
        )
        try:
            return recipe(w)
        except SkipError:
            w.kinds, w.imports, w.needed, w.files, w.facts, w.pinned = kinds, imports, needed, files, facts, pinned
    return "pass"


def _piece(w: World, weights: list[tuple[int, Recipe]], wrapping: float) -> list[str]:
    """One piece, wrapped or not, behind the imports that it needs."""
    text = _wrapped(w, weights, wrapping) if w.chance(wrapping) and w.depth < 2 else _draw(w, weights)
    needed, w.needed = w.needed, []
    return [*needed, text]


def _wrapped(w: World, weights: list[tuple[int, Recipe]], wrapping: float) -> str:
    """Pieces inside a compound statement: what they bind may not be bound, so no name is new."""
    if not w.names("int"):
        return _draw(w, weights)
    w.closed += 1
    w.depth += 1
    try:
        inner = [_draw(w, weights) for _ in range(w.number(1, 2))]
        if w.depth < 2 and w.chance(wrapping):
            inner.append(_wrapped(w, weights, wrapping))
    finally:
        w.closed -= 1
        w.depth -= 1
    text = "\n".join(inner)
    try:
        bound = w.bound(text)
    except SkipError:
        return "pass"
    flag = w.any("int")
    options = [
        f"if {w.condition()}:\n{indent(text)}",
        f"if {w.condition()}:\n{indent(text)}\nelse:\n    {flag} = {w.number()}",
        f"for turn in range({w.number(0, 2)}):\n{indent(text)}",
        f"try:\n{indent(text)}\nfinally:\n    {flag} += 1",
        f"try:\n{indent(text)}\n    1 / ({w.int(0)})\nexcept ZeroDivisionError:\n    print('divided')",
        f"while {flag} > 90:\n    {flag} = 5\n{indent(text)}",
    ]
    if "\n%" not in text and "!" not in text.replace("!=", ""):
        declared = [n for n in bound if n in w.kinds and n != "_"]
        head = f"    global {', '.join(declared)}\n" if declared else ""
        w.pin(text)
        options += [
            f"def run_it():\n{head}{indent(text)}\nrun_it()",
            f"def run_later():\n{head}{indent(text)}\n    return 1",
        ]
        if w.facts & {"later"}:
            options += ["run_later()"]
    choice = w.pick(options)
    if choice.startswith("def run_later"):
        w.facts.add("later")
    return choice


def _failure(w: World) -> str:
    return w.pick(
        [
            "raise ValueError('stop')",
            "1 / 0",
            "undefined_name",
            f"assert {w.number()} > 99",
            "[][3]",
            "raise KeyError('k')",
        ]
    )


def _showing(w: World) -> list[str]:
    """What the cell shows at its end, so that a wrong value is seen."""
    names = list(w.kinds)
    if not names:
        return ["print('nothing')"]
    plain = [n for n in names if w.kinds[n] not in ("iterator", "thunk", "rng", "function") or w.chance(0.15)]
    chosen = plain if w.chance(0.25) else list(dict.fromkeys(w.pick(names) for _ in range(w.number(1, 3))))
    parts = [SHOWN.get(w.kinds[n], "{0}").format(n) for n in chosen]
    if not parts:
        return ["print('nothing')"]
    if w.chance(0.15):
        one = w.pick(names)
        w.facts.add("echoed")
        return [
            f"print({', '.join(parts)})",
            one if w.kinds[one] not in ("iterator", "rng", "thunk", "function") else parts[0],
        ]
    return [f"print({', '.join(parts)})"]


def _magic(w: World, pieces: list[str]) -> list[str]:
    """Now and then a cell magic over the whole cell."""
    text = "\n".join(pieces)
    if w.chance(0.03) and "%" not in text.replace("% 97", "") and "!" not in text.replace("!=", ""):
        return [w.pick(["%%time", "%%capture out", "%%timeit -n1 -r1 -q"][:2]), *pieces]
    return pieces


def _tagged(w: World, cells: list[RandomCell]) -> RandomNotebook:
    """A random split."""
    how = w.rnd.randrange(10)
    if how < 6:
        return RandomNotebook(tuple(cells), "cells:1")
    if how < 8:
        return RandomNotebook(tuple(cells), f"cells:{w.number(2, 3)}")
    names = ["load", "clean", "train", "plot"][: w.number(2, 4)]
    tagged = []
    current = 0
    reopening = w.chance(0.5)
    for cell in cells:
        tags = cell.tags
        if w.chance(0.6):
            current = w.rnd.randrange(len(names)) if reopening else min(current + 1, len(names) - 1)
            tags = (*tags, f"step:{names[current]}")
        tagged.append(RandomCell(cell.pieces, tags))
    return RandomNotebook(tuple(tagged), None)
