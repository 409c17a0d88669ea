"""A run that failed or was interrupted goes on as one run: what had ended in it is taken from it, the clock too, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.runtime.progress import Lines
from nb2pipe.runtime.result import RunOptions, RunResult
from nb2pipe.store.database import connect
from nb2pipe.store.runs import Run, begin, newest
from tests.making import code, shown, write
from tests.random_notebooks import running

CLOCK = "import time\nt = time.time_ns()\nprint(t)"


@pytest.fixture(scope="module")
def zygote() -> Iterator[running.SharedZygote]:
    with running.shared_zygote(same_hashes=True) as shared:
        yield shared


class Bench:
    """A folder with a notebook of tagged steps, and its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = str(folder / "nb.ipynb")
        self.said: list[str] = []
        (folder / ".nb2pipe").mkdir()

    def edit(self, cells: Sequence[Any]) -> None:
        write(self.folder / "nb.ipynb", cells)

    def run(self, resume: str = "", *, cache: bool = True, **parameters: Any) -> dict[str, str]:
        """Run it; for each step the last line that it showed."""
        subject = api.compile_notebook(api.load(self.path), "tags")
        before = api.interrupted(self.path, resume) if resume else None
        options = RunOptions(cwd=str(self.folder), jobs=1)
        request = api.RunRequest(options, parameters, cache=cache, resume=before)
        self.planned = {p.step: p for p in api.plan(subject, request)}
        listener = Lines(subject.pipeline, _Said(self.said))  # type: ignore[arg-type]  # all that it asks of a stream
        self.said.clear()
        self.last: RunResult = api.run(subject, request, listener)
        return {s.name: shown(self.last.outputs.get(s.cells[-1], [])).split("\n")[-1] for s in self.last.pipeline.steps}

    def ran(self) -> list[str]:
        """The steps that were run, which are those of which the plan said so or could not tell."""
        for name, outcome in self.last.outcomes.items():
            action = self.planned[name].action
            assert action == "depends" or (action == "cached") == outcome.cached, (name, self.planned[name], outcome)
        return [n for n, o in self.last.outcomes.items() if not o.cached]

    def kept_for_runs(self) -> int:
        """How many results are kept that only the runs which made them may take."""
        database = connect(self.folder / ".nb2pipe" / "results")
        try:
            return int(database.execute("select count(*) from results where recipe like '% %'").fetchone()[0])
        finally:
            database.close()


class _Said:
    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def write(self, text: str) -> None:
        self._texts.append(text)

    def flush(self) -> None:
        pass


