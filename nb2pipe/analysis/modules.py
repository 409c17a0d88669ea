"""Finding the Python source of a module without importing anything, and its definitions without executing them."""

from __future__ import annotations

import ast
import sys
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MAX_SOURCE = 400_000  # bytes; larger modules are generated or vendored, and are not worth the time


@dataclass(frozen=True, slots=True)
class Source:
    """A module's source: ``local`` where it stands beside the notebook and counts as its code."""

    name: str
    path: Path
    tree: ast.Module
    local: bool


def installed_paths() -> tuple[Path, ...]:
    """The folders that the running interpreter imports from, site-packages last."""
    paths = sysconfig.get_paths()
    entries = [*sys.path, paths["stdlib"], paths["platlib"], paths["purelib"]]
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


@lru_cache(maxsize=512)
def _parse(path: Path) -> ast.Module | None:
    try:
        if path.stat().st_size > MAX_SOURCE:
            return None
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


@lru_cache(maxsize=1024)
def find_source(name: str, folder: Path | None) -> Source | None:
    """The source of a module: beside the notebook first, as Jupyter's ``sys.path`` has it."""
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


@lru_cache(maxsize=512)
def exists(name: str, folder: Path | None) -> bool:
    """Whether a top-level module can be found at all, without importing it."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    folders = (folder, *installed_paths()) if folder is not None else installed_paths()
    for place in folders:
        if (place / top).is_dir() or (place / f"{top}.py").is_file():
            return True
        if any(place.glob(f"{top}.*.so")) or any(place.glob(f"{top}.*.pyd")):
            return True
    return False


def public_names(source: Source) -> frozenset[str]:
    """What ``from module import *`` binds, by the text: ``__all__`` where it is a literal, else what has no underscore."""
    listed = _listed(source)
    if listed is not None:
        return listed
    names: set[str] = set()
    for node in source.tree.body:
        names.update(bound_names(node))
    return frozenset(n for n in names if not n.startswith("_"))


def names_are_known(source: Source) -> bool:
    """Whether `public_names` has all that a star import binds: no other star import or computed ``__all__`` adds to it."""
    if _listed(source) is not None:
        return True
    return not any(
        (isinstance(n, ast.ImportFrom) and n.names[0].name == "*")
        or (isinstance(n, ast.Name) and n.id in ("__all__", "__getattr__", "globals"))
        for n in ast.walk(source.tree)
    )


def _listed(source: Source) -> frozenset[str] | None:
    """The names of a literal ``__all__`` that nothing else touches."""
    found = [n for n in ast.walk(source.tree) if isinstance(n, ast.Name) and n.id == "__all__"]
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and len(found) == 1 and found[0] in node.targets:
            try:
                return frozenset(str(n) for n in ast.literal_eval(node.value))
            except (ValueError, TypeError):
                return None
    return None


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
