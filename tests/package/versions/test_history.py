"""Versions in the store: numbers, immutability, going back, races, disks that are full or cannot be written to."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.package.versions import keep as keeping
from nb2pipe.package.versions.changelog import CHANGELOG
from nb2pipe.package.versions.history import add, history, set_current, tree_in
from nb2pipe.package.versions.number import Number, above, number
from tests.making import write
from tests.package.versions.making import BEFORE, changed, draft, files_in, keep

ROOT = Path(__file__).parents[3]
OTHER = changed("[3, 4, 5]", "[3, 4]")
THIRD = changed("[3, 4, 5]", "[3]")


def names(folder: Path) -> list[str]:
    """What the store has of the package beside the name of its notebook, hidden files too."""
    return sorted({*os.listdir(folder / "store" / "versions" / "sales")} - {"notebook"})


# -- numbers ------------------------------------------------------------------------------------------------------


def test_numbers() -> None:
    assert number("1.10.0") > number("1.9.9")
    assert [str(above(Number(1, 2, 3), kind)) for kind in ("major", "minor", "patch")] == ["2.0.0", "1.3.0", "1.2.4"]
    for text in ("1.0", "v1.0.0", "1.0.0rc1", "01.0.0", "-1.0.0", "1.0.0\n", ""):
        with pytest.raises(UsageError, match="is no version"):
            number(text)


def test_each_change_has_its_number(tmp_path: Path) -> None:
    cells = [BEFORE, BEFORE, changed("# in euros", "# in cents"), OTHER, changed("names = ", "labels = ", OTHER)]
    assert [str(keep(tmp_path, c).number) for c in cells] == ["1.0.0", "1.0.0", "1.0.1", "1.1.0", "2.0.0"]
    assert names(tmp_path) == ["1.0.0", "1.0.1", "1.1.0", "2.0.0", "current"]


def test_a_number_may_be_higher_than_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"0\.9\.0 is too low: the first version is 1\.0\.0"):
        keep(tmp_path, BEFORE, version="0.9.0")
    assert str(keep(tmp_path, BEFORE, version="1.4.0").number) == "1.4.0"
    for low in ("1.4.0", "1.4.1", "1.3.9"):
        with pytest.raises(UsageError, match=rf"{low} is too low: the change is minor, which makes it 1\.5\.0"):
            keep(tmp_path, OTHER, version=low)
    assert str(keep(tmp_path, OTHER, version="1.5.0").number) == "1.5.0"
    assert str(keep(tmp_path, THIRD, version="3.0.0").number) == "3.0.0"
    assert str(keep(tmp_path, BEFORE).number) == "3.1.0"
    assert str(keep(tmp_path, BEFORE, version="3.1.0").number) == "3.1.0"
    with pytest.raises(UsageError, match=r"nothing has changed since version 3\.1\.0"):
        keep(tmp_path, BEFORE, version="4.0.0")
    assert names(tmp_path) == ["1.4.0", "1.5.0", "3.0.0", "3.1.0", "current"]


# -- what is kept stays -----------------------------------------------------------------------------------------------


def test_versions_never_change(tmp_path: Path) -> None:
    seen: dict[str, bytes] = {}
    for cells in (BEFORE, OTHER, changed("# in euros", "# in cents"), THIRD, BEFORE):
        keep(tmp_path, cells)
        now = files_in(tmp_path / "store" / "versions" / "sales")
        now.pop("current")
        assert {path: now.get(path) for path in seen} == seen
        seen = now
    assert len({path.split("/")[0] for path in seen} - {"notebook"}) == 5


def test_a_version_holds_the_project_that_was_written(tmp_path: Path) -> None:
    for cells in (BEFORE, OTHER):
        kept = keep(tmp_path, cells)
        assert files_in(tmp_path / "project") == files_in(tmp_path / "store/versions/sales" / str(kept.number))


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    found = history(tmp_path / "store", "sales")
    before = files_in(found.folder)
    assert not add(found, Number(1, 0, 0), draft(tmp_path, OTHER).tree)
    assert not add(found._replace(numbers=()), Number(1, 1, 0), draft(tmp_path, OTHER).tree), "others came in between"
    assert files_in(found.folder) == before
    (found.folder / "1.1.0").write_text("a file in the way")
    assert str(keep(tmp_path, OTHER).number) == "1.2.0"
    assert (found.folder / "1.1.0").read_text() == "a file in the way"


def test_what_a_killed_writer_has_left_is_no_version_and_goes(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    (tmp_path / "store/versions/sales/.1.1.0-x1y2/src").mkdir(parents=True)
    assert history(tmp_path / "store", "sales").numbers == ((1, 0, 0),)
    assert str(keep(tmp_path, OTHER).number) == "1.1.0"
    assert names(tmp_path) == ["1.0.0", "1.1.0", "current"]


def test_going_back_and_on(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    keep(tmp_path, OTHER)
    found = history(tmp_path / "store", "sales")
    before = files_in(found.folder)
    set_current(found, Number(1, 0, 0))
    after = files_in(found.folder)
    assert (before.pop("current"), after.pop("current")) == (b"1.1.0\n", b"1.0.0\n")
    assert before == after
    assert keep(tmp_path, BEFORE).change is None, "it is compared with the current version"
    assert files_in(tmp_path / "project") == files_in(found.folder / "1.0.0"), (
        "the project is that of the current version"
    )
    kept = keep(tmp_path, THIRD)
    assert (str(kept.number), kept.change.since) == ("1.2.0", "1.0.0")
    text = (tmp_path / "project" / CHANGELOG).read_text()
    assert "## 1.2.0 (minor)\n\nFollows 1.0.0.\n\n- `load` computes otherwise\n\n## 1.0.0" in text


def test_a_project_that_came_without_its_store_goes_on_where_it_is(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    keep(tmp_path, OTHER)
    first = files_in(tmp_path / "store/versions/sales/1.1.0")
    shutil.rmtree(tmp_path / "store")
    assert keep(tmp_path, OTHER).change is None
    assert files_in(tmp_path / "store/versions/sales/1.1.0") == first
    shutil.rmtree(tmp_path / "store")
    assert str(keep(tmp_path, THIRD).number) == "1.2.0"
    assert names(tmp_path) == ["1.1.0", "1.2.0", "current"]


def test_a_project_that_was_changed_by_hand_is_no_version(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    shutil.rmtree(tmp_path / "store")
    (tmp_path / "project" / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"changed by hand: README\.md"):
        keep(tmp_path, OTHER)
    assert not (tmp_path / "store").exists(), "a compile that is refused keeps no version"
    keep(tmp_path, OTHER, force=True)
    assert names(tmp_path) == ["1.0.0", "current"]


def test_what_others_keep_in_the_folder_of_the_project_stays(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    for name in (".git", ".venv", "dist"):
        (tmp_path / "project" / name).mkdir()
        (tmp_path / "project" / name / "precious").write_text("mine")
    keep(tmp_path, OTHER)
    for name in (".git", ".venv", "dist"):
        assert (tmp_path / "project" / name / "precious").read_text() == "mine"
    assert not (tmp_path / "store/versions/sales/1.1.0/.git").exists()
    assert sorted(os.listdir(tmp_path)) == ["project", "sales.ipynb", "store"]


@pytest.mark.parametrize("path", ["../evil.py", "/evil.py", "src/../../evil.py", "src//x.py", "a\\b"])
def test_a_lock_file_leads_nowhere_else(path: str, tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    lock = tmp_path / "project" / "nb2pipe.lock.json"
    document = json.loads(lock.read_text("utf-8"))
    document["version"] = "7.0.0"
    document["files"][path] = document["files"]["README.md"]
    lock.write_text(json.dumps(document), "utf-8")
    with pytest.raises(UsageError, match=r"damaged, or no lock file"):
        api.attest(str(tmp_path / "project"))
    assert str(keep(tmp_path, OTHER, force=True).number) == "1.1.0"


@pytest.mark.parametrize("text", ["", "nonsense", "7.0.0"])
def test_a_damaged_pointer_means_the_highest(text: str, tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    keep(tmp_path, OTHER)
    (tmp_path / "store/versions/sales/current").write_text(text)
    assert history(tmp_path / "store", "sales").current == (1, 1, 0)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}'])
def test_a_damaged_version_is_told(text: str, tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    (tmp_path / "store/versions/sales/1.0.0/nb2pipe.lock.json").write_text(text)
    with pytest.raises(UsageError, match=r"cannot read .*1\.0\.0/nb2pipe\.lock\.json"):
        keep(tmp_path, OTHER)


@pytest.mark.parametrize("cells", [BEFORE, OTHER], ids=["the same notebook", "another"])
def test_a_version_that_was_changed_in_the_store_is_told(cells: Any, tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    (tmp_path / "store/versions/sales/1.0.0/README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"version 1\.0\.0 of sales was changed by hand in the store: .*/README\.md"):
        keep(tmp_path, cells)


# -- races ------------------------------------------------------------------------------------------------------------


def _compete(made: Any, found: Any, start: Any, results: Any, me: int) -> None:
    start.wait()
    try:
        kept = keeping.keep(made.draft, found)
        results.put((me, str(kept.number), kept.change is not None, ""))
    except UsageError as error:
        results.put((me, "", False, str(error)))


def _race(folder: Path, mine: Any, theirs: Any) -> list[tuple[int, str, bool, str]]:
    """Two processes that have both compared with the same version, and want to make the next one."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(2), context.SimpleQueue()
    found = history(folder / "store", "sales")
    racers = [
        context.Process(target=_compete, args=(made, found, start, results, me))
        for me, made in enumerate((mine, theirs))
    ]
    for racer in racers:
        racer.start()
    outcomes = sorted(results.get() for _ in racers)
    for racer in racers:
        racer.join()
    return outcomes


