"""What `display` prints is what IPython shows."""

from __future__ import annotations

import collections
import datetime as dt
import os
import re
import subprocess
import sys
import types
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.lib.pretty import pretty

from nb2pipe.package.support import _display
from nb2pipe.package.support._display import display
from nb2pipe.package.support._pretty import as_text


class Point(NamedTuple):
    """A tuple that writes itself."""

    x: int
    y: int


class Pile(list):
    """A list with a name of its own."""


class Tall:
    """Something that is written in several lines."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __repr__(self) -> str:
        return "\n".join(["T" * self.size] * (self.size % 3 + 1))


class Careful:
    """Something that writes itself, as IPython asks for it."""

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        with p.group(9, "Careful<(", ")>"):
            for index in range(12):
                if index:
                    p.text(",")
                    p.breakable()
                p.pretty({"index": index})
            with p.indent(2):
                p.break_()
                p.text("end")


SINGLE = [
    int, collections.OrderedDict, pd.DataFrame, len, "".join, as_text, re.compile(r"a\d", re.IGNORECASE), re.compile(b"x"),
    dt.date(2026, 1, 2), ValueError("x", 3), KeyError(), OSError(2, "no"), slice(1, 2), range(3), ..., NotImplemented,
    set(), frozenset(), (), {}, os, Careful(), pd.Series([1, 2]), collections.Counter(), collections.OrderedDict(),
    Point(1, 2), object, type, dt.timedelta(1), b"\0", {3, 1, 2}, {"b", 1}, "'\"\n",
]  # fmt: skip


def cyclic() -> list[Any]:
    found: list[Any] = []
    for make in (list, dict, collections.deque, collections.OrderedDict, types.SimpleNamespace):
        holder = make()
        if hasattr(holder, "append"):
            holder.append(holder)
        elif isinstance(holder, dict):
            holder["self"] = holder
        else:
            holder.me = holder
        found.append(holder)
    default = collections.defaultdict(list)
    default["x"].append(default)
    return [*found, default]


@pytest.mark.parametrize("value", [*SINGLE, *cyclic()], ids=lambda v: type(v).__name__)
def test_single_values(value: Any) -> None:
    assert as_text(value) == pretty(value)
    assert as_text([value, {"key": (value,) * 3}]) == pretty([value, {"key": (value,) * 3}])


@pytest.mark.parametrize("value", [list(range(1001)), dict.fromkeys(range(1001)), set(range(1001)), tuple(range(1000))])
def test_long_ones_end_early(value: Any) -> None:
    assert as_text(value) == pretty(value)


ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.integers(1, 60).map(Tall),
    st.integers(1, 78).map("x".__mul__), st.sampled_from(SINGLE),
)  # fmt: skip
KEYS = st.recursive(
    st.integers() | st.text(max_size=30) | st.none(),
    lambda inner: st.lists(inner, max_size=6).map(tuple) | st.frozensets(inner, max_size=4),
    max_leaves=6,
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=6)
    dicts = st.dictionaries(KEYS, inner, max_size=5)
    makers: list[Any] = [list, tuple, Pile, collections.deque, collections.UserList]
    makers += [lambda v: collections.deque(v, maxlen=9), lambda v: ValueError(*v)]
    named: list[Any] = [
        dict,
        collections.OrderedDict,
        types.MappingProxyType,
        lambda d: collections.defaultdict(list, d),
    ]
    return st.one_of(
        *(lists.map(m) for m in makers),
        *(dicts.map(m) for m in named),
        st.sets(KEYS, max_size=5),
        st.lists(KEYS, max_size=6).map(collections.Counter),
        st.dictionaries(st.text("abc", min_size=1), inner, max_size=4).map(lambda d: types.SimpleNamespace(**d)),
    )


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(st.recursive(ATOMS, containers, max_leaves=20))
def test_nested_values(value: Any) -> None:
    assert as_text(value) == pretty(value)


def test_a_broken_key_keeps_its_value_together() -> None:
    value = {("k" * 30, "l" * 30): ["v" * 40, "w" * 40]}
    assert as_text(value) == pretty(value)


def test_none_shows_nothing_and_several_show_each(capsys: pytest.CaptureFixture[str]) -> None:
    display(None)
    display("a", None, 2)
    assert capsys.readouterr().out == "'a'\n2\n"


def test_what_cannot_be_shown_does_not_stop(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    display(Broken())
    assert "Broken cannot be shown" in caplog.text
    assert capsys.readouterr().out == ""


def test_pandas_shows_the_columns_of_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    with pd.option_context("display.max_columns", 0):
        display(pd.DataFrame({f"a column {i}": [i] for i in range(20)}))
        assert pd.get_option("display.max_columns") == 20
    shown = capsys.readouterr().out
    assert "..." not in shown
    assert all(f"a column {i} " in shown for i in range(20))


def test_inside_ipython_its_own_display(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("IPython.get_ipython", object)
    monkeypatch.setattr("IPython.display.display", shown.append)
    display(3, [4])
    assert shown == [3, [4]]
    assert capsys.readouterr().out == ""


def test_nothing_is_imported_for_it() -> None:
    code = f"import sys; from {_display.__name__} import display; display([1]); print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.startswith("[1]\n")
    assert not {"IPython", "numpy", "pandas", "matplotlib"} & set(out.split())
