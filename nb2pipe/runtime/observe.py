"""While a step runs whose result may be kept, what it reads of the world is noted, and what of it nobody can look at again."""

from __future__ import annotations

import ast
import itertools
import linecache
import os
import pickle
import platform
import random
import site
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from nb2pipe.diagnostics import say
from nb2pipe.runtime import guards
from nb2pipe.runtime.children import Children
from nb2pipe.runtime.clouds import cloudpickle
from nb2pipe.runtime.observed import HOST, Observed, content_of, names_in, shadowing, state_of_path
from nb2pipe.runtime.secrets.environment import Variables
from nb2pipe.runtime.surroundings import is_of_session
from nb2pipe.runtime.unseen import names_host, unseen_in_file

_EXISTENCE = frozenset({"exists", "lexists", "isfile", "isdir", "islink", "is_file", "is_dir", "is_symlink", "realpath",
                        "_joinrealpath", "resolve"})  # fmt: skip
"""The functions that want to know of a path only whether it is there, and what."""
_PROCESSES = frozenset(
    {"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty", "pty.spawn"}
)
_NETWORK = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind", "socket.sendto",
                      "socket.sendmsg", "urllib.Request"})  # fmt: skip
_WRITES = {"os.rename": 2, "os.link": 2, "os.symlink": 2, "os.remove": 1, "os.rmdir": 1, "os.mkdir": 1, "os.truncate": 1,
           "os.chmod": 1, "os.chown": 1, "os.utime": 1, "os.setxattr": 1, "shutil.rmtree": 1, "sqlite3.connect": 1,
           "sqlite3.connect/handle": 0, "dbm.open": 1}  # fmt: skip
_NAMES_ONLY = frozenset({"os", "glob", "pathlib"})
"""Who goes through folders and asks of each entry only whether it is a folder."""
_ASKING = frozenset({"builtins.input", "webbrowser.open", "os.kill", "signal.pthread_kill"})
_ENTROPY_OF_NO_MATTER = frozenset(
    {"joblib", "IPython", "comm", "plotly", "ipywidgets", "tempfile", "multiprocessing", "sklearn"}
)
"""Libraries that draw names for what they keep or show; numbers, only of a seed or of the generator for everybody."""
_WATCHED_NATIVE = frozenset({
    "numpy", "pandas", "scipy", "sklearn", "matplotlib", "PIL", "statsmodels", "patsy", "kiwisolver", "contourpy", "seaborn",
    "joblib", "pyarrow", "dateutil", "pytz", "tzdata", "yaml", "markupsafe", "psutil", "zmq", "tornado", "xxhash", "plotly",
    "sympy", "gmpy2", "mpmath", "networkx", "lightgbm", "xgboost", "torch", "numexpr", "bottleneck", "numba", "llvmlite",
    "regex", "orjson", "ujson", "msgpack", "charset_normalizer", "cffi", "_cffi_backend", "debugpy", "_pydevd_bundle",
    "threadpoolctl", "rpds", "coverage", "mypy_extensions", "cython", "Cython", "uvloop", "simplejson", "wrapt",
    "multidict", "frozenlist", "yarl", "propcache", "aiohttp", "pydantic_core", "setuptools", "pyximport", "fontTools", "brotli",
    "google", "_brotli", "zstandard", "lz4", "blosc", "Levenshtein", "rapidfuzz", "jellyfish", "sqlalchemy", "greenlet",
})  # fmt: skip
"""Libraries with native code that opens files in Python's sight, or not without a word of the notebook that names it."""


_OWN = tuple(f"{os.sep}{prefix}" for prefix in ("ipykernel_", *guards.COMPILED))
"""What is in the paths of files that are no part of the world."""


