"""Values come back from their files as they were, and share what they shared."""

from __future__ import annotations

import enum
import math
import os
import pickle
import random
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nb2pipe.package.support._files import ValueMissing, ValueNotStorable, load, save


class Color(enum.IntEnum):
    RED = 1


class Whole(int):
    pass


class Box:
    def __init__(self, content: Any) -> None:
        self.content = content


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "step").iterdir())


def through(folder: Path, **values: Any) -> dict[str, Any]:
    save(folder, "step", values)
    return load(folder, "step", values)


JSON = [
    None,
    True,
    1,
    -(2**63) + 1,
    0.1,
    -0.0,
    1e308,
    "",
    "é\u2028\0",
    [],
    {},
    {"a": [1, {"b": None}], "c": "x"},
    [[1], [1]],
]
NOT_JSON = [
    math.inf, 2**64, (1,), [(1,)], {1: 2}, {True: 1}, Whole(3), [Color.RED], OrderedDict(a=1), {"a": {2}}, b"x",
    "\ud83d\ude00"[:1], "\ud83d" + "\ude00", [1 + 2j], np.float64(1.5), [np.int64(1)], {Color.RED: 1}, {"a": Whole(1)},
]  # fmt: skip


@pytest.mark.parametrize("value", JSON)
def test_plain_values_are_json(tmp_path: Path, value: Any) -> None:
    found = through(tmp_path, x=value)["x"]
    assert files(tmp_path) == ["x.json"]
    assert (found, repr(found)) == (value, repr(value))


@pytest.mark.parametrize("value", NOT_JSON, ids=ascii)
def test_others_are_pickles(tmp_path: Path, value: Any) -> None:
    found = through(tmp_path, x=value)["x"]
    assert files(tmp_path) == ["x.pickle"]
    assert (found, type(found), repr(found)) == (value, type(value), repr(value))


def test_nan_is_the_object_that_it_was(tmp_path: Path) -> None:
    found = through(tmp_path, xs=[1.0, np.nan, math.nan], counts={np.nan: 3})
    assert np.nan in found["xs"]
    assert math.nan in found["xs"]
    assert found["counts"][np.nan] == 3


def test_what_draws_from_the_generator_of_all_goes_on_with_it(tmp_path: Path) -> None:
    found = through(tmp_path, pick=random.choice, drawing=np.random.normal, own=np.random.RandomState(3))
    assert found["pick"].__self__ is random.choice.__self__  # type: ignore[attr-defined]
    assert found["drawing"].__self__ is np.random.mtrand._rand  # type: ignore[attr-defined]
    assert found["own"].rand() == np.random.RandomState(3).rand()
    assert files(tmp_path) == ["drawing.pickle", "own.pickle", "pick.pickle"]


def test_nan_and_what_is_in_itself(tmp_path: Path) -> None:
    inner = [1]
    loop: list[Any] = [inner, inner]
    loop.append(loop)
    found = through(tmp_path, nan=[math.nan], loop=loop)
    assert math.isnan(found["nan"][0])
    assert found["loop"][0] is found["loop"][1]
    assert found["loop"][2] is found["loop"]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.lists(inner, max_size=3).map(tuple),
                            st.dictionaries(st.text() | st.integers() | st.booleans(), inner, max_size=4)),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(VALUES)
def test_any_value(tmp_path: Path, value: Any) -> None:
    assert repr(through(tmp_path, x=value)["x"]) == repr(value)


ARRAYS: list[tuple[Callable[[], Any], str]] = [
    (lambda: np.arange(6).reshape(2, 3), ".npy"),
    (lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)), ".npy"),
    (lambda: np.array(3), ".npy"),
    (lambda: np.array(["a", "bc"]), ".npy"),
    (lambda: np.array(["2026-01-02"], "M8[s]"), ".npy"),
    (lambda: np.arange(3, dtype=">i4"), ".npy"),
    (lambda: np.zeros((0, 3)), ".npy"),
    (lambda: np.arange(6)[::2], ".pickle"),
    (lambda: np.array([None, [1]], object), ".pickle"),
    (lambda: np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]), ".pickle"),
    (lambda: np.ma.masked_array([1, 2], [True, False]), ".pickle"),
    (lambda: np.asmatrix([[1, 2]]), ".pickle"),
    (lambda: np.zeros(2, np.dtype("f8", metadata={"unit": "m"})), ".pickle"),
]


