"""What the record of a run has, and that it can be read whatever became of the run."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2pipe.records.metrics import final, series
from nb2pipe.records.reading import executed_notebook, pipeline_of
from nb2pipe.store import care
from nb2pipe.store.runs import metrics_of
from tests.making import code, text
from tests.records.making import Recorded

TRAIN = "from nb2pipe import log_metric\nfor n in range(3):\n    log_metric('loss', 1 / (n + 1), step=n)"


def outputs(document: Any) -> list[Any]:
    return [c.get("outputs") for c in json.loads(json.dumps(document))["cells"]]


def test_metrics_are_recorded_and_those_of_a_cached_step_again(recorded: Recorded) -> None:
    cells = [
        TRAIN,
        code("a = 0.25\nprint(a)", "metrics"),
        code("b = float('nan')", "pipeline-metrics"),
        "log_metric('loss', 9)",
    ]
    recorded.run(cells)
    with recorded.read() as (store, first):
        said = series(metrics_of(store.database, first.id))
        assert list(said) == ["a", "b", "cell_1.loss", "cell_4.loss"]
        assert [p[:2] for p in said["cell_1.loss"]] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
        assert [said[n][0][:2] for n in ("a", "cell_4.loss")] == [(0, 0.25), (0, 9.0)]
        assert math.isnan(said["b"][0].value)
    recorded.run()
    with recorded.read() as (store, second):
        assert {s.status for s in second.steps} == {"cached"}
        assert second.id != first.id
        assert repr(series(metrics_of(store.database, second.id))) == repr(said)


def test_a_step_that_is_tagged_later_is_run_for_its_metrics(recorded: Recorded) -> None:
    recorded.run(["a = 1"])
    result = recorded.run([code("a = 1", "metrics")])
    assert [o.reason for o in result.outcomes.values()] == ["`a` is a metric now, and was none"]
    assert all(o.cached for o in recorded.run([code("a = 1", "metrics")]).outcomes.values())


def test_what_a_failed_step_had_said_stays(recorded: Recorded) -> None:
    recorded.run([f"{TRAIN}\n1 / 0"])
    with recorded.read() as (store, run):
        assert run.status == "failed"
        assert final(store.database, run.id) == {"loss": 1 / 3}


def test_a_shared_cell_is_heard_once_and_a_forked_process_never(recorded: Recorded) -> None:
    forked = (
        "import os\nif not os.fork():\n    log_metric('child', 1)\n    os._exit(0)\nos.wait()\nlog_metric('parent', 1)"
    )
    recorded.run(
        [code(f"{TRAIN}\ndef f(): pass", "setup"), code(f"{forked}\nf()", "step:a"), code("f()", "step:b")],
        split="tags",
    )
    with recorded.read() as (store, run):
        assert [m[0] for _, m in metrics_of(store.database, run.id)] == ["loss", "loss", "loss", "parent"]


def test_the_executed_notebook_is_that_of_the_run(recorded: Recorded) -> None:
    cells = [code("rate = 1", "parameters"), text("# Two"), "from IPython.display import display\nh = display(rate, display_id='x')",
             "import sys\nprint('out')\nprint('err', file=sys.stderr)\nrate * 2", "h.update(7)", "1 / (rate - 1)"]  # fmt: skip
    for parameters in ({}, {"rate": 3}, {"rate": 3}):
        recorded.run(cells, output="out.ipynb", **parameters)
        written = json.loads((recorded.folder / "out.ipynb").read_text("utf-8"))
        with recorded.read() as (store, run):
            again = json.loads(nbformat.writes(executed_notebook(store, run, str(recorded.folder / "out.ipynb"))))
        for document in (written, again):
            for times in ("end_time", "duration"):
                document["metadata"]["papermill"].pop(times)
        for one, other in zip(again["cells"], written["cells"], strict=True):
            assert one == other
        assert again["metadata"] == written["metadata"]
    with recorded.read() as (store, run):
        assert [s.name for s in pipeline_of(store, run).steps] == [s.name for s in run.steps]
        assert run.steps[-1].status == "cached"


def test_a_killed_run_can_be_read(recorded: Recorded, tmp_path: Path) -> None:
    cells = [
        "print('shown')\na = 1",
        code(f"{TRAIN}\nimport time\nopen('there', 'w').close()\ntime.sleep(60)\nb = a"),
        "print(b)",
    ]
    script = f"from tests.records.making import Recorded\nfrom pathlib import Path\nRecorded(Path({str(tmp_path)!r})).run({cells!r})"
    started = subprocess.Popen(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], start_new_session=True, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 120
    while not (tmp_path / "there").exists() and time.monotonic() < end:
        assert started.poll() is None, started.stderr and started.stderr.read()
        time.sleep(0.05)
    os.kill(started.pid, signal.SIGKILL)
    started.communicate()
    with recorded.read() as (store, run):
        assert run.status == "lost"
        assert [s.status for s in run.steps] == ["ok", "running"]
        assert final(store.database, run.id) == {"loss": 1 / 3}
        shown = outputs(executed_notebook(store, run))
        assert shown == [[{"name": "stdout", "output_type": "stream", "text": "shown\n"}], [], []]


def test_what_records_name_stays_in_the_store(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(care, "YOUNG", -10.0)
    cells = [code("rate = 1", "parameters"), "import time\na = [rate, time.time()]\nprint('one', rate)", "print(a[0])"]
    for rate in (1, 2, 3):
        recorded.run(cells, rate=rate)
    with recorded.read() as (store, run):
        runs = [r[0] for r in store.database.execute("select id from runs order by started")]
        care.collect(store, 1)
    for number, name in enumerate(runs):
        with recorded.read(name) as (store, run):
            assert "one" in str(outputs(executed_notebook(store, run)))
            values = [d for s in run.steps for d in s.facts.get("values", {}).values()]
            assert len(values) == 1  # never cached, for it reads the clock
            assert store.contents.has(values[0]) == (number == 2)


def test_a_step_that_is_tried_again_says_its_metrics_once(recorded: Recorded) -> None:
    source = f"import os\ntried = os.path.exists('tried')\nopen('tried', 'w').close()\n{TRAIN}\nassert tried"
    result = recorded.run([code(source, "retries:2")])
    assert result.outcomes["cell_1"].runs == 2
    with recorded.read() as (store, run):
        assert [m[1] for _, m in metrics_of(store.database, run.id)] == [1.0, 0.5, 1 / 3]
