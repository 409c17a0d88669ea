"""Sample values, made anew at each call: arrays, frames, estimators, figures, tensors, streams, files."""

from __future__ import annotations

import collections
import datetime
import functools
import io
import itertools
import json
import logging
import pathlib
import pickle
import random
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

Maker = Callable[[], Any]


class Spy:
    """A function that notes whether it was called."""

    calls: set[int] = set()

    def __init__(self, function: Callable[..., Any], name: str = "spy") -> None:
        self.function = function
        self.__name__ = self.__qualname__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        Spy.calls.add(id(self))
        return self.function(*args, **kwargs)


class Box:
    """A mutable thing to put into containers."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < getattr(other, "value", other))


def spy(function: Callable[..., Any]) -> Maker:
    return lambda: Spy(function)


# -- numbers ------------------------------------------------------------------------------------------------------


def floats() -> Any:
    return np.array([0.5, 0.25, 0.75, 0.1, 0.9, 0.3, 0.6, 0.45])


def matrix() -> Any:
    return np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])


def table() -> Any:
    return np.arange(24.0).reshape(8, 3) % 7 + np.eye(8, 3) * 0.5


def ints() -> Any:
    return np.array([3, 1, 2, 0, 4, 2, 1, 3])


def bools() -> Any:
    return np.array([True, False, True, True, False, False, True, False])


def image() -> Any:
    return (np.arange(64.0).reshape(8, 8) * 7 % 11).copy()


def complexes() -> Any:
    return np.array([1 + 1j, 2 - 1j, 0.5j, 3.0, 1.0, 2.0, 0.1j, 1j])


def stack() -> Any:
    return np.arange(24.0).reshape(2, 3, 4)


def strings() -> Any:
    return np.array(["a b", "B1", "cc"])


def nans() -> Any:
    return np.array([1.0, np.nan, np.inf, -np.inf, 2.0, 3.0, 4.0, 5.0])


def masked() -> Any:
    return np.ma.MaskedArray([1.0, 2.0, 3.0, 4.0], mask=[False, True, False, False])


def floats_list() -> Any:
    return [0.5, 0.25, 0.75, 0.1, 0.9, 0.3, 0.6, 0.45]


def labels() -> Any:
    return np.array([0, 1, 0, 1, 1, 0, 1, 0])


# -- frames -------------------------------------------------------------------------------------------------------


def made_once(make: Maker) -> Maker:
    """The maker of copies of one value: building a frame is slow, copying it is not."""
    first: list[Any] = []

    @functools.wraps(make)
    def copied() -> Any:
        if not first:
            first.append(make())
        return first[0].copy()

    return copied


@made_once
def frame() -> Any:
    return pd.DataFrame({"a": [3.0, 1.0, 2.0, 5.0, 4.0, 6.0], "b": [1.0, 4.0, 2.0, 8.0, 5.0, 7.0]})


@made_once
def mixed() -> Any:
    return pd.DataFrame(
        {"a": [3.0, 1.0, np.nan, 5.0, 4.0, 6.0], "b": [1, 2, 3, 4, 5, 6], "c": list("xyxyxy"), "k": [1, 1, 2, 2, 3, 3]},
        index=pd.Index([10, 20, 30, 40, 50, 60], name="n"),
    )


@made_once
def dated() -> Any:
    return pd.DataFrame(
        {"a": [3.0, 1.0, 2.0, 5.0, 4.0, 6.0], "b": [1.0, 4.0, 2.0, 8.0, 5.0, 7.0]},
        index=pd.date_range("2024-01-01", periods=6, freq="D"),
    )


@made_once
def multi() -> Any:
    return frame().set_index(pd.MultiIndex.from_product([["p", "q"], [1, 2, 3]], names=["u", "v"]))


@made_once
def series() -> Any:
    return pd.Series([3.0, 1.0, 2.0, 5.0, 4.0, 6.0], name="a")


@made_once
def gaps() -> Any:
    return pd.Series([3.0, np.nan, 2.0, np.nan, 4.0, 6.0], name="a")


@made_once
def words() -> Any:
    return pd.Series(["ab c", "b-d", "Ce", "x1", "y", "ab c"], name="c")


@made_once
def dates() -> Any:
    return pd.Series(pd.date_range("2024-01-01", periods=6, freq="h"), name="d")


@made_once
def spans() -> Any:
    return pd.Series(pd.to_timedelta([1, 2, 3, 4, 5, 6], unit="h"))


@made_once
def dated_series() -> Any:
    return pd.Series([3.0, 1.0, 2.0, 5.0, 4.0, 6.0], index=pd.date_range("2024-01-01", periods=6, freq="D"))


@made_once
def multi_series() -> Any:
    return multi()["a"]


@made_once
def categories() -> Any:
    return pd.Series(pd.Categorical(list("xyxyxz")))


def index() -> Any:
    return pd.Index([1, 2, 3, 4, 5, 6], name="n")


def datetimes() -> Any:
    return pd.date_range("2024-01-01", periods=6, freq="D", name="t")


def multiindex() -> Any:
    return pd.MultiIndex.from_product([["p", "q"], [1, 2, 3]], names=["u", "v"])


def grouped() -> Any:
    return mixed().groupby("k")


def grouped_numbers() -> Any:
    return mixed()[["a", "b", "k"]].groupby("k")


def grouped_series() -> Any:
    return mixed().groupby("k")["a"]


# -- containers and the standard library ----------------------------------------------------------------------------


def box_list() -> Any:
    return [Box(3), Box(1), Box(2)]


def int_list() -> Any:
    return [3, 1, 2, 5]


def nested() -> Any:
    return [[1, 2], [3, 4]]


def box_dict() -> Any:
    return {"a": Box(1), "b": [1, 2], "c": Box(3)}


def box_set() -> Any:
    return {1, 2, 3}


def deque() -> Any:
    return collections.deque([Box(1), Box(2), Box(3)])


def ordered() -> Any:
    return collections.OrderedDict(a=Box(1), b=Box(2))


def counter() -> Any:
    return collections.Counter("abcab")


def iterator() -> Any:
    return iter(box_list())


def heap() -> Any:
    return [1, 3, 2, 5]


def text_file() -> Any:
    return open(text_path(), "r+", encoding="utf-8")


def connection() -> Any:
    found = sqlite3.connect(":memory:")
    found.execute("create table t (a integer, b text)")
    found.execute("insert into t values (1, 'x'), (2, 'y')")
    return found


def cursor() -> Any:
    return connection().execute("select * from t")


def logger() -> Any:
    return logging.getLogger("nb2pipe.sample")


def lock() -> Any:
    return threading.Lock()


def moment() -> Any:
    return datetime.datetime(2024, 1, 2, 3, 4, 5)


# -- files, in the folder that the child stands in ------------------------------------------------------------------


def text_path() -> str:
    pathlib.Path("text.txt").write_text("1 2 3\n4 5 6\n", "utf-8")
    return "text.txt"


def csv_path() -> str:
    pathlib.Path("table.csv").write_text("a,b\n1,2\n3,4\n", "utf-8")
    return "table.csv"


def json_path() -> str:
    pathlib.Path("table.json").write_text('{"a": {"0": 1}, "b": {"0": 2}}', "utf-8")
    return "table.json"


def pickle_path() -> str:
    pathlib.Path("value.pkl").write_bytes(pickle.dumps(frame()))
    return "value.pkl"


def array_path() -> str:
    np.save("value.npy", floats())
    return "value.npy"


def new_path() -> str:
    return f"new_{next(_count)}"


_count = itertools.count()


def new_folder() -> str:
    return new_path()


def path() -> Any:
    return pathlib.Path(text_path())


def json_stream() -> Any:
    return io.StringIO(json.dumps({"a": [1, 2]}))


def pickle_stream() -> Any:
    return io.BytesIO(pickle.dumps([1, 2]))


def text_stream() -> Any:
    return io.StringIO("a,b\n1,2\n3,4\n")


def bytes_stream() -> Any:
    return io.BytesIO(b"abc\ndef\n")


def generator() -> Any:
    return np.random.default_rng(1)


def randomstate() -> Any:
    return np.random.RandomState(1)


def random_random() -> Any:
    return random.Random(1)
