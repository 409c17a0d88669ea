"""What code reads that nobody can look at afterwards: the clock, the process, the system's entropy; found by its words.

The analysis knows what it has a row for; here it is enough that the word stands there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nb2pipe.diagnostics import say
from nb2pipe.notebook.model import Code

_CLOCK = frozenset({
    "now", "today", "utcnow", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time",
    "process_time_ns", "thread_time", "ctime", "localtime", "gmtime", "asctime", "default_timer", "clock_gettime", "timeit",
})  # fmt: skip
_OWN = frozenset({"now", "today", "monotonic", "timeit"})
"""Of these, the words that notebooks use for names of their own."""
_PROCESS = frozenset({
    "getpid", "getppid", "getlogin", "getloadavg", "getrusage", "virtual_memory", "swap_memory", "cpu_percent", "disk_usage",
    "net_io_counters", "uuid1", "getnode", "get_ident", "statvfs", "getsizeof", "psutil",
})  # fmt: skip
_LINES = frozenset({
    "inspect", "traceback", "linecache", "_getframe", "currentframe", "f_lineno", "tb_lineno", "co_firstlineno", "getsource",
    "lineno", "In", "_ih", "_i", "_ii", "_iii", "execution_count", "Out", "_oh", "__file__", "dis", "user_ns", "history_manager",
})  # fmt: skip
"""What tells a cell of its own text, or of its number."""
_LINE_TEXT = re.compile(
    r"%\(lineno\)|%(?:history|hist|recall|rep|rerun|save|macro|notebook|pastebin|edit|logstart|dhist|who)\b|\b_i?\d+\b"
)
_MOMENTS = frozenset({"now", "today"})
_IN_FILES = re.compile(
    rb"\.(?:now|today|utcnow|time_ns|perf_counter|monotonic|getpid|uuid1|getloadavg|virtual_memory)\b|\btime\.(?:time|ctime|localtime)\("
    rb"|\bfrom time import|\bRandom\(\)|\bSystemRandom\b"
)

_HOST = re.compile(r"\b(?:gethostname|getfqdn|gethostby\w+|uname|nodename|hostname)\b|\bnode\s*\(")


class _Part(NamedTuple):
    """Statements that run together: the words in them, and what they read that nobody sees again."""

    words: frozenset[str]
    unseen: tuple[str, ...]


class Words(NamedTuple):
    """The words of a cell: of what runs with it, and of each function and class body that is called later."""

    now: _Part
    later: tuple[tuple[str, _Part], ...]
    lines: bool


def words_of(code: Code) -> Words:
    """The words of one cell."""
    if code.tree is None:
        return Words(_Part(frozenset(), ()), (), lines=True)
    outside: list[ast.AST] = []
    later: list[tuple[str, _Part]] = []
    for node, name in _parts(code.tree):
        if name is None:
            outside.append(node)
        else:
            later.append((name, _part(ast.walk(node))))
    now = _part(outside)
    every = now.words.union(*(part.words for _, part in later))
    lines = not _LINES.isdisjoint(every) or _LINE_TEXT.search(code.cell.source) is not None
    return Words(now, tuple(later), lines)


def _parts(tree: ast.AST) -> Iterator[tuple[ast.AST, str | None]]:
    """All nodes that run with the cell, and the functions and lambdas, each with its name, which run when they are called.

    A method goes by the name of its class: who has that can call it.
    """
    stack: list[tuple[ast.AST, str | None]] = [(tree, None)]
    while stack:
        node, owner = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield ast.Module(node.body, []), owner or node.name
            stack += [(n, owner) for n in (*node.decorator_list, node.args, *([node.returns] if node.returns else []))]
            continue
        if isinstance(node, ast.Lambda):  # it has no name to be called by
            yield from ((n, None) for n in ast.walk(node))
            continue
        yield node, None
        inner = (owner or node.name) if isinstance(node, ast.ClassDef) else owner
        stack += [(n, inner) for n in ast.iter_child_nodes(node)]


def _part(nodes: Iterable[ast.AST]) -> _Part:
    words: set[str] = set()
    unseen: dict[str, None] = {}
    for node in nodes:
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
        elif isinstance(node, ast.alias):
            words.update((node.name.rpartition(".")[2], node.name.partition(".")[0]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.update(re.findall(r"\w+", node.value))
            continue
        elif isinstance(node, ast.Call):
            given = [a.value for a in (*node.args, *(k.value for k in node.keywords)) if isinstance(a, ast.Constant)]
            if any(isinstance(v, str) and v.strip().lower() in _MOMENTS for v in given):
                unseen[say("reads the clock")] = None
            last = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if last == "Random" and not node.args and not node.keywords:
                unseen[say("draws random numbers of the system (`%1`)", "Random()")] = None
            continue
        else:
            continue
        word = (
            node.id
            if isinstance(node, ast.Name)
            else node.attr
            if isinstance(node, ast.Attribute)
            else node.name.rpartition(".")[2]
        )
        if word in _CLOCK and not (isinstance(node, ast.Name) and word in _OWN):
            unseen[say("reads the clock (`%1`)", word)] = None
        elif word in _PROCESS:
            unseen[say("asks the process or the machine (`%1`)", word)] = None
        elif word == "SystemRandom":
            unseen[say("draws random numbers of the system (`%1`)", word)] = None
    return _Part(frozenset(words), tuple(unseen))


def unseen_by(
    own: Sequence[Words], all_later: Mapping[str, Sequence[_Part]], also: Iterable[Words] = ()
) -> tuple[str, ...]:
    """What cells read that nobody sees again, with the functions that they can call: those that they name, and all of ``also``.

    ``all_later`` are the bodies of the notebook's functions and classes by name.
    """
    found = dict.fromkeys(r for words in own for r in words.now.unseen)
    names = set[str]().union(*(words.now.words for words in own))
    for words in also:
        for name, part in words.later:
            names.add(name)
            names |= part.words
    done: set[str] = set()
    while waiting := [n for n in names - done if n in all_later]:
        for name in waiting:
            done.add(name)
            for part in all_later[name]:
                found.update(dict.fromkeys(part.unseen))
                names |= part.words
    return tuple(found)


@lru_cache(maxsize=4096)
def unseen_in_file(path: str) -> tuple[str, ...]:
    """The same of a module's file, by the text alone."""
    try:
        match = _IN_FILES.search(Path(path).read_bytes()) if path.endswith(".py") else None
    except OSError:
        match = None
    return () if match is None else (f"asks for what nobody sees again (`{match[0].decode().strip()}`)",)


def asks_host(source: str) -> bool:
    """Whether code may ask for the name of the machine."""
    return _HOST.search(source) is not None


@lru_cache(maxsize=4096)
def names_host(path: str) -> bool:
    """The same of a module's file."""
    try:
        return path.endswith(".py") and asks_host(Path(path).read_text("utf-8", "replace"))
    except OSError:
        return False
