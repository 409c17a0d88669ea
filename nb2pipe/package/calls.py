"""Functions that read the notebook's values take them as keyword arguments instead, and all who call them pass them on.

    def price(x):                    def price(x, *, rate):
        return x * rate       ->         return x * rate
    price(3)                         price(3, rate=rate)

(Lambda lifting: T. Johnsson, "Lambda lifting: transforming programs to recursive equations", 1985.) A global is read
when the function is called, and so is the argument, so nothing changes.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from nb2pipe.analysis.scopes import scope_of

Extra = Mapping[str, tuple[str, ...]]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
WITH_VALUES = "with_values"
"""What stands around a function that is handed on, in `support/_bound.py`."""
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class ShadowedError(ValueError):
    """An argument cannot be passed on: where ``function`` is used, ``name`` means something else, or text is in the way."""

    def __init__(self, function: str, name: str) -> None:
        super().__init__(f"{name} cannot be passed on to {function}")
        self.function = function


class Uses(NamedTuple):
    """Where functions are used in a tree: the calls, and the places where they are handed on."""

    calls: tuple[tuple[str, ast.Call], ...]
    handed: tuple[ast.Name, ...]


class _Finder(ast.NodeVisitor):
    """Finds the uses of functions, and what hides them or their arguments."""

    def __init__(self, extra: Extra) -> None:
        self.extra = extra
        self.local: list[frozenset[str]] = []
        self.calls: list[tuple[str, ast.Call]] = []
        self.handed: list[ast.Name] = []

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, _FUNCTIONS):
            self._outside(node)
            with self._inside(scope_of(node).locals):
                body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
                for part in body:
                    self.visit(part)
        elif isinstance(node, _COMPREHENSIONS):
            targets = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
            with self._inside(frozenset(targets)):
                self.generic_visit(node)
        elif isinstance(node, ast.JoinedStr):
            self._in_a_string(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and self._known(node.func.id):
            self.calls.append((node.func.id, node))
            for part in (*node.args, *node.keywords):
                self.visit(part)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and self._known(node.id):
            self.handed.append(node)
        else:
            self.generic_visit(node)

    def _in_a_string(self, node: ast.JoinedStr) -> None:
        """What stands inside of an f-string has no tokens of its own before Python 3.12, so nothing is added there."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and self._known(inner.id):
                raise ShadowedError(inner.id, "f-string")

    def _outside(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        """Decorators, defaults and annotations stand in the scope outside."""
        self.visit(node.args)
        if not isinstance(node, ast.Lambda):
            for part in (*node.decorator_list, *([node.returns] if node.returns else [])):
                self.visit(part)

    @contextmanager
    def _inside(self, names: frozenset[str]) -> Iterator[None]:
        self.local.append(names)
        yield
        self.local.pop()

    def _known(self, name: str) -> bool:
        if name not in self.extra or any(name in names for names in self.local):
            return False
        for argument in self.extra[name]:
            if any(argument in names for names in self.local):
                raise ShadowedError(name, argument)
        return True


def uses(tree: ast.AST, extra: Extra) -> Uses:
    """Where the functions of ``extra`` are used.

    Raises:
        ShadowedError: Where one is used, the name of an argument means something else.
    """
    finder = _Finder(extra)
    finder.visit(tree)
    return Uses(tuple(finder.calls), tuple(finder.handed))


class _Edit(NamedTuple):
    row: int
    column: int
    text: str


def passing(text: str, extra: Extra) -> str:
    """The text with the arguments added to all calls, and ``with_values`` where a function is handed on.

    Raises:
        ShadowedError: As `uses` has it.
    """
    if not any(name in text for name in extra):
        return text
    found = uses(ast.parse(text), extra)
    if not found.calls and not found.handed:
        return text
    tokens = _tokens(text)
    lines = text.split("\n")
    edits: list[_Edit] = []
    for name, call in found.calls:
        arguments = ", ".join(f"{a}={a}" for a in extra[name])
        opening = _parenthesis(
            tokens, call.func.end_lineno or 0, _column(lines, call.func.end_lineno, call.func.end_col_offset)
        )
        if len(call.args) == 1 and isinstance(call.args[0], ast.GeneratorExp) and not call.keywords:
            start, end = call.args[0], call.end_col_offset
            if (start.lineno, start.end_col_offset) == (call.func.lineno, end) or start.end_col_offset == end:
                edits.append(_Edit(*opening.start, "("))
                closing = _closing(tokens, opening)
                edits.append(_Edit(closing.start[0], closing.start[1], f"), {arguments}"))
                continue
        edits.append(_before_end(tokens, opening, arguments))
    for use in found.handed:
        arguments = ", ".join(f"{a}={a}" for a in extra[use.id])
        edits.append(_Edit(use.lineno, _column(lines, use.lineno, use.col_offset), f"{WITH_VALUES}("))
        edits.append(_Edit(use.lineno, _column(lines, use.lineno, use.end_col_offset), f", {arguments})"))
    return _edited(text, edits)


def hands_on(text: str, extra: Extra) -> bool:
    """Whether a text hands one of the functions on, instead of calling it."""
    return any(name in text for name in extra) and bool(uses(ast.parse(text), extra).handed)


def taking(text: str, extra: Sequence[str]) -> str:
    """A function's definition with keyword arguments added."""
    if not extra:
        return text
    node = ast.parse(text).body[0]
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))  # noqa: S101  the caller has looked
    tokens = _tokens(text)
    start = next(i for i, t in enumerate(tokens) if t.string == "def" and t.start[0] == _def_row(tokens, node))
    opening = next(t for t in tokens[start + 2 :] if t.string == "(")
    names = ", ".join(extra)
    if node.args.kwarg is not None:
        stars = _stars(tokens, opening)
        star = "" if node.args.vararg or node.args.kwonlyargs else "*, "
        return _edited(text, [_Edit(*stars.start, f"{star}{names}, ")])
    star = "" if node.args.vararg or node.args.kwonlyargs else "*, "
    return _edited(text, [_before_end(tokens, opening, star + names)])


