"""A store that others can write to: what the user has kept is taken as it is, what others have put there only where it is harmless."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.runtime import values
from nb2pipe.runtime.result import RunOptions
from nb2pipe.store import keys
from nb2pipe.store.rooms import opened
from tests.random_notebooks import running
from tests.runtime.caching_bench import Bench

CELLS = ["a = [1, 2]", "print(sum(a))", "def f(x):\n    return x + 1", "print(f(a[0]))"]


@pytest.fixture(scope="module")
def zygote() -> Iterator[running.SharedZygote]:
    with running.shared_zygote(same_hashes=True) as shared:
        yield shared


@pytest.fixture
def bench(tmp_path: Path, zygote: running.SharedZygote, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("COLUMNS", "80")
    made = Bench(tmp_path)
    made.edit(CELLS)
    assert made.ran() == [1, 2, 3, 4]
    assert made.ran() == []
    return made


class Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.mark),))


def planted(bench: Bench, name: str, value: Any, *, proof: str | None = None) -> None:
    """Put another value into the store in the place of one that a run has kept, as someone would who can write there."""
    with opened(bench.store / "results") as store:
        for row, text in store.database.execute("select id, facts from results").fetchall():
            facts = json.loads(text)
            for file in facts["files"]:
                if file[1] != [name]:
                    continue
                path = bench.folder / "planted"
                data = pickle.dumps(value, 5)
                file[2], file[3], file[5] = values.write_file(path, (name,), data, [], single=True, digests=True)
                file[5] = file[5] if proof is None else proof
                store.contents.keep(path, file[3])
                path.unlink()
                store.database.execute(
                    "update results set facts = ? where id = ?", (json.dumps(facts, sort_keys=True), row)
                )


def lose_key(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Another key from now on: all that is in the store is a stranger's."""
    monkeypatch.setattr(keys, "key_file", lambda: folder / "other" / "key")


def trusting(bench: Bench) -> Any:
    subject = api.compile_notebook(api.load(str(bench.folder / "nb.ipynb")), "cells:1")
    request = api.RunRequest(RunOptions(cwd=str(bench.folder), jobs=2), cache=True, trust=True)
    return api.run(subject, request)


def test_a_hostile_value_is_refused_by_name_and_its_step_runs(bench: Bench) -> None:
    mark = bench.folder / "mark"
    planted(bench, "a", [Hostile(mark)])
    bench.edit([CELLS[0], "print(sum(a), 1)", *CELLS[2:]])
    assert bench.ran() == [1, 2]
    assert bench.reason(1) == "`a` was not written by you and needs `posix.mkdir`, which may do harm"
    assert bench.last is not None
    assert [n for n in bench.last.notes if "posix.mkdir" in n and "--trust" in n]
    assert not mark.exists()
    assert bench.ran() == []
    assert not bench.last.notes


def test_who_trusts_the_store_loads_what_is_there(bench: Bench) -> None:
    mark = bench.folder / "mark"
    planted(bench, "a", [Hostile(mark)])
    bench.edit([CELLS[0], "print(len(a))", *CELLS[2:]])
    trusting(bench)
    assert mark.exists()


def test_another_value_for_one_that_was_signed_is_not_loaded_as_signed(bench: Bench) -> None:
    """A row that was left as it is, and a file that has its digest and other contents: xxh3 can be forged."""
    mark = bench.folder / "mark"
    with opened(bench.store / "results") as store:
        (file,) = (f for row in store.database.execute("select facts from results").fetchall() for f in json.loads(row[0])["files"]
                   if f[1] == ["a"])  # fmt: skip
    path = bench.folder / "planted"
    values.write_file(path, ("a",), pickle.dumps([Hostile(mark)], 5), [], single=True)
    with pytest.raises(values.strangers.Harmful, match="mkdir"):
        values.load_file(path, {}, file[5])
    assert not mark.exists()


def test_harmless_values_of_others_are_taken(bench: Bench) -> None:
    planted(bench, "a", [20, 22])
    bench.edit([CELLS[0], "print(sum(a), 1)", *CELLS[2:]])
    result = bench.run()
    assert result.outcomes["cell_1"].cached
    assert result.outputs[1][0]["text"] == "42 1\n"


def test_without_the_key_data_is_taken_and_code_is_run_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    lose_key(monkeypatch, bench.folder)
    bench.edit([*CELLS[:3], "print(f(a[0]), 1)"])
    assert bench.ran() == [3, 4]
    assert "needs `nb2pipe.runtime.pickles._make_function`" in bench.reason(3)
    assert bench.ran() == []


def test_where_no_key_can_be_kept_that_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.folder / "file").touch()
    monkeypatch.setattr(keys, "key_file", lambda: bench.folder / "file" / "key")
    assert 3 in bench.ran()
    assert bench.last is not None
    assert any("is not signed" in n for n in bench.last.notes)


def test_what_a_stranger_says_of_a_file_counts_for_nothing(bench: Bench) -> None:
    """The digest of what runs is taken from records that are signed only."""
    mark = bench.folder / "mark"
    planted(bench, "a", [Hostile(mark)])
    planted(bench, "f", [Hostile(mark)])
    bench.edit([*CELLS[:3], "print(f(a[0]), 2)"])
    assert bench.ran() == [1, 3, 4]
    assert not mark.exists()


def test_a_record_leads_to_no_file_outside_of_the_store(bench: Bench) -> None:
    mine = bench.folder / "mine.txt"
    mine.write_text("mine")
    with opened(bench.store / "results") as store:
        for row, text in store.database.execute("select id, facts from results").fetchall():
            facts = json.loads(text)
            facts["events"] = f"xx{mine}"
            facts["files"] = [[*f[:3], f"xx{mine}", *f[4:]] for f in facts["files"]]
            store.database.execute("update results set facts = ? where id = ?", (json.dumps(facts), row))
    assert bench.ran() == [1, 2, 3, 4]
    assert mine.read_text() == "mine"


def test_what_no_run_leaves_is_run_again(bench: Bench) -> None:
    with opened(bench.store / "results") as store:
        store.database.execute("update results set facts = replace(facts, '\"exact\"', '\"other\"')")
    assert bench.ran() == [1, 2, 3, 4]
    assert bench.reason(1) == "its stored result is not as a run leaves one"
    assert bench.ran() == []
