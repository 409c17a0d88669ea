"""What two runs are said to differ in."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from nb2pipe.cli.main import main
from nb2pipe.records.compare import Comparison, compared
from nb2pipe.store import results
from nb2pipe.store.runs import newest, tell
from tests.making import code
from tests.records.making import Recorded

FRAME = "import pandas as pd\ndf = pd.DataFrame({'a': range(5), 'b': [1.0, 2.0, 3.0, 4.0 * rate, 5.0]})"


def between(recorded: Recorded) -> Comparison:
    """What differs between the last run but one and the last."""
    with recorded.read() as (store, _):
        b, a = newest(store.database, 2)
        return compared(store, a, b)


def rows(found: Comparison) -> set[tuple[object, ...]]:
    return {(d.what, d.name, d.a, d.b, d.where) for d in found.differences}


def test_values_differ_in_a_row(recorded: Recorded) -> None:
    cells = [code("rate = 1", "parameters"), FRAME, "import numpy as np\nx = np.zeros((3, 2))\nx[1, 1] = df.b[3]",
             "class Model:\n    pass\nmodel = Model()\nmodel.weight = [0, rate]", code("print(x.sum())\nscore = model.weight[1] / 2\ndf", "metrics")]  # fmt: skip
    recorded.run(cells)
    recorded.run(rate=2)
    found = rows(between(recorded))
    assert ("parameter", "rate", "-", 2, "") in found
    assert ("metric", "score", 0.5, 1.0, "") in found
    assert ("metric", "df.3.b", 4.0, 8.0, "") in found
    assert ("value", "cell_2.df", "4.0", "8.0", "row 3, column b") in found
    assert ("value", "cell_3.x", "4.0", "8.0", "[1, 1]") in found
    assert ("value", "cell_4.model", "1", "2", ".weight[1]") in found
    assert {row[0] for row in found} == {"parameter", "metric", "value"}


def test_values_that_are_equal_do_not_differ(recorded: Recorded) -> None:
    recorded.run(["a = {'x': 1, 'y': [2]}\nb = 1", "print(a, b)"])
    recorded.run(["b = 2 - 1\na = {'x': 1, 'y': [1 + 1]}", "print(a, b)"])
    assert [d.what for d in between(recorded).differences] == ["code"]
    recorded.run()
    assert between(recorded) == ((), (), (), "")


def test_code_differs_cell_by_cell(recorded: Recorded) -> None:
    recorded.run(["a = 1\nb = 2", "print(a)"])
    recorded.run(["a = 1\nb = 3", "print(a)", "c = 1"])
    found = between(recorded)
    assert dict(found.code) == {
        "cell 1": ("@@ -1,2 +1,2 @@", " a = 1", "-b = 2", "+b = 3"),
        "cell 3": ("@@ -0,0 +1 @@", "+c = 1"),
    }
    assert [d[:4] for d in found.differences] == [
        ("code", "cell 1", "b = 2", "b = 3"),
        ("code", "cell 3", "-", "c = 1"),
        ("step", "cell_3", "-", "ok"),
    ]


def test_figures_stand_side_by_side(recorded: Recorded) -> None:
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, {}])\nplt.show()"
    recorded.run([draw.format(2), draw.format(3)])
    recorded.run([draw.format(2), draw.format(4)])
    found = between(recorded)
    assert [f.name for f in found.figures] == ["cell 2"]
    assert all(data is not None and data.startswith(b"\x89PNG") for data in found.figures[0][1:])
    assert [d.what for d in found.differences] == ["code", "figure"]


def test_surroundings_differ(recorded: Recorded) -> None:
    recorded.run(["a = 1"])
    recorded.run()
    with recorded.read() as (store, run):
        for digest, text in (
            ("one", "numpy-2.1.0.dist-info\nx.pth\nold-1.0.dist-info"),
            ("two", "numpy-2.2.0.dist-info 12"),
        ):
            results.note(store.database, digest, text)
        first = newest(store.database, 2)[1]
        tell(
            store.database,
            first.id,
            {"packages": "one", "python": "3.9", "git": {"commit": "a" * 40, "changed": False}},
        )
        tell(store.database, run.id, {"packages": "two", "git": {"commit": "a" * 40, "changed": True}})
    assert rows(between(recorded)) >= {
        ("on", "python", "3.9", run.facts["python"], ""),
        ("git", "commit", "a" * 12, f"{'a' * 12}, with changes", ""),
        ("package", "numpy", "2.1.0", "2.2.0", ""),
        ("package", "old", "1.0", "-", ""),
    }


def test_what_the_store_has_no_more_is_said(recorded: Recorded) -> None:
    recorded.run(["a = 1", "print(a)"])
    recorded.run(["a = 2", "print(a)"])
    for file in (recorded.folder / ".nb2pipe" / "results" / "contents").rglob("*"):
        if file.is_file():
            file.unlink()
    found = between(recorded)
    assert "no longer in the store" in found.missing
    assert {(d.what, d.where) for d in found.differences} == {
        ("code", ""),
        ("value", "not compared: not in the store any more, or not kept"),
    }


class Tags(HTMLParser):
    """The tags and texts of a page, and what it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img", "br", "link", "input", "hr"):
            self.open.append(tag)
        self.loaded += [v or "" for n, v in attrs if n in ("src", "href") and not (v or "").startswith(("data:", "#"))]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open[-1:] == [tag]:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_as_a_page(recorded: Recorded, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(recorded.folder)
    recorded.run(["a = '<b>'", "print(a)", "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()"])
    recorded.run(["a = '<i>'", "print(a)", "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"])
    with recorded.read() as (store, _):
        names = [r.id for r in newest(store.database, 2)][::-1]
    assert main(["runs", "compare", *names, "--format", "html", "-o", "page.html"]) == 0
    page = (recorded.folder / "page.html").read_text("utf-8")
    tags = Tags(page)
    assert tags.open == tags.loaded == []
    assert page.count("data:image/png;base64,") == 2
    assert "a = '<b>'" in tags.text
    assert "cell_1.a" in tags.text
    assert main(["runs", "compare", *names]) == 0
    said = capsys.readouterr().out
    assert "code       cell 1\n    -a = '<b>'\n    +a = '<i>'\n" in said
    assert "value      cell_1.a  '<b>' -> '<i>'\n" in said
    assert main(["runs", "compare", *names, "--format", "json"]) == 0
    assert {"what": "value", "name": "cell_1.a", "a": "'<b>'", "b": "'<i>'", "where": ""} in json.loads(
        capsys.readouterr().out
    )
