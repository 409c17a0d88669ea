"""What was recorded of a run, and how it is compared.

`data/<step>.json` holds what a step gave: small values themselves, frames and arrays in files beside it, of long ones a
digest; what has no form that is safe to read is left out, with the reason. `data/files` are the files that the run read.

Floating-point numbers may differ by one part in a thousand million, for libraries add them up in an order that depends
on the machine. Everything else has to be equal.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import os
import shutil
from pathlib import Path
from typing import Any
from unittest import SkipTest

DATA = Path(__file__).parent / "data"
RTOL, ATOL = 1e-9, 1e-12
_STATES = {"matplotlib", "pandas", "plotly", "figures", "logging", "warnings"}  # which change no value


def check_step(pipeline: Any, name: str, folder: Path) -> None:
    """Run one step in a folder, on what was recorded; what it gives has to be what was recorded."""
    step = next(s for s in pipeline.steps if s.name == name)
    if any(p.kind is p.VAR_KEYWORD for p in inspect.signature(step.function).parameters.values()):
        raise SkipTest("a script shares the names of the others")
    if not _STATES.issuperset(step.needs):
        raise SkipTest(f"goes by {', '.join(step.needs)}, as earlier steps leave it")
    alone = _record(name)["alone"]
    if alone:
        raise SkipTest(alone)
    inputs = vars(pipeline.parameters())
    for earlier in pipeline.steps[: pipeline.steps.index(step)]:
        inputs |= {n: _given(earlier.name, n) for n in earlier.gives if n in step.takes}
    for value in step.takes:
        if isinstance(inputs[value], Missing):
            raise SkipTest(f"takes {value}, which is not recorded: {inputs[value].reason}")
    enter(folder)
    check(name, step({n: load(v) if isinstance(v, Kept) else v for n, v in inputs.items()}))


def check_run(pipeline: Any, folder: Path) -> None:
    """Run all steps in a folder; what each gives has to be what was recorded."""
    skipped = json.loads((DATA / "whole-run.json").read_text("utf-8"))["skip"]
    if skipped:
        raise SkipTest(skipped)
    enter(folder)
    for step, values in pipeline.each():
        check(step, values)


def enter(folder: Path) -> None:
    """Make this the working directory, with the files that the run read."""
    if (DATA / "files").is_dir():
        shutil.copytree(DATA / "files", folder, dirs_exist_ok=True)
    os.chdir(folder)


def check(step: str, values: dict[str, Any]) -> None:
    """Compare what a step gave with what was recorded of it."""
    for name, value in values.items():
        entry = _record(step)["gives"][name]
        if "digest" in entry:
            assert same(digest(value), entry["digest"]), f"{step} gives another {name}"
        elif "omitted" not in entry:
            assert same(value, load(Kept(step, entry))), f"{step} gives another {name}"


class Missing:
    """A value that was not recorded."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Kept:
    """A value that was recorded."""

    def __init__(self, step: str, entry: dict[str, Any]) -> None:
        self.step, self.entry = step, entry


def _record(step: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"{step}.json").read_text("utf-8"))
    return found


def _given(step: str, name: str) -> Missing | Kept:
    entry = _record(step)["gives"][name]
    if "digest" in entry:
        return Missing("too long")
    return Missing(entry["omitted"]) if "omitted" in entry else Kept(step, entry)


# -- values --------------------------------------------------------------------------------------------------------


def load(kept: Kept) -> Any:
    """A recorded value."""
    entry = kept.entry
    if "array" in entry:
        import numpy as np

        return np.load(DATA / kept.step / entry["array"], allow_pickle=False)
    if "frame" in entry:
        return frame_from(DATA / kept.step / entry["frame"], entry)
    return decoded(entry["value"])


