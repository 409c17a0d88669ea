"""The laws of the round trip, for edits at random of the samples and of notebooks full of Python's and IPython's ways.

Without edits no byte changes. With edits, compiling the notebook gives the edited package again, or it is said what of it does
not; and of the notebook nothing changes but the texts of cells.
"""

from __future__ import annotations

import ast
import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nb2pipe import api
from nb2pipe.cli.main import main
from nb2pipe.diagnostics import Refused, UsageError
from tests.making import code, write
from tests.sync.making import Project, compared, compiled, compiled_again, on_disk

TESTS = Path(__file__).parents[1]
SAMPLES = TESTS.parent / "sample_notebooks"
NAMES = ("ab_test.py", "churn_training.ipynb", "energy_forecast.ipynb", "house_prices_kale.ipynb",
         "monte_carlo_pricing.ipynb", "monthly_sales_report.ipynb", "orders_etl.ipynb")  # fmt: skip
CASES = [c for path in ("cases/dependencies.json", "execute/regressions/language.json", "execute/regressions/random_notebooks.json")
         for c in json.loads((TESTS / path).read_text("utf-8"))]  # fmt: skip
_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def _statement(tree: Any, draw: random.Random) -> tuple[ast.stmt, str] | None:
    """A statement of the notebook's in a file, and how far it is moved to the right."""
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
    body = draw.choice(functions).body if functions else tree.body
    made = (ast.Return, ast.Import, ast.ImportFrom)
    kept = [
        n
        for n in body
        if not isinstance(n, made) and not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
    ]
    return (draw.choice(kept), "    " if functions else "") if kept else None


_EDITS: dict[str, Callable[[str, str], str]] = {
    "a number": lambda text, pad: re.sub(r"(?<![\w.])(\d+)", lambda m: str(int(m[1]) + 1), text, count=1),
    "a text": lambda text, pad: re.sub(r'"([a-z]+)"', r'"\1_x"', text, count=1),
    "a call behind": lambda text, pad: f'{text}\n{pad}print("here", 1)',
    "an expression behind": lambda text, pad: f"{text}\n{pad}1 + 1",
    "a paragraph behind": lambda text, pad: f'{text}\n\n{pad}# a remark\n{pad}print("here")',
    "a name before": lambda text, pad: f"{pad}local = 1  # new\n{text}",
    "a comment": lambda text, pad: f"{pad}# a comment\n{text}",
    "deleted": lambda text, pad: "",
    "twice": lambda text, pad: f"{text}\n{text}",
    "in a block": lambda text, pad: f"{pad}if True:\n{pad}    pass\n{text}",
}


def _edited(text: str, draw: random.Random) -> str:
    """The text of a module with one edit; as it was where that would be no Python any more."""
    found = _statement(compile(text, "<module>", "exec", _FLAGS), draw)
    if found is None:
        return text
    node, pad = found
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
    lines = text.split("\n")
    new = _EDITS[draw.choice(sorted(_EDITS))]("\n".join(lines[first : node.end_lineno]), pad)
    made = "\n".join([*lines[:first], *([new] if new else []), *lines[node.end_lineno :]])
    try:
        compile(made, "<module>", "exec", _FLAGS)
    except SyntaxError:
        return text
    return made


def _edit(project: Project, draw: random.Random) -> None:
    own = project.file("")
    files = [
        *own.glob("steps.py"),
        *own.glob("functions.py"),
        *own.glob("steps/[!_]*.py"),
        *own.glob("scripts/[!_]*.py"),
    ]
    for _ in range(draw.choice((1, 1, 2, 3)) if files else 0):
        path = draw.choice(sorted(files))
        path.write_text(_edited(path.read_text("utf-8"), draw), "utf-8")


