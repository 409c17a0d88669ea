"""A fresh virtual environment, that has the libraries of this one but not nb2pipe, and packages that pip installs there."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

from nb2pipe.emit.filetree import FileTree
from nb2pipe.package.wheels import build


def fresh_python(folder: Path) -> Path:
    """The Python of a new environment, in which `pip` and all libraries are found but nb2pipe is not."""
    venv.create(folder, symlinks=True, with_pip=False)
    (site,) = folder.glob("lib/*/site-packages")
    for place in (p for p in sys.path if p.endswith("site-packages")):
        for entry in Path(place).iterdir():
            if "nb2pipe" not in entry.name and not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)
    python = folder / "bin" / "python"
    found = do(folder, python, "-c", "from importlib.util import find_spec; print(find_spec('nb2pipe'))")
    assert found.stdout == "None\n", "nb2pipe can be imported there"
    return python


def do(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, as somebody would who knows nothing of the tests."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": os.environ["HOME"], "COLUMNS": "80",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    return subprocess.run(
        [*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def install(trees: Iterable[FileTree], python: Path, folder: Path) -> None:
    """Build the wheels of projects in ``folder`` and let pip install them; what they need has to be there."""
    paths = []
    for tree in trees:
        ((name, content),) = build(tree, ["wheel"]).items()
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    done = do(folder, python, "-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-index", *paths)
    assert done.returncode == 0, done.stderr
