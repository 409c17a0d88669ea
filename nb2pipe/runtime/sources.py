"""The text of cells that ran in other processes, for tracebacks, warnings and `inspect`."""

from __future__ import annotations

import functools
import linecache
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

NAME = "cells.pickle"
"""The file that they are in."""
_folder: Path | None = None


def keep(folder: Path, cells: Iterable[tuple[int, str]]) -> None:
    """Leave the cells of a run, each with its execution count, where its processes find them."""
    (folder / NAME).write_bytes(pickle.dumps(sorted(cells), protocol=5))


def kept_in(folder: Path) -> bytes:
    """What `keep` has left in a folder."""
    return (folder / NAME).read_bytes()


def put_in(folder: Path, kept: bytes) -> None:
    """Leave the same in another folder."""
    (folder / NAME).write_bytes(kept)


def found_in(folder: Path) -> None:
    """Say where this process finds the cells of its run."""
    global _folder  # noqa: PLW0603  one process, one run
    _folder = folder


def expect(filename: str) -> None:
    """Code that was made in another process has come: its text is read when somebody asks for it."""
    if filename not in linecache.cache and _is_cell(filename):
        linecache.cache[filename] = (functools.partial(_text, filename),)  # the form of `linecache.lazycache`


def asked_for(filename: str) -> None:
    """Read the text of a cell now, and let IPython know which cell it is."""
    entry: Any = linecache.cache.get(filename)
    if entry is not None and len(entry) == 1:
        linecache.getlines(filename)


def _is_cell(filename: str) -> bool:
    return Path(filename).parent.name.startswith("ipykernel_")


def _text(filename: str) -> str | None:
    """The text of the last cell that is named so, as IPython compiled it."""
    from IPython import get_ipython

    if _folder is None:
        return None
    shell: Any = get_ipython()
    wanted = Path(filename).name
    found = None
    for count, source in pickle.loads((_folder / NAME).read_bytes()):
        if count <= shell.execution_count and f"{murmur2(source)}.py" == wanted:
            found = count, source
    if found is None:
        return None
    shell.compile._filename_map[filename] = found[0]
    return str(shell.transform_cell(found[1]))


def murmur2(text: str, seed: int = 0xC70F6907) -> int:
    """MurmurHash2 (A. Appleby) of ``text`` in UTF-8, 32 bits: ipykernel names the files of cells by it."""
    m, data = 0x5BD1E995, text.encode("utf-8", "surrogatepass")
    h = seed ^ len(data)
    end = len(data) & ~3
    for i in range(0, end, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & 0xFFFFFFFF
        k = (k ^ k >> 24) * m & 0xFFFFFFFF
        h = (h * m & 0xFFFFFFFF) ^ k
    if end < len(data):
        h = (h ^ int.from_bytes(data[end:], "little")) * m & 0xFFFFFFFF
    h = (h ^ h >> 13) * m & 0xFFFFFFFF
    return h ^ h >> 15
