"""A value as a file that others read: which types go into which kinds of files, and how."""

from __future__ import annotations

import json
import math
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError

_WANTED = {".csv": "frames", ".parquet": "frames", ".npy": "arrays", ".json": "plain data"}
"""What a kind of file takes, where it does not take everything."""
_NEEDED = {".parquet": "pyarrow", ".joblib": "joblib", ".skops": "skops"}


def export(value: Any, kind: str, path: Path) -> None:
    """Write a value, whose type is named ``kind``, to a file of the kind that its suffix says, at once or not at all.

    Raises:
        UsageError: No such kind of file is known, it does not take values of this type, what writes it is not installed, or the file
            cannot be written.
    """
    suffix = path.suffix.lower()
    writer = _WRITERS.get(suffix)
    if writer is None:
        raise UsageError(f"{path.name} says no kind of file that values are exported to: {', '.join(_WRITERS)}")
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{suffix}")
    try:
        writer(value, temporary)
        temporary.replace(path)
    except _Unfit as error:
        said = f"it takes {_WANTED[suffix]}" if suffix in _WANTED else str(error)
        why = f" ({error})" if suffix in _WANTED and str(error) else ""
        raise UsageError(
            f"a {kind} cannot be a {suffix} file: {said}{why}; it can be {_others(value, suffix)}"
        ) from None
    except ImportError as error:
        raise UsageError(
            f"a {suffix} file needs {_NEEDED.get(suffix, 'a package')}, which is not installed: {_first(error)}"
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None
    except Exception as error:  # whatever a library says of a value that it does not take
        raise UsageError(
            f"this {kind} cannot be a {suffix} file: {error}; it can be {_others(value, suffix)}"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def _first(error: Exception) -> str:
    """What an error says, in a line."""
    return next(iter(str(error).splitlines()), type(error).__name__)


class _Unfit(Exception):
    """The kind of file does not take the value."""


def _others(value: Any, suffix: str) -> str:
    """The kinds of files that a value can be."""
    fitting = [
        *([".csv", ".parquet"] if _is_frame(value) else []),
        *([".npy"] if _is_array(value) else []),
        *([".json"] if next(_foreign(value, ""), None) is None else []),
        ".joblib",
        ".pkl",
    ]
    *most, last = (s for s in fitting if s != suffix)
    return f"{', '.join(most)} or {last}" if most else last


def _is_frame(value: Any) -> bool:
    kind = type(value)
    return (kind.__module__.partition(".")[0], kind.__name__) in {
        ("pandas", "DataFrame"), ("pandas", "Series"), ("polars", "DataFrame"), ("polars", "Series"),
    }  # fmt: skip


def _is_array(value: Any) -> bool:
    kind = type(value)  # of no subclass: a mask or a unit would be lost
    return (kind.__module__, kind.__name__) == ("numpy", "ndarray") and not value.dtype.hasobject


def _csv(value: Any, path: Path) -> None:
    frame = _frame(value)
    if type(value).__module__.startswith("polars"):
        frame.write_csv(path)
    else:
        frame.to_csv(path, index=_index_counts(frame))


def _parquet(value: Any, path: Path) -> None:
    frame = _frame(value)
    if type(value).__module__.startswith("polars"):
        frame.write_parquet(path)
    else:
        frame.to_parquet(path)


def _frame(value: Any) -> Any:
    if not _is_frame(value):
        raise _Unfit
    if type(value).__name__ == "DataFrame":
        return value
    return value.to_frame() if value.name is not None else value.to_frame("value")


def _index_counts(frame: Any) -> bool:
    """Whether the index of a frame says more than the numbers of its rows."""
    index = frame.index
    return type(index).__name__ != "RangeIndex" or index.name is not None or (index.start, index.step) != (0, 1)


def _npy(value: Any, path: Path) -> None:
    if not _is_array(value):
        raise _Unfit("this one holds objects" if type(value).__name__ == "ndarray" else "")
    import numpy as np

    np.save(path, value, allow_pickle=False)


def _json(value: Any, path: Path) -> None:
    foreign = next(_foreign(value, ""), None)
    if foreign is not None:
        raise _Unfit(foreign)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _foreign(value: Any, place: str) -> Iterator[str]:
    """What of a value JSON does not have."""
    kind = type(value)
    if kind is float and not math.isfinite(value):
        yield f"{place or 'it'} is {value}"
    elif kind in (list, tuple):
        for number, item in enumerate(value):
            yield from _foreign(item, f"{place}[{number}]")
    elif kind is dict:
        for key, item in value.items():
            if type(key) is str:
                yield from _foreign(item, f"{place}[{key!r}]")
            else:
                yield f"{place or 'it'} has the key {key!r}"
    elif value is not None and kind not in (bool, int, float, str):
        yield f"{place} is a {kind.__module__}.{kind.__qualname__}".replace("builtins.", "") if place else ""


def _joblib(value: Any, path: Path) -> None:
    import joblib

    try:
        joblib.dump(value, path)
    except (AttributeError, TypeError, pickle.PicklingError) as error:  # a name that no module has
        raise _Unfit(
            f"it holds what the notebook itself defines, or what cannot be pickled ({_first(error)})"
        ) from None


def _skops(value: Any, path: Path) -> None:
    import skops.io

    skops.io.dump(value, path)


def _pickle(value: Any, path: Path) -> None:
    try:
        from cloudpickle import dumps
    except ImportError:  # another interpreter has made it, in an environment without
        from pickle import dumps
    path.write_bytes(dumps(value, protocol=5))


_WRITERS: dict[str, Callable[[Any, Path], None]] = {
    ".csv": _csv, ".parquet": _parquet, ".npy": _npy, ".json": _json, ".joblib": _joblib, ".skops": _skops, ".pkl": _pickle,
}  # fmt: skip