@pytest.mark.parametrize(("make", "suffix"), ARRAYS)
def test_arrays(tmp_path: Path, make: Callable[[], Any], suffix: str) -> None:
    value = make()
    found = through(tmp_path, x=value)["x"]
    assert files(tmp_path) == [f"x{suffix}"]
    assert (type(found), found.dtype, found.shape) == (type(value), value.dtype, value.shape)
    assert found.flags.f_contiguous == value.flags.f_contiguous or suffix == ".pickle"
    assert repr(found) == repr(value)


def test_a_shared_list_is_shared_again(tmp_path: Path) -> None:
    items = [1]
    found = through(tmp_path, a=items, b={"items": items}, c=[1])
    assert files(tmp_path) == ["a+b.pickle", "c.json"]
    assert found["b"]["items"] is found["a"]
    assert found["c"] is not found["a"]


def test_sharing_is_passed_on(tmp_path: Path) -> None:
    left, right = Box(1), Box(2)
    found = through(tmp_path, a=left, b=right, c=3, d=(left, right))
    assert files(tmp_path) == ["a+b+d.pickle", "c.json"]
    assert (found["d"][0], found["d"][1]) == (found["a"], found["b"])


def test_what_cannot_change_is_not_shared(tmp_path: Path) -> None:
    fixed = [Path("x"), pd.Timestamp("2026-01-02"), np.dtype("f8"), Color.RED, "text", (1, "x"), frozenset({1}), Box, len,
             np.add, np.float64(1.5), pd.CategoricalDtype(["a"]), pd.Index([1, 2]), math]  # fmt: skip
    for value in fixed[:-1]:
        through(tmp_path, a=[value], b=[value])
        assert "a+b.pickle" not in files(tmp_path), value


def test_one_name_alone_is_read_from_a_file_of_several(tmp_path: Path) -> None:
    items = [1]
    save(tmp_path, "step", {"a": items, "b": items})
    assert load(tmp_path, "step", ["b"]) == {"b": [1]}


def test_views_are_views_again(tmp_path: Path) -> None:
    whole = np.arange(12).reshape(3, 4)
    objects = np.array([None, "x", 3], object)
    found = through(
        tmp_path, whole=whole, part=whole[1:, ::2], back=whole[::-1], raw=whole.view("u1"), turned=whole.T,
        objects=objects, some=objects[1:],
    )  # fmt: skip
    assert files(tmp_path) == ["objects+some.pickle", "whole+part+back+raw+turned.pickle"]
    expected = [whole[1:, ::2].copy(), whole[::-1].copy(), whole.view("u1").copy(), whole.T.copy()]
    for name, value in zip(("part", "back", "raw", "turned"), expected, strict=True):
        assert np.array_equal(found[name], value)
        assert np.shares_memory(found[name], found["whole"])
    found["part"][0, 0] = 99
    assert found["whole"][1, 0] == 99
    found["some"][0] = "changed"
    assert found["objects"][1] == "changed"


def test_views_of_what_is_not_given_share_too(tmp_path: Path) -> None:
    whole = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    found = through(tmp_path, a=whole[0], b=whole[:, 0])
    found["a"][0] = 99
    assert found["b"][0] == 99


def test_views_within_one_value_share(tmp_path: Path) -> None:
    whole = np.arange(4)
    found = through(tmp_path, x=[whole, whole[1:]])["x"]
    found[0][1] = 99
    assert found[1][0] == 99


def test_a_view_alone_takes_no_more_than_its_own(tmp_path: Path) -> None:
    through(tmp_path, x=np.zeros(100_000)[:10])
    assert (tmp_path / "step/x.npy").stat().st_size < 1000


def test_memory_that_cannot_be_shared_again_is_refused(tmp_path: Path) -> None:
    masked = np.ma.masked_array(np.arange(3.0))
    with pytest.raises(ValueNotStorable, match=r"step step gives .*ndarray.*shares its memory"):
        save(tmp_path, "step", {"a": np.asmatrix(np.arange(4.0)), "m": masked, "d": masked.data})


def test_frames_are_files_of_their_own(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [1.0, 2], "c": ["x", "y"], "d": pd.array([1, None], dtype="Int64"),
                          "e": pd.Categorical(["u", "v"])}, index=pd.MultiIndex.from_tuples([(1, "x"), (2, "y")]))  # fmt: skip
    values = {"frame": frame, "renamed": frame.rename(columns=str.upper), "some": frame[["a", "b"]], "head": frame.head(1),
              "column": frame["a"], "shallow": frame.copy(deep=False), "index": frame.index, "numbers": frame["b"].to_numpy()}  # fmt: skip
    through(tmp_path, **values)  # by now dtypes remember things, in dicts that all frames share
    found = through(tmp_path, **values)
    if int(pd.__version__.partition(".")[0]) >= 3:
        assert [f for f in files(tmp_path) if "+" in f] == []
    for name, value in values.items():
        assert type(found[name]) is type(value)
        assert repr(found[name]) == repr(value)
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(found[name], value)


