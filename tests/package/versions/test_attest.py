"""What was changed by hand in a package is named, in a folder, a wheel and an sdist; signatures are OpenSSH's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2pipe import api
from nb2pipe.diagnostics import UsageError
from nb2pipe.package.versions.signature import signer
from nb2pipe.package.wheels import Target
from tests.package.versions.making import BEFORE, changed, keep, write


def problems(package: Path, **options: str) -> tuple[str, ...]:
    return api.attest(str(package), **options).problems


@pytest.fixture
def project(tmp_path: Path) -> Path:
    keep(tmp_path, BEFORE)
    return tmp_path / "project"


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace a text in a file of the project."""

    def change(project: Path) -> None:
        file = project / path
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    return change


def test_what_was_compiled_is_as_it_was_compiled(project: Path) -> None:
    assert problems(project) == ()
    assert problems(project.parent / "store/versions/sales/1.0.0") == ()
    (project / "src/sales/__pycache__").mkdir()
    (project / "src/sales/__pycache__/steps.cpython-311.pyc").write_bytes(b"")
    assert problems(project) == (), "what running leaves behind is nobody's change"


CHANGES: list[tuple[Callable[[Path], object], str]] = [
    (edit("src/sales/steps.py", "[3, 4, 5]", "[3, 4, 6]"), "src/sales/steps.py: step load was changed by hand (cell 7)"),
    (edit("src/sales/steps.py", "# in euros", "# in cents"), "src/sales/steps.py: step load was changed by hand (cell 7)"),
    (edit("src/sales/steps.py", "    names = [country]", "    # mine\n    names = [country]"), "step summary was changed by hand (cell 11)"),
    (edit("src/sales/steps.py", "def load", "def lode"), "src/sales/steps.py: step load was changed by hand"),
    (edit("src/sales/steps.py", "import math", "import  math"), "src/sales/steps.py was changed by hand"),
    (edit("src/sales/steps.py", "def load", "def load(:"), "src/sales/steps.py was changed by hand"),
    (edit("src/sales/functions.py", "1 + rate", "1 - rate"), "src/sales/functions.py: function taxed was changed by hand (cell 5)"),
    (edit("src/sales/parameters.py", "0.1", "0.2"), "src/sales/parameters.py was changed by hand"),
    (edit("src/sales/_runtime/_cli.py", "import", "import "), "src/sales/_runtime/_cli.py was changed by hand"),
    (edit("README.md", "Sales", "Our sales"), "README.md was changed by hand"),
    (edit("CHANGELOG.md", "first", "second"), "CHANGELOG.md was changed by hand"),
    (edit("requirements.lock", "", "evil==1.0\n"), "requirements.lock was changed by hand"),
    (edit("pyproject.toml", 'version = "1.0.0"', 'version = "1.0.1"'), "pyproject.toml was changed by hand"),
    (lambda p: (p / "src/sales/pipeline.py").unlink(), "src/sales/pipeline.py is gone"),
    (lambda p: (p / "src/sales/extra.py").write_text("X = 1\n"), "src/sales/extra.py was put there by hand"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "says"), CHANGES, ids=[says for _, says in CHANGES])
def test_a_change_by_hand_is_named(change: Callable[[Path], object], says: str, project: Path) -> None:
    change(project)
    found = problems(project)
    assert len(found) == 1
    assert says in found[0]


def test_a_new_digest_in_the_lock_file_does_not_hide_a_step(project: Path) -> None:
    edit("src/sales/steps.py", "[3, 4, 5]", "[3, 4, 6]")(project)
    lock = json.loads((project / "nb2pipe.lock.json").read_text("utf-8"))
    from nb2pipe.emit.filetree import digest

    lock["files"]["src/sales/steps.py"] = digest((project / "src/sales/steps.py").read_bytes())
    (project / "nb2pipe.lock.json").write_text(json.dumps(lock), "utf-8")
    assert problems(project) == (
        "nb2pipe.lock.json was changed by hand: it does not agree with src/sales/steps.py: step load",
    )


def test_the_notebook_that_it_came_from(project: Path, tmp_path: Path) -> None:
    notebook = str(tmp_path / "sales.ipynb")
    assert problems(project, notebook=notebook) == ()
    write(tmp_path / "sales.ipynb", changed("[3, 4, 5]", "[3, 4]"))
    assert problems(project, notebook=notebook) == ("cell 7 of the notebook is another than the one that was compiled",)
    write(tmp_path / "sales.ipynb", BEFORE[:-1])
    assert problems(project, notebook=notebook) == ("the notebook has 10 cells, and had 11 when it was compiled",)


