"""What a project has on request."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from nb2pipe.cli.main import main
from nb2pipe.package.environment import Distribution
from nb2pipe.package.extras import LockFailed, locked
from tests.making import write


def test_docker_and_ci(tmp_path: Path) -> None:
    path = write(tmp_path / "n.ipynb", ["print(1)"])
    assert main(["compile", str(path), "-o", str(tmp_path / "p"), "--with", "docker,ci"]) == 0
    docker = (tmp_path / "p/Dockerfile").read_text()
    assert docker.index("USER worker") < docker.index('ENTRYPOINT ["python", "-m", "n"]')
    steps = yaml.safe_load((tmp_path / "p/.github/workflows/test.yml").read_text())["jobs"]["test"]["steps"]
    assert steps[-1] == {"run": "python -m pytest"}
    assert '"Dockerfile"' in (tmp_path / "p/nb2pipe.lock.json").read_text()


def test_what_is_not_on_offer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "n.ipynb", ["print(1)"])
    assert main(["compile", str(path), "-o", str(tmp_path / "p"), "--with", "podman"]) == 2
    assert "expected docker or ci" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def _program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_lock_is_what_the_program_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", os.defpath)
    closure = [Distribution("a", "1"), Distribution("b", "2")]
    with pytest.raises(Exception, match="uv is not installed; pip install uv"):
        locked("uv", closure)
    _program(tmp_path, "uv", "cat; echo --hash; echo $*")
    text = locked("uv", closure)
    assert text.startswith("a==1\nb==2\n--hash\npip compile")
    assert "--no-emit-index-url" in text
    assert "--generate-hashes" in text
    _program(tmp_path, "pip-compile", "echo no route >&2; exit 1")
    with pytest.raises(LockFailed, match="no route"):
        locked("pip", closure)
    assert locked("pip", []) == ""
