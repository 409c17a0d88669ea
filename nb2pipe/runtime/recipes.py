"""What a step's result is made from, as a recipe: two steps with one recipe give the same, if the world is the same."""

from __future__ import annotations

import ast
import io
import os
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nb2pipe.analysis.effects import Access, Analysis, Certainty, Effects
from nb2pipe.diagnostics import say
from nb2pipe.notebook.model import Code
from nb2pipe.pipeline.model import Parameter, Pipeline, Step
from nb2pipe.runtime.script import INJECTED
from nb2pipe.runtime.secrets.asked import names_of
from nb2pipe.runtime.states import RANDOM
from nb2pipe.runtime.task import CellTask, ValueFile, Watched
from nb2pipe.runtime.unseen import Words, unseen_by, words_of
from nb2pipe.store.digests import digest_of_text

_UNWATCHED = frozenset({"read_parquet", "read_feather", "read_orc", "read_hdf", "HDFStore", "ParquetFile", "ParquetDataset", "pyarrow",
                        "from_pretrained"})  # fmt: skip
"""Who reads files by native code of its own, which Python does not see: their paths have to be known beforehand."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a step is made from, in parts that can be told apart.

    ``exact`` is its text to the letter, which counts where its result has lines or functions of it; ``numbered`` is that
    with the numbers of cells, which counts where it shows them. ``never`` says why its result cannot be kept, ``once`` why it holds
    for the run that made it only.
    """

    parts: Mapping[str, str]
    exact: str
    numbered: str
    stamp: int
    lines: bool
    never: str
    once: str
    watched: Watched

    @property
    def digest(self) -> str:
        """The recipe in one word."""
        return digest_of_text("\0".join(f"{k}\1{v}" for k, v in sorted(self.parts.items())))


