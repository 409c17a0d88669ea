"""A store in S3, of a server on this machine: what one machine made another takes, with the commands that look at it."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nb2pipe.cli.main import main
from tests.making import code, shown, write

CELLS = [
    code("import numpy as np\nrate = 2", "parameters"),
    code("made = np.arange(9_000) * rate", "step:load"),
    code("total = made.sum()\nprint(total, made.flags.owndata)", "step:sum"),
]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("ENDPOINT_URL", f"http://{host}:{port}"), ("ACCESS_KEY_ID", "me"), ("SECRET_ACCESS_KEY", "hidden"),
                            ("DEFAULT_REGION", "us-east-1"), ("CONFIG_FILE", "/dev/null")):  # fmt: skip
            patch.setenv(f"AWS_{name}", value)
        files().mkdir("bucket")
        yield "s3://bucket"
    server.stop()


def files() -> Any:
    from s3fs import S3FileSystem

    return S3FileSystem(skip_instance_cache=True)


class Machine:
    """A folder with a notebook, and several machines, which have it at the same place: each with a copy of its own of the store."""

    def __init__(self, folder: Path, store: str) -> None:
        self.stores, self.store = folder / "cache" / "nb2pipe" / "stores", store
        self.name = "one"

    def is_now(self, name: str) -> None:
        aside = self.stores.with_name(self.name)
        if self.stores.exists():
            self.stores.rename(aside)
        if self.stores.with_name(name).exists():
            self.stores.with_name(name).rename(self.stores)
        self.name = name

    def says(self, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
        assert main([*arguments, "--store", self.store]) == code
        return capsys.readouterr().out

    def hears(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
        return json.loads(self.says(capsys, *arguments, "--format", "json"))


@pytest.fixture
def machine(tmp_path: Path, bucket: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / ".nb2pipe").mkdir()
    return Machine(tmp_path, f"{bucket}/{request.node.name}")


def outputs(name: str) -> list[str]:
    return [shown(c["outputs"]) for c in json.loads(Path(name).read_text())["cells"] if c["cell_type"] == "code"]


def test_what_one_machine_made_another_takes(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(Path("nb.ipynb"), CELLS)
    machine.says(capsys, "run", "nb.ipynb", "--cache", "-o", "one.ipynb", "--compress", "zstd")
    machine.is_now("two")
    monkeypatch.setattr(platform, "node", lambda: "another")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another")  # a new one for each job
    assert {s["action"] for s in machine.hears(capsys, "plan", "nb.ipynb")} == {"cached"}
    machine.says(capsys, "run", "nb.ipynb", "--cache", "-o", "two.ipynb")
    assert outputs("one.ipynb") == outputs("two.ipynb")
    assert "80991000" in outputs("two.ipynb")[-1]
    machine.says(capsys, "values", "export", "load.made", "-o", "made.npy")
    assert (np.load("made.npy") == np.arange(9_000) * 2).all()
    machine.is_now("one")
    newest, first = machine.hears(capsys, "runs", "list")
    assert [s["status"] for s in newest["steps"]] == ["cached"] * 2
    assert {s["status"] for s in first["steps"]} == {"ok"}
    machine.says(capsys, "runs", "notebook", "last", "-o", "of-two.ipynb")
    assert outputs("of-two.ipynb") == outputs("two.ipynb")
    # What is damaged there is made again.
    assert machine.says(capsys, "store", "check") == ""
    there = files()
    digest = next(s for s in first["steps"] if s["name"] == "load")["values"]["made"]
    packed = f"{machine.store}/contents/{digest[:2]}/{digest[2:]}.zst"
    whole = there.cat_file(packed)
    assert len(whole) < 9_000 * 8
    there.pipe_file(packed, whole[:-9])
    machine.is_now("three")
    machine.says(capsys, "run", "nb.ipynb", "--cache", "-o", "three.ipynb")
    assert outputs("three.ipynb") == outputs("one.ipynb")
    assert {s["name"]: s["status"] for s in machine.hears(capsys, "runs", "show", "last")["steps"]}["load"] == "ok"
    damaged = packed.removeprefix(f"{machine.store}/")
    assert machine.says(capsys, "store", "check", code=1) == f"damaged, and let go: {damaged}, and sent again\n"
    assert machine.says(capsys, "store", "check") == ""
    assert "3 runs" in machine.says(capsys, "store", "du")
    machine.says(capsys, "runs", "rm", first["id"])
    assert machine.says(capsys, "store", "gc", "--keep", "1").startswith("let go of ")
    machine.is_now("one")
    assert len(machine.hears(capsys, "runs", "list")) == 2
    # Nothing that is secret was written, here or there.
    written = [p.read_bytes() for p in Path().rglob("*") if p.is_file()]
    assert not [data for data in written if b"hidden" in data]


def test_another_machine_goes_on_with_a_run(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    first = [code("import time\nnow = time.time()", "step:ask")]
    write(Path("nb.ipynb"), [*first, code("1 / 0\nprint(now)", "step:use")])
    machine.says(capsys, "run", "nb.ipynb", "--cache", code=1)
    machine.is_now("two")
    machine.says(capsys, "open", "last", "-o", "open.ipynb")
    loading = json.loads(Path("open.ipynb").read_text())["cells"][1]["source"]
    here = os.getcwd()
    namespace: dict[str, Any] = {}
    exec("".join(loading), namespace)
    sys.path.remove(here)
    assert machine.store in "".join(loading)
    assert isinstance(namespace["now"], float)
    write(Path("nb.ipynb"), [*first, code("print(now)", "step:use")])
    machine.says(capsys, "run", "nb.ipynb", "--resume", "last", "-o", "out.ipynb")
    run = machine.hears(capsys, "runs", "show", "last")
    assert [s["status"] for s in run["steps"]] == ["cached", "ok"]
    machine.is_now("one")
    last, failed = machine.hears(capsys, "runs", "list")
    assert (last["status"], failed["status"]) == ("ok", "failed")
    assert main(["plan", "nb.ipynb", "--resume", failed["id"], "--store", machine.store]) == 0
    assert "run      ask" in capsys.readouterr().out  # what was kept for that has gone


def test_a_notebook_that_asks_for_the_machine_is_run_on_each(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = "import importlib\nname = getattr(importlib.import_module('so' + 'cket'), 'get' + 'host' + 'name')()"
    write(Path("plain.ipynb"), [code("import socket\nname = socket.gethostname()", "step:ask")])
    write(Path("hidden.ipynb"), [code(hidden, "step:ask"), code("n = 1", "step:other")])
    for notebook in ("plain.ipynb", "hidden.ipynb"):
        machine.says(capsys, "run", notebook, "--cache")
        assert {s["action"] for s in machine.hears(capsys, "plan", notebook)} == {"cached"}
    monkeypatch.setattr(platform, "node", lambda: "another")
    (asks,) = machine.hears(capsys, "plan", "plain.ipynb")
    assert (asks["action"], asks["reason"]) == ("run", "the machine changed")
    asks, other = machine.hears(capsys, "plan", "hidden.ipynb")
    assert (asks["action"], asks["reason"]) == ("run", "the machine has another name")
    assert other["action"] == "cached"


def test_a_bucket_that_is_not_there_is_told_before_anything_runs(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("nb.ipynb"), ["print('ran')"])
    assert main(["run", "nb.ipynb", "--cache", "--store", "s3://nowhere/x"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: the store s3://nowhere/x cannot be used: ")
    assert "ran" not in said.err + said.out