def test_of_two_compiles_one_wins_and_the_other_reports(tmp_path: Path) -> None:
    drafts = [draft(tmp_path, OTHER), draft(tmp_path, THIRD)]
    text_only = draft(tmp_path, changed("# in euros", "# in cents"))
    for number_of_race in range(40):
        folder = tmp_path / str(number_of_race)
        keep(folder, BEFORE)
        pair = drafts if number_of_race % 2 else [drafts[0], text_only]  # one number, or two
        outcomes = _race(folder, *pair)
        won = [o for o in outcomes if o[2]]
        lost = [o for o in outcomes if not o[2]]
        assert len(won) == len(lost) == 1, outcomes
        assert f"another compile has made version {won[0][1]} of sales meanwhile" in lost[0][3]
        assert names(folder) == ["1.0.0", won[0][1], "current"]
        found = history(folder / "store", "sales")
        assert str(found.current) == won[0][1]
        steps = dict(tree_in(found, found.current).files)["src/sales/steps.py"]
        assert steps == dict(pair[won[0][0]].tree.files)["src/sales/steps.py"], "whole, and the winner's"


def test_two_compiles_of_one_notebook_make_one_version(tmp_path: Path) -> None:
    made = draft(tmp_path, OTHER)
    for number_of_race in range(10):
        folder = tmp_path / str(number_of_race)
        keep(folder, BEFORE)
        outcomes = _race(folder, made, made)
        assert sorted((o[1], o[2], o[3]) for o in outcomes) == [("1.1.0", False, ""), ("1.1.0", True, "")]


