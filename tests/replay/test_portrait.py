"""Portraits: what is the same in two processes is equal, and what is not is found, at the place where it stands."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import functools
import io
import os
import pickle
import random
import sys
import threading
import types
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2pipe.package.support._bound import with_values
from nb2pipe.replay.compare import Place, compared
from nb2pipe.replay.portrait import UNBOUND, portrait


def first_difference(one: Any, two: Any, rtol: float = 0.0) -> Place | None:
    """Where two portraits differ."""
    return compared(one, two, rtol).difference


def opaque(look: Any) -> str:
    """Why nothing can be said of a part of a portrait."""
    return compared(look, look).unknown


def differ(one: Any, two: Any, rtol: float = 0.0) -> Place | None:
    """Where two values differ."""
    return first_difference(portrait(one), portrait(two), rtol)


def looped(*items: Any) -> list[Any]:
    """A list that holds itself."""
    made = list(items)
    made.append(made)
    return made


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Model:
    rate: float
    parts: list[int]


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: Any) -> None:
        self.a = a


FRAME = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "x": [1.5, float("nan"), 2.0],
        "s": ["a", None, "c"],
        "t": pd.date_range("2024-01-01", periods=3),
        "z": pd.date_range("2024-01-01", periods=3, tz="Asia/Tokyo"),
        "p": pd.period_range("2024-01", periods=3, freq="M"),
        "c": pd.Categorical(["u", "v", "u"]),
        "m": pd.array([1, None, 3], dtype="Int64"),
        "o": [[1], {"k": 2}, (3,)],
    },
    index=["r1", "r2", "r3"],
)

SAME = [
    0, -1, 10**40, 1.5, float("nan"), float("inf"), 1 + 2j, complex("nan"), "", "text\n", b"\0", True, None, [], (), {}, set(),
    [1, [2, (3, {"a": {4}})]], {"b": 1, "a": 2}, {3, 1, "x", None, (1, 2)}, frozenset({frozenset({1}), 2}), range(3), slice(1, 2),
    dt.datetime(2024, 1, 2, 3), dt.timedelta(1), decimal.Decimal("1.50"), Color.RED, Model(1.0, [1]), Slotted(3), len, np.sin,
    collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.Counter("aab"), collections.deque([1], 3),
    np.float32(1.5), np.arange(6).reshape(2, 3), np.array(["a", "bc"]), np.array([1, "x", None], object), np.array(3), np.dtype("f8"),
    np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]), np.ma.masked_array([1, 2], [True, False]), np.zeros((0, 3)),
    np.random.RandomState(3), np.random.default_rng(3), np.array(["2024-01-01"], "M8[D]"), np.longdouble(1) / 3,
    FRAME, FRAME["x"], FRAME.index, FRAME.T, FRAME.iloc[:0], pd.DataFrame(), pd.Timestamp("2024-01-01"), pd.NaT, pd.NA,
    pd.MultiIndex.from_product([[1, 2], ["a"]]), pd.Series([1.0, 2.0], pd.interval_range(0, 2)), pd.array(["a", None], "string"),
    functools.partial(int, base=2), pytest, Model, "abc".upper, Model(1.0, [2]).__eq__, {"a": 1}.keys(), looped(1), UserWarning("x"),
]  # fmt: skip


@pytest.mark.parametrize("value", SAME, ids=lambda v: f"{type(v).__name__}")
def test_a_copy_is_equal_and_nothing_of_it_is_unknown(value: Any) -> None:
    unpicklable = isinstance(value, (type({}.keys()), type(pytest)))
    copied = value if unpicklable else pickle.loads(pickle.dumps(value, protocol=5))
    assert opaque(portrait(value)) == ""
    assert differ(value, copied) is None


def test_every_two_of_these_differ() -> None:
    portraits = [portrait(v) for v in SAME]
    equal = [
        (SAME[i], SAME[j])
        for i, one in enumerate(portraits)
        for j, two in enumerate(portraits)
        if i != j and first_difference(one, two) is None
    ]
    assert equal == []


@pytest.mark.parametrize(
    ("one", "two", "place"),
    [
        (1, 1.0, Place("", "1", "1.0")),
        (1, True, Place("", "1", "True")),
        (0.0, -0.0, Place("", "0.0", "-0.0")),
        ([1, 2, 3], [1, 5, 3], Place("[1]", "2", "5")),
        ([1, 2], [1, 2, 3], Place("length", "2", "3")),
        ([1, np.int64(2)], [1, 2], Place("[1]", "numpy.int64(2)", "2")),
        ({"a": {"b": [1, [2]]}}, {"a": {"b": [1, [3]]}}, Place("['a']['b'][1][0]", "2", "3")),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, Place("key 1", "'a'", "'b'")),
        ("one\ntwo", "one\nTwo", Place("line 2", "two", "Two")),
        (Model(1.0, [1, 2]), Model(1.0, [1, 3]), Place(".parts[1]", "2", "3")),
        ((1,), [1], Place("type", "tuple", "list")),
        (decimal.Decimal("1.5"), decimal.Decimal("1.50"), Place("", "1.5", "1.50")),
        (np.arange(6).reshape(2, 3), np.array([[0, 1, 2], [3, 9, 5]]), Place("[1, 1]", "4", "9")),
        (np.zeros(2), np.zeros(2, "f4"), Place("dtype", "<f8", "<f4")),
        (np.zeros((2, 1)), np.zeros((1, 2)), Place("shape", "(2, 1)", "(1, 2)")),
        (np.array(["2024-01-01"], "M8[D]"), np.array(["2024-01-02"], "M8[D]"),
         Place("[0]", "2024-01-01 00:00:00", "2024-01-02 00:00:00")),
        (FRAME, FRAME.rename(columns={"x": "y"}), Place("columns[1]", "'x'", "'y'")),
        (FRAME, FRAME.drop(columns="x"), Place("columns", "n, x, s, t, z, p, c, m, o", "n, s, t, z, p, c, m, o")),
        (FRAME, FRAME.iloc[:2], Place("index", "r1, r2, r3", "r1, r2")),
        (FRAME, FRAME.astype({"n": "f8"}), Place("column n, dtype", "int64", "float64")),
        (FRAME["n"], FRAME["n"].replace(3, 4), Place("row r3", "3", "4")),
        (FRAME["n"], FRAME["n"].rename("k"), Place("name", "'n'", "'k'")),
        (pd.Series([1, 2]), pd.Series([1, 2], index=[0, 2]), Place("index, type", "pandas.RangeIndex", "pandas.Index")),
        (len, print, Place("", "builtins.len", "builtins.print")),
        (Color.RED, Color.BLUE, Place(".name", "'RED'", "'BLUE'")),
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_where_two_values_differ(one: Any, two: Any, place: Place) -> None:
    found = differ(one, two)
    assert found is not None
    assert found == place


@pytest.mark.parametrize(
    ("column", "row", "value", "texts"),
    [
        ("n", 1, 7, ("2", "7")),
        ("x", 2, 9.0, ("2.0", "9.0")),
        ("s", 0, "q", ("'a'", "'q'")),
        ("t", 2, pd.Timestamp("2025-01-01"), ("2024-01-03 00:00:00", "2025-01-01 00:00:00")),
        ("c", 0, "v", ("u", "v")),
        ("m", 0, 5, ("1", "5")),
        ("p", 0, pd.Period("2024-02", "M"), ("648", "649")),
    ],
)
def test_row_and_column_of_a_frame(column: str, row: int, value: Any, texts: tuple[str, str]) -> None:
    changed = FRAME.copy()
    changed.iloc[row, changed.columns.get_loc(column)] = value
    assert differ(FRAME, changed) == Place(f"row r{row + 1}, column {column}", *texts)


def test_the_first_row_is_told_whatever_the_column() -> None:
    changed = FRAME.copy()
    changed.iloc[2, 0], changed.iloc[0, 1] = 9, 9.0
    found = differ(FRAME, changed)
    assert found is not None
    assert found.where == "row r1, column x"


def test_rtol_is_for_floating_point_numbers_only() -> None:
    assert differ(1.0, 1.0 + 1e-12, 1e-9) is None
    assert differ(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-12]), 1e-9) is None
    assert differ(FRAME["x"], FRAME["x"] * (1 + 1e-12), 1e-9) is None
    assert differ(np.array([1.0, 2.0]), np.array([1.0, 2.1]), 1e-9) == Place("[1]", "2.0", "2.1")
    assert differ(10**12, 10**12 + 1, 1e-9) is not None


def test_what_two_places_share_matters_where_it_can_change() -> None:
    inner = [1]
    assert differ([inner, inner], [[1], [1]]) is not None
    assert differ([[1], [1]], [inner, inner]) is not None
    assert differ([inner, inner], copy.deepcopy([inner, inner])) is None
    day = dt.date(2024, 1, 1)
    assert differ([day, day], [dt.date(2024, 1, 1), dt.date(2024, 1, 1)]) is None
    pair = (1, 2)
    assert differ([pair, [pair]], [(1, 2), [(1, 2)]]) is None


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUOTA", "1")
    before = portrait(os.environ)
    monkeypatch.setenv("JPY_PARENT_PID", "12")
    assert first_difference(before, portrait(os.environ)) is None
    monkeypatch.setenv("QUOTA", "2")
    assert first_difference(before, portrait(os.environ)) == Place("['QUOTA']", "'1'", "'2'")


def test_a_view_of_a_mapping() -> None:
    assert differ(types.MappingProxyType({"a": 1}), types.MappingProxyType({"a": 1})) is None
    assert differ(types.MappingProxyType({"a": 1}), types.MappingProxyType({"a": 2})) == Place("['a']", "1", "2")
    assert differ(types.MappingProxyType({"a": 1}), {"a": 1}) == Place("type", "mappingproxy", "dict")


def test_iterators_are_what_they_have_left() -> None:
    used, left = iter([1, 2, 3]), iter([0, 2, 3])
    next(used), next(left)
    assert differ(used, left) is None
    assert list(used) == [2, 3], "to look takes nothing"
    assert differ(used, iter([])) is None
    assert differ(left, iter([2, 4])) == Place("[1]", "3", "4")
    assert differ(map(len, iter(["a"])), map(len, iter(["b"]))) is not None


def test_memory() -> None:
    assert differ(memoryview(b"ab"), memoryview(bytearray(b"ab"))) is None
    assert differ(memoryview(b"ab"), memoryview(b"ac")) == Place("", "b'ab'", "b'ac'")


def test_closed_files_are_what_can_still_be_asked_of_them(tmp_path: Path) -> None:
    def closed(name: str, mode: str = "w", encoding: str | None = None) -> Any:
        with open(tmp_path / name, mode, encoding=encoding) as file:
            return file

    def left(text: str) -> io.StringIO:
        with io.StringIO(text) as file:
            return file

    assert differ(left("a"), left("b")) is None, "nobody can read either"
    assert differ(closed("a"), closed("a")) is None
    assert differ(closed("a", "wb"), closed("a", "wb")) is None
    found = differ(closed("a"), closed("b"))
    assert found is not None
    assert found.where == ".name"
    assert differ(closed("a", encoding="utf-8"), closed("a", encoding="ascii")) == Place(
        ".encoding", "'utf-8'", "'ascii'"
    )
    assert differ(closed("a"), closed("a", "r")) == Place(".mode", "'w'", "'r'")
    with io.StringIO("a") as file:
        assert differ(left("a"), file) is not None


def test_depth_and_cycles_do_not_matter() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert differ(deep, deep) is None
    one, two = looped(1), looped(1)
    assert differ(one, two) is None
    two[0] = 2
    assert differ(one, two) == Place("[0]", "1", "2")
    wide: tuple[Any, ...] = ()
    for _ in range(60):
        wide = (wide, wide)
    assert differ(wide, wide) is None


@pytest.mark.parametrize("value", [(i for i in ()), threading.Lock(), {"a": [1, threading.Lock()]}])
def test_what_cannot_be_compared_says_so(value: Any) -> None:
    assert "cannot be compared" in opaque(portrait(value))


def test_beside_what_cannot_be_compared_differences_are_found() -> None:
    assert differ([threading.Lock(), 1], [threading.Lock(), 2]) == Place("[1]", "1", "2")


def test_classes_of_the_package_are_those_of_the_notebook() -> None:
    def made(module: str, qualname: str) -> Any:
        kind = type("Thing", (), {"__module__": module})
        kind.__qualname__ = qualname
        thing = kind()
        thing.size = 3
        return thing

    notebook = portrait(made("__main__", "Thing"), "")
    for module, qualname in (
        ("sales.functions", "Thing"),
        ("sales.steps", "train.<locals>.Thing"),
        ("__main__", "Thing"),
    ):
        assert first_difference(notebook, portrait(made(module, qualname), "sales")) is None
    assert first_difference(notebook, portrait(made("other", "Thing"), "sales")) is not None
    beside = portrait(made("utils", "Thing"), "")
    assert first_difference(beside, portrait(made("sales.utils", "Thing"), "sales")) is None


def test_a_function_to_which_the_package_passes_values_is_that_of_the_notebook() -> None:
    def price(amount: float, *, rate: float) -> float:
        return amount * rate

    price.__module__ = "sales.functions"
    ours = type("with_values", (with_values,), {"__module__": "sales._runtime._bound"})
    passed = portrait(ours(price, rate=2.0), "sales")
    price.__module__ = "__main__"
    assert first_difference(portrait(price), passed) is None
    assert first_difference(portrait(len), passed) is not None
    assert first_difference(portrait(price), portrait(functools.partial(price, rate=2.0), "sales")) is not None


def test_a_function_that_remembers_is_what_it_remembers_of() -> None:
    def made(text: str, size: int | None = None) -> Any:
        return functools.lru_cache(size)(eval(text, {"__name__": "__main__"}))

    one = made("lambda x: x + 1")
    assert first_difference(portrait(one), portrait(made("lambda y: y + 1"))) is None
    assert first_difference(portrait(one), portrait(made("lambda x: x + 2"))) is not None
    assert first_difference(portrait(one), portrait(made("lambda x: x + 1", 3))) is not None


def test_an_object_that_has_every_attribute_is_what_it_holds() -> None:
    class Metric:
        def __init__(self, total: int) -> None:
            self.total = total

        def __getattr__(self, name: str) -> object:
            return lambda *_: name

    assert differ(Metric(1), Metric(1)) is None
    assert differ(Metric(1), Metric(2)) == Place(".total", "1", "2")


def test_a_thread_is_what_it_runs() -> None:
    class Writer(threading.Thread):
        def __init__(self, path: str) -> None:
            super().__init__(target=len, args=(path,))
            self.path = path

    one, two = Writer("a"), Writer("a")
    one.start()
    one.join()
    two.start()
    two.join()
    assert differ(one, two) is None
    assert differ(one, Writer("b")) is not None


def test_a_weak_reference_is_what_it_leads_to() -> None:
    class Thing:
        def __init__(self, size: int) -> None:
            self.size = size

    one, two, other = Thing(1), Thing(1), Thing(2)
    assert differ(weakref.ref(one), weakref.ref(two)) is None
    assert differ(weakref.ref(one), weakref.ref(other)) is not None
    nowhere = weakref.ref(Thing(1))
    assert differ(weakref.ref(one), nowhere) is not None


def test_what_stands_in_for_something_of_ipythons() -> None:
    from IPython.utils.capture import CapturedIO
    from IPython.utils.text import SList

    from nb2pipe.package.support._captured import Captured

    assert differ(SList(["a", "b"]), ["a", "b"]) is None
    assert differ(SList(["a", "b"]), ["a", "c"]) == Place("[1]", "'b'", "'c'")
    theirs, ours = CapturedIO(io.StringIO("out"), io.StringIO("")), Captured()
    ours._stdout.write("out")
    kind = type("Captured", (Captured,), {"__module__": "sales._runtime._captured"})
    ours.__class__ = kind
    assert first_difference(portrait(theirs), portrait(ours, "sales")) is None
    ours._stdout.write("more")
    assert first_difference(portrait(theirs), portrait(ours, "sales")) == Place(".stdout", "'out'", "'outmore'")


def test_functions_of_the_notebook_compute_with_the_same_constants_and_operators() -> None:
    def made(text: str, module: str, values: dict[str, Any] | None = None) -> Any:
        names = {"__name__": module, **(values or {})}
        exec(text, names)
        return portrait(names["f"], "sales")

    notebook = made("r = 3\nf = lambda x: x * 2 + r", "__main__")
    around = "def step():\n    r = {}\n    return lambda x: {}\nf = step()"
    assert first_difference(notebook, made(around.format(3, "x * 2 + r"), "sales.steps")) is None
    assert first_difference(notebook, made("def f(x, *, r): return x * 2 + r", "sales.functions")) is not None, (
        "another name"
    )
    for body in ("x * 3 + r", "x / 2 + r", "x * 2 - r"):
        found = first_difference(notebook, made(around.format(3, body), "sales.steps"))
        assert found is not None
        assert found.where == "the code of <lambda>"
    alone, inside = made("f = lambda x: r", "__main__"), made(around.format("iter(x for x in ())", "r"), "sales.steps")
    assert compared(alone, inside) == (None, ""), "what a package has around it is none of the notebook's function"
    magic, plain = (
        made("def f(): return get_ipython().system('ls')", "__main__"),
        made("def f(): return run(['ls'])", "sales.steps"),
    )
    assert first_difference(magic, plain) is None
    inner = "def make(n):\n    def f(x, k={}): return x + n\n    return f\nf = make({})"
    assert first_difference(made(inner.format(1, 2), "__main__"), made(inner.format(1, 2), "sales.functions")) is None
    assert first_difference(made(inner.format(1, 2), "__main__"), made(inner.format(1, 3), "sales.functions")) == Place(
        "n", "2", "3"
    )
    found = first_difference(made(inner.format(1, 2), "__main__"), made(inner.format(5, 2), "sales.functions"))
    assert found == Place("defaults[0]", "1", "5")


def test_a_name_without_a_value() -> None:
    assert first_difference(UNBOUND, portrait(1)) == Place("", "no value", "1")
    assert first_difference(UNBOUND, UNBOUND) is None


def test_the_generator_of_all_is_a_name() -> None:
    held = [np.random.normal, random.choice]
    before = portrait(held)
    np.random.rand()
    random.random()
    assert first_difference(before, portrait(held)) is None
    assert differ(held, [np.random.RandomState(3).normal, random.Random(3).choice]) is not None


def test_a_model_that_was_fitted() -> None:
    from sklearn.ensemble import RandomForestClassifier

    X = np.random.RandomState(0).rand(60, 3)
    y = X[:, 0] > 0.5

    def fitted(seed: int) -> Any:
        return RandomForestClassifier(5, random_state=seed).fit(X, y)

    one = fitted(1)
    assert opaque(portrait(one)) == ""
    assert differ(one, fitted(1)) is None
    assert differ(one, pickle.loads(pickle.dumps(one))) is None
    assert differ(one, fitted(2)) is not None


def test_figures_are_compared_as_they_are_drawn() -> None:
    from matplotlib.figure import Figure

    def drawn(height: float) -> Any:
        figure = Figure()
        figure.add_subplot().plot([0, height])
        return figure

    def look(value: Any) -> Any:
        return portrait(value, alone=True)

    assert first_difference(look(drawn(1)), look(drawn(1))) is None
    assert first_difference(look(drawn(1).axes), look(drawn(1).axes)) is None
    found = first_difference(look(drawn(1)), look(drawn(2)))
    assert found is not None
    assert found.where.startswith("pixel (")
    assert opaque(portrait(drawn(1))) != ""


def test_databases_are_compared_by_what_is_in_them() -> None:
    import sqlite3
    from contextlib import closing

    def filled(value: int) -> Any:
        connection = sqlite3.connect(":memory:")
        connection.executescript(f"create table t (a); insert into t values (1), ({value})")
        return connection

    with closing(filled(2)) as one, closing(filled(2)) as two, closing(filled(3)) as three:
        look = [portrait(c, alone=True) for c in (one, two, three)]
        assert opaque(look[0]) == ""
        assert first_difference(look[0], look[1]) is None
        assert first_difference(look[0], look[2]) == Place(
            "line 4", 'INSERT INTO "t" VALUES(2);', 'INSERT INTO "t" VALUES(3);'
        )
        assert "cannot be compared" in opaque(portrait(one))
    closed = portrait(one, alone=True), portrait(two, alone=True)
    assert first_difference(*closed) is None
    assert opaque(closed[0]) == ""


# -- properties -------------------------------------------------------------------------------------------------------

ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
        | st.frozensets(st.integers() | st.text(max_size=2), max_size=4)
    ),
    max_leaves=12,
)


def key(value: Any) -> Any:
    """A value such that two are the same exactly where these are equal."""
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [key(v) for v in value]
    if isinstance(value, dict):
        return "dict", [(key(k), key(v)) for k, v in value.items()]
    if isinstance(value, frozenset):
        return "frozenset", sorted(map(repr, value))
    return type(value).__name__, repr(value)


@given(VALUES)
@settings(deadline=None)
def test_pickled_values_are_equal(value: Any) -> None:
    assert differ(value, pickle.loads(pickle.dumps(value))) is None


@given(VALUES, VALUES)
@settings(deadline=None)
def test_two_values_are_equal_where_they_look_the_same(one: Any, two: Any) -> None:
    assert (differ(one, two) is None) == (key(one) == key(two))


@given(st.lists(st.floats(width=64), min_size=1, max_size=30), st.data())
@settings(deadline=None)
def test_one_changed_number_of_an_array_is_found(numbers: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(numbers) - 1))
    other = data.draw(st.floats().filter(lambda x: repr(x) != repr(numbers[place])))
    one = np.array(numbers)
    two = one.copy()
    two[place] = other
    found = differ(one, two)
    assert found is not None
    assert found.where == f"[{place}]"


def searched(seed: int = 0) -> Any:
    """A search over a pipeline with a vectorizer, fitted."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    texts = ["the good film", "a bad film", "good good", "bad bad bad"] * 5
    pipeline = make_pipeline(CountVectorizer(stop_words="english"), LogisticRegression(C=1.0 + seed))
    return GridSearchCV(pipeline, {"countvectorizer__min_df": [1, 2]}, cv=2).fit(texts, [1, 0, 1, 0] * 5)


