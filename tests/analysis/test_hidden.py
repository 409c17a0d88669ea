"""What libraries keep to themselves: who changes it, who relies on it, and that they share a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from nb2pipe import api
from tests.making import compiled, write

SETUP = "import keyword as lib\nimport math as other\nx = lib.Thing()\nframe = lib.Frame()"


def together(folder: Path, first: str, second: str) -> bool:
    """Whether two cells have to share a process for what a library keeps."""
    pipeline = compiled(write(folder / "n.ipynb", [SETUP, first, second]), "cells:1").pipeline
    return any({"cell_2", "cell_3"} <= set(members) for members, name, _ in pipeline.joined if name == "<libraries>")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("lib.init(project='p')", "job = lib.Job()"),
        ("lib.set_experiment('a')", "lib.log_metric('loss', 0.1)"),
        ("lib.sub.register_codec(x)", "y = lib.decode(b'')"),
        ("y = lib.enable_cache()", "y = lib.fetch()"),
        ("lib.setdefaultthing(3)", "y = lib.fetch()"),
        ("lib.connectivity('a')\n1", "y = lib.fetch()"),
        ("def start():\n    lib.init()\nstart()", "y = lib.fetch()"),
        ("import gc\ngc.disable()", "import gc\nprint(gc.isenabled())"),
        ("import codecs\ncodecs.register_error('mine', x)", "print('a'.encode('ascii', 'mine'))"),
        ("import scipy.special as sc\nsc.seterr(all='raise')", "import scipy.special as sc\nprint(sc.gammaln(-1))"),
        ("get_ipython().events.register('pre_run_cell', x)", "1"),
        ("lib.sql('create table t as select 1 a')", "print(lib.sql('select * from t'))"),
    ],
)
def test_who_relies_on_what_a_library_keeps_runs_with_who_changed_it(first: str, second: str, tmp_path: Path) -> None:
    assert together(tmp_path, first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("lib.init(project='p')", "y = other.fetch()"),
        ("y = lib.compute(3)", "z = lib.compute(4)"),
        ("lib.compute(3)", "lib.compute(4)"),
        ("lib.plots.grid(3)\n1", "y = lib.fetch()"),
        ("lib.show(3)\n1", "y = lib.fetch()"),
        ("lib.fit(frame)\n1", "y = lib.fetch()"),
        ("y = lib.Settings()", "y = lib.fetch()"),
        ("y = lib.add_docs(3)", "y = lib.fetch()"),
        ("y = lib.sql('select 1')", "z = lib.sql('select 2')"),
        ("y = lib.title('Load data')", "z = lib.fetch()"),
        ("y = lib.title('Update the table of sales')", "z = lib.fetch()"),
    ],
)
def test_others_do_not(first: str, second: str, tmp_path: Path) -> None:
    assert not together(tmp_path, first, second)


def test_sql_goes_through_frames_by_their_names(tmp_path: Path) -> None:
    cells = ["import keyword as lib", "sales = lib.Frame()", "print(lib.sql('SELECT * FROM sales JOIN other ON 1'))"]
    pipeline = compiled(write(tmp_path / "n.ipynb", cells), "cells:1").pipeline
    assert "sales" in {v.name for v in pipeline.steps[-1].inputs}


def test_sql_goes_through_files(tmp_path: Path) -> None:
    cells = ["import keyword as lib", "lib.sql(\"COPY t TO 'out/x.parquet'\")", "print(open('out/x.parquet', 'rb').read())",
             "print(lib.sql(\"select * from 'in.csv'\"))"]  # fmt: skip
    pipeline = compiled(write(tmp_path / "n.ipynb", cells), "cells:1").pipeline
    assert ("cell_2", "cell_3") in {(e.source, e.target) for e in pipeline.edges}


def test_a_script_that_sets_up_a_library_is_seen_through_run(tmp_path: Path) -> None:
    (tmp_path / "begin.py").write_text("import keyword as kw\nfrom keyword import enable_it\nkw.init(1)\nenable_it()\n")
    pipeline = compiled(
        write(tmp_path / "n.ipynb", ["%run begin.py", "import keyword\nprint(keyword.job())"]), "cells:1"
    ).pipeline
    assert [(m, n) for m, n, _ in pipeline.joined] == [(("cell_1", "cell_2"), "<libraries>")]
    (tmp_path / "begin.py").write_text("import keyword as kw\nprint(kw.job(1))\nkw.kwlist\n")
    pipeline = compiled(
        write(tmp_path / "m.ipynb", ["%run begin.py", "import keyword\nprint(keyword.job())"]), "cells:1"
    ).pipeline
    assert pipeline.joined == ()


def test_it_is_said_with_the_line_and_what_can_be_done(tmp_path: Path) -> None:
    made = compiled(write(tmp_path / "n.ipynb", ["import calendar", "calendar.setfirstweekday(6)", "print(calendar.month(2024, 1))"]),
                    "cells:1")  # fmt: skip
    (finding,) = (f for f in api.check(made) if f.code == "NB401")
    assert (finding.span.cell, finding.span.line) == (1, 1)
    assert "`cell_2`, `cell_3` run in one process" in finding.message
    assert "tag `imports`" in finding.hint
    assert [site.span.cell for site in finding.sites] == [2]


@pytest.mark.parametrize(
    ("script", "seeded"),
    [
        ("import random\nx = random.random()\n", False),
        ("import numpy\nnumpy.random.seed(1)\n", True),
        ("from random import setstate as put\nput(())\n", True),
        ("import beside\n", True),
        ("exec('1')\n", True),
    ],
)
def test_draws_behind_a_script_that_seeds_nothing_have_no_order(script: str, seeded: bool, tmp_path: Path) -> None:
    (tmp_path / "begin.py").write_text(script)
    (tmp_path / "beside.py").write_text("x = 1\n")
    cells = ["import random", "%run begin.py", "a = random.random()", "b = random.random()"]
    pipeline = compiled(write(tmp_path / "n.ipynb", cells), "cells:1").pipeline
    assert (("cell_3", "cell_4") in {(e.source, e.target) for e in pipeline.edges}) is seeded
