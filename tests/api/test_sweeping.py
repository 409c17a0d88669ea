"""What a sweep shares and whether its combinations run at once, before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.api.sweeping import Sweep
from nb2pipe.notebook.read import read_document
from nb2pipe.runtime.result import RunOptions
from tests.making import code, compiled, write

PARAMETERS = code("n = 1\nm = 2\nk = [1]", "parameters")


def swept(folder: Path, *cells: Any, filed: dict[str, Any] | None = None, **options: Any) -> Sweep:
    path = write(folder / "nb.ipynb", [PARAMETERS, *cells])
    settings: dict[str, Any] = {"jobs": 4, "cpus": 4.0, **options}
    given = {"n": [1, 2, 3], "m": [4, 5]} if filed is None else filed
    return api.prepare_sweep(compiled(path, None), read_document(str(path)), given, (), 100, RunOptions(**settings))


def rests(sweep: Sweep) -> dict[str, Any]:
    shared = sweep.sharing
    return {s.name: shared.own.get(s.name, shared.rests[s.name]) for s in sweep.steps}


def test_a_step_rests_on_what_it_and_those_before_it_use(tmp_path: Path) -> None:
    found = swept(
        tmp_path,
        code("base = 10", "step:base"),
        code("def scaled(x):\n    return x * m", "functions"),
        code("a = base + n", "step:a"),
        code("b = scaled(base)", "step:b"),
        code("import time\nt = time.time()", "step:clock"),
        code("print(a + b, k)", "step:both"),
        code("print(t)", "step:late"),
        code("print(base)", "step:plain"),
    )
    assert rests(found) == {
        "base": (), "a": ("n",), "b": ("m",), "clock": "reads the clock", "both": ("n", "m"), "late": "needs clock", "plain": (),
    }  # fmt: skip
    assert (len(found.runs), found.at_once, found.why) == (6, 4, "")


def test_a_cell_of_parameters_that_computes_makes_all_rest_on_all(tmp_path: Path) -> None:
    path = write(
        tmp_path / "nb.ipynb",
        [code("n = 1\nprint(n)", "parameters"), code("a = 1", "step:a"), code("print(a, n)", "step:b")],
    )
    subject = compiled(path, None)
    found = api.prepare_sweep(subject, read_document(str(path)), {"n": [1, 2]}, (), 100, RunOptions())
    assert rests(found)["b"] == ("n",)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("open(f'{n}.txt', 'w').close()", "do writes files"),
        ("open('a.txt', 'w').close()", "do writes a.txt"),
        ("!sort a > b", "do writes files"),
        ("%pip install x", "do installs packages"),
        ("import requests\nrequests.post('http://x')", "do sends to the network"),
        ("import sqlite3\nsqlite3.connect('a.db')", "do writes a.db"),
        ("import requests\nrequests.get('http://x')", ""),
        ("print(open('a.txt').read(), n)", ""),
        ("import random\nrandom.seed(n)", ""),
        ("import os\nos.environ['A'] = str(n)", ""),
    ],
)
def test_combinations_run_at_once_where_none_does_what_another_could_find(tmp_path: Path, cell: str, why: str) -> None:
    found = swept(tmp_path, code(cell, "step:do"), code("print(n)", "step:show"))
    assert (found.at_once, found.why) == ((1, why) if why else (4, ""))


def test_what_is_left_out_does_not_count(tmp_path: Path) -> None:
    from nb2pipe.runtime.choice import Choice

    cells = [code("print(n)", "step:show"), code("open('a.txt', 'w').close()", "step:save")]
    found = swept(tmp_path, *cells, choice=Choice(until="show"))
    assert ([s.name for s in found.steps], found.at_once) == (["show"], 4)


@pytest.mark.parametrize(
    ("tags", "options", "at_once"),
    [
        ((), {}, 4), ((), {"jobs": 2}, 2), ((), {"jobs": 16, "cpus": None}, 6), (("cpus:2",), {}, 2), (("cpus:3",), {}, 1),
        (("cpus:500m",), {}, 4), (("gpus:1",), {"gpus": 2}, 1),
    ],
)  # fmt: skip
def test_as_many_run_at_once_as_the_machine_allows(
    tmp_path: Path, tags: tuple[str, ...], options: dict[str, Any], at_once: int
) -> None:
    assert swept(tmp_path, code("print(n, m)", "step:show", *tags), **options).at_once == at_once
