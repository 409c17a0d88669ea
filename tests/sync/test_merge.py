"""A merge of three texts: what one side changed is taken, what both changed is marked, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.notebook.model import Cell
from nb2pipe.sync.merge import MIDDLE, OURS, THEIRS, cells_now, merge, merge_text
from tests.making import text, write
from tests.sync.making import project

LINES = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=8).map("\n".join)


def _cells(*texts: str, ids: Sequence[str] = "abcdefgh") -> tuple[Cell, ...]:
    return tuple(Cell(ids[i], i, "code", t) for i, t in enumerate(texts))


@given(LINES, LINES)
def test_what_one_side_changed_is_taken(base: str, changed: str) -> None:
    assert merge_text(base, base, changed) == (changed, True)
    assert merge_text(base, changed, base) == (changed, True)
    assert merge_text(base, changed, changed) == (changed, True)


@given(LINES, LINES, LINES)
def test_no_line_of_either_side_is_lost(base: str, ours: str, theirs: str) -> None:
    merged, clean = merge_text(base, ours, theirs)
    assert clean == (OURS not in merged)
    for side in (ours, theirs):
        blocks = SequenceMatcher(None, base.split("\n"), side.split("\n"), autojunk=False).get_opcodes()
        added = Counter(line for kind, _, _, j1, j2 in blocks if kind != "equal" for line in side.split("\n")[j1:j2])
        assert added <= Counter(merged.split("\n"))


@given(LINES, LINES, LINES)
def test_both_sides_are_treated_alike(base: str, ours: str, theirs: str) -> None:
    one, other = merge_text(base, ours, theirs), merge_text(base, theirs, ours)
    assert one[1] == other[1]
    if one[1]:
        assert one == other


def test_lines_apart_are_merged() -> None:
    assert merge_text("a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nD\ne") == ("A\nb\nc\nD\ne", True)


def test_a_conflict_shows_both() -> None:
    expected = f"a\n{OURS}\nB\n{MIDDLE}\nb = 2\n{THEIRS}\nc"
    assert merge_text("a\nb\nc", "a\nB\nc", "a\nb = 2\nc") == (expected, False)


def test_cells_are_known_by_their_ids_wherever_they_are() -> None:
    base, now = _cells("x", "y", "z"), _cells("n", "z", "x", "y", ids="ncab")
    assert cells_now(base, now) == {0: 2, 1: 3, 2: 1}


def test_cells_without_ids_are_known_by_what_stands_around_them() -> None:
    """Ids that are made from the text change with it."""
    base, now = _cells("x", "y = 1", "z"), _cells("x", "new", "y = 2", "z", ids="anmc")
    assert cells_now(base, now) == {0: 0, 1: 2, 2: 3}


def test_cells_that_were_added_or_are_gone() -> None:
    base, now = _cells("x", "y", "z"), _cells("x", "added", "z", ids="anc")
    merged = merge(base, {0: "X", 2: "Z"}, now)
    assert (merged.sources, merged.conflicts, merged.gone) == ({0: "X", 2: "Z"}, (), ())
    assert merge(base, {1: "Y = 22222"}, _cells("x", ids="a")).gone == (1,)


def test_both_sides_edited(tmp_path: Path) -> None:
    cells = [text("# one"), "x = 1\ny = 2\nz = 3\nprint(x, y, z)", "print(x)"]
    made = project(tmp_path, cells)
    made.edit("steps.py", "z = 3", "z = 4")
    made.edit("steps.py", "print(x)", "print(x + 1)")
    write(made.notebook, [text("# one, *more*"), "x = 5\ny = 2\nz = 3\nprint(x, y, z)", "print(x + 2)", "print(y)"])
    synced = made.sync()
    assert synced.merged.conflicts == (2,)
    api.write_synced(synced)
    assert made.sources() == [
        "# one, *more*",
        "x = 5\ny = 2\nz = 4\nprint(x, y, z)",
        f"{OURS}\nprint(x + 2)\n{MIDDLE}\nprint(x + 1)\n{THEIRS}",
        "print(y)",
    ]
    with pytest.raises(UsageError, match="marks of a conflict in cell 3"):
        made.sync()


def test_an_edit_that_the_notebook_has_already_is_no_change(tmp_path: Path) -> None:
    made = project(tmp_path, [text("# one"), "x = 1\nprint(x)"])
    made.edit("steps.py", "x = 1", "x = 2")
    api.write_synced(made.sync())
    before = made.notebook.read_bytes()
    synced = made.sync()
    assert synced.merged.sources == {}
    api.write_synced(synced)
    assert made.notebook.read_bytes() == before


def test_an_edited_cell_that_is_gone_is_told(tmp_path: Path) -> None:
    made = project(tmp_path, [text("# one"), "x = 1\nprint(x)", "print(2)"])
    made.edit("steps.py", "print(2)", "print(3)")
    write(made.notebook, [text("# one"), "x = 1\nprint(x)"])
    assert made.sync().merged.gone == (2,)
