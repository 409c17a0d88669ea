"""The commands on versions, as somebody types them: what they print, and where."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nb2pipe.cli.version_words import told
from nb2pipe.emit.filetree import FileTree
from nb2pipe.package.versions.keep import Kept
from nb2pipe.package.versions.number import Number
from tests.making import write
from tests.package.versions.making import BEFORE, changed

ROOT = Path(__file__).parents[2]


def nb2pipe(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{k: v for k, v in os.environ.items() if k != "NB2PIPE_STORE"},
        "PYTHONPATH": str(ROOT),
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-m", "nb2pipe", *arguments], cwd=folder, env=environment,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a notebook that was compiled twice."""
    folder = tmp_path_factory.mktemp("versions")
    (folder / ".nb2pipe").mkdir()
    for cells in (BEFORE, changed("[3, 4, 5]", "[3, 4]", changed("names = ", "labels = "))):
        write(folder / "sales.ipynb", cells)
        assert nb2pipe(folder, "compile", "sales.ipynb").returncode == 0
    return folder


@pytest.fixture
def folder(compiled: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test."""
    return Path(shutil.copytree(compiled, tmp_path / "copy"))


def test_compile_says_which_version_it_is(tmp_path: Path) -> None:
    (tmp_path / ".nb2pipe").mkdir()
    write(tmp_path / "sales.ipynb", BEFORE)
    first = nb2pipe(tmp_path, "compile", "sales.ipynb")
    assert first.stdout == ""
    assert first.stderr.startswith("version 1.0.0: the first\nwrote sales: 3 steps, ")
    assert nb2pipe(tmp_path, "compile", "sales.ipynb").stderr == "version 1.0.0: nothing has changed\n"
    elsewhere = nb2pipe(tmp_path, "compile", "sales.ipynb", "-o", "other")
    assert elsewhere.stderr.startswith("version 1.0.0: nothing has changed\nwrote other: ")
    write(tmp_path / "sales.ipynb", changed("[3, 4, 5]", "[3, 4]", changed("# of the tax", "# tax")))
    third = nb2pipe(tmp_path, "compile", "sales.ipynb", "--wheel")
    assert third.stderr.startswith(
        "version 1.1.0: minor, `load` computes otherwise and 1 more\n"
        f"wheel {tmp_path / '.nb2pipe' / 'wheels' / 'sales-1.1.0-py3-none-any.whl'}\n"
    )
    assert sorted(os.listdir(tmp_path)) == [".nb2pipe", "other", "sales", "sales.ipynb"]
    assert sorted(os.listdir(tmp_path / ".nb2pipe")) == ["versions", "wheels"]


def test_compile_says_that_the_tests_have_no_record_any_more(folder: Path) -> None:
    note = "note: what a run gave is no longer there for the tests; --record records it\n"
    recorded = nb2pipe(folder, "compile", "sales.ipynb", "--record").stderr
    assert recorded.partition("\n")[0] == "version 2.0.1: patch, the tests compare with what a run gave"
    assert note not in recorded
    assert "nothing has changed" in nb2pipe(folder, "compile", "sales.ipynb", "--record").stderr
    plain = nb2pipe(folder, "compile", "sales.ipynb").stderr
    assert plain.startswith(f"version 2.0.2: patch, the tests no longer compare with what a run gave\n{note}")
    write(folder / "sales.ipynb", changed("From the shop.", "From the other shop."))
    nb2pipe(folder, "compile", "sales.ipynb", "--record")
    assert note in nb2pipe(folder, "compile", "sales.ipynb").stderr


def test_a_verdict_on_a_version_that_is_there_is_said_not_to_be_kept() -> None:
    there = Kept(Number(1, 0, 0), FileTree(()), None)
    assert (
        told(there, verifying=True)
        == "version 1.0.0: nothing has changed; its record stays as it was, whatever the verdict"
    )
    assert told(there) == "version 1.0.0: nothing has changed"


def test_the_store_may_be_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "pyproject.toml").write_text("")
    write(tmp_path / "work" / "sales.ipynb", BEFORE)
    nb2pipe(tmp_path / "work", "compile", "sales.ipynb", "--store", "../one", NB2PIPE_STORE="../two")
    nb2pipe(tmp_path / "work", "compile", "sales.ipynb", NB2PIPE_STORE="../two")
    assert (tmp_path / "one/versions/sales/1.0.0").is_dir()
    assert (tmp_path / "two/versions/sales/1.0.0").is_dir()
    assert not (tmp_path / "work/.nb2pipe").exists()
    nb2pipe(tmp_path, "compile", "work/sales.ipynb", "-o", "here")
    assert (tmp_path / "work/.nb2pipe/versions/sales/1.0.0").is_dir(), "the project is the notebook's"
    done = nb2pipe(tmp_path, "compile", "work/sales.ipynb", "--store", "s3://bucket/x")
    assert (done.returncode, "is no folder" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["sales", "sales.ipynb", "./sales", "sales/"])
def test_versions(name: str, folder: Path) -> None:
    done = nb2pipe(folder, "versions", name)
    assert done.stdout == "* 2.0.0  major, result `names` is gone and 3 more\n  1.0.0  the first\n"
    assert done.stderr == ""


def test_versions_as_json(folder: Path) -> None:
    document = json.loads(nb2pipe(folder, "versions", "sales", "--format", "json").stdout)
    assert document["name"] == "sales"
    last, first = document["versions"]
    assert (last["version"], last["kind"], last["since"], last["current"]) == ("2.0.0", "major", "1.0.0", True)
    assert last["changes"][0] == "result `names` is gone"
    assert (first["version"], first["kind"], first["since"], first["current"]) == ("1.0.0", "first", None, False)
    assert Path(first["folder"], "pyproject.toml").is_file()


def test_going_back_and_compiling_again(folder: Path) -> None:
    done = nb2pipe(folder, "rollback", "sales", "1.0.0")
    assert done.stderr.startswith("sales 1.0.0 is the current version (was 2.0.0): ")
    assert done.stderr.endswith("the project in its folder stays as it is, until `nb2pipe compile` writes it\n")
    assert "was the current version already" in nb2pipe(folder, "rollback", "sales", "1.0.0").stderr
    assert nb2pipe(folder, "versions", "sales").stdout.splitlines()[1] == "* 1.0.0  the first"
    assert nb2pipe(folder, "compile", "sales.ipynb").stderr.startswith("version 3.0.0: major, ")


def test_diff(folder: Path) -> None:
    done = nb2pipe(folder, "diff", "sales", "1.0.0")
    assert done.stdout.startswith("sales 1.0.0 → 2.0.0: a major change\n  major: result `names` is gone\n")
    assert "\033" not in done.stdout, "no colours where nobody looks"
    assert nb2pipe(folder, "diff", "sales", "2.0.0", "1.0.0").stdout.startswith("sales 2.0.0 → 1.0.0: a major change\n")
    assert json.loads(nb2pipe(folder, "diff", "sales", "1.0.0", "--format", "json").stdout)["kind"] == "major"
    assert nb2pipe(folder, "diff", "sales", "1.0.0", "--format", "markdown").stdout.startswith("## sales 1.0.0 → 2.0.0")


def test_a_name_means_the_package_and_a_path_its_folder(folder: Path) -> None:
    nb2pipe(folder, "rollback", "sales", "1.0.0")
    assert "sales-1.0.0.tar.gz" in nb2pipe(folder, "publish", "sales", "--to", "dist").stderr
    assert "sales-2.0.0.tar.gz" in nb2pipe(folder, "publish", "./sales", "--to", "dist").stderr
    shutil.move(folder / "sales", folder / "moved")
    assert "sales-2.0.0.tar.gz" in nb2pipe(folder, "publish", "moved", "--to", "dist").stderr
    assert nb2pipe(folder, "versions", "moved").stdout == nb2pipe(folder, "versions", "sales").stdout


def test_publish_and_attest(folder: Path) -> None:
    done = nb2pipe(folder, "publish", "sales", "1.0.0", "--to", "dist")
    assert done.stderr.splitlines() == [
        "published dist/sales-1.0.0-py3-none-any.whl",
        "published dist/sales-1.0.0.tar.gz",
    ]
    (folder / "dist" / "sales-1.0.0.tar.gz").unlink()
    assert nb2pipe(folder, "publish", "sales", "1.0.0", "--to", "dist").stderr.splitlines() == [
        "dist/sales-1.0.0-py3-none-any.whl is there already",
        "published dist/sales-1.0.0.tar.gz",
    ]
    done = nb2pipe(folder, "attest", "check", "dist/sales-1.0.0-py3-none-any.whl")
    assert (done.returncode, done.stdout) == (0, "sales 1.0.0 is as it was compiled\n")
    (folder / "sales" / "README.md").write_text("mine")
    (folder / "sales" / "more.txt").write_text("mine")
    done = nb2pipe(folder, "attest", "check", "sales")
    assert (done.returncode, done.stdout) == (
        1,
        "sales 2.0.0: README.md was changed by hand; that is the first of 2, --format json has all\n",
    )
    document = json.loads(nb2pipe(folder, "attest", "check", "sales", "--format", "json").stdout)
    assert document["problems"] == ["README.md was changed by hand", "more.txt was put there by hand"]
    assert (document["unchanged"], document["signed"], document["signer"]) == (False, False, None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["versions", "sale"], "no versions of sale in .*; did you mean sales?"),
        (["versions", "other"], "no versions of other in .*; there are sales"),
        (["versions", "none.ipynb"], "no versions of none.ipynb"),
        (["rollback", "sales", "1.0.1"], "sales has no version 1.0.1; did you mean 1.0.0?"),
        (["rollback", "sales", "9.9.9"], "sales has no version 9.9.9; there are 1.0.0, 2.0.0"),
        (["diff", "sales", "1.0"], "1.0 is no version: three numbers are, such as 1.2.0"),
        (["diff", "sales", "1.0.0", "3.0.0"], "sales has no version 3.0.0"),
        (["publish", "sales"], "one of the arguments --to --repository is required"),
        (["publish", "sales", "--to", "sales.ipynb"], "cannot write sales.ipynb/"),
        (["attest", "check", "nothing"], "nothing is not there"),
        (["attest", "chek", "sales"], "check"),
        (["compile", "sales.ipynb", "--version", "1"], "1 is no version"),
        (["compile", "sales.ipynb", "--sign", "key"], "--sign key: signatures are made by ssh keys"),
    ],
    ids=lambda a: " ".join(a) if isinstance(a, list) else None,
)
def test_wrong_inputs(arguments: list[str], says: str, folder: Path) -> None:
    before = sorted(os.walk(folder / ".nb2pipe"))
    done = nb2pipe(folder, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert re.search(says.replace("?", r"\?"), done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(os.walk(folder / ".nb2pipe")) == before
