"""The life of the process that forks steps: import, then fork whenever asked, and report the ends.

It is started by `nb2pipe.runtime.zygote.Zygote` and speaks with it over a socket. Told first: the modules to import, as
a message of `nb2pipe.runtime.channel`. Asked then (with the step's own socket sent along): ``F``, a flag byte and a
function's name behind its length. Said, a line each: ``P pid``; ``X pid wait-status``; ``L module reason`` for each
module left out, ``U reason`` where nothing may be forked, ``R`` once ready, ``E message``.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from typing import Any, NoReturn

from nb2pipe.runtime.channel import Channel

HEADER = struct.Struct("<cBH")
WORKER = "nb2pipe.runtime.worker"
OBSERVER = "nb2pipe.runtime.observe"
SEEDED = "NB2PIPE_HASHSEED"
"""Set where the seed of hashes is ours; to what the user has given."""


def serve(fileno: int, modules: Sequence[str] | None, left: dict[str, str]) -> NoReturn:
    """Serve the scheduler at the other end of the socket ``fileno`` until it hangs up.

    ``modules`` are known where another process has begun this and has ``left`` some out.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sock = socket.socket(fileno=fileno)
    try:
        from nb2pipe.runtime.shell import make_shell
    except ImportError as error:
        _say(sock, f"E the interpreter {sys.executable} cannot run cells: {error}")
        os._exit(1)
    shell = make_shell()
    from nb2pipe.runtime.preload import NotPreloadableError, preload, unsafe_threads

    _warm(shell)
    if modules is None:
        try:
            modules = Channel(sock).receive()
        except OSError:
            modules = None
        if modules is None:  # the run is over already
            os._exit(0)
    try:
        with shell.builtin_trap:  # libraries ask `get_ipython` while they are imported, whether they are in a notebook
            stash, also = preload(modules, os.getcwd())
    except NotPreloadableError as problem:
        name, reason = problem.args
        rest = [m for m in modules if m != name and not m.startswith(f"{name}.")]
        _start_again(sock, rest, {**left, name: reason})
    lines = [f"L {name} {reason}" for name, reason in {**left, **also}.items()]
    threads = [t.name for t in threading.enumerate() if t is not threading.main_thread()] + unsafe_threads()
    if threads:
        lines.append(f"U threads are running: {', '.join(threads)}")
    try:
        for line in (*lines, "R"):
            _say(sock, line)
    except OSError:  # the run is over already
        os._exit(0)
    _hide_seed()
    sys.meta_path.insert(0, stash)
    gc.collect()
    gc.freeze()
    _loop(sock, shell, stash)


def _hide_seed() -> None:
    """The seed has done its work; what the notebook sees of it, and what it starts, is as without us."""
    given = os.environ.pop(SEEDED, None)
    if given:
        os.environ["PYTHONHASHSEED"] = given
    elif given is not None:
        os.environ.pop("PYTHONHASHSEED", None)


def _warm(shell: Any) -> None:
    """Do what only the first cell or figure would do, and what leaves no trace."""
    for module in (
        "IPython.core.pylabtools", "IPython.core.async_helpers", "IPython.core.logger", "pexpect", "stack_data", WORKER, OBSERVER,
    ):  # fmt: skip
        try:
            importlib.import_module(module)
        except ImportError:
            continue
    shell.display_formatter.format(0)
    shell.transform_cell("await x")
    shell.run_cell("pass", store_history=False, silent=True)
    _libc()


def _start_again(sock: socket.socket, modules: Sequence[str], left: dict[str, str]) -> NoReturn:
    """Become a fresh interpreter that does not import what turned out badly."""
    sock.set_inheritable(True)
    arguments = [*sys.orig_argv[:-1], json.dumps([sock.fileno(), list(modules), left])]
    os.execv(sys.executable, arguments)  # noqa: S606  our own interpreter


def _say(sock: socket.socket, line: str) -> None:
    sock.sendall(line.replace("\n", " ").encode("utf-8") + b"\n")


def _loop(sock: socket.socket, shell: Any, stash: Any) -> NoReturn:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: set[int] = set()
    while True:
        watched: list[Any] = [sock, reader]
        ready, _, _ = select.select(watched, [], [])
        if reader in ready:
            os.read(reader, 4096)
            _reap(sock, children)
        if sock not in ready:
            continue
        try:
            data, fds, _, _ = socket.recv_fds(sock, HEADER.size, 1)
        except ConnectionError:
            data, fds = b"", []
        if len(data) < HEADER.size or not fds:
            _end(children)
        _, flag, length = HEADER.unpack(data)
        function = sock.recv(length, socket.MSG_WAITALL).decode("utf-8")
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for descriptor in (reader, writer):
                os.close(descriptor)
            sock.close()
            _begin(fds[0], function, flag, shell, stash)
        _group(pid)
        os.close(fds[0])
        children.add(pid)
        _say(sock, f"P {pid}")


def _reap(sock: socket.socket, children: set[int]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        if pid in children:
            children.discard(pid)
            try:
                _say(sock, f"X {pid} {status}")
            except OSError:
                _end(children)


def _end(children: set[int]) -> NoReturn:
    """The scheduler is gone: so are its steps, and what they have started."""
    for pid in children:
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            continue
    os._exit(0)


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None)


def _group(pid: int) -> None:
    """A process group of its own; asked for on both sides of the fork, for whoever comes first."""
    try:
        os.setpgid(pid, pid)
    except OSError:
        return


def _begin(fileno: int, function: str, has_payload: int, shell: Any, stash: Any = None) -> NoReturn:
    """The life of a step's process: run ``function`` with the step's socket, the shell and the payload, then end."""
    parent = os.getppid()
    _group(os.getpid())
    if sys.platform == "linux":
        _libc().prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG (prctl(2)): end with the parent
        if os.getppid() != parent:
            os._exit(1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 1
    try:
        reseed({} if stash is None else stash.modules)
        sock = socket.socket(fileno=fileno)
        payload = Channel(sock).receive() if has_payload else ()
        if payload is None:
            raise EOFError("the scheduler has hung up")
        module, _, name = function.partition(":")
        getattr(importlib.import_module(module), name)(sock, shell, *payload)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        import traceback

        os.write(shell.streams.original(2), traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(code)


def reseed(stashed: Any) -> None:
    """Give the global random generators fresh entropy, as those of a fresh interpreter have.

    ``random`` sees to itself. Only modules that are loaded are touched, kept aside in ``stashed`` or not.
    """
    for name, seed in (("numpy.random", "seed"), ("torch.random", "seed")):
        module = sys.modules.get(name) or stashed.get(name)
        if module is not None:
            getattr(module, seed)()


def spawned(fileno: int, function: str, has_payload: int) -> NoReturn:
    """The life of a step's process that was not forked."""
    from nb2pipe.runtime.shell import make_shell

    _hide_seed()
    _begin(fileno, function, has_payload, make_shell())