def frame_from(path: Path, entry: dict[str, Any]) -> Any:
    """A frame or series from a CSV file, its columns of the types that they had."""
    import pandas as pd

    names = [str(i) for i in range(len(entry["dtypes"]))]
    frame = pd.read_csv(
        path, names=names, header=0, dtype=str, keep_default_na=False, na_values={n: [""] for n in names}
    )
    for name, dtype in zip(names, entry["dtypes"], strict=True):
        column = frame[name]
        if name in entry.get("values", {}):
            frame[name] = pd.Series([decoded(v) for v in entry["values"][name]], dtype=object)
        elif name in entry.get("categories", {}):
            frame[name] = _categorical(column, **entry["categories"][name])
        elif dtype.startswith("datetime64"):
            frame[name] = pd.to_datetime(column).astype(dtype)
        elif dtype == "bool":
            frame[name] = column.map({"True": True, "False": False}).astype(bool)
        elif dtype == "boolean":
            frame[name] = column.map({"True": True, "False": False}).astype("boolean")
        elif dtype != str(column.dtype):
            frame[name] = column.astype(dtype)
    count = len(entry["index"])
    if count:
        frame = frame.set_index(names[:count])
        if count == 1 and entry["dtypes"][0] != str(frame.index.dtype):  # integers one by one have become a range
            frame.index = frame.index.astype(entry["dtypes"][0])
        frame.index.names = entry["index"]
    if "freq" in entry:
        index: Any = frame.index
        index.freq = entry["freq"]
    frame.columns = (
        pd.Index([decoded(c) for c in entry["columns"]], name=entry["columns_name"])
        if entry["columns"]
        else frame.columns[:0]
    )
    return frame.iloc[:, 0].rename(decoded(entry["series"][0])) if "series" in entry else frame


def _categorical(column: Any, of: list[Any], *, ordered: bool) -> Any:
    """A column of categories, which stand in the file as they are written."""
    import pandas as pd

    known: Any = pd.Index([decoded(c) for c in of])
    places = {str(c): i for i, c in enumerate(known)}
    return pd.Series(pd.Categorical.from_codes([places.get(v, -1) for v in column], known, ordered))


def decoded(value: Any) -> Any:
    """A value from JSON; what JSON has no form for is an object with one key, its type."""
    if isinstance(value, list):
        return [decoded(v) for v in value]
    if not isinstance(value, dict):
        return value
    kind = next(iter(value), "")
    inside: Any = value.get(kind)
    if kind == "tuple":
        return tuple(decoded(inside))
    if kind == "dict":
        return {decoded(k): decoded(v) for k, v in inside}
    if kind == "float":
        return float(inside)
    import numpy as np

    return np.dtype(kind).type(inside)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, but for the last digits of floating-point numbers."""
    if type(one) is not type(other):
        return False
    kind = type(one).__name__
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if type(one) is dict:
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, float):
        return bool(
            one == other
            or math.isclose(one, other, rel_tol=RTOL, abs_tol=ATOL)
            or (math.isnan(one) and math.isnan(other))
        )
    if kind == "ndarray":
        return _same_arrays(one, other)
    if kind in ("DataFrame", "Series"):
        from pandas import testing

        compare = testing.assert_frame_equal if kind == "DataFrame" else testing.assert_series_equal
        try:
            compare(one, other, rtol=RTOL, atol=ATOL)
        except AssertionError:
            return False
        return True
    return bool(one == other)


def _same_arrays(one: Any, other: Any) -> bool:
    import numpy as np

    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype.kind in "fc":
        return bool(np.allclose(one, other, RTOL, ATOL, equal_nan=True))
    return bool(np.array_equal(one, other))


def digest(value: Any) -> dict[str, Any]:
    """What is kept of a long value: its shape, and of each column the type, and a hash, or the range where it is of floats."""
    kind = type(value).__name__
    if kind == "ndarray":
        return {"shape": list(value.shape), "items": _summary(value)}
    if kind == "Series":
        return {"shape": list(value.shape), "items": _summary(value), "index": _hash(str(value.index.tolist()))}
    if kind == "DataFrame":
        columns = [_summary(value.iloc[:, i]) for i in range(value.shape[1])]
        names = [str(n) for n in value.columns]
        return {
            "shape": list(value.shape),
            "names": names,
            "columns": columns,
            "index": _hash(str(value.index.tolist())),
        }
    return {"type": kind, "sha256": _hash(repr(value))}


def _summary(items: Any) -> dict[str, Any]:
    kind = getattr(items.dtype, "kind", "O")
    if kind == "f" and items.size:
        return {
            "dtype": str(items.dtype),
            "min": float(items.min()),
            "max": float(items.max()),
            "mean": float(items.mean()),
        }
    return {"dtype": str(items.dtype), "sha256": _hash(str(items.tolist()))}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