def test_wheels_and_sdists(project: Path, tmp_path: Path) -> None:
    wheel, sdist = (Path(p.name) for p in api.publish(str(project), None, Target(folder=str(tmp_path / "dist"))))
    assert (problems(wheel), problems(sdist)) == ((), ())
    broken = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"[3, 4, 5]", b"[3, 4, 6]"))
    assert problems(broken) == ("src/sales/steps.py: step load was changed by hand (cell 7)",)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda f: None, "not there"),
        (lambda f: f.mkdir(), "no package of nb2pipe: it has no nb2pipe.lock.json"),
        (lambda f: f.write_text("x"), "no folder, wheel or sdist"),
        (lambda f: (f.mkdir(), (f / "nb2pipe.lock.json").write_text("{")), "damaged"),
        (lambda f: (f.mkdir(), (f / "nb2pipe.lock.json").write_text('{"schema": 2}')), "schema 2"),
    ],
)
def test_what_is_no_package(make: Callable[[Path], object], says: str, tmp_path: Path) -> None:
    make(tmp_path / "thing")
    with pytest.raises(UsageError, match=says):
        problems(tmp_path / "thing")


@pytest.mark.parametrize("suffix", [".whl", ".tar.gz"])
def test_what_is_no_archive(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"a{suffix}").write_text("nothing")
    with pytest.raises(UsageError, match="cannot read"):
        problems(tmp_path / f"a{suffix}")


# -- signatures -------------------------------------------------------------------------------------------------------


def _key(folder: Path, name: str) -> tuple[str, str]:
    """A new key: its path, and its line in a file of allowed signers."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name], check=True)
    return f"ssh:{folder / name}", f"{name}@example.org {(folder / f'{name}.pub').read_text()}"


def test_who_signed_it(tmp_path: Path) -> None:
    (key, ann), (_, bob) = _key(tmp_path, "ann"), _key(tmp_path, "bob")
    (tmp_path / "signers").write_text(bob + ann)
    (tmp_path / "others").write_text(bob)
    keep(tmp_path, BEFORE, sign=key)
    project = tmp_path / "project"
    assert (project / "nb2pipe.lock.json.sig").read_bytes().startswith(b"-----BEGIN SSH SIGNATURE-----")
    found = api.attest(str(project), signers=str(tmp_path / "signers"))
    assert (found.problems, found.signer) == ((), "ann@example.org")
    found = api.attest(str(project))
    assert (found.problems, found.signed, found.signer) == ((), True, "")
    assert "made by none of" in problems(project, signers=str(tmp_path / "others"))[0]
    with pytest.raises(UsageError, match="allowed signers"):
        problems(project, signers=str(tmp_path / "none"))
    assert keep(tmp_path, BEFORE, sign=key).change is None, "a signature is no change"
    assert problems(tmp_path / "store/versions/sales/1.0.0", signers=str(tmp_path / "signers")) == ()


def test_a_lock_file_that_was_changed_has_lost_its_signature(tmp_path: Path) -> None:
    key, ann = _key(tmp_path, "ann")
    (tmp_path / "signers").write_text(ann)
    keep(tmp_path, BEFORE, sign=key)
    project = tmp_path / "project"
    edit("nb2pipe.lock.json", '"default": "0.1"', '"default": "0.2"')(project)
    for options in ({}, {"signers": str(tmp_path / "signers")}):
        assert "one of the two was changed" in problems(project, **options)[0]
    shutil.copytree(tmp_path / "store/versions/sales/1.0.0", tmp_path / "copy")
    (tmp_path / "copy" / "nb2pipe.lock.json.sig").write_text("nothing")
    assert "is no signature" in problems(tmp_path / "copy")[0]
    (tmp_path / "copy" / "nb2pipe.lock.json.sig").unlink()
    assert "it is not signed" in problems(tmp_path / "copy", signers=str(tmp_path / "signers"))[0]


def test_a_signature_for_something_else_does_not_count(tmp_path: Path) -> None:
    _key(tmp_path, "ann")
    keep(tmp_path, BEFORE)
    lock = tmp_path / "project" / "nb2pipe.lock.json"
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", tmp_path / "ann", lock], check=True, capture_output=True
    )
    assert "is no signature" in problems(tmp_path / "project")[0]


@pytest.mark.parametrize("how", ["gpg:x", "ssh:", "ssh", "sigstore", "ssh:/nowhere/key"])
def test_what_cannot_sign(how: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--sign"):
        keep(tmp_path, BEFORE, sign=how)
    assert not (tmp_path / "store").exists()


def test_a_key_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("nonsense")
    os.chmod(tmp_path / "key", 0o600)
    with pytest.raises(UsageError, match="could not sign"):
        signer(f"ssh:{tmp_path / 'key'}")(b"x")


def test_without_openssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = _key(tmp_path, "ann")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="ssh-keygen"):
        signer(key)(b"x")
