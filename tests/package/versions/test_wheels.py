"""The wheel and the sdist of a version: pip installs them from a folder, twine is handed them, nothing is written over."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.package.wheels import Target, build, place
from tests.package.versions.making import BEFORE, changed, draft, keep


def test_pip_installs_it_from_the_folder(tmp_path: Path) -> None:
    for cells in (BEFORE, changed("[3, 4, 5]", "[30, 40, 50]", changed("names = [country]", "print(average)"))):
        keep(tmp_path, cells)
        api.publish("sales", None, Target(folder=str(tmp_path / "dist")), str(tmp_path / "store"))
    names = ["sales-1.0.0-py3-none-any.whl", "sales-1.0.0.tar.gz", "sales-2.0.0-py3-none-any.whl", "sales-2.0.0.tar.gz"]
    assert sorted(os.listdir(tmp_path / "dist")) == names
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    for wanted, shown in (("sales==1.0.0", ""), ("sales", "44.0")):
        command = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-index",
            "--no-deps",
            "--find-links",
            tmp_path / "dist",
            wanted,
        ]
        subprocess.run([*command, "--upgrade"], check=True, env=environment, cwd=tmp_path)
        done = subprocess.run(
            [python, "-m", "sales"], check=True, env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.stdout.strip() == shown


def test_compile_builds_the_wheel_into_the_store(tmp_path: Path) -> None:
    made = draft(tmp_path, BEFORE)
    path = api.keep_wheel(made, tmp_path, str(tmp_path / "store"))
    assert path == tmp_path / "store/wheels/sales-1.0.0-py3-none-any.whl"
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert api.keep_wheel(made, tmp_path, str(tmp_path / "store")) == path
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_distribution_is_never_written_over(tmp_path: Path) -> None:
    made = build(draft(tmp_path, BEFORE).tree, ["wheel"])
    (placed,) = place(made, tmp_path / "dist")
    path = Path(placed.name)
    assert place(made, tmp_path / "dist") == (placed._replace(new=False),)
    path.write_bytes(b"another")
    with pytest.raises(UsageError, match="never written over"):
        place(made, tmp_path / "dist")
    assert path.read_bytes() == b"another"
    assert os.listdir(tmp_path / "dist") == [path.name]


def test_what_stands_around_the_project_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = draft(tmp_path, BEFORE).tree
    plain = build(tree, ["wheel", "sdist"])
    (tmp_path / ".gitignore").write_text("*.py\n")
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    monkeypatch.setenv("HATCH_BUILD_CLEAN", "1")
    assert build(tree, ["wheel", "sdist"]) == plain


def test_a_project_that_was_changed_by_hand_is_not_published(tmp_path: Path) -> None:
    keep(tmp_path, BEFORE)
    (tmp_path / "project" / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"changed by hand: README\.md; publish what `compile` writes"):
        api.publish(str(tmp_path / "project"), None, Target(folder=str(tmp_path / "dist")))


def test_hatchling_says_what_is_wrong(tmp_path: Path) -> None:
    tree = draft(tmp_path, BEFORE).tree
    broken = tree._replace(files=tuple((n, b"[project]" if n == "pyproject.toml" else c) for n, c in tree.files))
    with pytest.raises(UsageError, match="hatchling could not build the wheel"):
        build(broken, ["wheel"])


TWINE = """\
import os, sys
print("uploading")
with open(os.environ["SEEN"], "w") as file:
    print(*(os.path.basename(a) for a in sys.argv[1:]), [os.path.exists(a) for a in sys.argv[-2:]], file=file)
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def twine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of that name that notes what it is given."""
    (tmp_path / "modules" / "twine").mkdir(parents=True)
    (tmp_path / "modules" / "twine" / "__init__.py").write_text("")
    (tmp_path / "modules" / "twine" / "__main__.py").write_text(TWINE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "modules"), *sys.path]))
    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    with open(os.devnull) as nothing:  # no terminal
        monkeypatch.setattr("sys.stdin", nothing)
        yield tmp_path / "seen"


@pytest.mark.parametrize(
    ("repository", "option"),
    [("https://example.org/legacy/", "--repository-url "), ("pypi", "--repository pypi")],
)
def test_twine_is_handed_both(
    repository: str, option: str, twine: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path, BEFORE)
    target = Target(repository=repository)
    assert api.publish("sales", "1.0.0", target, str(tmp_path / "store")) == (
        ("sales-1.0.0-py3-none-any.whl", True),
        ("sales-1.0.0.tar.gz", True),
    )
    seen = twine.read_text()
    assert seen.startswith(f"upload --non-interactive {option}")
    assert seen.endswith("sales-1.0.0-py3-none-any.whl sales-1.0.0.tar.gz [True, True]\n")
    assert capfd.readouterr() == ("", "uploading\n")


def test_twine_that_fails(twine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "3")
    keep(tmp_path, BEFORE)
    with pytest.raises(UsageError, match=r"twine could not upload to pypi \(it ended with 3\)"):
        api.publish("sales", None, Target(repository="pypi"), str(tmp_path / "store"))


def test_without_twine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    keep(tmp_path, BEFORE)
    with pytest.raises(UsageError, match="pip install twine"):
        api.publish("sales", None, Target(repository="pypi"), str(tmp_path / "store"))
