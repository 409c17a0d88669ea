"""Two notebooks of one name in one project are no versions of each other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from tests.making import write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    (found / ".nb2pipe").mkdir(parents=True)
    for folder in ("north", "south"):
        (found / folder).mkdir()
        write(found / folder / "sales.ipynb", [f"region = {folder!r}"])
    return found


def keep(notebook: Path, name: str | None = None) -> str:
    compiled = api.compile_notebook(api.load(str(notebook)))
    made = api.package(compiled, name)
    return str(api.keep_version(made, compiled.folder, notebook.parent / "out", api.Keeping())[1].number)


def test_the_second_of_one_name_is_refused_until_it_has_another(project: Path) -> None:
    assert keep(project / "north/sales.ipynb") == "1.0.0"
    for _ in range(2):
        with pytest.raises(
            UsageError, match=r"sales is the package of north/sales\.ipynb, .* --name gives the package of south"
        ):
            keep(project / "south/sales.ipynb")
    assert sorted(p.name for p in (project / ".nb2pipe/versions/sales").iterdir()) == ["1.0.0", "current", "notebook"]
    assert keep(project / "south/sales.ipynb", "sales_south") == "1.0.0"
    with pytest.raises(UsageError, match="is the package of south"):
        keep(project / "north/sales.ipynb", "sales_south")


def test_a_notebook_that_was_moved_goes_on(project: Path) -> None:
    keep(project / "north/sales.ipynb")
    shutil.rmtree(project / "south")
    shutil.move(project / "north", project / "south")
    assert keep(project / "south/sales.ipynb") == "1.0.0"
    write(project / "south/sales.ipynb", ["region = 'south'"])
    assert keep(project / "south/sales.ipynb") == "1.1.0"


def test_the_same_notebook_as_text_or_in_a_clone_goes_on(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NB2PIPE_STORE", str(project.parent / "shared"))
    keep(project / "north/sales.ipynb")
    shutil.copytree(project, project.parent / "clone")
    assert keep(project.parent / "clone/north/sales.ipynb") == "1.0.0"
    (project / "north/sales.py").write_text("# %%\nregion = 'north'\n")
    assert keep(project / "north/sales.py") == "1.0.0"
