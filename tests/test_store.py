"""The folder of nb2pipe's state: where it is, and that git sees nothing of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nb2pipe import api
from nb2pipe.store import made_store, project_folder
from tests.making import write


def test_git_sees_nothing_of_it(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    notebook = api.compile_notebook(api.load(str(write(tmp_path / "sales.ipynb", ["x = 1"]))))
    made, _ = api.keep_version(api.package(notebook), tmp_path, tmp_path / "sales", api.Keeping())
    api.keep_wheel(made, tmp_path)
    assert {p.name for p in (tmp_path / ".nb2pipe").iterdir()} == {".gitignore", "versions", "wheels"}
    status = ["git", "-C", tmp_path, "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(status, check=True, capture_output=True, text=True).stdout == "?? sales.ipynb\n"


def test_what_is_there_or_was_chosen_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".nb2pipe").mkdir()
    assert list(made_store(tmp_path / ".nb2pipe").iterdir()) == []
    assert not made_store(tmp_path / "chosen").exists()


def test_one_that_cannot_be_made_is_told_by_who_writes_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert made_store(tmp_path / "file" / ".nb2pipe") == tmp_path / "file" / ".nb2pipe"


def test_a_folder_of_everybodys_is_no_project_of_what_stands_below(tmp_path: Path) -> None:
    shared, mine = tmp_path / "shared", tmp_path / "shared" / "mine"
    mine.mkdir(parents=True)
    (shared / ".nb2pipe").mkdir()
    assert project_folder(mine) == shared
    shared.chmod(0o1777)
    assert project_folder(mine) == mine
    assert project_folder(shared) == shared
