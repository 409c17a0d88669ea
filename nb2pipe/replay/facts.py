"""What the comparison asks the analysis: where names are bound and changed, and what of a cell no package shows."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

from nb2pipe.analysis.effects import Analysis
from nb2pipe.diagnostics import say
from nb2pipe.notebook.model import Code
from nb2pipe.package.magics import NOTHING, RUNS, NotPlainError, Plain, is_magic, plain


class Facts(NamedTuple):
    """By name the cells that bind or delete it, and those that bind or change it; by cell the magics that packages leave out.

    ``absent`` are the cells that no package has, each with the reason: it has nothing but magics that set up the shell or the
    environment or tell of the session, or is no Python and fails. ``commands`` are those that run a command of the shell, such as ``!ls``,
    ``unset`` those that show an array that nobody has filled, ``installs`` by cell the lines that install something beside other code,
    ``scripts`` those that run a script, behind which IPython draws
    once more what cells before have drawn: an empty figure, for theirs are closed.
    """

    bound: Mapping[str, tuple[int, ...]]
    changed: Mapping[str, tuple[int, ...]]
    aside: Mapping[int, str]
    absent: Mapping[int, str] = MappingProxyType({})
    commands: frozenset[int] = frozenset()
    unset: frozenset[int] = frozenset()
    scripts: frozenset[int] = frozenset()
    installs: Mapping[int, frozenset[int]] = MappingProxyType({})


def facts_of(codes: Sequence[Code], analysis: Analysis) -> Facts:
    """The facts about a compiled notebook."""
    bound: dict[str, list[int]] = {}
    changed: dict[str, list[int]] = {}
    for effects in analysis.effects:
        for name in dict.fromkeys([*(d.name for d in effects.definitions), *(d.name for d in effects.deletions)]):
            bound.setdefault(name, []).append(effects.cell)
        names = [*(d.name for d in effects.definitions), *(m.name for m in effects.mutations)]
        for name in dict.fromkeys(names):
            changed.setdefault(name, []).append(effects.cell)
    absent = {code.cell.index: reason for code in codes if (reason := _absence(code))}
    aside = {c.cell.index: magic for c in codes if c.cell.index not in absent and (magic := _left_out(c))}
    trees = {code.cell.index: code.tree for code in codes if code.tree is not None}
    magics = {cell: _magics(tree) for cell, tree in trees.items()}
    commands = frozenset(c for c, found in magics.items() if any("shell=True" in form.text for _, form in found))
    scripts = frozenset(c for c, found in magics.items() if any(form.text.startswith(RUNS) for _, form in found))
    unset = frozenset(cell for cell, tree in trees.items() if any(map(_shows_unset, tree.body)))
    installs = {cell: lines for cell, found in magics.items() if (lines := _installing(found))}
    return Facts(
        {n: tuple(c) for n, c in bound.items()},
        {n: tuple(c) for n, c in changed.items()},
        aside, absent, commands, unset, scripts, installs,
    )  # fmt: skip


def _magics(tree: ast.Module) -> list[tuple[ast.Expr, Plain]]:
    """The magics and commands that stand by themselves and have a plain form, with that."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and is_magic(node):
            with suppress(NotPlainError):
                found.append((node, plain(node, frozenset())))
    return found


def _installing(magics: Iterable[tuple[ast.Expr, Plain]]) -> frozenset[int]:
    """The lines, from 1, of the statements that only install something."""
    found = [node for node, form in magics if form.installs]
    return frozenset(line for node in found for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _shows_unset(node: ast.stmt) -> bool:
    """Whether a statement shows ``np.empty(...)`` as it is: what was in the memory before."""
    value = node.value if isinstance(node, ast.Expr) else None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "print" and value.args:
        value = value.args[0]
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr in ("empty", "empty_like")
    )


def _absence(code: Code) -> str:
    """Why no package has a cell that has nothing but magics, "" where one has it."""
    if code.tree is None:
        return say("it is no Python, and fails")
    try:
        if not code.tree.body or not all(map(is_magic, code.tree.body)):
            return ""
        made = [plain(node, frozenset(), fails=code.cell.tags.raises) for node in code.tree.body]
    except NotPlainError:
        return ""
    if not all(form == NOTHING or form.installs or form.inline or form.of_session for form in made):
        return ""
    if any(form.of_session for form in made):
        return say("`%1` tells of the session", _left_out(code))
    return say("`%1` is for the environment", _left_out(code))


def _left_out(code: Code) -> str:
    """The first line of a cell that a package has nothing for, "" where there is none."""
    for node in code.tree.body if code.tree is not None else ():
        try:
            if is_magic(node) and not plain(node, frozenset(), fails=code.cell.tags.raises).text:
                return code.cell.source.split("\n")[node.lineno - 1].strip()
        except NotPlainError:
            continue
    return ""
