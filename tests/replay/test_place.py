"""Copies of the notebook's folder: always at one place, and what is run there leaves the folder as it is."""

from __future__ import annotations

import os
from pathlib import Path

from nb2pipe.replay.place import a_place, environment, lay_out


def made(folder: Path) -> Path:
    """A project with notebooks in a folder, beside data."""
    work = folder / "project" / "notebooks" / "sales"
    work.mkdir(parents=True)
    (folder / "project" / "pyproject.toml").write_text("")
    (folder / "project" / "data").mkdir()
    (folder / "project" / "data" / "x.csv").write_text("1")
    (work.parent / "other.txt").write_text("2")
    (work / "here.txt").write_text("3")
    (work / ".venv").mkdir()
    return work


def test_a_copy_is_made_anew_and_what_lies_beside_is_found(tmp_path: Path) -> None:
    work = made(tmp_path)
    with a_place(work) as place:
        first = lay_out(place)
        assert (first.name, first.parent.name, first.parents[1].name) == ("sales", "notebooks", "project")
        assert (first / "here.txt").read_text() == "3"
        assert (first / "../other.txt").read_text() == "2"
        assert (first / "../../data/x.csv").read_text() == "1"
        assert not (first / ".venv").exists()
        (first / "here.txt").write_text("changed")
        (first / "new.txt").write_text("")
        assert lay_out(place) == first
        assert sorted(p.name for p in first.iterdir()) == ["here.txt"]
        assert (first / "here.txt").read_text() == "3"
        kept = place.fresh("values") / "kept"
        kept.write_text("")
        lay_out(place)
        assert kept.exists()
        assert not list(place.fresh("values").iterdir())
    assert not place.scratch.exists()
    assert (work / "here.txt").read_text() == "3"


def test_a_folder_of_no_project_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "beside").mkdir()
    with a_place(tmp_path / "work") as place:
        if place.root == place.folder:  # else the temporary folder is inside of a project
            assert not (lay_out(place) / "../beside").exists()


def test_both_sides_have_one_environment() -> None:
    found = environment(PYTHONPATH="here")
    assert found["PYTHONPATH"] == "here"
    assert "PYTHONHASHSEED" in found
    assert not {"MPLBACKEND", "PYTEST_CURRENT_TEST", "COLUMNS"} & found.keys()


def test_the_copy_of_a_folder_that_is_read_only_is_taken_away_again(tmp_path: Path) -> None:
    (tmp_path / "nb" / "data").mkdir(parents=True)
    for folder in (tmp_path / "nb" / "data", tmp_path / "nb"):
        folder.chmod(0o555)
    try:
        with a_place(tmp_path / "nb") as place:
            for _ in range(2):
                target = lay_out(place)
                assert os.stat(target).st_mode & 0o700 == 0o700
                assert os.stat(target / "data").st_mode & 0o700 == 0o700
        assert not place.scratch.exists()
    finally:
        (tmp_path / "nb").chmod(0o755)
        (tmp_path / "nb" / "data").chmod(0o755)
