"""Which files a call reaches that nothing is known of: what it is handed looks like a path, and its name says what it does with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from nb2pipe.analysis.objects import CONTAINERS, HOLE, Obj

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_READING = frozenset({"read", "load", "loads", "imread", "scan", "parse", "from", "restore"})
_WRITING = frozenset({"save", "imsave", "write", "imwrite", "export", "dump", "store"})
_MODE = re.compile(r"[rwax]b?t?\+?")
_FILE = re.compile(r"[^\s:;,<>|*?\"'()=]+\.[A-Za-z]\w{0,7}|[^\s:;,<>|*?\"'()=]*/[^\s:;,<>|*?\"'()=]*")
_URL = re.compile(r"\w+://\S+")
_OF_SCHEMA = r"(?:table|view|schema|macro|type|sequence|index)"
_SQL = re.compile(
    rf"select\b|with\s+\w+\s+as\b|from\s+\S|insert\s+into\b|create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?{_OF_SCHEMA}\b"
    rf"|update\s+\S+\s+set\b|delete\s+from\b|(?:drop|alter)\s+{_OF_SCHEMA}\b|copy\b.+\b(?:to|from)\b|attach\s+'",
    re.IGNORECASE | re.DOTALL,
)
_TABLE = re.compile(r"\b(?:from|join|into|update|table|describe|summarize)\s+\"?([^\W\d]\w*)", re.IGNORECASE)
_QUERYING = frozenset({"select", "with", "from", "describe", "summarize", "explain", "show"})
_OF_DATA = frozenset(name for kind in (str, bytes, list, dict, set) for name in dir(kind))
"""Methods that take texts for what they are, whoever has them."""
_LAZY = frozenset({"dask", "duckdb", "ibis", "vaex", "pyspark"})
"""Libraries whose frames are read when they are needed."""
_LONGEST = 300  # characters of what may be a path


def reached(name: str, given: list[Obj]) -> Iterator[tuple[Obj, Literal["read", "write"]]]:
    """What a call of this name, of something unknown, may open among what it is given, and whether it may write to it.

    A path is told by its look; what is called ``load`` or ``save``, with or without more words, takes any text for one. What
    neither its name nor a mode (``"r"``) tells to read is taken to write.
    """
    if name in _OF_DATA:
        return
    words = _words(name)
    first = words[0]
    texts = [o for o in given if isinstance(o.const, str)]
    modes = [o.const for o in texts if _MODE.fullmatch(str(o.const))]
    reads = first in _READING or (bool(modes) and all(str(m).startswith("r") and "+" not in str(m) for m in modes))
    mode: Literal["read", "write"] = "read" if reads else "write"
    named = first in _READING or first in _WRITING
    parts = [part for obj in given if obj.type in CONTAINERS for part in obj.elems]
    for obj in dict.fromkeys((*given, *parts)):
        if isinstance(obj.const, str):
            if obj.const in modes:
                continue
            if obj.type == "pathlib.Path" or _looks(obj.const) or (named and _may_be(obj.const)):
                yield obj, mode
        elif obj.type == "pathlib.Path" or (
            obj.type == "str" and named and (len(words) > 1 or first in ("save", "load"))
        ):
            yield obj, mode


def sql_of(given: Iterable[Obj]) -> Iterator[str]:
    """The texts of SQL among what a call is handed."""
    for obj in given:
        if isinstance(obj.const, str) and _SQL.match(obj.const.lstrip(" \t\r\n(")) and len(obj.const.split()) > 1:
            yield obj.const


def tables_in(text: str) -> Iterator[str]:
    """What SQL goes through: DuckDB finds names of the notebook there."""
    yield from dict.fromkeys(_TABLE.findall(text))


def files_in(text: str) -> Iterator[str]:
    """What stands in quotes in SQL and looks like a path."""
    yield from dict.fromkeys(t for t in re.findall(r"'([^']*)'", text) if _looks(t))


def only_asks(text: str) -> bool:
    """Whether SQL asks, and changes nothing."""
    return text.lstrip(" \t\r\n(").split(None, 1)[0].lower() in _QUERYING


def is_lazy(name: str) -> bool:
    """Whether what a call of this name gives goes through its file only when something is done to it."""
    return _words(name)[0] == "scan" or name.partition(".")[0] in _LAZY


def ends(name: str) -> bool:
    """Whether a call of this name writes all that it writes before it returns."""
    return _words(name)[0] in _WRITING


def _words(name: str) -> list[str]:
    """The words of a name in order, of which the first may say what is done; that of a class says nothing."""
    last = name.rpartition(".")[2]
    return ([] if last[:1].isupper() else words_in(last)) or [""]


def words_in(name: str) -> list[str]:
    """The words of a name as people read it, ``setUp_now``: set, up, now."""
    return [w.lower() for w in _WORD.findall(name)]


def _looks(text: str) -> bool:
    plain = text.replace(HOLE, "x")
    return len(text) < _LONGEST and bool(_FILE.fullmatch(plain) or _URL.fullmatch(plain))


def _may_be(text: str) -> bool:
    return 0 < len(text) < _LONGEST and "\n" not in text
