"""What the text of a notebook says of calls, imports, commands and strings: one walk over its trees, for all rules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nb2pipe.analysis.scopes import scope_of
from nb2pipe.diagnostics import Span
from nb2pipe.notebook.ipython import parse_fragment
from nb2pipe.notebook.magics import OWN_EXTENSIONS, lookup_magic, split_magic
from nb2pipe.notebook.model import Cell, Code
from nb2pipe.rules.base import span_of
from nb2pipe.rules.subject import Subject

_SHELL = ("run_line_magic", "run_cell_magic", "system", "getoutput", "magic")
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.Match, ast.IfExp, ast.BoolOp)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_OPTIONS = re.compile(r"(?:-\w+\s+(?:\d+\s+)?)*")


class Place(NamedTuple):
    """Where something stands: ``function`` is the outermost function around it, ``certain`` whether it is reached in any case.

    ``guarded`` says that it stands in a ``try`` that catches what goes wrong there.
    """

    cell: int
    function: str = ""
    certain: bool = True
    guarded: bool = False


class Call(NamedTuple):
    """A call.

    ``name`` is dotted, by way of the notebook's imports (``numpy.random.rand``); a method of something else begins with
    a dot (``.append``); any other name stands as it is (``print``).
    """

    place: Place
    node: ast.Call
    name: str

    @property
    def span(self) -> Span:
        """The call's place."""
        return span_of(self.place.cell, self.node)


class Reference(NamedTuple):
    """A dotted name of a module that is read, or imported from it."""

    place: Place
    node: ast.AST
    name: str


class Import(NamedTuple):
    """An import of ``module``, under the name ``bound`` (empty for a star); ``%load_ext`` imports too, under the same name."""

    place: Place
    node: ast.Import | ast.ImportFrom | ast.Call
    module: str
    bound: str


class Command(NamedTuple):
    """What is handed to a shell or a magic: ``magic`` is its name, ``!`` for the shell; ``body`` is a cell magic's text."""

    place: Place
    span: Span
    magic: str
    line: str
    body: str | None = None


class Facts:
    """All of it, in the order of the text. ``trees`` holds the bodies of transparent magics as well."""

    __slots__ = ("aliases", "calls", "commands", "imports", "loaded", "references", "stored", "texts", "trees")

    def __init__(self) -> None:
        self.trees: list[tuple[Cell, ast.Module]] = []
        self.calls: list[Call] = []
        self.references: list[Reference] = []
        self.imports: list[Import] = []
        self.commands: list[Command] = []
        self.texts: list[tuple[Place, ast.Constant]] = []
        self.loaded: set[str] = set()
        self.stored: set[str] = set()
        self.aliases: dict[str, str] = {}

    def resolve(self, node: ast.expr) -> str:
        """The dotted name that an expression of the notebook's top level stands for; empty where it is none."""
        base, attributes = chain(node)
        return self.dotted(base, attributes) if base else ""

    def dotted(self, base: str, attributes: Sequence[str]) -> str:
        """``np``, ``("random",)`` as ``numpy.random``; empty where ``np`` is no import, or something else as well."""
        target = self.aliases.get(base)
        return ".".join((target, *attributes)) if target and base not in self.stored else ""


