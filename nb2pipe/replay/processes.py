"""The processes that a package runs in: fresh ones, or copies of one that has imported the package and done nothing else."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple, cast

from nb2pipe.interpreters import start_there
from nb2pipe.replay.place import Place, environment

_COPIED = Path(__file__).with_name("copied.py")


class Done(NamedTuple):
    """How a process has ended, and what it has printed."""

    code: int
    stdout: str
    stderr: str


Start = Callable[[Sequence[str], Path, Path, float | None], Done]
"""Runs Python with arguments, from a folder of packages, in a working folder, for so many seconds at most."""


def fresh(arguments: Sequence[str], source: Path, working: Path, timeout: float | None) -> Done:
    """Run this Python where the package can be imported; what takes too long is ended, with all that it has started."""
    with subprocess.Popen(
        [*start_there(), *arguments], cwd=working, env=_environment(source), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            stderr += _too_long(timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return Done(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))


@contextmanager
def copies(package: str, source: Path, place: Place) -> Iterator[Start]:
    """Give a `Start` whose processes need not import the package's libraries anew: each is a copy of one that has.

    Every process of a package imports all of them before it does anything, so a copy of one that has done no more is in the
    state of a fresh one. Where that process would not be (its imports print, start threads, seed a random state or load a
    module of the notebook's folder), and where processes cannot be copied, fresh ones are started.
    """
    copier = _Copier(package, source, place)
    try:
        yield copier.start if copier.works else fresh
    finally:
        copier.end()


class _Copier:
    """A process that runs `copied.py`, and is told what its copies are to do."""

    def __init__(self, package: str, source: Path, place: Place) -> None:
        self._folder, self._groups = place.fresh("copies"), list[int]()
        self._process = subprocess.Popen(
            [*start_there(), str(_COPIED), package, str(place.working), str(place.folder)], cwd=self._folder,
            env=_environment(source), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True, bufsize=0,
        )  # fmt: skip
        self._orders, self._answers = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        self.works = self._answer(None).get("works", False)

    def start(self, arguments: Sequence[str], _source: Path, working: Path, timeout: float | None) -> Done:
        """Run a copy; as `fresh` does."""
        out, err = self._folder / "out", self._folder / "err"
        order = {"arguments": [*arguments], "working": str(working), "out": str(out), "err": str(err)}
        out.write_bytes(b"")
        err.write_bytes(b"the process that was to be copied has ended\n")  # where no copy replaces it
        with suppress(BrokenPipeError):
            self._orders.write(json.dumps(order).encode() + b"\n")
        started = self._answer(None)
        late = b""
        if "pid" in started:
            self._groups.append(started["pid"])
            ended = self._answer(timeout)
            if "late" in ended:
                late = _too_long(timeout)
                self._kill(started["pid"])
                ended = self._answer(None)
        else:
            ended = started
        text = err.read_bytes() + late
        return Done(ended.get("code", 1), out.read_bytes().decode("utf-8", "replace"), text.decode("utf-8", "replace"))

    def end(self) -> None:
        """End the process and all that its copies have left running."""
        self._process.kill()
        self._process.communicate()
        for group in self._groups:
            self._kill(group)

    def _answer(self, timeout: float | None) -> Mapping[str, int]:
        """The next thing that the process says: nothing where it has ended, ``late`` where it takes too long."""
        if not select.select([self._answers], [], [], timeout)[0]:
            return {"late": 1}
        line = self._answers.readline()
        said: dict[str, int] = json.loads(line) if line.endswith(b"\n") else {}
        return said

    def _kill(self, group: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _environment(source: Path) -> dict[str, str]:
    paths = [str(source), *filter(None, [os.environ.get("PYTHONPATH")])]
    return environment(PYTHONPATH=os.pathsep.join(paths))


def _too_long(timeout: float | None) -> bytes:
    return f"\nit has not ended after {timeout:g} s\n".encode()
