"""Guards: while a step runs it is held to what the analysis said of it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import say
from nb2pipe.runtime import states, values
from nb2pipe.runtime.task import APPENDED
from nb2pipe.runtime.values import Scan

_FIGURE = b"matplotlib.figure"  # the module that the pickle of every artist names, for each holds its figure
COMPILED = ("torchinductor_",)
"""What folders begin with where libraries keep code that they have compiled, for all processes."""
LIGHT_LIMIT = 64 * 2**20  # bytes; `--guards light` looks at nothing larger


class FileWatch:
    """Notes the files that are opened, and whether the step reaches outside, by an audit hook (PEP 578).

    ``told`` hears of the first reach outside of each kind ("outside"), before it happens, and of files that are written and that
    a second run would not find as the first did ("rewritten").
    """

    def __init__(self, cwd: str, told: Callable[[str, str], None]) -> None:
        self._told = told
        self.roots = (os.path.realpath(cwd) + os.sep, os.path.realpath(tempfile.gettempdir()) + os.sep)
        folders = ("site-packages", "__pycache__", ".nb2pipe", ".ipynb_checkpoints")
        prefixes = ("ipykernel_", "matplotlib", "nb2pipe-", *COMPILED)
        self.skip = (*(f"{os.sep}{f}{os.sep}" for f in folders), *(f"{os.sep}{p}" for p in prefixes))
        self.active = False
        self.pid = os.getpid()
        self.reads: dict[str, None] = {}
        self.writes: dict[str, None] = {}
        self.outside: dict[str, None] = {}
        self.also: Callable[[str, tuple[Any, ...]], None] | None = None  # who hears of everything else as well
        self.pid = os.getpid()  # in a child that the cell forks, the channel may be closed
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active or os.getpid() != self.pid:  # a fork of the cell's that is about to exec is not the step
            return
        if self.also is not None:
            self.also(event, args)
        if event == "open":
            self._open(args[0], args[1], args[2])
        elif event == "os.rename":
            self._note(_beside(args[0], args[2]), write=True)
            self._note(_beside(args[1], args[3]), write=True)
        elif event in ("os.remove", "os.rmdir", "os.mkdir"):
            self._note(_beside(args[0], args[-1]), write=True)
        elif event in ("sqlite3.connect", "os.truncate", "shutil.rmtree"):
            self._note(args[0], write=True, rewrites=event != "shutil.rmtree")
        elif event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"):
            self._reach(say("a subprocess"))
        elif event == "socket.connect":
            self._reach(say("the network"))

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        write = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if isinstance(flags, int) and flags & os.O_APPEND:
            self._reach(APPENDED)
        self._note(path, write=write, rewrites=isinstance(flags, int) and flags & (os.O_RDWR | os.O_TRUNC) == os.O_RDWR)

    def _reach(self, what: str) -> None:
        if what not in self.outside:
            self.outside[what] = None
            self._told("outside", what)

    def _note(self, path: Any, *, write: bool, rewrites: bool = False) -> None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, (str, os.PathLike)) or str(path) == ":memory:":
            return
        full = os.path.abspath(os.fspath(path))
        if (
            not full.startswith(self.roots)
            or any(part in full for part in self.skip)
            or full.endswith((".pyc", ".py", ".part"))
        ):
            return
        if write and full not in self.writes and (rewrites or full in self.reads):
            self._told("rewritten", full)
        (self.writes if write else self.reads)[full] = None


def _beside(path: Any, folder: Any) -> Any:
    """A path that a file descriptor of a folder may stand before."""
    if not isinstance(folder, int) or folder < 0 or not isinstance(path, (str, os.PathLike)):
        return path
    try:
        return Path(f"/proc/self/fd/{folder}").readlink() / path
    except OSError:
        return None


def scan_all(names: Iterable[str], namespace: dict[str, Any], stamp: int) -> dict[str, Scan]:
    """The scans of what can be pickled among ``names``."""
    found = {}
    for name in names:
        if name in namespace:
            try:
                found[name] = values.scan(namespace[name], namespace, stamp)
            except Exception:  # noqa: S112  what cannot be pickled cannot be compared; it does not travel either
                continue
    return found


def digests(scans: Mapping[str, Scan], light: bool) -> dict[str, bytes]:
    """The digests of scanned values. Figures are left out: being looked at changes what they remember of their last drawing."""
    return {
        name: scan.digest()
        for name, scan in scans.items()
        if (not light or len(scan.data) + sum(b.raw().nbytes for b in scan.buffers) <= LIGHT_LIMIT)
        and _FIGURE not in scan.data
    }


_IMPORT_TOUCHED = frozenset({"random", "numpy.random", "torch", "cwd"})


def state_digests() -> dict[str, bytes]:
    """The digests of all states whose libraries are imported."""
    return {name: states.digest(name) for name in states.STATES}


def changed_states(before: Mapping[str, bytes], modules: frozenset[str], known: Sequence[str]) -> list[str]:
    """The states that changed.

    Importing a library changes settings of its own, which is no affair of the notebook (but those of another library that
    it changes are: `State.own` tells), and may draw random numbers,
    which matter only where others of its steps (``known``) use them; ``modules`` are those that were imported before the
    cells ran.
    """
    imported = any(_has_settings(m) for m in sys.modules.keys() - modules)
    changed = []
    for name, old in before.items():
        if states.STATES[name].own is not None:
            if states.digest(name) != old:
                changed.append(f"<{name}>")
            continue
        if imported and name not in _IMPORT_TOUCHED:
            continue
        if imported and name in states.RANDOM and f"<{name}>" not in known:
            continue
        if old and states.digest(name) != old:
            changed.append(f"<{name}>")
    return changed


def _has_settings(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in _SHELL


_SHELL = frozenset(
    {"IPython", "ipykernel", "traitlets", "comm", "matplotlib_inline", "nb2pipe", "cloudpickle", "xxhash", "__main__"}
)