def chain(node: ast.AST) -> tuple[str, tuple[str, ...]]:
    """``a.b.c`` as ``a`` and ``("b", "c")``; the first is empty where the base is no name."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id if isinstance(node, ast.Name) else ""), tuple(reversed(attributes))


def facts_of(subject: Subject) -> Facts:
    """The facts of a notebook, worked out once."""
    found: Facts | None = subject.memo.get("facts")
    if found is None:
        found = subject.memo["facts"] = _Walk().run(subject.codes)
    return found


class _Walk:
    """The walk. Names are resolved at its end, when all imports are known."""

    def __init__(self) -> None:
        self.facts = Facts()
        self.cell = Cell("", -1, "code", "")
        self.place = Place(-1)
        self.locals: list[frozenset[str]] = []
        self.targets: dict[str, set[str]] = {}
        self.calls: list[tuple[Place, ast.Call, str, tuple[str, ...]]] = []
        self.chains: list[tuple[Place, ast.AST, str, tuple[str, ...]]] = []
        self.called: set[int] = set()

    def run(self, codes: Sequence[Code]) -> Facts:
        for code in codes:
            if code.tree is None or "skip" in code.cell.tags.roles:
                continue
            self.cell = code.cell
            self.place = Place(code.cell.index, certain=not code.cell.tags.raises, guarded=code.cell.tags.raises)
            self.body(code.tree)
        facts = self.facts
        facts.aliases = {name: next(iter(found)) for name, found in self.targets.items() if len(found) == 1}
        for place, node, base, attributes in self.calls:
            name = facts.dotted(base, attributes) if base else ""
            facts.calls.append(Call(place, node, name or (f".{attributes[-1]}" if attributes else base)))
        for place, read, base, attributes in self.chains:
            name = facts.dotted(base, attributes)
            if name:
                facts.references.append(Reference(place, read, name))
        return facts

    def body(self, tree: ast.Module) -> None:
        self.facts.trees.append((self.cell, tree))
        for statement in tree.body:
            self.visit(statement)

    def visit(self, node: ast.AST) -> None:
        place = self.place
        if isinstance(node, ast.Name):
            self.name(node)
        elif isinstance(node, ast.Attribute):
            self.attribute(node)
        elif isinstance(node, ast.Call):
            self.call(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imported(node)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                self.facts.texts.append((place, node))
        elif isinstance(node, _SCOPES):
            self.function(node)
        elif isinstance(node, ast.ClassDef):
            self.bind(node.name)
            self.locals.append(frozenset())  # what a class body binds is no name of the notebook
            self.children(node)
            self.locals.pop()
        elif isinstance(node, (ast.Try, ast.TryStar)):
            guarded = place.guarded or bool(node.handlers)
            self.place = Place(place.cell, place.function, place.certain and not node.handlers, guarded)
            self.each(node.body)
            self.place = Place(place.cell, place.function, False, place.guarded)
            self.each([*node.handlers, *node.orelse])
            self.place = place
            self.each(node.finalbody)
        elif isinstance(node, _BRANCHES):
            self.branch(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            pass  # a docstring, or a remark
        else:
            self.children(node)
        self.place = place

    def children(self, node: ast.AST) -> None:
        self.each(ast.iter_child_nodes(node))

    def each(self, nodes: Sequence[ast.AST] | Iterator[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def branch(self, node: ast.AST) -> None:
        """What is asked first is reached; what hangs on it may not be."""
        first = node.values[0] if isinstance(node, ast.BoolOp) else None
        first = first or getattr(node, "test", None) or getattr(node, "iter", None) or getattr(node, "subject", None)
        if first is not None:
            self.visit(first)
        self.place = Place(self.place.cell, self.place.function, False, self.place.guarded)
        self.each(child for child in ast.iter_child_nodes(node) if child is not first)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        self.each([*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)])
        name = self.place.function or "<lambda>"
        if not isinstance(node, ast.Lambda):
            self.bind(node.name)
            self.each(node.decorator_list)
            name = self.place.function or node.name
        scope = scope_of(node)
        self.locals.append(scope.locals - scope.globals - _imported_in(node))
        self.place = Place(self.place.cell, name, False, self.place.guarded)
        self.each([node.body] if isinstance(node, ast.Lambda) else node.body)
        self.locals.pop()

    def hidden(self, name: str) -> bool:
        return any(name in names for names in self.locals)

    def bind(self, name: str) -> None:
        if not self.locals:
            self.facts.stored.add(name)

    def name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.facts.loaded.add(node.id)
            if not self.hidden(node.id):
                self.chains.append((self.place, node, node.id, ()))
        elif not self.hidden(node.id):
            self.bind(node.id)

    def attribute(self, node: ast.Attribute) -> None:
        base, attributes = chain(node)
        if not base:
            self.children(node)
            return
        self.facts.loaded.add(base)
        if not self.hidden(base):
            self.chains.append((self.place, node, base, attributes))

    def call(self, node: ast.Call) -> None:
        base, attributes = chain(node.func)
        if base and self.hidden(base):
            base = "" if attributes else f"<local> {base}"
        if not base and not attributes and isinstance(node.func, ast.Attribute):
            attributes = (node.func.attr,)
        self.calls.append((self.place, node, base, attributes))
        if attributes and attributes[-1] in _SHELL:
            self.command(node, attributes[-1])
        self.children(node)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                self.targets.setdefault(bound, set()).add(alias.name if alias.asname else bound)
                self.facts.imports.append(Import(self.place, node, alias.name, bound))
                self.facts.references.append(Reference(self.place, node, alias.name))
            return
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            bound = "" if alias.name == "*" else alias.asname or alias.name
            self.facts.imports.append(Import(self.place, node, module, bound))
            if bound:
                self.targets.setdefault(bound, set()).add(f"{module}.{alias.name}")
            self.facts.references.append(Reference(self.place, node, f"{module}.{alias.name}" if bound else module))

    def command(self, node: ast.Call, method: str) -> None:
        """A magic or a shell command, as the call that IPython's transformer writes; a magic's Python is walked through."""
        texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else "" for a in node.args]
        span = span_of(self.place.cell, node)
        if method in ("system", "getoutput"):
            if texts:
                self.facts.commands.append(Command(self.place, span, "!", texts[0]))
            return
        if method == "magic" and texts:
            texts = list(split_magic(texts[0]))
        if len(texts) < 2 or not texts[0]:
            return
        body = texts[2] if method == "run_cell_magic" and len(texts) > 2 else None
        self.facts.commands.append(Command(self.place, span, texts[0], texts[1], body))
        if texts[0] in ("load_ext", "reload_ext"):
            extensions = [n for n in texts[1].split() if n not in OWN_EXTENSIONS]
            self.facts.imports += [Import(self.place, node, name, name) for name in extensions]
        row = lookup_magic(texts[0], "line" if body is None else "cell")
        if row is None or row.body not in ("transparent", "detached"):
            return
        text = body if body is not None else _OPTIONS.sub("", texts[1], count=1)
        fragment = parse_fragment(text, self.cell, span.line + (body is not None))
        if fragment.tree is not None:
            self.body(fragment.tree)


def _imported_in(node: ast.AST) -> set[str]:
    """The names that a function imports itself."""
    return {
        alias.asname or alias.name.partition(".")[0]
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
        for alias in inner.names
    }
