"""An address of fsspec as a place for objects: each is there whole or not at all, under a name that is a path below the address."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nb2pipe.diagnostics import UsageError

_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})
"""Where an object that is put is seen by nobody before it is whole; elsewhere it is given its name when it is."""
_PART = ".part"
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")
"""What file systems call the time of an object's last change."""
_PACKAGES = {"s3": "'nb2pipe[s3]'", "s3a": "'nb2pipe[s3]'", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs",
             "abfss": "adlfs"}  # fmt: skip


class AwayError(Exception):
    """What is at the address cannot be had, in words; ``refused`` says that it was reached, and did not let us."""

    def __init__(self, error: Exception) -> None:
        first = (str(error).splitlines() or [""])[0]
        shown = re.sub(r"\?\S+", "?...", first)[:200]  # signed links
        super().__init__(f"{type(error).__name__}: {shown}".removesuffix(": "))
        self.refused = isinstance(error, (PermissionError, FileNotFoundError)) or "Credential" in type(error).__name__


class Found(NamedTuple):
    """An object: its size in bytes, and when it was put, in seconds since the epoch; None where nobody says that."""

    size: int
    changed: float | None


class Objects:
    """The objects below an address. All that fails is an `AwayError`, but for what is not there."""

    def __init__(self, address: str) -> None:
        """Find the file system of an address; nothing is asked of it yet.

        Raises:
            UsageError: What it needs is not installed, or there is no such file system.
        """
        kind = address.partition("://")[0]
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise UsageError(f"the store {address} needs `pip install 'nb2pipe[{_extra(kind)}]'`") from None
        try:
            self._files, root = url_to_fs(address)
        except ImportError as error:
            name = _PACKAGES.get(kind)
            raise UsageError(f"the store {address} needs {f'`pip install {name}`' if name else error}") from None
        except Exception as error:  # whatever a file system raises
            raise UsageError(f"the store {address} cannot be used: {AwayError(error)}") from None
        self._root = root.rstrip("/")
        self._atomic = kind in _ATOMIC

    def find(self, folder: str) -> dict[str, Found]:
        """All objects whose names begin with ``folder/``."""
        try:
            self._files.invalidate_cache()
            found = self._files.find(f"{self._root}/{folder}", detail=True)
        except FileNotFoundError:
            return {}
        except Exception as error:
            raise AwayError(error) from None
        names = ((path[len(self._root) :].lstrip("/"), info) for path, info in found.items())
        return {n: Found(info.get("size") or 0, _changed(info)) for n, info in names if not n.endswith(_PART)}

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        """The bytes of several objects, at once where the file system can; those that are not there are left out."""
        paths = {f"{self._root}/{name}": name for name in names}
        if not paths:
            return {}
        try:
            found: Mapping[str, Any] = self._files.cat(list(paths), on_error="return")
        except FileNotFoundError:
            return {}
        except Exception as error:
            raise AwayError(error) from None
        for one in found.values():
            if isinstance(one, Exception) and not isinstance(one, FileNotFoundError):
                raise AwayError(one)
        return {paths[path]: data for path, data in found.items() if isinstance(data, bytes)}

    def fetch(self, name: str, target: Path) -> bool:
        """Write an object to a file; False where there is none."""
        try:
            self._files.get_file(f"{self._root}/{name}", str(target))
        except FileNotFoundError:
            return False
        except Exception as error:
            raise AwayError(error) from None
        return True

    def has(self, name: str) -> bool:
        """Whether there is such an object."""
        try:
            self._files.invalidate_cache()
            return bool(self._files.exists(f"{self._root}/{name}"))
        except Exception as error:
            raise AwayError(error) from None

    def put(self, name: str, source: bytes | Path) -> None:
        """Make bytes, or what is in a file, the object of that name."""
        path = f"{self._root}/{name}"
        target = path if self._atomic else f"{path}.{os.urandom(4).hex()}{_PART}"
        try:
            if not self._atomic:
                self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
            if isinstance(source, bytes):
                self._files.pipe_file(target, source)
            else:
                self._files.put_file(str(source), target)
            if not self._atomic:
                self._files.mv(target, path)
        except Exception as error:
            raise AwayError(error) from None

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are not there are nobody's loss."""
        try:
            paths = [f"{self._root}/{name}" for name in names]
            if len(paths) == 1:
                self._files.rm_file(paths[0])
            elif paths:
                self._files.rm(paths)
        except FileNotFoundError:
            return
        except Exception as error:
            raise AwayError(error) from None


def _extra(kind: str) -> str:
    return "s3" if kind in ("s3", "s3a") else "remote"


def _changed(info: Mapping[str, Any]) -> float | None:
    value = next((info[name] for name in _TIMES if info.get(name)), None)
    stamp = getattr(value, "timestamp", None)
    if stamp is not None:
        return float(stamp())
    return float(value) if isinstance(value, (int, float)) else None
