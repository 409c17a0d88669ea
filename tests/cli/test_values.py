"""`values`: what the store has of the values of runs, where it comes from, and that it comes out as it was."""

from __future__ import annotations

import http.server
import json
import os
import pickle
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from nb2pipe.cli.main import main
from nb2pipe.store.rooms import opened
from tests.making import code, write

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")

CELLS = [
    code("rate = 2", "parameters"),
    code(
        "import numpy as np\nimport pandas as pd\ngrid = np.arange(6.0).reshape(2, 3)\nsales = pd.read_csv('sales.csv')",
        "step:load",
    ),
    code("about = {'rate': rate, 'total': int(sales.n.sum()) * rate}\nopen('log.txt', 'w').close()", "step:sum"),
    code(
        "import random\nrandom.seed(1)\nscale = about['total'] + grid.sum()\ndef of(x):\n    return x * scale",
        "step:train",
    ),
    code("print(of(2), random.random())", "step:show"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a notebook that was run with 2, with 5, and with 2 again."""
    folder = tmp_path_factory.mktemp("values")
    (folder / ".nb2pipe").mkdir()
    (folder / "sales.csv").write_text("n\n1\n2\n")
    write(folder / "nb.ipynb", CELLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for rate in "252":
            assert main(["run", "nb.ipynb", "--cache", "-o", "out.ipynb", "-p", "rate", rate]) == 0
    return folder


@pytest.fixture
def folder(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    return made


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["values", *arguments]) == code
    found = capsys.readouterr()
    return found.out if code == 0 else found.err


def data(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(said(capsys, *arguments, "--format", "json"))


def test_the_versions_of_values_are_listed_once_each(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = data(capsys, "list")
    assert [(r["name"], r["type"], r["step"]) for r in rows] == [
        ("grid", "numpy.ndarray", "load"), ("sales", "pandas.DataFrame", "load"), ("about", "dict", "sum"), ("scale", "numpy.float64", "train"),
        ("about", "dict", "sum"), ("scale", "numpy.float64", "train"),
    ]  # fmt: skip
    assert all(r["kept"] and r["size"] > 0 for r in rows)
    # the newest run has them, and each was made by the run that computed it
    told = [r["run"] for r in rows]  # by when they began: two of one second are not in order by their names
    assert told == [told[0]] * 4 + [told[4]] * 2
    assert told[0] != told[4]
    assert {r["made_by"] for r in rows[:2]} == {r["made_by"] for r in rows if r["name"] == "scale"} - {
        rows[5]["made_by"]
    }
    assert len(data(capsys, "list", "--run", "last")) == 4
    assert [r["name"] for r in data(capsys, "list", "--run", "last", "--all") if r["type"] == "function"] == ["of"]
    assert len(data(capsys, "list", "-n", "2")) == 2
    assert data(capsys, "list", "--pipeline", "other") == []
    assert len(data(capsys, "list", "--pipeline", "nb.ipynb")) == len(data(capsys, "list", "--pipeline", "nb")) == 6
    assert said(capsys, "list").splitlines()[0].split()[:4] == [
        "grid",
        "numpy.ndarray",
        rows[0]["size"].__str__(),
        "bytes",
    ]


def test_a_value_is_shown_with_where_it_comes_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, "show", "scale")
    assert found["parameters"] == {}
    assert {(v["step"], v["name"]) for v in found["from"]} == {("load", "grid"), ("sum", "about"), ("load", "sales")}
    assert found["into"] == [{"step": "show", "values": []}]
    assert found["portrait"] == {"type": "numpy.float64", "shape": "", "head": "np.float64(21.0)"}
    assert (found["problem"], len(found["code"])) == (None, 32)
    found = data(capsys, "show", "load.sales@last")
    assert found["read"] == [str(folder / "sales.csv")]
    assert (found["portrait"]["type"], found["portrait"]["shape"]) == ("pandas.DataFrame", "2 x 1")
    assert [i["step"] for i in found["into"]] == ["sum", "train", "show"]
    text = said(capsys, "show", "sales")
    assert "into      sum: about\n" in text
    assert text.endswith("   n\n0  1\n1  2\n")


def test_a_step_that_is_never_cached_has_values_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, "show", "about")
    assert found["parameters"] == {"rate": "2"}
    assert found["portrait"]["head"] == "{'rate': 2, 'total': 6}"
    earlier = data(capsys, "list")[4]["run"]
    assert data(capsys, "show", f"about@{earlier}")["portrait"]["head"] == "{'rate': 5, 'total': 15}"


def test_values_come_out_as_they_were(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said(capsys, "export", "sales", "-o", str(tmp_path / "sales.csv"))
    assert (tmp_path / "sales.csv").read_text() == "n\n1\n2\n"
    said(capsys, "export", "grid", "-o", str(tmp_path / "grid.npy"))
    assert np.array_equal(np.load(tmp_path / "grid.npy"), np.arange(6.0).reshape(2, 3))
    said(capsys, "export", "about", "-o", str(tmp_path / "about.json"))
    assert json.loads((tmp_path / "about.json").read_text()) == {"rate": 2, "total": 6}
    said(capsys, "export", "of", "-o", str(tmp_path / "of.pkl"))
    assert pickle.loads((tmp_path / "of.pkl").read_bytes()).__code__.co_name == "of"
    assert "it takes arrays; it can be .csv, .parquet" in said(
        capsys, "export", "sales", "-o", str(tmp_path / "x.npy"), code=2
    )
    assert not (tmp_path / "x.npy").exists()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["show", "nothing"], "no run has a value `nothing`"),
        (["show", "sales@last", "--to", "x"], "--to is where events go"),
        (["show", "nothing@last"], "has no value `nothing`"),
        (["show", "sales@19990101"], "no run is named 19990101"),
        (["list", "--run", "x"], "no run is named x"),
        (["list", "--store", "nowhere"], "no runs are recorded in"),
        (["list", "--format", "openlineage", "--to", "ftp://x/y"], "a file or an http address"),
        (["list", "--format", "openlineage", "--to", "http://127.0.0.1:9/x"], "does not take the events"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_there_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], wanted: str
) -> None:
    assert wanted in said(capsys, *arguments, code=2)


def test_what_the_store_has_no_more_is_told(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shutil.copytree(folder / ".nb2pipe", tmp_path / "store")
    shutil.rmtree(tmp_path / "store" / "results" / "contents")
    store = ["--store", str(tmp_path / "store")]
    assert "not kept" in said(capsys, "list", *store)
    assert "is not in the store any more" in said(
        capsys, "export", "sales", "-o", str(tmp_path / "x.csv"), *store, code=2
    )
    assert "is not in the store any more" in data(capsys, "show", "sales", *store)["problem"]


class Hostile:
    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (self.mark,))


def test_a_strangers_value_is_loaded_where_it_is_harmless(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from nb2pipe.runtime import values

    shutil.copytree(folder / ".nb2pipe", tmp_path / "store")
    mark = tmp_path / "mark"
    with opened(tmp_path / "store" / "results") as store:
        path = tmp_path / "planted"
        _, digest, _ = values.write_file(
            path, ("about",), pickle.dumps(Hostile(str(mark))), [], single=True, digests=True
        )
        store.contents.keep(path, digest)
        for row, text in store.database.execute("select rowid, facts from steps where name = 'sum'").fetchall():
            facts = json.loads(text)
            facts["values"]["about"] = digest
            store.database.execute("update steps set facts = ? where rowid = ?", (json.dumps(facts), row))
        store.database.execute(
            "update results set facts = replace(facts, '\"reads\"', '\"others\"')"
        )  # which unsigns all
    where = ["--store", str(tmp_path / "store")]
    refused = "`about` was not written by you and needs `posix.mkdir`, which may do harm; --trust loads it as it is"
    assert refused in data(capsys, "show", "about", *where)["problem"]
    assert refused in said(capsys, "export", "about", "-o", str(tmp_path / "x.pkl"), *where, code=2)
    assert not mark.exists()
    said(capsys, "export", "sales", "-o", str(tmp_path / "x.csv"), *where)
    assert "_make_function" in said(capsys, "export", "of", "-o", str(tmp_path / "x.pkl"), *where, code=2)
    said(capsys, "export", "of", "-o", str(tmp_path / "x.pkl"), *where, "--trust")
    said(capsys, "show", "about", *where, "--trust")
    assert mark.exists()


# -- OpenLineage --------------------------------------------------------------------------------------------------------


def held(event: dict[str, Any]) -> None:
    """Hold an event to what the specification demands."""
    assert {"eventType", "eventTime", "run", "job", "producer", "schemaURL"} <= event.keys()
    assert event["schemaURL"].endswith("/2-0-2/OpenLineage.json#/$defs/RunEvent")
    facets = [event["run"]["facets"], event["job"]["facets"]]
    for dataset in (*event["inputs"], *event["outputs"]):
        assert {"namespace", "name"} <= dataset.keys()
        facets += [dataset["facets"], dataset.get("outputFacets", {})]
    assert all({"_producer", "_schemaURL"} <= f.keys() for found in facets for f in found.values())


def test_a_run_is_told_as_events(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first = data(capsys, "list")[0]["made_by"]
    said(capsys, "list", "--run", first, "--format", "openlineage", "--to", str(tmp_path / "events.jsonl"))
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    for event in events:
        held(event)
    kinds: dict[str, list[str]] = {}
    for event in events:
        kinds.setdefault(event["job"]["name"], []).append(event["eventType"])
    assert kinds == {f"nb.{s}": ["START", "COMPLETE"] for s in ("load", "sum", "train", "show")}
    ends = {e["job"]["name"]: e for e in events if e["eventType"] == "COMPLETE"}
    names = {job: ([d["name"] for d in e["inputs"]], [d["name"] for d in e["outputs"]]) for job, e in ends.items()}
    assert names["nb.load"] == ([str(folder / "sales.csv")], ["nb.load.grid", "nb.load.sales"])
    assert names["nb.sum"] == (["nb.load.sales"], ["nb.sum.about", str(folder / "log.txt")])
    assert set(names["nb.train"][0]) == {"nb.load.grid", "nb.sum.about"}
    assert {"key": "parameter.rate", "value": "2", "source": "nb2pipe"} in ends["nb.sum"]["run"]["facets"]["tags"][
        "tags"
    ]
    assert len({e["run"]["runId"] for e in events}) == 4
    assert len({e["run"]["facets"]["parent"]["run"]["runId"] for e in events}) == 1
    again = said(capsys, "list", "--run", first, "--format", "openlineage")
    assert again == (tmp_path / "events.jsonl").read_text()


def test_a_cached_step_says_who_made_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in said(capsys, "show", "grid", "--format", "openlineage").splitlines()]
    assert [(r["job"]["name"], r["eventType"]) for r in rows] == [("nb.load", "START"), ("nb.load", "COMPLETE")]
    tags = {t["key"]: t["value"] for t in rows[0]["run"]["facets"]["tags"]["tags"]}
    assert tags["cached"] == f"made by {data(capsys, 'show', 'grid')['made_by']}"


class _Receiver(http.server.BaseHTTPRequestHandler):
    got: list[tuple[str, str | None, Any]] = []  # noqa: RUF012  of one test
    answer = 201

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((self.path, self.headers.get("Authorization"), body))
        self.send_response(self.answer)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def test_events_are_posted(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key")
    with http.server.HTTPServer(("127.0.0.1", 0), _Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/api/v1/lineage"
        said(capsys, "show", "scale", "--format", "openlineage", "--to", address)
        _Receiver.answer = 422
        assert "it answers 422" in said(capsys, "show", "scale", "--format", "openlineage", "--to", address, code=2)
        server.shutdown()
        thread.join()
    for path, key, event in _Receiver.got:
        held(event)
        assert (path, key) == ("/api/v1/lineage", "Bearer key")
    assert [e["job"]["name"] for _, _, e in _Receiver.got[:6]] == [
        "nb.load",
        "nb.load",
        "nb.sum",
        "nb.sum",
        "nb.train",
        "nb.train",
    ]
