"""Python's own text: statements as they were written, and what becomes of their lines in another place."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import NamedTuple


class Statement(NamedTuple):
    """A statement at the top of a cell: its tree, its text without what follows on its last line, and its comments.

    ``above`` are the comments and empty lines before it, ``beside`` the comment at the end of its last line; ``silent``
    is whether a semicolon ends it, so that a notebook does not show its value.
    """

    node: ast.stmt
    text: str
    above: tuple[str, ...] = ()
    beside: str = ""
    silent: bool = False


class Statements(NamedTuple):
    """The statements of a text, and the comments behind the last of them."""

    statements: tuple[Statement, ...]
    below: tuple[str, ...]


def statements(text: str, tree: ast.Module) -> Statements:
    """Take a text apart; ``tree`` is its tree, with its own positions (columns in characters)."""
    lines = text.split("\n")
    comments = _comments(text)
    found: list[Statement] = []
    row = 1  # the first line that has not been taken
    for position, node in enumerate(tree.body):
        first, last = first_line(node), node.end_lineno or node.lineno
        above = tuple(lines[n - 1].strip() for n in range(row, first) if n in comments or not lines[n - 1].strip())
        following = tree.body[position + 1] if position + 1 < len(tree.body) else None
        shares = following is not None and first_line(following) == last
        rest = lines[last - 1][node.end_col_offset or 0 :]
        beside = comments.get(last, "") if not shares and "#" in rest else ""
        found.append(Statement(node, _text(lines, node), above, beside, rest.split("#")[0].strip().startswith(";")))
        row = max(row, last + (not shares))
    below = tuple(lines[n - 1].strip() for n in range(row, len(lines) + 1) if n in comments)
    return Statements(tuple(found), below)


def first_line(node: ast.stmt) -> int:
    """The line on which a statement begins, that of its first decorator where it has some."""
    decorators = getattr(node, "decorator_list", ())
    return min([node.lineno, *(int(d.lineno) for d in decorators)])


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is a mere text, such as a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _text(lines: list[str], node: ast.stmt) -> str:
    first, last = first_line(node), node.end_lineno or node.lineno
    start = node.col_offset if first == node.lineno else 0
    if first == last:
        return lines[first - 1][start : node.end_col_offset]
    return "\n".join((lines[first - 1][start:], *lines[first : last - 1], lines[last - 1][: node.end_col_offset]))


def _comments(text: str) -> dict[int, str]:
    """The comment of each line that has one."""
    found: dict[int, str] = {}
    if "#" not in text:
        return found
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                found[token.start[0]] = token.string
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return found
    return found


def indented(text: str, levels: int = 1) -> str:
    """The text moved to the right, but for the lines that begin inside of a string."""
    inside = inside_strings(text)
    pad = "    " * levels
    lines = text.split("\n")
    return "\n".join(pad + line if line.strip() and n not in inside else line for n, line in enumerate(lines, 1))


_SPANNING = re.compile(r""""{3}|'{3}|\\\n|[fFtT][rR]?['"]""")  # signs of a string that goes over lines


def inside_strings(text: str) -> set[int]:
    """The lines that begin inside of a string that began above."""
    inside: set[int] = set()
    if "\n" not in text or not _SPANNING.search(text):
        return inside
    starts: list[int] = []
    opening = {getattr(tokenize, n) for n in ("FSTRING_START", "TSTRING_START") if hasattr(tokenize, n)}
    closing = {getattr(tokenize, n) for n in ("FSTRING_END", "TSTRING_END") if hasattr(tokenize, n)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif token.type in opening:
            starts.append(token.start[0])
        elif token.type in closing:
            inside.update(range(starts.pop() + 1, token.end[0] + 1))
    return inside
