"""Figures are shown when a notebook shows them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from nb2pipe.package.support import _figures
from nb2pipe.package.support._display import display
from nb2pipe.package.support._pipeline import Pipeline, Step

ONE = "<Figure size 640x480 with 1 Axes>\n"


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    before, interactive = mpl.get_backend(), mpl.is_interactive()
    plt.switch_backend(_figures.NAME)
    mpl.interactive(True)  # as where matplotlib finds it as its backend
    yield
    plt.close("all")
    _figures.save_to(None, "")
    plt.switch_backend(before)
    mpl.interactive(interactive)


def test_show_prints_each_figure_and_closes_it(capsys: pytest.CaptureFixture[str]) -> None:
    plt.plot([1, 2])
    plt.subplots(1, 2, figsize=(3, 2))
    plt.figure()
    plt.show()
    assert capsys.readouterr().out == f"{ONE}<Figure size 300x200 with 2 Axes>\n<Figure size 640x480 with 0 Axes>\n"
    assert plt.get_fignums() == []
    _figures.end_of_cell()
    assert capsys.readouterr().out == ""


def test_what_is_open_at_the_end_of_a_cell_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    plt.plot([1, 2])
    _figures.end_of_cell()
    assert capsys.readouterr().out == ONE
    assert plt.get_fignums() == []


def test_figures_that_are_held_back_stay(capsys: pytest.CaptureFixture[str]) -> None:
    plt.ioff()
    plt.plot([1, 2])
    _figures.end_of_cell()
    assert (capsys.readouterr().out, plt.get_fignums()) == ("", [1])
    plt.show()
    assert capsys.readouterr().out == ONE


def test_show_that_does_not_close(capsys: pytest.CaptureFixture[str]) -> None:
    plt.plot([1, 2])
    plt.show(close=False)
    assert (capsys.readouterr().out, plt.get_fignums()) == (ONE, [1])


def test_a_figure_at_the_end_of_a_cell_is_shown_twice(capsys: pytest.CaptureFixture[str]) -> None:
    figure, _ = plt.subplots()
    display(figure)
    _figures.end_of_cell()
    assert capsys.readouterr().out == ONE + ONE


def test_figures_are_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "some/figures"
    _figures.save_to(folder, "draw")
    plt.plot([1, 2])
    plt.figure()  # empty: a notebook shows no picture of it
    plt.show()
    plt.plot([3])
    _figures.end_of_cell()
    _figures.save_to(folder, "other")
    plt.plot([3])
    _figures.end_of_cell()
    assert sorted(p.name for p in folder.iterdir()) == ["draw-1.png", "draw-2.png", "other-1.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in folder.iterdir())


def test_a_figure_that_cannot_be_drawn_does_not_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _figures.save_to(tmp_path, "draw")
    plt.title("$\\nonsense{$")
    _figures.end_of_cell()
    assert "cannot be drawn" in caplog.text
    assert (plt.get_fignums(), list(tmp_path.iterdir())) == ([], [])


def test_with_another_backend_the_next_cell_begins_with_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    plt.switch_backend("agg")
    mpl.interactive(False)
    plt.plot([1])
    _figures.end_of_cell()
    assert (capsys.readouterr().out, plt.get_fignums()) == ("", [])


def test_in_jupyter_the_inline_backend_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[bool] = []
    monkeypatch.setattr("matplotlib_inline.backend_inline.flush_figures", lambda: flushed.append(True))
    plt.plot([1])
    monkeypatch.setattr(plt, "get_backend", lambda: "inline")
    _figures.end_of_cell()
    assert flushed == [True]


def test_a_run_shows_and_saves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def draw() -> Any:
        figure, axes = plt.subplots()
        axes.plot([1])
        return figure

    @dataclass(frozen=True)
    class Nothing:
        pass

    Pipeline("p", Nothing, Step(draw, gives=("figure",))).run(figures=tmp_path)
    assert capsys.readouterr().out == ONE
    assert [p.name for p in tmp_path.iterdir()] == ["draw-1.png"]


SCRIPT = """
import sys
from nb2pipe.package.support import _figures
{before}
_figures.use()
_figures.end_of_cell()
print("matplotlib" in sys.modules)
import matplotlib.pyplot as plt
plt.plot([1])
_figures.end_of_cell()
print(plt.get_backend().rpartition(".")[2], plt.isinteractive())
"""


@pytest.mark.parametrize(("before", "loaded"), [("", False), ("import matplotlib.pyplot", True)])
def test_use_in_a_fresh_process(before: str, loaded: bool) -> None:
    env = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    command = [sys.executable, "-c", SCRIPT.format(before=before)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout
    assert out == f"{loaded}\n{ONE}_figures True\n"


def test_a_backend_that_the_user_has_chosen_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)
    plt.switch_backend("svg")
    _figures.use()
    assert (plt.get_backend(), "MPLBACKEND" in os.environ) == ("svg", False)
    monkeypatch.setenv("MPLBACKEND", "pdf")
    monkeypatch.setattr(type(mpl.rcParams), "_get_backend_or_none", lambda self: None)
    _figures.use()
    assert (plt.get_backend(), os.environ["MPLBACKEND"]) == ("svg", "pdf")


def test_inside_ipython_its_backend_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)
    monkeypatch.setattr(type(mpl.rcParams), "_get_backend_or_none", lambda self: None)
    monkeypatch.setattr("IPython.get_ipython", object)
    _figures.use()
    assert "MPLBACKEND" not in os.environ
