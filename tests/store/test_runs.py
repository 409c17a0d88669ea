"""Records of runs in the database: found by the index, and read where many are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2pipe.store.database import connect
from nb2pipe.store.runs import Chosen, Run, StepRun, begin, cached_of_all, end, newest, step


@pytest.mark.parametrize(
    "chosen",
    [Chosen(), Chosen(status="ok"), Chosen(notebook="/nb.ipynb"), Chosen(since=1.0, before=2.0), Chosen(pipeline="nb")],
    ids=["all", "status", "notebook", "time", "pipeline"],
)
def test_no_list_sorts_or_reads_what_it_does_not_show(tmp_path: Path, chosen: Chosen) -> None:
    database = connect(tmp_path)
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    newest(database, 20, chosen)
    database.set_trace_callback(None)
    plan = database.execute(f"explain query plan {asked[0]}").fetchall()
    assert [row for row in plan if "USING INDEX" not in row[3]] == []


def test_steps_are_counted(tmp_path: Path) -> None:
    database = connect(tmp_path)
    for number in range(3):
        begin(database, Run(f"run-{number}", "/nb.ipynb", "running", float(number), None, {}))
        for place in range(number):
            step(database, f"run-{number}", StepRun(f"s{place}", "cached" if place else "ok", {}))
        end(database, f"run-{number}", "ok")
    found = newest(database, steps=False)
    assert [run.id for run in found] == ["run-2", "run-1", "run-0"]
    assert cached_of_all(database, found) == {"run-0": (0, 0), "run-1": (0, 1), "run-2": (1, 2)}
    assert cached_of_all(database, ()) == {}