def _holds(project: Project) -> str:
    """Hold one sync to the laws; what came of it."""
    before, wanted = project.notebook.read_bytes(), on_disk(project)
    try:
        synced = project.sync()
    except Refused:
        return "refused"
    assert on_disk(project) == wanted
    assert project.notebook.read_bytes() == before
    if synced.comparison.uncarried:
        return "told"
    try:
        api.write_synced(synced)
    except UsageError:  # a text notebook that would be read otherwise than it was meant
        assert project.notebook.suffix == ".py"
        assert project.notebook.read_bytes() == before
        return "told"
    if not synced.merged.sources:
        assert project.notebook.read_bytes() == before
    got = compiled_again(project)
    changed = {p for p in {*got, *wanted} if got.get(p) != wanted.get(p)}
    follows = {*synced.comparison.follows}
    if f"src/{project.name}/steps" in follows:  # steps in one file became a folder of steps, or the other way round
        assert follows - {f"src/{project.name}/steps"} <= changed
        changed = {p for p in changed if not p.startswith(f"src/{project.name}/steps")}
        follows = {p for p in follows if not p.startswith(f"src/{project.name}/steps")}
    assert changed == follows
    return "carried"


def _without_texts(content: bytes) -> Any:
    document = json.loads(content)
    for cell in document["cells"]:
        del cell["source"]
    return document


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """The packages of the samples, beside them."""
    folder = tmp_path_factory.mktemp("samples")
    shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
    return {name: compiled(folder / name, folder / name.partition(".")[0]) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_without_edits_no_byte_changes(name: str, samples: dict[str, Project], capsys: Any) -> None:
    project = samples[name]
    everything = [p for p in project.notebook.parent.rglob("*") if p.is_file()]
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in everything}
    assert main(["sync", str(project.folder)]) == 0
    assert "nothing has changed" in capsys.readouterr().err
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in everything} == before


@given(draw=st.randoms(use_true_random=False), name=st.sampled_from(NAMES))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_samples(draw: random.Random, name: str, samples: dict[str, Project]) -> None:
    project = samples[name]
    notebook, package = (
        project.notebook.read_bytes(),
        {p: p.read_bytes() for p in project.folder.rglob("*") if p.is_file()},
    )
    try:
        _edit(project, draw)
        _holds(project)
        if name.endswith(".ipynb"):
            assert _without_texts(project.notebook.read_bytes()) == _without_texts(notebook)
    finally:
        project.notebook.write_bytes(notebook)
        for path, content in package.items():
            path.write_bytes(content)


@given(
    draw=st.randoms(use_true_random=False), case=st.sampled_from(CASES), split=st.sampled_from(["cells:1", "cells:2"])
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_all_kinds_of_cells(
    draw: random.Random, case: Any, split: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("case")
    notebook = write(folder / "made.ipynb", [code(c["source"], *c["tags"]) for c in case["cells"]])
    before = notebook.read_bytes()
    try:
        project = compiled(notebook, folder / "package", None if "deps" in case else split)
    except Refused:
        return
    _edit(project, draw)
    _holds(project)
    assert _without_texts(notebook.read_bytes()) == _without_texts(before)


def test_most_edits_are_carried(samples: dict[str, Project]) -> None:
    """A sync that said of each edit that it cannot be carried would hold to the laws as well."""
    project = samples["churn_training.ipynb"]
    carried = 0
    for seed in range(5):
        notebook, package = (
            project.notebook.read_bytes(),
            {p: p.read_bytes() for p in project.folder.rglob("*") if p.is_file()},
        )
        _edit(project, random.Random(seed))
        carried += _holds(project) == "carried"
        project.notebook.write_bytes(notebook)
        for path, content in package.items():
            path.write_bytes(content)
    assert carried >= 3


def test_a_package_knows_its_notebook_in_a_form_that_is_valid(samples: dict[str, Project]) -> None:
    import nbformat

    for project in samples.values():
        [path] = (project.folder / "notebooks").glob(f"{project.notebook.stem}.ipynb")
        kept = nbformat.read(path, 4)
        nbformat.validate(kept)
        cells = api.load(str(project.notebook)).cells
        assert [(c.id, c.cell_type, c.source) for c in kept.cells] == [(c.id, c.kind, c.source) for c in cells]
        assert not any(c.get("outputs") for c in kept.cells)


def test_what_is_compared_is_all_but_the_provenance(samples: dict[str, Project]) -> None:
    project = samples["orders_etl.ipynb"]
    files = {p.relative_to(project.folder).as_posix(): b"" for p in project.folder.rglob("*") if p.is_file()}
    left_out = {*files} - {*compared(files)}
    assert "notebooks/orders_etl.ipynb" in left_out
    assert {n for n in left_out if not n.startswith("notebooks/")} == {"nb2pipe.lock.json", "CHANGELOG.md"}
