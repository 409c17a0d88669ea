"""Files packed by zstd, and unpacked again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import xxhash

from nb2pipe.diagnostics import UsageError

SUFFIX = ".zst"
"""What a packed file's name ends with."""
WORTH = 4096
"""The size in bytes from which on packing may save something."""
_GAIN = 0.9
_CHUNK = 1 << 22


def pack(source: Path, target: Path) -> bool:
    """Pack a file; whether that made it so much smaller that it pays: each load has to unpack it.

    Raises:
        UsageError: There is no library for it.
        OSError: One of them cannot be read, or written.
    """
    with source.open("rb") as file, _library().open(target, "wb") as out:
        shutil.copyfileobj(file, out, _CHUNK)
    return target.stat().st_size < _GAIN * source.stat().st_size


def unpack(source: Path, target: Path | None) -> str:
    """Unpack a file to ``target``, or to nowhere; the digest of what was in it, "" where it is damaged.

    Raises:
        UsageError: There is no library for it.
        OSError: One of them cannot be read, or written.
    """
    library = _library()
    state = xxhash.xxh3_128()
    with library.open(source, "rb") as file, Path(target or os.devnull).open("wb") as out:
        try:
            while chunk := file.read(_CHUNK):
                state.update(chunk)
                out.write(chunk)
        except (library.ZstdError, EOFError):
            return ""
    return state.hexdigest()


def check_zstd() -> None:
    """See that files can be packed.

    Raises:
        UsageError: There is no library for it.
    """
    _library()


def _library() -> Any:
    """Python's own zstd, or the package: what is used here they have in common."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # of Python 3.14
    except ImportError:
        try:
            import zstandard as zstd
        except ImportError:
            raise UsageError("contents packed by zstd need `pip install 'nb2pipe[zstd]'`") from None
    return zstd
