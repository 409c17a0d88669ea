"""What a notebook that is being written has so far: names with their kinds, imports, and the draws of chance."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

NAMES = {
    "int": ("x", "y", "n", "k"),
    "str": ("s", "word"),
    "list": ("xs", "ys", "items"),
    "nested": ("rows", "grid"),
    "dict": ("d", "table"),
    "lists": ("groups", "index"),
    "set": ("seen", "tags"),
    "tuple": ("pair", "t"),
    "mixed": ("box",),
    "vector": ("a", "b", "w"),
    "matrix": ("m", "m2"),
    "frame": ("df", "df2", "other"),
    "series": ("col", "ser"),
    "function": ("f", "g", "h"),
    "changer": ("push", "alter"),
    "thunk": ("tick", "draw"),
    "thunks": ("table_of_calls", "hooks"),
    "class": ("Acc", "Node"),
    "object": ("o", "p", "q"),
    "iterator": ("it", "gen"),
    "rng": ("rng", "rng2"),
    "deque": ("queue",),
    "counter": ("counts",),
    "path": ("path",),
    "spy": ("spy", "spy2"),
    "held": ("held", "held2"),
    "point": ("point", "point2"),
    "dview": ("names_of",),
}
"""The names that hold each kind of value: few, so that notebooks bind the same ones again and again."""

IMPORTS = {
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "random": "import random",
    "os": "import os",
    "json": "import json",
    "itertools": "import itertools",
    "functools": "import functools",
    "copy": "import copy",
    "warnings": "import warnings",
    "deque": "from collections import deque",
    "Counter": "from collections import Counter",
    "dataclass": "from dataclasses import dataclass, field",
    "contextlib": "import contextlib",
    "Path": "from pathlib import Path",
    "display": "from IPython.display import display",
}


class SkipError(Exception):
    """The recipe cannot be used at this place."""


@dataclass
class World:
    """A notebook in the making. ``closed``: no new name may appear, for what is written may not be run."""

    rnd: random.Random
    kinds: dict[str, str] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    needed: list[str] = field(default_factory=list)
    pinned: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)
    closed: int = 0
    depth: int = 0

    # -- chance -----------------------------------------------------------------------------------------------------

    def chance(self, p: float) -> bool:
        """True with probability ``p``."""
        return self.rnd.randrange(1000) < p * 1000

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        if not options:
            raise SkipError
        return options[self.rnd.randrange(len(options))]

    def number(self, low: int = 0, high: int = 9) -> int:
        """A small number, both ends included."""
        return low + self.rnd.randrange(high - low + 1)

    # -- names ------------------------------------------------------------------------------------------------------

    def names(self, *kinds: str) -> list[str]:
        """The names that hold one of the kinds."""
        return [n for n, k in self.kinds.items() if k in kinds]

    def any(self, *kinds: str) -> str:
        """A name that holds one of the kinds."""
        return self.pick(self.names(*kinds))

    def target(self, kind: str) -> str:
        """A name to bind to a value of the kind, new or not."""
        options = NAMES[kind]
        if self.closed:
            options = tuple(n for n in options if self.kinds.get(n) == kind)
        name = self.pick(options)
        self.kinds[name] = kind
        return name

    def need(self, *modules: str) -> None:
        """See to it that the modules are imported."""
        for module in modules:
            if module not in self.imports:
                if self.closed:
                    raise SkipError
                self.imports.add(module)
                self.needed.append(IMPORTS[module])

    def pin(self, text: str) -> str:
        """The names in ``text`` are read later on: they must not be deleted."""
        self.pinned.update(n for n in self.kinds if n in text)
        return text

    # -- expressions ------------------------------------------------------------------------------------------------

    def int(self, depth: int = 1) -> str:
        """An expression that is an int."""
        options: list[Callable[[], str]] = [lambda: str(self.number())]
        if names := self.names("int"):
            options += [lambda: self.pick(names)] * 4
        if depth > 0:
            options += [lambda: f"({self.int(0)} {self.pick('+-*')} {self.int(0)})"]
            options += [lambda: f"len({self.pick(n)})"] * bool(
                n := self.names("list", "dict", "set", "tuple", "nested", "deque", "str", "mixed")
            )
            options += [lambda: f"sum({self.pick(xs)})"] * 2 * bool(xs := self.names("list", "tuple"))
            options += [lambda: f"{self.pick(ds)}.get({self.key()}, {self.number()})"] * bool(
                ds := self.names("dict", "counter")
            )
            options += [lambda: f"{self.pick(fs)}({self.int(0)})"] * bool(fs := self.names("function"))
            options += [lambda: f"{self.pick(ts)}()"] * bool(ts := self.names("thunk"))
            options += [lambda: f"{self.pick(os)}.{self.pick(('n', 'total()', 'n', 'kind'))}"] * bool(
                os := self.names("object")
            )
            options += [lambda: f"int({self.pick(vs)}.sum())"] * bool(vs := self.names("vector", "matrix", "series"))
            options += [lambda: f"int({self.pick(frames)}['a'].{self.pick(('sum', 'max'))}())"] * bool(
                frames := self.names("frame")
            )
            options += [lambda: f"next({self.pick(its)}, {self.number()})"] * bool(its := self.names("iterator"))
            options += [lambda: f"({self.int(0)} if {self.condition()} else {self.int(0)})"]
        return self.pick(options)()

    def small(self) -> str:
        """An expression that is an int between -96 and 96."""
        return f"({self.int()}) % 97"

    def key(self) -> str:
        """A key of dictionaries."""
        if self.chance(0.2) and (words := self.names("str")):
            return self.pick(words)
        return repr(self.pick(("a", "b", "c")))

    def condition(self) -> str:
        """An expression that is true or false."""
        if (names := self.names("list", "dict", "set")) and self.chance(0.3):
            return self.pick(names)
        return f"{self.int(0)} {self.pick(('>', '<=', '==', '!='))} {self.number()}"

    def ints(self) -> str:
        """An expression that is a list of ints, often a new one."""
        names = self.names("list")
        options = [
            f"[{', '.join(self.int(0) for _ in range(self.number(1, 4)))}]",
            f"[v + {self.int(0)} for v in range({self.number(1, 4)})]",
        ]
        if names:
            one = self.pick(names)
            options += [f"{one}[:]", f"{one} + [{self.int(0)}]", f"[v * 2 for v in {one}]", f"sorted({one})", one, one]
        if "itertools" in self.imports and (its := self.names("iterator")):
            options.append(f"list(itertools.islice({self.pick(its)}, 2))")
        if sets := self.names("set"):
            options.append(f"sorted({self.pick(sets)})")
        return self.pick(options)

    # -- pieces -----------------------------------------------------------------------------------------------------

    def bound(self, text: str) -> list[str]:
        """The names that ``text`` binds at its own level.

        Raises:
            SkipError: It is not plain Python.
        """
        try:
            tree = ast.parse(text)
        except SyntaxError:
            raise SkipError from None
        found: dict[str, None] = {}
        for node in _own(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
                found[node.id] = None
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found[node.name] = None
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                raise SkipError
            elif (isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name) or (
                isinstance(node, ast.ExceptHandler) and node.name
            ):
                found[node.name] = None
        return list(found)


def _own(node: ast.AST) -> list[ast.AST]:
    """The nodes below ``node`` that are in its own scope."""
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        found.append(child)
        if isinstance(child, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            found += [n for n in ast.walk(child) if isinstance(n, ast.NamedExpr) for n in [n.target]]
        elif not isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            found += _own(child)
    return found


Recipe = Callable[[World], str]
RECIPES: dict[str, list[tuple[int, Recipe]]] = {}


def recipe(theme: str, weight: int = 10) -> Callable[[Recipe], Recipe]:
    """Enter a function that writes a piece of a cell under its theme."""

    def enter(function: Recipe) -> Recipe:
        RECIPES.setdefault(theme, []).append((weight, function))
        return function

    return enter


def indent(text: str, by: int = 1) -> str:
    """``text`` moved to the right."""
    return "\n".join("    " * by + line if line else line for line in text.split("\n"))
