"""What a file of a package computes, apart from its text: comments, docstrings and layout."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from nb2pipe.emit.source import first_line, is_text

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Piece(NamedTuple):
    """A function or class at the top of a module: its tree, and its lines without what follows it."""

    node: _Definition
    text: str


def pieces(text: str) -> dict[str, Piece]:
    """The functions and classes at the top of a module, by name; none where it does not parse."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return {}
    lines = text.split("\n")
    starts = [first_line(n) - 1 for n in body]
    found = {}
    for node, start, end in zip(body, starts, [*starts[1:], len(lines)], strict=True):
        if isinstance(node, _DEFINITIONS):
            own = lines[start:end]
            while own and (not own[-1].strip() or own[-1].startswith("#")):  # comments above what comes next
                own.pop()
            found[node.name] = Piece(node, "\n".join(own))
    return found


def bindings(text: str) -> dict[str, str]:
    """What the imports at the top of a module bind, each name with what it stands for."""
    found: dict[str, str] = {}
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return found
    for node in body:
        if isinstance(node, ast.Import):
            found.update({a.asname or a.name: a.name for a in node.names})
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found.update({a.asname or a.name: f"{module}.{a.name}" for a in node.names})
    return found


def same_code(old: bytes, new: bytes) -> bool:
    """Whether two modules compute the same: they differ in text only."""
    if old == new:
        return True
    try:
        return computed(ast.parse(old)) == computed(ast.parse(new))
    except (SyntaxError, ValueError):
        return False


def computed(node: ast.AST) -> str:
    """What a tree computes, as text: without docstrings and places."""
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Module, *_DEFINITIONS)) and _has_docstring(inner.body):
            inner.body = inner.body[1:]
    return ast.dump(node)


def module_of(text: str) -> str:
    """What a whole module computes, as text; its own text where it does not parse."""
    try:
        return computed(ast.parse(text))
    except (SyntaxError, ValueError):
        return text


def body_of(node: _Definition) -> str:
    """What the body of a step's function computes, as text: without its docstring, and what it gives at the end."""
    body = node.body[1:] if _has_docstring(node.body) else node.body
    if body and isinstance(body[-1], ast.Return):
        body = body[:-1]
    return "\n".join(computed(n) for n in body)


def _has_docstring(body: list[ast.stmt]) -> bool:
    return bool(body) and is_text(body[0])


def text_in(files: Mapping[str, bytes], path: str) -> str:
    """The text of a file; "" where it is not there, or no text."""
    return files.get(path, b"").decode("utf-8", "replace")
