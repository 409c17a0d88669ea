"""The live table of a run: what fits into the terminal, whatever steps are called and say."""

from __future__ import annotations

import io
import os
import re
import shutil

import pytest

from nb2pipe.pipeline.model import Pipeline, Step
from nb2pipe.runtime.progress import Lines, Table
from nb2pipe.runtime.result import Outcome


class _Terminal:
    """A terminal of so many lines and columns, and a table of steps on it."""

    def __init__(self, lines: int, columns: int, names: list[str], patch: pytest.MonkeyPatch) -> None:
        patch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((columns, lines)))
        self.stream = io.StringIO()
        self.table = Table(_pipeline(names), self.stream)

    def rows(self) -> list[str]:
        """The table as it is drawn last."""
        self.table.close()
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.stream.getvalue())
        return text.rpartition("\x1b[J")[2].splitlines()


def _pipeline(names: list[str]) -> Pipeline:
    return Pipeline("nb", tuple(Step(name, ()) for name in names), ())


def test_a_name_leaves_room_for_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal(24, 30, ["load", "a_name_that_goes_on_and_on"], monkeypatch)
    terminal.table.ended("load", Outcome("ok", seconds=1.5))
    terminal.table.ended("a_name_that_goes_on_and_on", Outcome("ok", seconds=2.5))
    assert terminal.rows() == ["✓ load                 1.50 s", "✓ a_name_that_goe…     2.50 s"]


def test_a_message_of_several_lines_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal(24, 40, ["load", "see"], monkeypatch)
    terminal.table.ended("load", Outcome("failed", "\x1b[31mError: first\x1b[0m\nsecond"))
    assert terminal.rows() == ["✗ load             Error: first", "· see "]


def test_no_row_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal(24, 22, ["数据"], monkeypatch)
    terminal.table.ended("数据", Outcome("failed", "数据数据数据数据"))
    assert terminal.rows() == ["✗ 数据             数"]


def test_where_not_all_have_room_those_that_run_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"s{n}" for n in range(20)]
    terminal = _Terminal(6, 40, names, monkeypatch)
    for name in names[:5]:
        terminal.table.ended(name, Outcome("failed", "no"))
    for name in names[10:12]:
        terminal.table.started(name)
    rows = terminal.rows()
    assert [row.split()[:2] for row in rows[:3]] == [["✗", "s0"], ["●", "s10"], ["●", "s11"]]
    assert rows[3:] == ["  5 of 20 steps have ended"]


def test_a_step_that_has_ended_is_one_line() -> None:
    stream = io.StringIO()
    Lines(_pipeline(["load"]), stream).ended("load", Outcome("failed", "Error: first\nsecond"))
    assert stream.getvalue() == "failed   load  Error: first\n"
