"""Steps in processes of their own, several at once: each runs as soon as those that it comes after have run."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

from ._pipeline import Runs


class _Done(NamedTuple):
    """How a step has ended, and what it has printed; ``code`` is None where it has not run."""

    code: int | None
    output: bytes
    errors: bytes


def run_jobs(pipeline: Runs, jobs: int, folder: Path | None, arguments: Sequence[str]) -> int:
    """Run all steps, ``jobs`` at once; ``arguments`` are those of the command line that say with what.

    What a step prints is printed whole, in the order of the steps. Where a step fails, those that come after it do not
    run, and all others do.

    Returns:
        The exit code: 0 done, 1 a step failed.
    """
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"{pipeline.name}-")))
        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        child = stack.enter_context(
            _children()
        )  # is left first, so that the pool does not wait for what was interrupted
        ending = ["--run-dir", str(place.absolute())]
        return _run(pipeline, lambda step: pool.submit(child, [*arguments, "--step", step, *ending]))


def _run(pipeline: Runs, start: Callable[[str], Future[_Done]]) -> int:
    before: dict[str, set[str]] = {step.name: set() for step in pipeline.steps}
    for edge in pipeline.edges():
        before[edge.target].add(edge.source)
    done: dict[str, _Done] = {}
    running: dict[Future[_Done], str] = {}
    printed = _in_order(list(before), done)
    while len(done) < len(before):
        for name, sources in before.items():
            if name not in done and name not in running.values() and sources <= done.keys():
                broken = next((s for s in before if s in sources and done[s].code != 0), "")
                if broken:
                    done[name] = _Done(None, b"", f"step {name} has not run, for it comes after {broken}\n".encode())
                else:
                    running[start(name)] = name
        next(printed, None)
        for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
            done[running.pop(future)] = future.result()
    for _ in printed:
        pass
    return 0 if all(d.code == 0 for d in done.values()) else 1


def _in_order(names: Sequence[str], done: dict[str, _Done]) -> Iterator[None]:
    """Print what steps have printed, as far as it is known, each time that this is asked for more."""
    for name in names:
        while name not in done:
            yield
        for stream, text in ((sys.stdout, done[name].output), (sys.stderr, done[name].errors)):
            stream.write(text.decode("utf-8", "replace"))
            stream.flush()


@contextlib.contextmanager
def _children() -> Iterator[Callable[[Sequence[str]], _Done]]:
    """A function that runs this package with arguments; what still runs when the block is left is ended."""
    package = (__package__ or "").rpartition(".")[0]
    living: set[subprocess.Popen[bytes]] = set()
    lock = threading.Lock()
    ended = False

    def run(arguments: Sequence[str]) -> _Done:
        command = [sys.executable, "-X", "utf8", *(f"-W{w}" for w in sys.warnoptions), "-m", package, *arguments]
        with lock:
            if ended:
                return _Done(None, b"", b"")
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            living.add(child)
        output, errors = child.communicate()
        living.discard(child)
        return _Done(child.returncode, output, errors)

    with ended_by_signals():
        try:
            yield run
        except BaseException:
            with lock:
                ended = True
            for child in list(living):
                child.terminate()
            raise


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end this process as an exception does, so that children are ended as well."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