class Recipes:
    """The recipes of a notebook's steps. ``given`` are the parameters of the run, ``common`` the parts that all have."""

    def __init__(
        self, codes: Sequence[Code], cells: Mapping[int, CellTask], given: Mapping[str, Any], common: Mapping[str, str],
        cwd: str,
    ) -> None:  # fmt: skip
        self._codes = {c.cell.index: c for c in codes}
        self._cells = cells
        self._given = given
        self._cwd = cwd
        self.common = dict(common)
        self.secrets: Mapping[str, str] = {}
        """The digests of the run's secrets."""
        self._words: dict[int, Words] = {}
        self._normal: dict[int, str] = {}
        self._whole = digest_of_text("\0".join(f"{c.count} {c.source}" for _, c in sorted(cells.items())))

    def about(self, pipeline: Pipeline, analysis: Analysis) -> None:
        """The pipeline and the effects that hold from now on."""
        self._pipeline = pipeline
        self._effects = {e.cell: e for e in analysis.effects}
        self._stamps = {s.name: i for i, s in enumerate(pipeline.steps)}
        self._plain = {p.span.cell for p in pipeline.parameters}
        self._plain = {c for c in self._plain if self._is_plain(c, pipeline.parameters)}

    def recipe(
        self, step: Step, tasks: Sequence[CellTask], inputs: Mapping[str, ValueFile], order: Sequence[str]
    ) -> Recipe:
        """The recipe of a step; ``inputs`` are the files that its values are in, ``order`` that in which they are loaded."""
        parts = dict(self.common)
        code_comes = any(f.code for f in inputs.values())
        for name, file in inputs.items():
            parts[f"value {name}"] = f"{file.digest} {order.index(file.name)}"
        running = [t for t in tasks if not self._is_parameters(t.index)]
        own = [self._words_of(t.index) for t in running if t.index in self._codes]
        counted = self._parameters_of(step, tasks, own, code_comes=code_comes)
        for name in sorted(counted):
            parts[f"parameter {name}"] = self.value_of(name)
        bound = [s for t in tasks for name, s in t.bound if name in counted or not self._is_parameters(t.index)]
        for name in (*names_of(step, tasks), *bound):
            parts[f"secret {name}"] = self.secrets.get(name, "")
        for place, task in enumerate(running):
            parts[f"cell {place}"] = self._cell(task)
        exact = digest_of_text("\0".join(t.source for t in tasks))
        numbered = digest_of_text(
            "\0".join(f"{t.count} {t.source}" for t in tasks) + (self._whole if code_comes else "")
        )
        effects = [self._effects[t.index] for t in tasks if t.index in self._effects]
        never = self._never(step, effects, own)
        once = "" if never else self._once(step, effects, own, code_comes=code_comes)
        return Recipe(
            parts, exact, numbered, self._stamps[step.name], any(w.lines for w in own), never, once,
            Watched(_decided(step, effects), tuple(os.path.join(self._cwd, k) for k in _read(effects) if "*" not in k)),
        )  # fmt: skip

    def places(self, tasks: Sequence[CellTask]) -> dict[int, list[CellTask]]:
        """The cells of a step by their place in its recipe; those of parameters, which need not be given, are at -1."""
        places: dict[int, list[CellTask]] = {}
        running = [t for t in tasks if not self._is_parameters(t.index)]
        for place, task in enumerate(running):
            places[place] = [task]
        parameters = [t for t in tasks if self._is_parameters(t.index)]
        return {**places, -1: parameters} if parameters else places

    def positions(self, tasks: Sequence[CellTask]) -> list[int]:
        """The positions in the notebook of the cells that stand in a recipe's parts."""
        return [t.index for t in tasks if not self._is_parameters(t.index)]

    def _is_parameters(self, cell: int) -> bool:
        return cell in self._plain or (cell == INJECTED and bool(self._plain))

    def _words_of(self, cell: int) -> Words:
        if cell not in self._words:
            self._words[cell] = words_of(self._codes[cell])
        return self._words[cell]

    def _cell(self, task: CellTask) -> str:
        """A cell apart from comments and layout, with all that decides on what it shows."""
        code = self._codes.get(task.index)
        if task.index not in self._normal:
            text = task.source if code is None or code.tree is None else ast.dump(code.tree)
            self._normal[task.index] = digest_of_text(f"{text}\0{_is_quiet(task.source)}")
        return f"{self._normal[task.index]} {task.raises:d}{task.silent:d}{task.bare and '%precision' in task.source:d}"

    # -- parameters -------------------------------------------------------------------------------------------------

    def _is_plain(self, cell: int, parameters: Iterable[Parameter]) -> bool:
        """Whether the cell of parameters does nothing but bind literals: then each counts by itself."""
        code = self._codes.get(cell)
        if code is None or code.tree is None or cell not in self._effects or self._effects[cell].opaque:
            return False
        known = {p.name for p in parameters if p.span.cell == cell}
        for node in code.tree.body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                if node is code.tree.body[-1]:  # it is shown
                    return False
                continue
            target = (
                node.targets[0]
                if isinstance(node, ast.Assign) and len(node.targets) == 1
                else getattr(node, "target", None)
            )
            value = getattr(node, "value", None)
            if (
                not isinstance(node, (ast.Assign, ast.AnnAssign))
                or not isinstance(target, ast.Name)
                or target.id not in known
            ):
                return False
            annotation = getattr(node, "annotation", None)
            if annotation is not None and not isinstance(annotation, (ast.Name, ast.Constant)):
                return False
            try:
                ast.literal_eval(value)  # type: ignore[arg-type]  # `x: int` has none, and None is no literal
            except (ValueError, TypeError, SyntaxError, MemoryError):
                return False
        return len({p.span.cell for p in parameters}) == 1

    def _parameters_of(
        self, step: Step, tasks: Sequence[CellTask], own: Sequence[Words], *, code_comes: bool
    ) -> set[str]:
        """The parameters that count for a step: those that it is known to need, and those whose name stands in its code."""
        if not any(self._is_parameters(t.index) for t in tasks):
            return set()
        names = {p.name for p in self._pipeline.parameters}
        if any(self._effects[t.index].opaque for t in tasks if t.index in self._effects):
            return names
        words = set[str]().union(*(p.words for w in own for p in (w.now, *(part for _, part in w.later))))
        if code_comes:
            words = words.union(*(part.words for cell in self._codes for _, part in self._words_of(cell).later))
        return names & {*step.parameters, *words}

    def value_of(self, name: str) -> str:
        """The value that a parameter has in this run, as text."""
        parameter = next(p for p in self._pipeline.parameters if p.name == name)
        return repr(self._given.get(name, parameter.default))

    # -- what cannot be kept ----------------------------------------------------------------------------------------

    def _never(self, step: Step, effects: Sequence[Effects], own: Sequence[Words]) -> str:
        """Why the step's result is never kept, as far as it is known before it runs; "" where nothing is."""
        if step.requirements.cache is False:
            return say("its tag says cache:off")
        written = next((a.resource.key for a in _accesses(effects, "file") if a.mode != "read"), None)
        if written is not None:
            return say("writes files") if "*" in written else say("writes %1", written)
        words = set[str]().union(*(p.words for w in own for p in (w.now, *(part for _, part in w.later))))
        unwatched = sorted(words & _UNWATCHED)
        elsewhere = any(v.name == "<cwd>" for v in step.inputs) or any(
            a.mode != "read" for a in _accesses(effects, "cwd")
        )
        if unwatched and (elsewhere or any("*" in key for key in _read(effects)) or not _read(effects)):
            return say("reads files by `%1`, which are not known beforehand and cannot be watched", unwatched[0])
        return ""

    def _once(self, step: Step, effects: Sequence[Effects], own: Sequence[Words], *, code_comes: bool) -> str:
        """What the step reads that nobody can look at again, as far as it is known before it runs; "" where nothing is."""
        if step.requirements.cache:
            return ""
        for kind, text in (("clock", say("reads the clock")), ("network", say("uses the network"))):
            if any(True for _ in _accesses(effects, kind)):
                return text
        also = [self._words_of(c) for c in self._cells_before(step) if c in self._codes] if code_comes else []
        return next(iter(unseen_by(own, self._later, also)), "")

    @cached_property
    def _later(self) -> dict[str, list[Any]]:
        """The bodies of the notebook's functions and classes, by name."""
        found: dict[str, list[Any]] = {}
        for cell in self._codes:
            for name, part in self._words_of(cell).later:
                found.setdefault(name, []).append(part)
        return found

    def _cells_before(self, step: Step) -> set[int]:
        """The cells of all steps that something may come from."""
        before = {step.name}
        for other in reversed(self._pipeline.steps):
            if other.name in before:
                before |= {v.producer for v in other.inputs}
        return {c for s in self._pipeline.steps if s.name in before for c in (*s.shared, *s.cells)}


def _accesses(effects: Iterable[Effects], kind: str) -> Iterable[Access]:
    return (a for e in effects for a in e.accesses if a.resource.kind == kind)


def _read(effects: Iterable[Effects]) -> list[str]:
    return sorted({a.resource.key for a in _accesses(effects, "file") if a.mode == "read"})


def _decided(step: Step, effects: Sequence[Effects]) -> tuple[str, ...]:
    """The random states that come from a step before, or that the step seeds for certain before it draws."""
    taken = {v.name.strip("<>") for v in step.inputs}
    found = []
    for name in RANDOM:
        first = next((a for a in _accesses(effects, "random") if a.resource.key == name), None)
        if name in taken or (first is not None and first.mode == "set" and first.certainty is Certainty.MUST):
            found.append(name)
    return tuple(found)


def _is_quiet(source: str) -> bool:
    """Whether the last thing in a cell, comments apart, is a semicolon: then IPython does not show its value."""
    if ";" not in source:
        return False
    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in (
                tokenize.COMMENT,
                tokenize.NL,
                tokenize.NEWLINE,
                tokenize.ENDMARKER,
                tokenize.DEDENT,
                tokenize.INDENT,
            ):
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return source.rstrip().endswith(";")
    return last == ";"