def test_a_data_set_is_compared_as_its_pickle_has_it() -> None:
    from sklearn.datasets import load_iris

    one = load_iris(as_frame=True)
    two = pickle.loads(pickle.dumps(one))
    assert vars(one) != vars(two)
    assert differ(one, two) is None
    two.target_names[0] = "another"
    where = differ(one, two)
    assert where is not None
    assert "target_names" in where.where


def test_a_widget_is_compared_by_what_it_shows() -> None:
    ipywidgets = pytest.importorskip("ipywidgets")

    def made(value: str, width: str = "auto") -> object:
        text = ipywidgets.HTML(value=value, layout=ipywidgets.Layout(width=width))
        return ipywidgets.VBox([text, ipywidgets.Dropdown(options=["a", "b"])])

    assert differ(made("x"), made("x")) is None
    for other in (made("y"), made("x", "10px")):
        assert differ(made("x"), other) is not None


def test_what_was_sampled_is_compared_without_the_time_that_it_took(monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set as xarray has it, with what ArviZ and PyMC write into it."""

    class Dataset:
        __slots__ = ("_attrs", "_variables")

        def __init__(self, created: str, seconds: float, draw: float) -> None:
            self._attrs = {"created_at": created, "sampling_time": seconds, "tuning_steps": 10}
            self._variables = {"x": np.array([draw]), "perf_counter_diff": np.array([seconds])}

    monkeypatch.setitem(sys.modules, "xarray", types.SimpleNamespace(Dataset=Dataset))
    one = Dataset("2026-01-01", 1.5, 0.25)
    assert differ(one, Dataset("2026-01-02", 2.5, 0.25)) is None
    where = differ(one, Dataset("2026-01-01", 1.5, 0.5))
    assert where is not None
    assert "_variables" in where.where
    other = Dataset("2026-01-01", 1.5, 0.25)
    other._attrs["tuning_steps"] = 20
    assert differ(one, other) is not None


def test_an_estimator_is_compared_without_the_time_that_it_took() -> None:
    one, two = searched(), searched()
    two.refit_time_ += 1
    two.cv_results_["mean_fit_time"] += 1
    two.best_estimator_[0]._stop_words_id += 8
    assert differ(one, two) is None
    two.cv_results_["mean_test_score"][0] += 1
    where = differ(one, two)
    assert where is not None
    assert "mean_test_score" in where.where
    assert differ(one, searched(1)) is not None
