"""What notebooks do to files and to the network, under paths from the folder that they have in common."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from nb2pipe.diagnostics import Span
from nb2pipe.notebook.model import Code
from nb2pipe.package.joined.model import Member, Read

ANYTHING = "*"
_FILE = re.compile(r"[^\s<>|\"'{}\\]*\.[A-Za-z][A-Za-z0-9]{0,7}")  # a text that may well be the path of a file


class Touch(NamedTuple):
    """What a notebook does to a file, or to the network: ``*`` in the key stands for any text.

    A file that it only ``names``, in a call that nb2pipe does not know, it may read or write.
    """

    kind: str
    key: str
    how: Literal["reads", "writes", "names"]
    span: Span


def touches_of(read: Read) -> tuple[Touch, ...]:
    """What a notebook touches, each thing once.

    Where it changes its working directory, relative paths say nothing; what runs computed code may write anything.
    """
    effects = [e for e in read.analysis.effects if e.cell >= 0]
    moves = any(a.resource.kind == "cwd" and a.mode != "read" for e in effects for a in e.accesses)
    idle = {span for code in read.codes if code.tree is not None for span in _making_folders(code)}
    found: dict[tuple[str, str, str], Touch] = {}

    def note(touch: Touch) -> None:
        found.setdefault(touch[:3], touch)

    for effect in effects:
        for access in effect.accesses:
            kind, key, span = access.resource.kind, access.resource.key, access.span
            if kind in ("file", "network") and (span.cell, span.line, span.column) not in idle:
                key = _from_top(key, read.member, moves=moves) if kind == "file" else key
                note(Touch(kind, key, "reads" if access.mode == "read" else "writes", span))
        for opaque in effect.opaque:
            note(Touch("file", ANYTHING, "writes", opaque.span))
    known = {key for kind, key, _ in found if kind == "file"}
    for text, span in (named for code in read.codes if code.cell.index >= 0 for named in _named(code)):
        key = _from_top(text, read.member, moves=moves)
        if key not in known:
            note(Touch("file", key, "names", span))
    return tuple(found.values())


def _from_top(key: str, member: Member, *, moves: bool) -> str:
    """A path in a notebook, from the common folder where it is in that."""
    top = Path(member.notebook.path).resolve().as_posix().removesuffix(member.file)
    if key.startswith(top):
        return key.removeprefix(top)
    if key.startswith(("/", "~")) or key == ANYTHING:
        return key
    if moves:
        return ANYTHING
    ending = "/" if key.endswith("/") else ""
    return posixpath.normpath(posixpath.join(member.folder, key)) + ending


def _making_folders(code: Code) -> Iterator[tuple[int, int, int]]:
    """The places of calls that only see that a folder is there."""
    for node in ast.walk(code.tree) if code.tree is not None else ():
        if isinstance(node, ast.Call) and any(
            k.arg == "exist_ok" and isinstance(k.value, ast.Constant) and k.value.value is True for k in node.keywords
        ):
            yield code.cell.index, _own_line(code, node.lineno), node.col_offset


def _named(code: Code) -> Iterator[tuple[str, Span]]:
    """The texts in a cell that may be paths of files; what is computed in them is ``*``."""
    inside: set[ast.AST] = set()
    for node in ast.walk(code.tree) if code.tree is not None and "skip" not in code.cell.tags.roles else ():
        text = None
        if isinstance(node, ast.JoinedStr):
            inside |= {part for part in ast.walk(node) if part is not node}
            text = "".join(str(v.value) if isinstance(v, ast.Constant) else ANYTHING for v in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            text = node.value
        if text is not None and _FILE.fullmatch(text):
            line = _own_line(code, getattr(node, "lineno", 1))
            yield text, Span(code.cell.index, line, line)


def _own_line(code: Code, line: int) -> int:
    """The line of the cell that a line of its Python came from."""
    return code.lines[line - 1] if 0 < line <= len(code.lines) else line
