"""Runs a package's steps in order and keeps what each gives, for its tests.

    python record.py PROJECT NAME        in the folder where the pipeline runs

It is run as a script, in a process of its own, and imports nothing of nb2pipe: what it needs is in the project.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import SkipTest

LONGEST = 200_000  # bytes of a value or a file
MOST = 2_000_000  # bytes of all that is kept


class _Reads:
    """The files in the working directory that were there before and that the process opens to read."""

    def __init__(self) -> None:
        self.root = Path.cwd()
        self.read: set[str] = set()
        self.read_back: list[str] = []
        self.written: set[str] = set()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "sqlite3.connect") or not isinstance(arguments[0], (str, os.PathLike)):
            return
        path = os.path.relpath(os.fspath(arguments[0]), self.root)
        if path.startswith(".."):
            return
        writes = (
            event != "open"
            or any(c in str(arguments[1] or "") for c in "wax+")
            or bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        )
        if writes:
            self.written.add(path)
        elif path in self.written:
            self.read_back.append(path)
        elif Path(path).is_file():
            self.read.add(path)


def main(project: Path, name: str) -> None:
    """Record a run with the default parameters."""
    sys.path[:0] = [str(project / "src"), str(project / "tests")]
    sys.dont_write_bytecode = True
    os.environ.setdefault("MPLBACKEND", "agg")
    pipeline = importlib.import_module(f"{name}.pipeline").PIPELINE
    recorded = importlib.import_module("recorded")
    data = project / "tests" / "data"
    data.mkdir()
    reads, used, records = _Reads(), [0], {}
    written: set[str] = set()
    count = 0
    for step, given in pipeline.each():
        others = [p for p in reads.read_back[count:] if p in written]
        count, written = len(reads.read_back), set(reads.written)
        records[step] = {
            "alone": f"reads {others[0]}, which another step writes" if others else "",
            "gives": {n: _kept(v, n, data / step, used, recorded) for n, v in given.items()},
        }
    os.chdir(reads.root)
    for path in sorted(reads.read):
        size = Path(path).stat().st_size if path not in reads.written else MOST
        if size <= LONGEST and used[0] + size <= MOST:
            used[0] += size
            (data / "files" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, data / "files" / path)
    whole = {"skip": ""}
    _write(data, {**records, "whole-run": whole})
    _replay(pipeline, records, whole, recorded)
    _write(data, {**records, "whole-run": whole})


def _write(data: Path, records: dict[str, Any]) -> None:
    for step, record in records.items():
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
        (data / f"{step}.json").write_text(text + "\n", "utf-8", newline="\n")


def _replay(pipeline: Any, records: dict[str, Any], whole: dict[str, str], recorded: Any) -> None:
    """Run all again, and each step on what was kept: what does not come out again is no matter for a test."""
    check = recorded.check

    def noting(step: str, values: dict[str, Any]) -> None:
        for name, value in values.items():
            try:
                check(step, {name: value})
            except AssertionError:
                entry = records[step]["gives"][name]
                for file in {"array", "frame"} & entry.keys():
                    (recorded.DATA / step / entry[file]).unlink()
                records[step]["gives"][name] = {"omitted": "it differs from run to run"}
                _write(recorded.DATA, records)

    recorded.check = noting
    try:
        whole["skip"] = _tried(recorded.check_run, pipeline)
        for step, record in records.items():
            record["alone"] = _tried(recorded.check_step, pipeline, step) or record["alone"]
    finally:
        recorded.check = check


def _tried(run: Any, *arguments: Any) -> str:
    """Run something in a folder of its own; why it does not run there."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(*arguments, Path(folder))
        except SkipTest:
            return ""
        except Exception as error:
            return f"does not run on what is recorded: {type(error).__name__}"
        finally:
            os.chdir(Path(folder).anchor)
    return ""


