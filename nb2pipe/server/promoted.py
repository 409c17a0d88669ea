"""A path that stands in the code becomes a parameter: the edits of cells that do so and leave what the notebook computes."""

from __future__ import annotations

import ast
import builtins
import keyword
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PureWindowsPath
from typing import Any, NamedTuple, TypeGuard

from nb2pipe.diagnostics import Diagnostic
from nb2pipe.notebook.model import Cell, Code

Fix = dict[str, Any]
CODES = frozenset({"NB503", "NB504"})
"""The findings about a path that a parameter mends: it can be given then."""


class _Text(ast.Constant):
    """A constant that is a text; no node is of this class, it is for the type checker alone."""

    value: str


class _Assignment(NamedTuple):
    """A statement at the top of a cell that gives a name a text."""

    code: Code
    node: ast.Assign
    value: _Text


class Words(NamedTuple):
    """What the cells of a notebook say, gone through once for all findings.

    ``words`` are all of their words, ``bound`` how often a name is bound anywhere (a star: by what nobody can see),
    ``given`` the places where a call is given a text as it stands, and ``settings`` the assignments of texts to a name.
    """

    codes: tuple[Code, ...]
    words: frozenset[str]
    bound: Counter[str]
    given: Mapping[str, list[tuple[Code, _Text]]]
    settings: Mapping[str, list[_Assignment]]


def words_of(codes: Sequence[Code]) -> Words:
    """Go through the cells; what is in a cell that does not parse is not known, and counts as a star."""
    words: set[str] = set()
    bound: Counter[str] = Counter()
    given: defaultdict[str, list[tuple[Code, _Text]]] = defaultdict(list)
    settings: defaultdict[str, list[_Assignment]] = defaultdict(list)
    for code in codes:
        words.update(re.findall(r"\w+", code.cell.source))
        if code.tree is None:
            bound["*"] += 1
            continue
        for node in ast.walk(code.tree):
            bound.update(_bound(node))
            if isinstance(node, ast.Call):
                for value in filter(_is_text, _arguments(node)):
                    given[value.value].append((code, value))
        for statement in code.tree.body:
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and _is_text(statement.value):
                target = statement.targets[0]
                if isinstance(target, ast.Name):
                    settings[target.id].append(_Assignment(code, statement, statement.value))
    return Words(tuple(codes), frozenset(words), bound, given, settings)


class _Home(NamedTuple):
    """Where the parameter goes: into a cell, or into a new one above a cell."""

    cell: Cell | None
    above: int


def parameter_fix(diagnostic: Diagnostic, said: Words) -> Fix | None:
    """The fix that makes a parameter of the path that a finding is about; None where no edit does so for certain.

    {"kind": "add-tag", "cell", "tag": "parameters"} where the cell holds nothing else, or
    {"kind": "make-parameter", "cell", "name", "edits": [{"cell", "old", "new"}], "added": {"above", "source"} or None},
    where ``old`` and ``new`` are whole cells, and ``added`` a cell to be tagged `parameters`.
    """
    here = next((c for c in said.codes if c.cell.index == diagnostic.span.cell), None)
    if diagnostic.code not in CODES or here is None or here.tree is None:
        return None
    home = _home(said.codes, here.cell.index)
    if home is None:
        return None
    path = _path_of(diagnostic)
    for node in (n for call in ast.walk(here.tree) if _begins(call, diagnostic) for n in ast.walk(call)):
        if isinstance(node, ast.Call):
            literal = next(
                (v.value for v in _arguments(node) if _is_text(v) and posixpath.normpath(v.value) == path), ""
            )
            if literal:
                return _of_literal(literal, here.cell.index, said, home)
        if isinstance(node, ast.Name):
            found = _assigned_once(node.id, said)
            if found is not None and _leads_to(found.value.value, path):
                return _of_assignment(node.id, found, said.codes)
    return None


def _path_of(diagnostic: Diagnostic) -> str:
    """The path that a finding names."""
    return posixpath.normpath(diagnostic.message.arguments[0])


def _leads_to(text: str, path: str) -> bool:
    """Whether a text is a path, or that of a folder above it."""
    folder = posixpath.normpath(text)
    return folder == path or path.startswith(f"{folder.rstrip('/')}/")


def _begins(node: ast.AST, diagnostic: Diagnostic) -> bool:
    place = diagnostic.span.line, diagnostic.span.column
    return isinstance(node, ast.Call) and (node.lineno, node.col_offset) == place


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(k.value for k in call.keywords)]


def _is_text(node: ast.AST) -> TypeGuard[_Text]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)


def _home(codes: Sequence[Code], user: int) -> _Home | None:
    """Where a parameter goes that this cell uses: papermill puts values behind the first cell of parameters, which must be above."""
    tagged = [c for c in codes if "parameters" in c.cell.tags.roles]
    if not tagged:
        return _Home(None, min(c.cell.index for c in codes))
    first = tagged[0]
    return _Home(first.cell, -1) if first.cell.index < user and _is_plain(first) else None


def _is_plain(code: Code) -> bool:
    """Whether the tree's places are those of the cell's own text, which can be edited then."""
    return code.tree is not None and code.text == code.cell.source and "skip" not in code.cell.tags.roles


# A literal that stands in a call