@pytest.fixture
def bench(tmp_path: Path, zygote: running.SharedZygote, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.delenv("NB2PIPE_STORE", raising=False)
    monkeypatch.setenv("COLUMNS", "80")  # as the shared parent of processes has it
    return Bench(tmp_path)


def cells(
    *, start: str = "a = 1", clock: str = CLOCK, between: str = "b = t + a", fails: str = "1 / 0"
) -> list[dict[str, Any]]:
    return [
        code(start, "step:start"),
        code(f"{clock}\nt += 0 * a", "step:clock"),
        code(between, "step:between"),
        code(f"c = b + 1\n{fails}\nprint(c)", "step:fails"),
        code("print(t, c)", "step:ends"),
    ]


def test_a_corrected_notebook_is_run_from_the_change_on(bench: Bench) -> None:
    bench.edit(cells())
    first = bench.run()
    assert bench.last.outcomes["ends"].detail == "fails failed"
    bench.edit(cells(fails="pass"))
    second = bench.run("last")
    assert bench.ran() == ["fails", "ends"]
    assert bench.last.exit_code == 0
    t = first["clock"]
    assert second == {"start": "", "clock": t, "between": "", "fails": f"{int(t) + 2}", "ends": f"{t} {int(t) + 2}"}
    assert re.search(r"note     clock is taken over: it ended in run \S+, and reads the clock", "".join(bench.said))
    assert bench.last.notes == []  # for the executed notebook is that of one run


def test_no_other_run_takes_what_read_the_clock(bench: Bench) -> None:
    bench.edit(cells())
    first = bench.run()
    assert bench.run()["clock"] != first["clock"]
    assert "clock" in bench.ran()
    assert bench.last.outcomes["clock"].reason == "reads the clock: never cached"


def test_a_run_may_be_resumed_again_and_again(bench: Bench) -> None:
    bench.edit(cells())
    first = bench.run()
    again = bench.run("last")
    assert bench.ran() == ["fails", "ends"]
    bench.edit(cells(fails="pass", between="b = t + a + 0"))
    last = bench.run("last")
    assert bench.ran() == ["between", "fails", "ends"]
    assert first["clock"] == again["clock"] == last["clock"]


@pytest.mark.parametrize("start", ["a = 2", "a = 1 + 0"])
def test_what_read_the_clock_behind_something_that_runs_anew_runs_too(bench: Bench, start: str) -> None:
    """Though its own values be the same: what the step before has done to the world may not be."""
    bench.edit(cells())
    first = bench.run()
    bench.edit(cells(start=start, fails="pass"))
    assert bench.run("last")["clock"] != first["clock"]
    assert bench.ran()[:2] == ["start", "clock"]
    assert (
        bench.last.outcomes["clock"].reason == "start, which comes before it, was run anew, and it reads the clock"
        or start == "a = 2"
    )


def test_what_read_the_clock_behind_something_that_is_gone_runs_too(bench: Bench) -> None:
    told = [
        code("print('sent')", "step:send"),
        code(CLOCK, "step:clock", "after:send"),
        code("1 / 0", "step:fails", "after:clock"),
    ]
    bench.edit(told)
    first = bench.run()
    bench.edit([code(CLOCK, "step:clock"), told[2]])
    assert bench.run("last")["clock"] != first["clock"]
    assert "send, which comes before it, is gone" in bench.last.outcomes["clock"].reason


def test_numbers_that_no_seed_decides_are_taken_over(bench: Bench) -> None:
    made = [code("import random\nprint(random.random())", "step:draw"), code("print(random.random())", "step:more")]
    bench.edit([*made, code("1 / 0", "step:fails", "after:more")])
    first = bench.run()
    bench.edit([*made, code("print(random.random() < 2)", "step:fails", "after:more")])
    assert bench.run("last") == {**first, "fails": "True"}
    assert bench.ran() == ["fails"]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (code(CLOCK, "step:clock", "cache:off"), "its tag says cache:off: never cached"),
        (code(f"{CLOCK}\nwith open('t.txt', 'w') as f:\n    f.write(str(t))", "step:clock"), "writes t.txt: never cached"),
        (code(f"{CLOCK}\nt = (n for n in [t])", "step:clock"), ""),
    ],
    ids=["cache:off", "a file", "a generator"],
)  # fmt: skip
def test_what_is_not_stored_is_not_taken_over(bench: Bench, cell: dict[str, Any], reason: str) -> None:
    rest = [code("u = t", "step:use"), code("1 / 0", "step:fails", "after:use")]
    bench.edit([cell, *rest])
    first = bench.run()
    assert bench.run("last")["clock"] != first["clock"]
    if reason:
        assert bench.last.outcomes["clock"].reason == reason


def test_a_file_that_has_other_content_now(bench: Bench) -> None:
    (bench.folder / "data.txt").write_text("1")
    bench.edit(
        [
            code(f"{CLOCK}\nd = open('data.txt').read()\nprint(d)", "step:clock"),
            code("1 / 0", "step:fails", "after:clock"),
        ]
    )
    bench.run()
    (bench.folder / "data.txt").write_text("2")
    assert bench.run("last")["clock"] == "2"
    assert bench.last.outcomes["clock"].reason == "data.txt has new content, and it reads the clock"


def test_a_value_that_is_damaged(bench: Bench) -> None:
    bench.edit(cells(clock=f"{CLOCK}\nbig = bytes([t % 256]) * 1_000_000", between="b = t + a + len(big)"))
    first = bench.run()
    for file in (bench.folder / ".nb2pipe" / "results" / "contents").rglob("*"):
        if file.is_file() and file.stat().st_size >= 1_000_000:
            file.unlink()
            file.write_bytes(b"0" * 1_000_000)
    assert bench.run("last")["clock"] != first["clock"]
    assert "damaged or is gone" in bench.last.outcomes["clock"].reason


def test_what_was_kept_for_a_run_goes_when_it_is_over(bench: Bench) -> None:
    bench.edit(cells(clock=CLOCK))
    bench.run()
    bench.run("last")
    assert bench.kept_for_runs() == 1
    bench.edit(cells(clock=CLOCK, fails="pass"))
    bench.run("last")
    assert bench.last.exit_code == 0
    assert bench.kept_for_runs() == 0
    assert bench.run(cache=True)["fails"]
    assert "start" not in bench.ran()  # what others may take is there still


