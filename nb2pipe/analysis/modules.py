"""Finding the Python source of a module without importing anything, and its definitions without executing them."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nb2pipe.interpreters import Interpreter, elsewhere, own_modules, path_there

MAX_SOURCE = 400_000  # bytes; larger modules are generated or vendored, and are not worth the time


class Source(NamedTuple):
    """A module's source: ``local`` where it stands beside the notebook and counts as its code."""

    name: str
    path: Path
    tree: ast.Module
    local: bool


def installed_paths() -> tuple[Path, ...]:
    """The folders that the notebook's interpreter imports from, site-packages last."""
    other = elsewhere()
    paths = sysconfig.get_paths()
    own = (paths["stdlib"], paths["platlib"], paths["purelib"]) if other is None else (other.library, *other.site)
    entries = [*path_there(), *own]
    return tuple(dict.fromkeys(Path(p) for p in entries if p and Path(p).is_dir()))


def locate(name: str, folders: tuple[Path, ...]) -> Path | None:
    """The file of module ``name`` under one of ``folders``: ``a/b.py`` or ``a/b/__init__.py``."""
    relative = Path(*name.split("."))
    for folder in folders:
        package = folder / relative / "__init__.py"
        if package.is_file():
            return package
        module = folder / relative.parent / f"{relative.name}.py"
        if module.is_file():
            return module
    return None


def look_again() -> None:
    """What was found may have changed, come or gone since: whoever stays, a server or a watch, analyses more than once."""
    _source.cache_clear()
    _exists.cache_clear()


def _parse(path: Path) -> ast.Module | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _parsed(path, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=512)
def _parsed(path: Path, stamp: tuple[int, ...]) -> ast.Module | None:
    """A file as it is while it has this ``stamp``: time, size, and which file it is."""
    try:
        return None if stamp[1] > MAX_SOURCE else ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def find_source(name: str, folder: Path | None) -> Source | None:
    """The source of a module: beside the notebook first, as Jupyter's ``sys.path`` has it."""
    return _source(name, folder, elsewhere())


@lru_cache(maxsize=1024)
def _source(name: str, folder: Path | None, _: Interpreter | None) -> Source | None:
    if folder is not None:
        path = locate(name, (folder,))
        if path is not None:
            tree = _parse(path)
            return None if tree is None else Source(name, path, tree, True)
    if name.partition(".")[0] in sys.builtin_module_names:
        return None
    path = locate(name, installed_paths())
    if path is None:
        return None
    tree = _parse(path)
    return None if tree is None else Source(name, path, tree, False)


def exists(name: str, folder: Path | None) -> bool:
    """Whether a top-level module can be found at all, without importing it."""
    return _exists(name.partition(".")[0], folder, elsewhere())


@lru_cache(maxsize=512)
def _exists(top: str, folder: Path | None, other: Interpreter | None) -> bool:
    if top in own_modules() or (other is not None and top in other.editable):
        return True
    folders = (folder, *installed_paths()) if folder is not None else installed_paths()
    for place in folders:
        if (place / top).is_dir() or (place / f"{top}.py").is_file():
            return True
        if any(place.glob(f"{top}.*.so")) or any(place.glob(f"{top}.*.pyd")):
            return True
    return False


def public_names(source: Source, folder: Path | None = None) -> tuple[frozenset[str], bool]:
    """What ``from module import *`` binds, by the text, and whether that is certain.

    It is where ``__all__`` is a literal, or where there is none and no other module's names are imported by a star.
    """
    names, certain = _public(source, folder, frozenset())
    return frozenset(n for n in names if not n.startswith("_") or certain is None), certain is not False


def _public(source: Source, folder: Path | None, seen: frozenset[str]) -> tuple[set[str], bool | None]:
    """The names, and whether they are certain; None where ``__all__`` lists them."""
    names: set[str] = set()
    stars: list[str] = []
    listed: frozenset[str] | None = None
    certain = True
    for node in _statements(source.tree.body):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
            try:
                listed = frozenset(str(n) for n in ast.literal_eval(node.value))  # type: ignore[attr-defined]  # an assignment
            except (ValueError, AttributeError, TypeError):
                certain = False
            certain = certain and isinstance(node, ast.Assign)
            continue
        if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
            stars.append(_absolute(node, source))
        names.update(bound_names(node))
    if listed is not None and certain:
        return set(listed), None
    for star in stars:
        other = find_source(star, folder) if star not in seen else None
        if other is None:
            certain = False
            continue
        more, sure = _public(other, folder, seen | {star})
        names |= more
        certain = certain and sure is not False
    return names - {"*"}, certain


def _absolute(node: ast.ImportFrom, source: Source) -> str:
    """The full name of the module that a statement of ``source`` imports from."""
    if not node.level:
        return node.module or ""
    base = source.name.split(".")
    keep = base[: len(base) - node.level + (1 if source.path.name == "__init__.py" else 0)]
    return ".".join([*keep, *([node.module] if node.module else [])])


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those of its branches included."""
    for node in body:
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _statements(handler.body)
        if not isinstance(node, (ast.If, ast.Try)):
            yield node


def bound_names(node: ast.stmt) -> set[str]:
    """The global names that a statement of a module may bind."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {a.asname or a.name.partition(".")[0] for a in node.names} - {"*"}
    inner_targets = {n for c in ast.walk(node) if isinstance(c, ast.comprehension) for n in ast.walk(c.target)}
    names = {
        n.id
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n not in inner_targets
    }
    for child in ast.iter_child_nodes(node):
        inner = child.body if isinstance(child, (ast.ExceptHandler, ast.match_case)) else [child]
        names.update(*(bound_names(s) for s in inner if isinstance(s, ast.stmt)))
    return names


def acting(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Of the statements of a module those that may do something when it is imported, beside binding names."""
    for statement in body:
        match statement:
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), orelse=otherwise):
                yield from acting(otherwise)
            case _ if any(map(_acts, _run_with(statement))):
                yield statement


def _acts(node: ast.AST) -> bool:
    match node:
        case ast.Call() | ast.Await() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Attribute(ctx=context) | ast.Subscript(ctx=context):
            return not isinstance(context, ast.Load)
        case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
            return bool(decorators)
        case ast.ClassDef(decorator_list=decorators):
            return bool(decorators)
    return False


def _run_with(node: ast.AST) -> Iterator[ast.AST]:
    """What of a statement runs with it: of functions not the body."""
    yield node
    match node:
        case ast.Lambda(args=arguments):
            inner: Iterable[ast.AST] = [arguments]
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            inner = [node.args, *node.decorator_list]
        case _:
            inner = ast.iter_child_nodes(node)
    for child in inner:
        yield from _run_with(child)