def _def_row(tokens: Sequence[tokenize.TokenInfo], node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return next(t.start[0] for t in tokens if t.string == "def" and t.start[0] >= node.lineno)


def _stars(tokens: Sequence[tokenize.TokenInfo], opening: tokenize.TokenInfo) -> tokenize.TokenInfo:
    """The ``**`` of a signature, that of its own level."""
    depth = 0
    for token in tokens[tokens.index(opening) + 1 :]:
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if depth == 0 and token.string == "**":
            following = tokens[tokens.index(token) + 1]
            if following.type == tokenize.NAME:
                last = token
        if depth < 0:
            break
    return last


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(text).readline))


def _column(lines: Sequence[str], row: int | None, column: int | None) -> int:
    """A column in characters; a tree counts bytes."""
    return len(lines[(row or 1) - 1].encode("utf-8")[: column or 0].decode("utf-8"))


def _parenthesis(tokens: Sequence[tokenize.TokenInfo], row: int, column: int) -> tokenize.TokenInfo:
    return next(t for t in tokens if t.start >= (row, column) and t.string == "(")


def _closing(tokens: Sequence[tokenize.TokenInfo], opening: tokenize.TokenInfo) -> tokenize.TokenInfo:
    depth = 0
    for token in tokens[tokens.index(opening) :]:
        if token.type == tokenize.OP:
            depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
            if depth == 0:
                return token
    raise ValueError("a parenthesis is not closed")


def _before_end(tokens: Sequence[tokenize.TokenInfo], opening: tokenize.TokenInfo, text: str) -> _Edit:
    """Add to what stands in a pair of parentheses, behind the last of it."""
    closing = _closing(tokens, opening)
    inside = tokens[tokens.index(opening) : tokens.index(closing)]
    last = [t for t in inside if t.type not in (tokenize.COMMENT, tokenize.NL)][-1]
    if last is inside[0]:
        return _Edit(*last.end, text)
    return _Edit(*last.end, f" {text}," if last.string == "," else f", {text}")


def _edited(text: str, edits: Sequence[_Edit]) -> str:
    lines = text.split("\n")
    for row, column, added in sorted(edits, key=lambda e: (e.row, e.column), reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + added + line[column:]
    return "\n".join(lines)