def test_frames_in_one_value_stay_apart_where_pandas_keeps_them_apart(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": pd.array([1, 2], dtype="Int64")})
    shallow = frame.copy(deep=False)
    one, other = through(tmp_path, x=[frame, shallow, shallow["a"]])["x"][:2]
    one.iloc[0, 0] = one.iloc[0, 1] = 99
    frame.iloc[0, 0] = frame.iloc[0, 1] = 99
    pd.testing.assert_frame_equal(other, shallow)


def test_a_frame_under_two_names_is_one(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    found = through(tmp_path, x=frame, y=frame)
    assert found["x"] is found["y"]


@pytest.mark.parametrize(
    "value",
    [threading.Lock(), (i for i in "x"), lambda: 1, Box(threading.Lock())],
    ids=["lock", "generator", "lambda", "box"],
)
def test_what_cannot_be_stored_leaves_the_files_as_they_were(tmp_path: Path, value: Any) -> None:
    save(tmp_path, "step", {"a": 1, "b": 2})
    with pytest.raises(ValueNotStorable) as caught:
        save(tmp_path, "step", {"a": 3, "bad": value})
    for part in ("step step", "bad", type(value).__qualname__):
        assert part in str(caught.value)
    assert files(tmp_path) == ["a.json", "b.json"]
    assert load(tmp_path, "step", ["a", "b"]) == {"a": 1, "b": 2}


def test_a_folder_that_ends_with_its_process_is_refused(tmp_path: Path) -> None:
    folder = tempfile.TemporaryDirectory(dir=tmp_path)
    with pytest.raises(ValueNotStorable, match=r"step step gives folder \(TemporaryDirectory\).*cleared away"):
        save(tmp_path, "step", {"folder": folder})
    folder.cleanup()
    assert through(tmp_path, x=folder)["x"].name == folder.name, "there is nothing left to clear away"


def test_a_large_frame(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.arange(300_000.0).reshape(-1, 3), columns=list("abc"))
    pd.testing.assert_frame_equal(through(tmp_path, x=frame)["x"], frame)
    column = frame["b"].to_numpy()[::2]
    assert (through(tmp_path, x={"k": column})["x"]["k"] == column).all()


def test_a_failing_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    save(tmp_path, "step", {"a": 1})
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, "step", {"a": 2, "b": 3})
    assert files(tmp_path) == ["a.json"]
    assert load(tmp_path, "step", ["a"]) == {"a": 1}


def test_older_files_go(tmp_path: Path) -> None:
    items = [1]
    save(tmp_path, "step", {"a": items, "b": items, "gone": 1})
    save(tmp_path, "step", {"a": np.arange(2), "b": (1,)})
    assert files(tmp_path) == ["a.npy", "b.pickle"]


def test_the_newest_file_counts(tmp_path: Path) -> None:
    save(tmp_path, "step", {"a": 1})
    (tmp_path / "step/a.pickle").write_bytes(pickle.dumps((2,)))
    os.utime(tmp_path / "step/a.pickle", (time.time() + 5,) * 2)
    assert load(tmp_path, "step", ["a"]) == {"a": (2,)}


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    assert through(tmp_path, x=1, X=2) == {"x": 1, "X": 2}
    assert files(tmp_path) == ["x+X.pickle"]


def test_many_names(tmp_path: Path) -> None:
    items = [1]
    values = {f"a_rather_long_name_{i}": items for i in range(40)}
    found = through(tmp_path, **values, other=1)
    assert len(files(tmp_path)) == 2
    assert found == {**values, "other": 1}


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueMissing, match=r"x is not in .*: step early has to run first"):
        load(tmp_path, "early", ["x"])
    save(tmp_path, "early", {})
    with pytest.raises(ValueMissing, match="step early has to run first"):
        load(tmp_path, "early", ["x"])


def test_sets_keep_their_order(tmp_path: Path) -> None:
    numbers = {i * 7919 % 1000 for i in range(60)}
    numbers -= {n for n in numbers if n % 3}
    found = through(tmp_path, x=[numbers, numbers, frozenset(numbers)])["x"]
    assert list(found[0]) == list(numbers)
    assert list(found[2]) == list(frozenset(numbers))
    assert found[0] is found[1]


def test_a_shared_set_is_shared_again(tmp_path: Path) -> None:
    numbers = {i * 7919 % 1000 for i in range(50)} - {0, 133}
    found = through(tmp_path, x=numbers, y=[numbers])
    assert found["x"] is found["y"][0]
