"""How much a change of the notebook changes the package, and in which words it is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from nb2pipe.package.environment import Distribution, Environment
from nb2pipe.package.versions.change import Version, changes, kind_of
from nb2pipe.package.versions.history import history, version_in
from nb2pipe.package.versions.number import FIRST
from tests.making import code, text, write
from tests.package.versions.making import BEFORE, Cells, changed, keep


@dataclass(frozen=True)
class Case:
    """A change of the notebook, the kind that it is, and all that is said of it."""

    name: str
    after: Cells
    kind: str
    says: tuple[str, ...]
    before: Cells = BEFORE


FINAL = (*BEFORE, text("## Last"), "double = total * 2")
APART = changed("average = mean(prices)", "average = mean(rows)")
FRAME = ("import pandas as pd", text("# Load"), "table = pd.DataFrame({'a': [1]})")
CASES = [
    # text only
    Case("Markdown of a step", changed("From the shop.", "From the other shop."), "patch", ("only text changed in `load`",)),
    Case("Markdown at the beginning", changed("What was sold.", "All that was sold."), "patch",
         ("only text changed in `README.md`, `__init__.py`",)),
    Case("a comment", changed("# in euros", "# in cents"), "patch", ("only text changed in `load`",)),
    Case("the layout", changed("[3, 4, 5]", "[3,4,5]"), "patch", ("only text changed in `load`",)),
    Case("quotes", changed('"""With tax."""', "'''With tax.'''"), "patch", ("only text changed in `taxed`",)),
    Case("a docstring", changed("With tax.", "With the tax."), "patch", ("only text changed in `taxed`",)),
    Case("the help of a parameter", changed("# of the tax", "# of the tax in euros"), "patch",
         ("only text changed in parameter `rate`",)),
    Case("what the package does not have", changed("import math\n", "# libraries\nimport math\n"), "patch",
         ("only text of the notebook changed",)),
    Case("quotes of a default", changed("'NL'", '"NL"'), "patch",
         ("only text changed in the default of parameter `country`", "only text changed in `summary`")),
    Case("another name for a library", ("import pandas", FRAME[1], FRAME[2].replace("pd.", "pandas.")), "minor",
         ("`setup` computes otherwise",), before=FRAME),
    # computations and additions
    Case("a constant", changed("[3, 4, 5]", "[3, 4, 6]"), "minor", ("`load` computes otherwise",)),
    Case("an operator and a comment", changed("1 + rate", "1 - rate", changed("# in euros", "# in cents")), "minor",
         ("`taxed` computes otherwise", "only text changed in `load`")),
    Case("the default of a parameter", changed("rate = 0.1", "rate = 0.2"), "minor",
         ("parameter `rate` is 0.2 by default (was 0.1)",)),
    Case("a new parameter", changed("country = 'NL'", "country = 'NL'\nyear = 2026"), "minor",
         ("new parameter `year` (int, 2026)",)),
    Case("a long default", changed("country = 'NL'", f"country = 'NL'\nyears = {list(range(2000, 2030))}"), "minor",
         ("new parameter `years` (list, [2000, 2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2009…)",)),
    Case("the order of parameters", changed("rate = 0.1  # of the tax\ncountry = 'NL'", "country = 'NL'\nrate = 0.1  # of the tax"),
         "minor", ("the parameters stand in another order",)),
    Case("a new step", FINAL, "minor", ("new step `last`: takes `total`, gives `double`",)),
    Case("a result that a new step takes is still there", (*BEFORE, text("## Last"), "print(total)"), "minor",
         ("new step `last`: takes `total`",)),
    Case("a step without results is gone", BEFORE, "minor", ("step `last` is gone",),
         before=(*BEFORE, text("## Last"), "print(total)")),
    Case("a step is named otherwise", changed("## Load", "## Read"), "minor", ("step `load` is named `read`",)),
    Case("steps change places", (*APART[:7], *APART[9:], *APART[7:9]), "minor", ("the steps run in another order",),
         before=APART),
    Case("what an import stands for", changed("from statistics import mean", "from statistics import median as mean"), "minor",
         ("`mean` is `statistics.median` (was `statistics.mean`)",)),
    Case("a value more is handed over", changed("mean(prices)", "mean(prices) + len(rows)"), "minor",
         ("`summary` computes otherwise", "`summary` takes `rows` too")),
    Case("a new result", changed("rows = [3, 4, 5]", "rows = [3, 4, 5]\nsource = 'shop'"), "minor",
         ("`load` computes otherwise", "`load` gives `source` too")),
    Case("a function more", (*BEFORE[:5], "def halved(price):\n    return price / 2", *BEFORE[5:]), "minor",
         ("new function `halved`",)),
    Case("a function that becomes a script", changed("rows = [3, 4, 5]", "rows = eval('[3, 4, 5]')"), "minor",
         ("`load` is a script (was a function)",)),
    # what others rely on
    Case("a parameter is gone", changed("\ncountry = 'NL'", "", changed("[country]", "['NL']")), "major",
         ("parameter `country` is gone", "`summary` computes otherwise", "`summary` no longer takes `country`")),
    Case("a parameter is named otherwise", changed("country", "land"), "major",
         ("parameter `country` is gone", "new parameter `land` (str, 'NL')", "`summary` computes otherwise",
          "`summary` takes `land` too", "`summary` no longer takes `country`")),
    Case("a parameter has another type", changed("rate = 0.1", "rate = 1"), "major",
         ("parameter `rate` is of type int (was of type float)", "parameter `rate` is 1 by default (was 0.1)")),
    Case("a result is gone", changed("\nnames = [country]", "\nprint(country)"), "major",
         ("result `names` is gone", "`summary` computes otherwise")),
    Case("a result is named otherwise", changed("names = ", "labels = "), "major",
         ("result `names` is gone", "`summary` computes otherwise", "`summary` gives `labels` too")),
    Case("a step with a result is gone", BEFORE, "major", ("result `double` is gone", "step `last` is gone"), before=FINAL),
    Case("a result has another type", (FRAME[0], FRAME[1], "table = pd.Series([1])"), "major",
         ("result `table` is a pandas.Series (was a pandas.DataFrame)", "`setup` computes otherwise"), before=FRAME),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_change_of_the_notebook(case: Case, tmp_path: Path) -> None:
    keep(tmp_path, case.before)
    change = keep(tmp_path, case.after).change
    assert change is not None
    assert (change.kind, set(change.lines)) == (case.kind, set(case.says))


def test_nothing_changes_with_outputs_and_counts(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    ran = [
        {**code(c), "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}], "execution_count": 7}
        if isinstance(c, str)
        else c
        for c in BEFORE
    ]
    assert keep(tmp_path, ran).change is None


def test_what_is_no_text_of_the_notebook(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    found = history(tmp_path / "store", "sales")
    first = version_in(found, FIRST)
    cells = tuple(c._replace(id=f"x{c.id}") for c in first.record.cells)
    for record, says in (
        (first.record._replace(cells=cells), "cells of the notebook have other ids"),
        (first.record._replace(notebook="new.ipynb"), "the notebook is named `new.ipynb` (was `sales.ipynb`)"),
    ):
        assert changes(first, Version(record, first.files)) == (("patch", says),)


def test_a_module_beside_the_notebook(tmp_path: Path) -> None:
    cells = ("import prices", text("# Load"), "total = prices.total()")
    module = tmp_path / "prices.py"
    module.write_text("def total():\n    return 3\n")
    keep(tmp_path, cells)
    module.write_text("# in euros\ndef total():\n    return 3\n")
    assert keep(tmp_path, cells).change[1:2] == (("only text changed in `prices.py`",),)
    module.write_text("# in euros\ndef total():\n    return 4\n")
    kept = keep(tmp_path, cells)
    assert (kept.change.kind, kept.change.lines) == ("minor", ("`prices.py` computes otherwise",))


def test_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def installed(direct: dict[str, str], below: dict[str, str], missing: tuple[str, ...] = ()) -> None:
        own = tuple(Distribution(*d) for d in direct.items())
        found = Environment(own, (*own, *(Distribution(*d) for d in below.items())), missing)
        monkeypatch.setattr("nb2pipe.package.environment.environment_of", lambda modules: found)

    installed({"scikit-learn": "1.4.0"}, {"numpy": "2.0"})
    keep(tmp_path, BEFORE)
    installed({"scikit-learn": "1.5.0"}, {"numpy": "2.1"})
    kept = keep(tmp_path, BEFORE)
    assert kept.change.kind == "minor"
    assert set(kept.change.lines) == {"scikit-learn 1.4.0 → 1.5.0", "below these: numpy 2.0 → 2.1"}
    installed({"polars": "1.0"}, {}, ("lost",))
    lines = keep(tmp_path, BEFORE).change.lines
    assert {"needs polars 1.0", "no longer needs scikit-learn", "nothing that is installed has `lost`"} < set(lines)


def _first(folder: Path) -> Version:
    keep(folder, BEFORE)
    return version_in(history(folder / "store", "sales"), FIRST)


def _with_file(version: Version, path: str, content: bytes) -> Version:
    record = version.record._replace(files={**version.record.files, path: "another"}, nb2pipe="0.2.0")
    return Version(record, {**version.files, path: content})


@pytest.mark.parametrize(
    ("path", "added", "kind", "says"),
    [
        ("_runtime/_cli.py", b"\nX = 1\n", "minor", "what runs the pipeline changed (`_runtime`; nb2pipe 0.1.0 \u2192 0.2.0)"),
        ("_runtime/_cli.py", b"\n# more\n", "patch", "what runs the pipeline changed (`_runtime`; nb2pipe 0.1.0 \u2192 0.2.0)"),
        ("pipeline.py", b"\nX = 1\n", "minor", "the code of `pipeline.py` changed"),
        ("steps.py", b"\nX = 1\n", "minor", "the code of `steps.py` changed"),
        ("steps.py", b"\n# more\n", "patch", "only text changed in `steps.py`"),
        ("broken.py", b"(", "minor", "new module `broken.py`"),
        ("../../pyproject.toml", b"\n# more\n", "patch", "only text changed in `pyproject.toml`"),
        ("../../Dockerfile", b"FROM x\n", "patch", "new: `Dockerfile`"),
        ("../../tests/data/load.json", b"{}", "patch", "the tests compare with what a run gave"),
    ],
)  # fmt: skip
def test_code_that_another_nb2pipe_writes_never_counts_as_text(
    path: str, added: bytes, kind: str, says: str, tmp_path: Path
) -> None:
    first = _first(tmp_path)
    whole = path.removeprefix("../../") if path.startswith("..") else f"src/sales/{path}"
    found = changes(first, _with_file(first, whole, first.files.get(whole, b"") + added))
    assert (kind_of(found), [line.text for line in found]) == (kind, [says])


def test_another_nb2pipe_that_writes_the_same_makes_no_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path, BEFORE)
    monkeypatch.setattr("nb2pipe.package.provenance.__version__", "9.9.9")
    assert keep(tmp_path, BEFORE).change is None


def test_the_changelog_tells_each_version(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    keep(tmp_path, changed("[3, 4, 5]", "[3, 4]"))
    keep(tmp_path, changed("names = ", "labels = "))
    assert (tmp_path / "project" / "CHANGELOG.md").read_text("utf-8") == (
        "# Changes\n\n"
        "## 2.0.0 (major)\n\n"
        "- result `names` is gone\n- `load` computes otherwise\n- `summary` computes otherwise\n- `summary` gives `labels` too\n\n"
        "## 1.1.0 (minor)\n\n- `load` computes otherwise\n\n"
        "## 1.0.0\n\n- The first version.\n"
    )  # fmt: skip


def test_notebooks_with_cells_that_move_between_steps(tmp_path: Path) -> None:
    write(tmp_path / "sales.ipynb", BEFORE)
    keep(tmp_path, BEFORE)
    joined = [c for c in BEFORE if not (isinstance(c, dict) and c["source"] == "## Summary")]
    assert keep(tmp_path, joined).change.kind == "minor"
