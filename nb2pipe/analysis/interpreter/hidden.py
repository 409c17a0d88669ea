"""Which calls change what a library keeps to itself, among those that nothing is known of: their name says so, or that nothing is got."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from nb2pipe.analysis.interpreter.paths import words_in
from nb2pipe.analysis.objects import Obj, atomic

_SETTING = frozenset(
    {"set", "unset", "setup", "register", "unregister", "deregister", "install", "uninstall", "enable", "disable", "activate",
     "deactivate", "configure", "config", "autolog", "autoconfig", "monkeypatch", "inject"}
)  # fmt: skip
"""What such a function begins with, whatever it gives back."""
_DOING = frozenset(
    {"add", "apply", "begin", "clear", "end", "extension", "finish", "init", "initialise", "initialize", "log", "login", "logout",
     "patch", "prefer", "purge", "require", "reset", "restart", "restore", "resume", "start", "stop", "switch", "use"}
)  # fmt: skip
"""What it begins with where nobody takes what it gives."""
_SHOWING = frozenset(
    {"plot", "plots", "plotting", "show", "draw", "display", "print", "pprint", "view", "visualize", "visualise", "render", "figure",
     "hist", "scatter", "heatmap", "imshow", "summary", "describe", "info", "report", "save", "write", "warn", "warning", "dump",
     "export", "pyplot", "pylab", "makedirs", "mkdir", "remove", "delete", "copy", "move", "download", "urlretrieve", "fetch", "run",
     "main", "test", "sleep", "wait", "assert", "check", "load", "read", "demo"}
)  # fmt: skip


_HOLDERS = frozenset({"config", "configs", "configuration", "conf", "settings", "options", "defaults", "flags"})
"""What is changed by a call of one of its methods, though that is named like any other (`jax.config.update`)."""


def seeds(path: str) -> bool:
    """Whether a call of ``path`` seeds the random numbers of its library, which are drawn in one order then."""
    return "seed" in words_in(path.rpartition(".")[2])


def changes_library(path: str, given: Iterable[Obj], *, dropped: bool, certain: bool) -> bool:
    """Whether a call of ``path`` changes what its library keeps to itself.

    ``given`` is what it is handed, ``dropped`` whether it stands as a statement, so that nobody takes what it gives. Who takes nothing
    calls it for what it does: where it is handed nothing that it could change, and by its name neither shows nor writes anything,
    that can only be a change of its library, unless something else is certain of it: its source, or that its value is displayed.
    """
    last = path.rpartition(".")[2]
    own = words_in(last)
    if not own or last.startswith("_") or last[:1].isupper():
        return False
    if own[0] in _SETTING or (own[0].startswith("set") and len(own) == 1) or seeds(path):
        return True
    if not dropped:
        return False
    if own[0] in _DOING or not _HOLDERS.isdisjoint(words_in(path.rpartition(".")[0])):
        return True
    return not certain and _SHOWING.isdisjoint(words_in(path)) and all(map(atomic, given))


def changed_in(tree: ast.Module, known: Callable[[str], bool]) -> set[str]:
    """The libraries that a script sets up, by the names under which it imports them; ``known`` says what the table has a row for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {
                a.asname or a.name.partition(".")[0]: a.name if a.asname else a.name.partition(".")[0]
                for a in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    statements = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = set()
    for node in ast.walk(tree):
        path = _path(node.func, names) if isinstance(node, ast.Call) else ""
        if "." in path and not known(path) and changes_library(path, (), dropped=node in statements, certain=True):
            found.add(path.partition(".")[0])
    return found


def may_seed(tree: ast.Module, is_local: Callable[[str], bool]) -> bool:
    """Whether a script may seed a random state: it speaks of seeds or states, or imports what stands beside it."""
    for node in ast.walk(tree):
        words = [getattr(node, field, None) or "" for field in ("id", "attr", "arg", "name")]
        if any(isinstance(w, str) and ("seed" in w or "state" in w) for w in words):
            return True
        module = node.module if isinstance(node, ast.ImportFrom) else node.name if isinstance(node, ast.alias) else None
        if (module and is_local(module)) or (isinstance(node, ast.ImportFrom) and node.level):
            return True
        if isinstance(node, ast.Name) and node.id in ("exec", "eval", "__import__"):
            return True
    return False


def _path(node: ast.expr, names: dict[str, str]) -> str:
    """The dotted path of what is called, as far as it begins with an import; else nothing."""
    if isinstance(node, ast.Attribute):
        owner = _path(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    return names.get(node.id, "") if isinstance(node, ast.Name) else ""
