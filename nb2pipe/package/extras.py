"""Files that a project has on request: a Dockerfile, a workflow of GitHub Actions, a lock with hashes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from nb2pipe.diagnostics import Nb2pipeError, UsageError
from nb2pipe.interpreters import elsewhere, release_there
from nb2pipe.package.environment import Distribution

_LOCKERS = {  # by the name of --lock: the program, what installs it, and how it writes a lock to its standard output
    "uv": ("uv", "uv", ("pip", "compile", "--quiet", "--no-emit-find-links")),
    "pip": ("pip-compile", "pip-tools", ("--quiet", "--strip-extras", "--no-emit-find-links", "--no-emit-trusted-host",
                                         "--output-file=-")),
}  # fmt: skip
_SAME = ("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "-")


class LockFailed(Nb2pipeError):
    """The program that writes the lock has failed."""


def extra_files(name: str, wanted: Iterable[str]) -> dict[str, str]:
    """The files of ``docker`` and ``ci``, by path.

    Raises:
        UsageError: One of these is wanted that does not exist.
    """
    makers = {"docker": ("Dockerfile", _dockerfile), "ci": (".github/workflows/test.yml", _workflow)}
    found = {}
    for one in wanted:
        if one not in makers:
            raise UsageError(f"--with {one}: expected {' or '.join(makers)}, or both with a comma between")
        path, make = makers[one]
        found[path] = make(name)
    return found


def _python() -> str:
    major, minor, *_ = release_there()
    return f"{major}.{minor}"


def _dockerfile(name: str) -> str:
    return f"""\
# docker build -t {name.replace("_", "-")} .
# docker run --rm -v "$PWD:/work" {name.replace("_", "-")} --help
FROM python:{_python()}-slim

COPY requirements.lock /project/
RUN pip install --no-cache-dir -r /project/requirements.lock
COPY . /project
RUN pip install --no-cache-dir --no-deps /project

RUN useradd --create-home worker
USER worker
WORKDIR /work
ENTRYPOINT ["python", "-m", "{name}"]
"""


def _workflow(name: str) -> str:
    return f"""\
name: test {name}

on: [push, pull_request]

permissions:
  contents: read

jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "{_python()}"
      - run: pip install -r requirements.lock
      - run: pip install ".[test]"
      - run: python -m pytest
"""


def locked(how: str, closure: Iterable[Distribution]) -> str:
    """A lock with hashes of what is installed here, which ``uv`` or ``pip-compile`` looks up in the registry.

    Raises:
        UsageError: The program is not installed, or cannot look up what another Python needs.
        LockFailed: It has failed; the message ends with what it said.
    """
    import subprocess

    program, source, arguments = _LOCKERS[how]
    here = Path(sys.executable).with_name(program)
    found = str(here) if here.exists() else shutil.which(program)
    if found is None:
        raise UsageError(f"--lock {how}: {program} is not installed; pip install {source}, or leave --lock out")
    other = elsewhere()
    if other is not None and how == "pip":
        raise UsageError(
            f"--lock pip looks up what its own Python needs, and the notebook runs in {other.program}; give --lock uv"
        )
    there = () if other is None else ("--python", other.program)
    wanted = "".join(f"{d.name}=={d.version}\n" for d in closure)
    if not wanted:
        return ""
    done = subprocess.run(
        [found, *arguments, *there, *_SAME], input=wanted, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LockFailed("\n".join([f"--lock {how}: {program} has failed:", *done.stderr.strip().splitlines()[-8:]]))
    return done.stdout
