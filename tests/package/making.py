"""Compiling notebooks to packages and running these, each in a process of its own, with plain Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from nb2pipe import api

_NOISE = (
    (re.compile(r"0x[0-9a-f]+"), "0x0"),
    (re.compile(r"(?:CPU times|Wall time).*|\bTIMING$", re.MULTILINE), "TIME"),
)


def package(path: Path, folder: Path, split: str | None = None, name: str = "made") -> Path:
    """Write the package of a notebook; gives the folder from which it is imported."""
    made = api.package(api.compile_notebook(api.load(str(path)), split), name)
    api.write_package(made, folder)
    return folder / "src"


def run(source: Path, cwd: Path, *arguments: str, name: str = "made") -> subprocess.CompletedProcess[str]:
    """Run ``python -m made``; nb2pipe cannot be imported there."""
    return _run(["-m", name, *arguments], source, cwd)


def _run(arguments: list[str], source: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(source), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def run_checked(source: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as `run` does, where every annotation of a step has to be true; see `annotated`."""
    return _run([str(Path(__file__).with_name("annotated.py")), "made", *arguments], source, cwd)


def plain(text: str) -> str:
    """Text without what differs from run to run, nor the white space at the ends of lines."""
    for pattern, word in _NOISE:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