def _prefixes() -> tuple[str, ...]:
    """The folders of what is installed: what is in them is told by versions."""
    paths = sysconfig.get_paths()
    found = {paths[k] for k in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    found |= {os.path.join(p, "lib") for p in (sys.prefix, sys.base_prefix) if p not in ("/usr", "/")}
    found |= {os.path.join(p, "share") for p in (sys.prefix, sys.base_prefix) if p not in ("/usr", "/")}
    found |= {str(Path(__file__).parents[1]), str(Path(cloudpickle.__file__).parent)}
    return tuple(sorted({p.rstrip(os.sep) + os.sep for one in found for p in (one, os.path.realpath(one))}))


class _Recording(Variables):
    """The variables of the environment, which notes those that are asked for; tracebacks show nothing of it."""

    note: Callable[[Any], None] | None = None

    def __getitem__(self, key: Any) -> Any:
        if self.note is not None:
            self.note(key)
        return super().__getitem__(key)

    def __iter__(self) -> Any:
        if self.note is not None:
            for key in self.keys():
                self.note(key)
        return super().__iter__()


class _Instead:
    """What stands for a function of ``os`` while a step is watched. Where it is stored as a value, it is that function."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self._name, self._repr, self._function = name, repr(getattr(os, name)), function
        self.__name__ = self.__qualname__ = name
        self.__doc__, self.__module__ = getattr(os, name).__doc__, getattr(os, name).__module__

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._function(*args, **keywords)

    def __repr__(self) -> str:
        return self._repr

    def __reduce__(self) -> tuple[Any, ...]:
        return (getattr, (os, self._name))


class Observer:
    """Watches one process. ``folder`` is where the run keeps its values, which are no part of the world."""

    def __init__(self, folder: str) -> None:
        self._prefixes = _prefixes()
        self._own = (os.path.realpath(folder) + os.sep, os.path.abspath(folder) + os.sep)
        self._variables = _Recording(os.environ._data)  # type: ignore[attr-defined]  # the one place that all ways to ask lead to
        os.environ._data = self._variables  # type: ignore[attr-defined]  # as above
        if hasattr(os, "environb"):
            os.environb._data = self._variables  # type: ignore[attr-defined]  # as above
        self._stat, self._lstat, self._access = os.stat, os.lstat, os.access
        self._urandom = os.urandom
        asked: dict[str, Callable[..., Any]] = {
            "stat": self._asked_stat,
            "lstat": self._asked_lstat,
            "access": self._asked_access,
            "urandom": self._drawn,
        }
        self._instead = {name: _Instead(name, function) for name, function in asked.items()}
        self._busy = False
        self._clear()

    def _clear(self) -> None:
        self.observed = Observed()
        self._opened: dict[str, tuple[int, ...] | None] = {}
        self._wanted: set[str] = set()
        self._base: dict[str, str] = {}
        self._start = 0
        self._children = Children()
        self._random: dict[str, bytes | None] = {}

    # -- begin and end ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The cells of a step are going to run: its values and states are as they will find them."""
        self._clear()
        self._base = {os.fsdecode(k): os.fsdecode(v) for k, v in dict.items(self._variables)}
        self._random = random_states()
        self._children = Children()
        self._start = _file_time()
        self._variables.note = lambda key: self._wanted.add(os.fsdecode(key))
        for name, function in self._instead.items():
            _exchange(name, getattr(self, f"_{name}"), function)
        random._urandom = self._instead["urandom"]  # type: ignore[attr-defined]  # what SystemRandom, and by it secrets and numpy, draw from

    def end(self, decided: Iterable[str], paths: Iterable[str]) -> Observed:
        """The cells have run. ``decided`` are the random states that a seed decides, ``paths`` the files that they read."""
        self.stop()
        found = self.observed
        if self._children.were_there():
            self._unseen(say("starts a process"))
        for name, state in random_states().items():
            if state != self._random.get(name) and name not in decided:
                self._unseen(say("draws numbers of `%1` that no seed decides", name))
        for path in paths:
            if Path(path).is_dir():
                found.folders.setdefault(path, names_in(path))
            else:
                self._opened.setdefault(os.path.abspath(path), None)
        self._modules()
        for path, before in self._opened.items():
            if path in found.writes:
                continue
            found.files[path] = content_of(path)
            now = self._look(path)
            if before is not None and now != before:
                found.torn.append(say("reads %1, which was changed meanwhile", path))
            elif now is not None and max(now[1], Path(path).stat().st_ctime_ns) >= self._start:
                found.torn.append(say("reads %1, which was written meanwhile", path))
        found.environment = {name: self._base.get(name) for name in sorted(filter(is_of_session, self._wanted))}
        if HOST in self._wanted:
            found.environment[HOST] = platform.node()
        if "JPY_PARENT_PID" in self._wanted:
            self._unseen(say("asks for the number of a process"))
        return found

    def stop(self) -> None:
        """What was put in the way is taken out of it."""
        self._variables.note = None
        for name, function in self._instead.items():
            _exchange(name, function, getattr(self, f"_{name}"))
        random._urandom = self._urandom  # type: ignore[attr-defined]  # as above

    def _unseen(self, what: str) -> None:
        if what not in self.observed.unseen:
            self.observed.unseen.append(what)

    # -- what is heard ----------------------------------------------------------------------------------------------

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit event (PEP 578), before it happens."""
        if self._busy:
            return
        self._busy = True
        try:
            self._hear(event, args)
        finally:
            self._busy = False

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self._open(*args)
        elif event in ("os.listdir", "os.scandir"):
            path = self._path("." if args[0] is None else args[0])
            who = str(_caller().f_globals.get("__name__", ""))
            if path is None or who.startswith("importlib."):  # see `shadows`
                return
            self.observed.folders.setdefault(path, names_in(path))
            if event == "os.scandir" and who.partition(".")[0] not in _NAMES_ONLY:
                self._unseen(say("asks the entries of %1 for more than their names", path))
        elif event == "import":
            self._wanted_module(args[0])
        elif event in _WRITES:
            for path in args[: _WRITES[event]]:
                self._write(path)
        elif event in _PROCESSES:
            self._unseen(say("starts a process"))
        elif event in _NETWORK:
            if not (
                event.startswith("socket.") and len(args) > 1 and isinstance(args[1], (str, bytes))
            ):  # a socket in the file system
                self._unseen(say("uses the network"))
        elif event == "socket.gethostname":
            self._wanted.add(HOST)
        elif event in _ASKING:
            self._unseen(say("reaches outside"))

    def _open(self, path: Any, mode: Any = None, flags: Any = 0) -> None:
        if isinstance(path, int):
            return
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            self._write(path)
            return
        full = self._path(path)
        if full is not None:
            self._opened.setdefault(full, self._look(full))

    def _write(self, path: Any) -> None:
        full = self._path(path)
        if full is None or {"__pycache__", ".cache"} & {*Path(full).parts}:
            return
        if full not in self.observed.writes:
            self.observed.writes.append(full)

    def _path(self, path: Any) -> str | None:
        """The whole path, where it is one of the world."""
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, (str, os.PathLike)):
            return None
        text = os.fspath(path)
        full = os.path.abspath(os.fsdecode(text) if isinstance(text, bytes) else text)
        if full in ("/dev/random", "/dev/urandom", "/dev/hwrng"):
            self._unseen(say("draws random numbers of the system"))
        if full.startswith(("/proc/", "/sys/", "/dev/")):
            if _caller().f_globals.get("__name__") == "__main__":
                self._unseen(say("reads %1", full))
            return None
        if full.startswith((*self._prefixes, *self._own)) or any(p in full for p in _OWN) or full.endswith(".pyc"):
            return None
        return full

    def _look(self, path: str) -> tuple[int, ...] | None:
        try:
            found = self._stat(path)
        except OSError:
            return None
        return (found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)

    def _wanted_module(self, name: Any) -> None:
        top = str(name).partition(".")[0]
        if top not in sys.stdlib_module_names and top not in self.observed.imported:
            self.observed.imported.append(top)

    def _asked(self, path: Any, function: str, *, follow: bool) -> None:
        if self._busy or isinstance(path, int):
            return
        self._busy = True
        try:
            full = self._path(path)
            if full is None:
                return
            level = 0 if function in _EXISTENCE else 1 if function == "getsize" else 2
            key = full if follow else f"{full}\0"
            before = self.observed.states.get(key)
            if before is None or int(before.split()[1][0]) < level:
                self.observed.states[key] = state_of_path(full, self._stat, level=level, follow=follow)
        finally:
            self._busy = False

    def _asked_stat(self, path: Any, *, dir_fd: Any = None, follow_symlinks: bool = True) -> os.stat_result:
        self._asked(path, sys._getframe(2).f_code.co_name, follow=follow_symlinks)
        return self._stat(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    def _asked_lstat(self, path: Any, *, dir_fd: Any = None) -> os.stat_result:
        self._asked(path, sys._getframe(2).f_code.co_name, follow=False)
        return self._lstat(path, dir_fd=dir_fd)

    def _asked_access(self, path: Any, mode: int, **more: Any) -> bool:
        self._asked(path, "exists", follow=True)
        return self._access(path, mode, **more)

    def _drawn(self, size: int, /) -> bytes:
        """Bytes of the system's entropy, by whatever way they are asked for."""
        frame: Any = sys._getframe(2)
        while frame is not None and frame.f_globals.get("__name__") in ("random", "secrets", "uuid"):
            frame = frame.f_back
        if frame is not None and not self._busy:
            self._busy = True
            try:
                name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
                if name not in _ENTROPY_OF_NO_MATTER and not _is_seeded(frame):
                    self._unseen(say("draws random numbers of the system"))
            finally:
                self._busy = False
        return self._urandom(size)

    # -- modules ----------------------------------------------------------------------------------------------------

    def _modules(self) -> None:
        """The code that was imported: what is not installed is a file that was read."""
        found = self.observed
        for name, module in list(sys.modules.items()):
            top = name.partition(".")[0]
            file = getattr(module, "__file__", None)
            if top in sys.stdlib_module_names or not isinstance(file, str) or top == "__main__":
                continue
            self._wanted_module(top)
            native = file.endswith((".so", ".pyd"))
            if native and top not in _WATCHED_NATIVE and not top.startswith("_"):
                self._unseen(say("uses `%1`, whose native code may read what nobody sees", top))
            full = os.path.abspath(file)
            if full.startswith(self._prefixes):
                continue
            self._opened.setdefault(full, None)
            if names_host(full):
                self._wanted.add(HOST)
            for word in unseen_in_file(full):
                self._unseen(say("imports `%1`, which %2", name, word))
        found.imported.sort()
        folders = {os.path.abspath(p) for p in (os.getcwd(), *sys.path) if p and Path(p).is_dir()}
        for folder in sorted(folders):
            if not f"{folder}{os.sep}".startswith(self._prefixes):
                found.shadows[folder] = shadowing(folder, found.imported)


_COARSE = 5
"""Linux's CLOCK_REALTIME_COARSE, for which Python has no name."""


def _file_time() -> int:
    """The time, in nanoseconds, that a file written from now on is said to have at least.

    Linux takes the times of files from a clock that goes by its ticks, of some milliseconds; elsewhere 20 ms are allowed for that.
    """
    return time.clock_gettime_ns(_COARSE) if sys.platform == "linux" else time.time_ns() - 20_000_000


def random_states() -> dict[str, bytes | None]:
    """The states of the generators that libraries keep for everybody, whether the step has imported them yet or not."""
    found: dict[str, bytes | None] = {"random": pickle.dumps(random.getstate(), protocol=5)}
    aside: Mapping[str, Any] = {}
    for finder in sys.meta_path:
        aside = getattr(finder, "modules", aside)
    for name, module, ask in (
        ("numpy.random", "numpy.random.mtrand", lambda m: m._rand.get_state(legacy=False)),
        ("torch", "torch", lambda m: bytes(m.get_rng_state().tolist())),
    ):
        held = sys.modules.get(module) or aside.get(module)
        if held is not None:
            found[name] = pickle.dumps(ask(held), protocol=5)
    return found


def _is_seeded(frame: Any) -> bool:
    """Whether it is ``RandomState`` of NumPy that draws, which is given a seed: it draws first, and takes the seed then."""
    if "RandomState" not in frame.f_code.co_names:
        return False
    place = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    if place is None or None in place:
        return False
    line, end, column, end_column = place
    lines = [text.encode() for text in linecache.getlines(frame.f_code.co_filename)[line - 1 : end]]
    try:
        lines[-1] = lines[-1][:end_column]
        lines[0] = lines[0][column:]
        call = ast.parse(b"(" + b"".join(lines) + b")", mode="eval").body
    except (IndexError, SyntaxError, ValueError):
        return False
    if not isinstance(call, ast.Call) or getattr(call.func, "attr", getattr(call.func, "id", "")) != "RandomState":
        return False
    given = [*call.args, *(k.value for k in call.keywords)]
    return len(given) == 1 and _value_of(given[0], frame) is not None


def _value_of(node: ast.expr, frame: Any) -> Any:
    """The value of a constant, a name or an attribute; None where it is not known."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        return getattr(_value_of(node.value, frame), "__dict__", {}).get(node.attr)
    return None


def _exchange(name: str, old: Any, new: Any) -> None:
    """Put a function of ``os`` in the place of another, in what ``os`` says of it too."""
    setattr(os, name, new)
    for known in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if old in known:
            known.discard(old)
            known.add(new)


def _caller() -> Any:
    """The frame that an audit event comes from."""
    frame: Any = sys._getframe(1)
    while frame.f_code.co_filename in (__file__, _WATCH) and frame.f_back is not None:
        frame = frame.f_back
    return frame


_WATCH = str(Path(__file__).with_name("guards.py"))