def test_two_commands_at_once(tmp_path: Path) -> None:
    places = []
    for number_of_place, cells in enumerate((BEFORE, OTHER)):
        places.append(tmp_path / str(number_of_place))
        places[-1].mkdir()
        write(places[-1] / "sales.ipynb", cells)
    command = [sys.executable, "-m", "nb2pipe", "compile", "sales.ipynb", "--store", str(tmp_path / "store")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(3):
        shutil.rmtree(tmp_path / "store", ignore_errors=True)
        for place in places:
            shutil.rmtree(place / "sales", ignore_errors=True)
        racers = [
            subprocess.Popen(command, cwd=p, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for p in places
        ]
        said = [r.communicate()[1] for r in racers]
        codes = sorted(r.returncode for r in racers)
        if codes == [0, 2]:
            assert sum("another compile has made version 1.0.0" in s for s in said) == 1
            assert names(tmp_path) == ["1.0.0", "current"]
        else:  # the one had ended before the other looked
            assert codes == [0, 0]
            assert names(tmp_path) == ["1.0.0", "1.1.0", "current"]


# -- disks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 7, 30, 32, 33, 50])
def test_a_full_disk_leaves_nothing_half_written(after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full after so many files: while the version is written, and while the project is."""
    keep(tmp_path, BEFORE)
    before = {place: files_in(tmp_path / place) for place in ("store", "project")}
    written, whole = 0, Path.write_bytes

    def limited(path: Path, data: bytes) -> int:
        nonlocal written
        written += 1
        if written > after:
            whole(path, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, data)

    made = draft(tmp_path, OTHER)
    size = len(made.tree.files)
    monkeypatch.setattr(Path, "write_bytes", limited)
    with pytest.raises(UsageError, match="No space left"):
        keep(tmp_path, OTHER)
    monkeypatch.undo()
    assert files_in(tmp_path / "project") == before["project"]
    assert names(tmp_path) == (["1.0.0", "current"] if after < size else ["1.0.0", "1.1.0", "current"])
    assert sorted(os.listdir(tmp_path)) == ["project", "sales.ipynb", "store"]
    kept = keep(tmp_path, OTHER)
    assert str(kept.number) == "1.1.0", "the next compile does what this one could not"
    assert files_in(tmp_path / "project") == files_in(tmp_path / "store/versions/sales/1.1.0")


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """The system itself refuses to write: as a full disk does, in the middle of a file."""
    write(tmp_path / "sales.ipynb", BEFORE)
    (tmp_path / ".nb2pipe").mkdir()

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    done = subprocess.run(
        [sys.executable, "-B", "-m", "nb2pipe", "compile", "sales.ipynb"], cwd=tmp_path, preexec_fn=small,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "File too large" in done.stderr
    assert files_in(tmp_path).keys() == {"sales.ipynb"}


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(UsageError, match="store"):
        keep(tmp_path, BEFORE)
    assert not (tmp_path / "project").exists()


def test_a_store_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *rest: Any, **options: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    made = draft(tmp_path, BEFORE)
    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(UsageError, match=r"cannot keep versions in .*: Permission denied; NB2PIPE_STORE or --store"):
        keeping.keep(made.draft, history(tmp_path / "store", "sales"))