def test_the_parameters_of_the_run_are_its_own(bench: Bench) -> None:
    def made(*names: str, fails: str = "1 / 0") -> list[dict[str, Any]]:
        head = code("\n".join(f"{n} = 1" for n in names), "parameters")
        return [head, *(code(f"print({n})", f"step:show_{n}") for n in names), code(fails, "step:fails")]

    bench.edit(made("rate", "days", "old"))
    bench.run(rate=5, days=7, old=9)
    bench.edit(made("rate", "days", "old", fails="0 / 1; 1 / 0"))
    shows = bench.run("last", days=8)
    assert (shows["show_rate"], shows["show_days"]) == ("5", "8")
    assert bench.ran() == ["show_days", "fails"]
    assert re.search(r"note     goes on with run \S+, rate = 5, old = 9\n", "".join(bench.said))
    bench.edit(made("rate", "days", fails="0"))
    shows = bench.run("last")
    assert (shows["show_rate"], shows["show_days"]) == ("5", "8")
    assert re.search(r"note     parameter old of run \S+ is none of the notebook's any more", "".join(bench.said))


def test_the_order_of_parameters_is_that_of_the_run(bench: Bench) -> None:
    """Where their cell computes, the cell that sets them is code like any other."""
    head = code("z = 1\na = z + 1", "parameters")
    bench.edit([head, code("print(a, z)", "step:show"), code("1 / 0", "step:fails")])
    bench.run(z=3, a=4)
    bench.run("last")
    assert bench.ran() == ["fails"]


@pytest.mark.parametrize("fails", range(4))
def test_resumed_behind_each_step(bench: Bench, fails: int) -> None:
    """The resumed run shows what one run would have shown, wherever the first one ended."""
    sources = [
        "import random\nx = random.random()\nprint(x)",
        "import time\ny = [x, time.time_ns()]\nprint(y)",
        "y.append(random.random())\nprint(y)",
        "print(sum(y[:1]), y[1:], random.random() >= 0)",
    ]

    def made(broken: int | None) -> list[dict[str, Any]]:
        return [code(f"{s}\n1 / 0" if n == broken else s, f"step:s{n}") for n, s in enumerate(sources)]

    bench.edit(made(fails))
    first = bench.run()
    bench.edit(made(None))
    last = bench.run("last")
    assert bench.last.exit_code == 0
    assert bench.ran() == [f"s{n}" for n in range(fails, 4)]
    assert [first[f"s{n}"] for n in range(fails)] == [last[f"s{n}"] for n in range(fails)]
    assert last["s2"].startswith(last["s1"][:-1])
    assert last["s1"].startswith(f"[{last['s0']}, ")
    assert last["s3"].startswith(f"{last['s0']} [{last['s1'].split(', ')[1][:-1]}, ")


# -- what cannot be gone on with ---------------------------------------------------------------------------------------


def _ended_well(bench: Bench) -> str:
    bench.edit([code("a = 1", "step:a")])
    bench.run()
    return "last"


def _unknown(bench: Bench) -> str:
    _ended_well(bench)
    return "2020"


def _of_another(bench: Bench) -> str:
    bench.edit([code("1 / 0", "step:a")])
    bench.run()
    database = connect(bench.folder / ".nb2pipe" / "results")
    run = newest(database, 1)[0].id
    database.close()
    bench.path = str(write(bench.folder / "other.ipynb", ["a = 1"]))
    return run


def _never_run(bench: Bench) -> str:
    _of_another(bench)
    return "last"


def _going_on(bench: Bench) -> str:
    import os

    from nb2pipe.store.runs import process_of

    bench.edit(["a = 1"])
    database = connect(bench.folder / ".nb2pipe" / "results")
    facts = {"parameters": {}, "pid": os.getpid(), "process": process_of(os.getpid())}
    begin(database, Run("20260101-000000-0000", bench.path, "running", 1.0, None, facts))
    database.close()
    return "last"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: "last", "no runs are recorded in .*results"),
        (_unknown, "no run is named 2020"),
        (_ended_well, "has ended well: nothing is left to do; `--cache`"),
        (_of_another, r"is one of \S+nb\.ipynb, not of \S+other\.ipynb"),
        (_never_run, r"no runs of \S+other\.ipynb are recorded"),
        (_going_on, "run 20260101-000000-0000 goes on still"),
    ],
    ids=["no runs", "an unknown run", "one that ended well", "one of another notebook", "none of this notebook", "one that goes on"],
)  # fmt: skip
def test_what_cannot_be_gone_on_with(bench: Bench, make: Callable[[Bench], str], says: str) -> None:
    name = make(bench)
    with pytest.raises(UsageError, match=says):
        api.interrupted(bench.path, name)