def _of_literal(path: str, user: int, said: Words, home: _Home) -> Fix | None:
    """Every call that is given the path is given a name instead, which no cell has so far."""
    name = next(n for n in _names(path) if n not in said.words)
    places: dict[int, list[_Text]] = {}
    by_cell = {code.cell.index: code for code, _ in said.given[path]}
    for code, place in said.given[path]:
        below = home.cell is None or code.cell.index > home.cell.index
        if below and _is_plain(code) and place.lineno == place.end_lineno:
            places.setdefault(code.cell.index, []).append(place)
    if user not in places:
        return None
    edits = []
    for cell in sorted(places):
        old = new = by_cell[cell].cell.source
        for place in sorted(places[cell], key=lambda p: (p.lineno, p.col_offset), reverse=True):
            new = _with(new, place, name)
        edits.append({"cell": cell, "old": old, "new": new})
    written = _cut(by_cell[user].cell.source, places[user][0])
    return _fix(name, user, f"{name} = {written}", edits, home, said.codes)


def _names(path: str) -> Iterator[str]:
    """Names for a parameter that is a path, the plainest first: `sales_path` for `/data/Sales.csv`."""
    stem = re.sub(r"\W+", "_", PureWindowsPath(path).stem, flags=re.ASCII).strip("_").lower()
    first = f"{stem}_path" if stem and not stem[0].isdigit() else "path"
    yield first
    number = 2
    while True:
        yield f"{first}_{number}"
        number += 1


# A name that a cell gives the path


def _assigned_once(name: str, said: Words) -> _Assignment | None:
    """The statement that alone binds a name anywhere, where that gives it a text at the top of a cell."""
    found = said.settings.get(name, ())
    return found[0] if said.bound[name] == len(found) == 1 and not said.bound["*"] and not _is_known(name) else None


def _is_known(name: str) -> bool:
    """Whether a name means something before it is bound."""
    return hasattr(builtins, name) or keyword.issoftkeyword(name) or name in ("In", "Out", "_", "__", "___")


def _bound(node: ast.AST) -> Sequence[str]:
    """The names that a node binds by itself, in whatever scope."""
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Load) else (node.id,)
    if isinstance(node, ast.arg):
        return (node.arg,)
    if isinstance(node, ast.alias):
        return (node.asname or node.name.partition(".")[0],)
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    name = node.rest if isinstance(node, ast.MatchMapping) else getattr(node, "name", None)
    return (name,) if isinstance(name, str) else ()  # functions, classes, exceptions, patterns


def _of_assignment(name: str, found: _Assignment, codes: Sequence[Code]) -> Fix | None:
    """The assignment moves among the parameters, or its cell becomes theirs."""
    code, node = found.code, found.node
    cell = code.cell
    home = _home(codes, cell.index)
    if home is None or not _is_plain(code) or "parameters" in cell.tags.roles:
        return None
    assert code.tree is not None  # noqa: S101  who is plain has one
    if home.cell is None and not cell.labels and all(_is_setting(n) for n in code.tree.body):
        return {"kind": "add-tag", "cell": cell.index, "tag": "parameters"}
    body = code.tree.body
    place = body.index(node)
    if node is body[-1] and place > 0 and isinstance(body[place - 1], ast.Expr):
        return None  # which would be the cell's last, and shown
    lines = cell.source.split("\n")
    first, last = node.lineno - 1, node.end_lineno or node.lineno
    before, behind = lines[first][: node.col_offset], lines[last - 1][node.end_col_offset :].strip()
    if before.strip() or (behind and not behind.startswith("#")) or last != node.lineno:
        return None
    rest = "\n".join([*lines[:first], *lines[last:]])
    edits = [{"cell": cell.index, "old": cell.source, "new": rest}]
    return _fix(name, cell.index, lines[first].strip(), edits, home, codes)


def _is_setting(node: ast.stmt) -> bool:
    """Whether a statement gives a name a literal."""
    if not isinstance(node, ast.Assign) or [type(t) for t in node.targets] != [ast.Name]:
        return False
    try:
        ast.literal_eval(node.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


# The edits


def _fix(
    name: str, cell: int, line: str, edits: list[dict[str, Any]], home: _Home, codes: Sequence[Code]
) -> Fix | None:
    """The fix, with the line that gives the parameter its default: behind the other parameters, or in a cell of its own."""
    added = None
    if home.cell is None:
        added = {"above": home.above, "source": line}
    else:
        new = _appended(next(c for c in codes if c.cell is home.cell), line)
        if new is None:
            return None
        edits.append({"cell": home.cell.index, "old": home.cell.source, "new": new})
    return {"kind": "make-parameter", "cell": cell, "name": name, "edits": edits, "added": added}


def _appended(code: Code, line: str) -> str | None:
    """A cell of parameters with one more, behind the last of them, so that what it shows at its end is shown as before."""
    assert code.tree is not None  # noqa: S101  who is plain has one
    source = code.cell.source
    ends = [n.end_lineno for n in code.tree.body if isinstance(n, (ast.Assign, ast.AnnAssign)) and n.end_lineno]
    if not ends:
        return None if code.tree.body else f"{source}\n{line}".lstrip("\n")
    if any(not isinstance(n, (ast.Assign, ast.AnnAssign)) and n.lineno == max(ends) for n in code.tree.body):
        return None  # it stands behind a semicolon
    lines = source.split("\n")
    return "\n".join([*lines[: max(ends)], line, *lines[max(ends) :]])


def _cut(source: str, place: ast.Constant) -> str:
    return source.split("\n")[place.lineno - 1][place.col_offset : place.end_col_offset]


def _with(source: str, place: ast.Constant, text: str) -> str:
    lines = source.split("\n")
    line = lines[place.lineno - 1]
    lines[place.lineno - 1] = line[: place.col_offset] + text + line[place.end_col_offset :]
    return "\n".join(lines)
