"""The scheduler's hold on the processes that run steps by papermill, in the place of the parent that forks them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import UsageError
from nb2pipe.interpreters import installed_version
from nb2pipe.runtime.channel import Channel
from nb2pipe.runtime.papermill.asked import Asked, PapermillOptions
from nb2pipe.runtime.surroundings import DECISIVE
from nb2pipe.runtime.zygote import Child, ZygoteError, kill_all, wait_status

_PATIENCE = 20  # seconds that a kernel may take to end


class Runners:
    """Starts a runner for each of ``steps`` steps, and waits for their ends. One is there ahead of time, to import papermill."""

    queues = False

    def __init__(self, asked: Asked, steps: int) -> None:
        self.hash_seed = ""
        self._asked, self._ahead = asked, steps
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._spare: Child | None = None

    def prepare(self, modules: Sequence[str]) -> None:
        """The first step is going to be started; kernels import for themselves."""
        if self._spare is None:
            self._spare = self._start()

    def fork(self, *, payload: tuple[Any, ...] = ()) -> Child:
        """A process for one step; ``payload`` is the environment that its kernel finds beside all that is there.

        Raises:
            ZygoteError: It cannot be started.
        """
        child = self._spare or self._start()
        self._ahead -= 1
        self._spare = self._start() if self._ahead > 0 else None
        try:
            Channel(child.channel).send((self._asked, *payload))
        except OSError as error:
            child.channel.close()
            raise ZygoteError("the process that runs papermill has ended") from error
        return child

    def wait(self, pid: int) -> int:
        """Wait for a process to end; its wait status."""
        process = self._running.pop(pid)
        process.wait()
        return wait_status(process)

    def kill(self, pid: int) -> None:
        """End a process, and the kernel that it has started."""
        kill_all(pid)

    def close(self) -> None:
        """End what still runs; kernels that are idle end as an interpreter ends."""
        if self._spare is not None:
            self._running[self._spare.pid].kill()
            self._spare.channel.close()
            self._spare = None
        for process in self._running.values():
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def _start(self) -> Child:
        ours, theirs = socket.socketpair()
        root = str(Path(__file__).parents[3])
        code = (
            f"import sys; {root!r} in sys.path or sys.path.append({root!r}); "
            f"from nb2pipe.runtime.papermill.runner import main; main({theirs.fileno()})"
        )
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", code], pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=2,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            ours.close()
            raise ZygoteError(f"cannot start {sys.executable}: {error.strerror}") from error
        finally:
            theirs.close()
        self._running[process.pid] = process
        return Child(process.pid, ours)


def runners(
    document: Any, place: int | None, parameters: Mapping[str, Any], options: PapermillOptions, steps: int
) -> Runners:
    """Runners for the steps of a notebook; ``place`` is where its cell of injected parameters stands, which is no step's.

    Raises:
        UsageError: There is no such kernel here, it is not one for Python, or the folder for notebooks cannot be made.
    """
    plain = json.loads(json.dumps(document))
    cells = [c for i, c in enumerate(plain["cells"]) if i != place]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    metadata = {k: v for k, v in plain["metadata"].items() if k in ("kernelspec", "language_info")}
    _check_kernel(options.kernel or (metadata.get("kernelspec") or {}).get("name") or "python3")
    if options.steps_dir is not None:
        try:
            Path(options.steps_dir).mkdir(parents=True, exist_ok=True)
            options = replace(options, steps_dir=str(Path(options.steps_dir).resolve()))
        except OSError as error:
            raise UsageError(f"--steps-dir {options.steps_dir} cannot be made: {error.strerror or error}") from None
    return Runners(Asked(dict(enumerate(cells)), metadata, dict(parameters), options, _libraries()), steps)


def _check_kernel(name: str) -> None:
    from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager, NoSuchKernel

    specs = KernelSpecManager()
    try:
        language = specs.get_kernel_spec(NATIVE_KERNEL_NAME if name == "python" else name).language
    except NoSuchKernel:
        known = ", ".join(f"`{n}`" for n in sorted(specs.find_kernel_specs())) or "none"
        raise UsageError(f"there is no kernel `{name}` here; give --kernel one of {known}") from None
    if language.lower() != "python":
        raise UsageError(f"the kernel `{name}` is one for {language}; nb2pipe compiles Python")


def _libraries() -> dict[str, str]:
    versions = {name: installed_version(name) for name in DECISIVE}
    return {name: version for name, version in versions.items() if version}
