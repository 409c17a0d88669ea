"""The files of a package as units: statements that each came from one statement of a cell, with their comments."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Sequence
from typing import NamedTuple

from nb2pipe.emit.source import Statements, first_line, inside_strings, is_text, statements
from nb2pipe.notebook.positions import move
from nb2pipe.package.imports import imports_of
from nb2pipe.package.model import Import

_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_SECTION = re.compile(r"# %%")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Unit(NamedTuple):
    """A statement of a file, moved to the left: ``above`` and ``beside`` are its comments, ``line`` is where it stands."""

    above: tuple[str, ...]
    text: str
    beside: str
    line: int


class Body(NamedTuple):
    """Statements that stand together, and the comments below the last of them."""

    units: tuple[Unit, ...]
    below: tuple[str, ...]


class Module(NamedTuple):
    """A file of a package: its bodies by name, and the imports at its top.

    The bodies are those of the functions of steps; "" is that of the file itself, without docstring and imports; the
    sections of a script are named "1", "2", …
    """

    bodies: dict[str, Body]
    imports: tuple[Import, ...]


def parsed(text: str) -> ast.Module:
    """The tree of a text, with columns in characters.

    Raises:
        SyntaxError: It is no Python.
    """
    tree = compile(text, "<edited>", "exec", _FLAGS, dont_inherit=True)
    assert isinstance(tree, ast.Module)  # noqa: S101  what these flags give
    move(tree, text, None, 1)
    return tree


def statements_of(text: str) -> Statements:
    """The statements of a text.

    Raises:
        SyntaxError: It is no Python.
    """
    return statements(text, parsed(text))


def module(text: str, kind: str) -> Module:
    """Take a file apart; ``kind`` is "steps", "functions" or "script".

    Raises:
        SyntaxError: It is no Python.
    """
    tree = parsed(text)
    imports = tuple(i for node in tree.body for i in imports_of(node))
    if kind == "steps":
        return Module(_steps(text, tree), imports)
    if kind == "script":
        return Module(_sections(text), imports)
    found = statements(text, tree)
    kept = [s for s in found.statements if not isinstance(s.node, (ast.Import, ast.ImportFrom)) and not is_text(s.node)]
    units = tuple(Unit(s.above, s.text, s.beside, first_line(s.node)) for s in kept)
    return Module({"": Body(units, found.below)}, imports)


def _steps(text: str, tree: ast.Module) -> dict[str, Body]:
    """The bodies of the functions of a file, without their docstrings."""
    lines = text.split("\n")
    inside = inside_strings(text)
    found = {}
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        said = node.body[0]
        first = (said.end_lineno or 0) + 1 if is_text(said) else first_line(said)
        last = node.end_lineno or first
        while last < len(lines) and re.match(r"[ \t]+#", lines[last]):
            last += 1
        moved = [_moved(lines[n - 1], n in inside) for n in range(first, last + 1)]
        found[node.name] = _body("\n".join(moved), first)
    return found


def _moved(line: str, inside: bool) -> str:
    if inside:
        return line
    return line[4:] if line.startswith("    ") else line.lstrip(" ")


def _body(text: str, first: int) -> Body:
    found = statements_of(text)
    units = tuple(Unit(s.above, s.text, s.beside, first_line(s.node) + first - 1) for s in found.statements)
    return Body(units, found.below)


def _sections(text: str) -> dict[str, Body]:
    """The cells of a script."""
    lines = text.split("\n")
    inside = inside_strings(text)
    starts = [n for n, line in enumerate(lines, 1) if _SECTION.match(line) and n not in inside]
    found = {}
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(lines) + 1], strict=True), 1):
        found[str(number)] = _body("\n".join(lines[start : end - 1]), start + 1)
    return found


def is_definition(unit: Unit) -> bool:
    """Whether a unit defines a function or a class."""
    return isinstance(parsed(unit.text).body[0], _DEFINITIONS)


def stands_elsewhere(unit: Unit) -> bool:
    """Whether a unit is a definition or an import, which may stand in another file than the rest of its cell."""
    return isinstance(parsed(unit.text).body[0], (*_DEFINITIONS, ast.Import, ast.ImportFrom))


def tokens_of(text: str) -> list[tokenize.TokenInfo]:
    """The tokens of a text."""
    return list(tokenize.generate_tokens(io.StringIO(text).readline))


def same(left: Unit, right: Unit) -> bool:
    """Whether two units have the same statement, whatever the comments above it."""
    return (left.text, left.beside) == (right.text, right.beside)


def comments(above: Sequence[str]) -> tuple[str, ...]:
    """The comments among the lines above a statement."""
    return tuple(line for line in above if line)
