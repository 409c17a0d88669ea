"""Imports that may stand at the top of a module, and the text that they have there."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from nb2pipe.analysis.effects import Access
from nb2pipe.interpreters import elsewhere, find
from nb2pipe.package.bindings import Place
from nb2pipe.package.model import Import

_QUIET = frozenset({"numpy", "pandas", "matplotlib", "scipy", "seaborn", "torch", "requests", "tqdm"})
_BARRING = frozenset({"environment", "cwd"})
_BARRING_SETTINGS = frozenset({"sys.path", "packages"})


def imports_of(node: ast.stmt) -> tuple[Import, ...]:
    """The imports of an import statement; none for any other, and for ``from x import *``."""
    if isinstance(node, ast.Import):
        return tuple(Import(a.asname or a.name.partition(".")[0], a.name, "", a.asname or "") for a in node.names)
    if isinstance(node, ast.ImportFrom) and node.module != "__future__" and node.names[0].name != "*":
        module = "." * node.level + (node.module or "")
        return tuple(Import(a.asname or a.name, module, a.name, a.asname or "") for a in node.names)
    return ()


Imports = dict[str, tuple[Import, ...]]


def hoisted(
    bound: Mapping[str, Sequence[Place]], accesses: Iterable[Access], deleted: frozenset[str]
) -> tuple[Imports, Imports]:
    """The imports that mean the same at the top of a module, by the name that they bind, and those that do in any function.

    A name must mean one thing in the whole notebook. Where what an import looks at (environment, working directory,
    ``sys.path``) is changed before, it cannot be at the top of a module.
    """
    accesses = list(accesses)
    barred = min((a.span.cell for a in accesses if a.mode != "read" and _bars(a)), default=sys.maxsize)
    written = {PurePath(a.resource.key).stem for a in accesses if a.resource.kind == "file" and a.mode != "read"}
    found: Imports = {}
    late: Imports = {}
    for name, binding in bound.items():
        if name in deleted:
            continue
        every = [tuple(i for i in imports_of(p.statement.node) if i.name == name) for p in binding]
        roots = {(i.alias, i.member, i.module if i.alias or i.member else name) for e in every for i in e}
        if all(every) and len(roots) == 1:
            made = any(i.module.partition(".")[0] in written for e in every for i in e)
            where = late if made or any(p.cell >= barred for p in binding) else found
            where[name] = tuple(dict.fromkeys(i for e in every for i in e))
    return found, late


def _bars(access: Access) -> bool:
    resource = access.resource
    return resource.kind in _BARRING or (resource.kind == "setting" and resource.key in _BARRING_SETTINGS)


def harmless(entry: Import) -> bool:
    """Whether an import that nothing mentions does nothing."""
    top = entry.module.partition(".")[0]
    return top in _QUIET or (top in sys.stdlib_module_names and top not in ("readline", "this", "antigravity"))


def cannot_fail(node: ast.stmt) -> bool:
    """Whether a statement ends well wherever it stands: imports of installed modules, plain definitions, constants."""
    if isinstance(node, ast.FunctionDef):
        of = node.args
        annotated = node.returns or any(a.annotation for a in (*of.posonlyargs, *of.args, *of.kwonlyargs))
        return not (node.decorator_list or of.defaults or any(of.kw_defaults) or annotated)
    if isinstance(node, (ast.Expr, ast.Assign)):
        targets = node.targets if isinstance(node, ast.Assign) else []
        return isinstance(node.value, ast.Constant) and all(isinstance(t, ast.Name) for t in targets)
    found = imports_of(node)
    return bool(found) and all(_is_there(i) for i in found)


def _is_there(entry: Import) -> bool:
    """Whether an import is sure to end well; whether an installed module has what it is asked for, nobody knows who has not run it."""
    top = entry.module.partition(".")[0]
    return top in sys.stdlib_module_names or (entry.module == top and not entry.member and _is_found(top))


def _is_found(module: str) -> bool:
    try:
        return bool(module) and ((elsewhere() is None and module in sys.modules) or find(module) is not None)
    except ValueError:  # it has no spec of its own
        return False


def import_text(imports: Iterable[Import]) -> str:
    """The import statements in groups (standard library, others, the package's own), one a module, sorted."""
    plain: set[tuple[int, str, str]] = set()
    members: dict[tuple[int, str], set[str]] = {}
    for entry in imports:
        rank = _rank(entry.module)
        if entry.member:
            renamed = entry.alias and entry.alias != entry.member
            members.setdefault((rank, entry.module), set()).add(
                f"{entry.member} as {entry.alias}" if renamed else entry.member
            )
        else:
            renamed = entry.alias and entry.alias != entry.module
            plain.add(
                (rank, entry.module, f"import {entry.module} as {entry.alias}" if renamed else f"import {entry.module}")
            )
    groups: dict[int, list[str]] = {}
    for rank, _, text in sorted(plain):
        groups.setdefault(rank, []).append(text)
    for (rank, module), names in sorted(members.items()):
        groups.setdefault(rank, []).append(_from(module, sorted(names)))
    return "\n\n".join("\n".join(groups[rank]) for rank in sorted(groups))


def _from(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 88:
        return line
    return f"from {module} import (\n" + "".join(f"    {n},\n" for n in names) + ")"


def _rank(module: str) -> int:
    if module == "__future__":
        return -1
    if module.startswith("."):
        return 2
    return 0 if module.partition(".")[0] in sys.stdlib_module_names else 1