def _kept(value: Any, name: str, folder: Path, used: list[int], recorded: Any) -> dict[str, Any]:
    """A value in the record of its step, or in a file beside it."""
    kind = type(value).__name__
    module = type(value).__module__.partition(".")[0]
    try:
        if module == "numpy" and kind == "ndarray":
            entry, path = _array(value, name, folder)
        elif module == "pandas" and kind in ("DataFrame", "Series"):
            entry, path = _frame(value, name, folder, recorded)
        else:
            entry, path = {"value": _encoded(value)}, None
            if not recorded.same(recorded.decoded(entry["value"]), value):
                raise TypeError
    except (TypeError, ValueError, RecursionError):
        return {"omitted": f"the type {kind} has no form that is safe to read and gives it back"}
    size = (path.stat().st_size if path else 0) + len(json.dumps(entry))
    if size > LONGEST or used[0] + size > MOST:
        if path:
            path.unlink()
        return {"digest": recorded.digest(value)}
    used[0] += size
    return entry


def _array(value: Any, name: str, folder: Path) -> tuple[dict[str, Any], Path]:
    import numpy as np

    if value.dtype.hasobject:
        raise TypeError
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.npy"
    np.save(path, value, allow_pickle=False)
    return {"array": path.name}, path


def _frame(value: Any, name: str, folder: Path, recorded: Any) -> tuple[dict[str, Any], Path]:
    import pandas as pd

    frame = value.to_frame(name="0") if isinstance(value, pd.Series) else value
    plain = (
        isinstance(frame.index, pd.RangeIndex)
        and frame.index.equals(pd.RangeIndex(len(frame)))
        and frame.index.name is None
    )
    levels = [] if plain else [frame.index.get_level_values(i) for i in range(frame.index.nlevels)]
    columns = [pd.Series(level.array) for level in levels] + [
        frame.iloc[:, i].reset_index(drop=True) for i in range(frame.shape[1])
    ]
    table = pd.concat(columns, axis=1, ignore_index=True) if columns else pd.DataFrame()
    freq = getattr(frame.index, "freqstr", None)
    entry: dict[str, Any] = {
        "frame": f"{name}.csv",
        "dtypes": [str(c.dtype) for c in columns],
        "index": [None if n is None else str(n) for n in (() if plain else frame.index.names)],
        "columns": [_encoded(c) for c in frame.columns],
        "columns_name": frame.columns.name,
        **({"freq": freq} if freq and frame.index.dtype.kind in "mM" else {}),
    }
    categories = {str(i): _categories(c.dtype) for i, c in enumerate(columns) if str(c.dtype) == "category"}
    mixed = [i for i, c in enumerate(columns) if c.dtype == object and any(type(v) is not str for v in c)]
    values = {str(i): [_encoded(v) for v in columns[i]] for i in mixed}
    entry |= {"categories": categories} if categories else {}
    entry |= {"values": values} if values else {}
    if isinstance(value, pd.Series):
        entry["series"] = [_encoded(value.name)]
    folder.mkdir(exist_ok=True)
    path = folder / entry["frame"]
    if mixed:
        table[mixed] = ""  # they stand in the record
    table.to_csv(path, index=False, lineterminator="\n")
    try:
        json.dumps(entry)
        again = recorded.frame_from(path, entry)
        compare = pd.testing.assert_series_equal if isinstance(value, pd.Series) else pd.testing.assert_frame_equal
        compare(again, value, check_exact=True)
    except Exception as error:
        path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
        raise TypeError from error
    return entry, path


def _categories(dtype: Any) -> dict[str, Any]:
    return {"of": [_encoded(c) for c in dtype.categories], "ordered": bool(dtype.ordered)}


def _encoded(value: Any) -> Any:
    """A value as JSON, which `decoded` reads."""
    kind = type(value)
    if value is None or kind in (bool, str) or (kind is int and value.bit_length() < 64):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if kind is list:
        return [_encoded(v) for v in value]
    if kind is tuple:
        return {"tuple": [_encoded(v) for v in value]}
    if kind is dict:
        return {"dict": [[_encoded(k), _encoded(v)] for k, v in value.items()]}
    if kind.__module__ == "numpy" and getattr(value, "dtype", None) is not None and value.dtype.kind in "iufb":
        item = value.item()
        return {str(value.dtype): item if math.isfinite(item) else str(item)}
    raise TypeError(f"a {kind.__name__} has no form in JSON")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
