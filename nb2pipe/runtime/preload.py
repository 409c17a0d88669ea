"""Importing libraries before the fork so that a cell's own ``import`` finds them ready and still has its effects.

What was imported is kept aside (`Stash`), not in ``sys.modules``: when a cell imports a library, exactly the modules
that the import would have loaded appear, and what they did to the process on the way (warning filters, numbers drawn
from the random generator) is done at that moment, as it would have been. A library whose import does more than that, or
says anything, is not imported beforehand.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import random
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from nb2pipe.runtime import states

FORK_SAFE_THREADS = frozenset({"jemalloc_bg_thd"})
"""Names of native threads whose library starts them again after a fork (pthread_atfork)."""
_ENVIRONMENT = frozenset({"KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"})  # set by joblib and scikit-learn for OpenMP
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


@dataclass(slots=True)
class Stash:
    """Modules that are loaded and not imported yet.

    ``edges`` tell which modules each one imports, ``effects`` what modules did to the process while they were loaded,
    in order: (module, what does it again). ``hidden`` are submodules that their package has no attribute for yet: many
    packages load theirs when the attribute is asked for.
    """

    modules: dict[str, ModuleType] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    edges: dict[str, set[str]] = field(default_factory=dict)
    effects: list[tuple[str, Callable[[], None]]] = field(default_factory=list)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The protocol of ``sys.meta_path``."""
        module = self.modules.get(name)
        if module is None:
            return None
        original: ModuleSpec | None = getattr(module, "__spec__", None)
        loader: Any = self
        spec = ModuleSpec(name, loader, origin=original.origin if original else None)
        if original is not None:
            spec.submodule_search_locations = original.submodule_search_locations
            spec.has_location, spec.cached = original.has_location, original.cached
            spec.loader_state = original
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Bring out the module and all that its import would have loaded."""
        module = self.modules[spec.name]
        self.release(spec.name)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do but to undo the import system's own mark."""
        spec: Any = module.__spec__
        if spec is not None and spec.loader is self and isinstance(spec.loader_state, ModuleSpec):
            module.__spec__ = spec.loader_state

    def release(self, name: str) -> None:
        """Put ``name`` and what it imports into ``sys.modules`` and let their effects happen."""
        released, waiting = set(), [name]
        while waiting:
            current = waiting.pop()
            if current in released or current not in self.modules:
                continue
            released.add(current)
            waiting += self.edges.get(current, ())
            parent = current.rpartition(".")[0]
            if parent:
                waiting.append(parent)
        for current in [n for n in self.modules if n in released]:
            sys.modules.setdefault(current, self.modules.pop(current))
            if current in self.hidden:
                self.hidden.discard(current)
                parent, _, child = current.rpartition(".")
                vars(sys.modules[parent]).setdefault(child, sys.modules[current])
        self._hide_parts(released)
        happening = [effect for effect in self.effects if effect[0] in released]
        if happening:
            self.effects = [effect for effect in self.effects if effect[0] not in released]
            for _, effect in happening:
                effect()

    def _hide_parts(self, released: set[str]) -> None:
        """Take from packages that load their parts when asked those that their own import does not load."""
        for name, module in self.modules.items():
            parent, _, child = name.rpartition(".")
            package = sys.modules.get(parent) if parent in released else None
            if package is not None and "__getattr__" in vars(package) and vars(package).get(child) is module:
                delattr(package, child)
                self.hidden.add(name)


class NotPreloadableError(Exception):
    """Importing a module did something that could not be undone; this process is spoilt by it."""


def preload(modules: Sequence[str], folder: str) -> tuple[Stash, dict[str, str]]:
    """Import ``modules`` and keep them aside.

    Modules that cannot be imported, and those that a file of ``folder`` hides from a notebook that runs there, are left
    out. Gives the stash and, by name, why a module was left out.

    Raises:
        NotPreloadableError: Its arguments are the name and the reason. The process has to start again without it.
    """
    stash, left = Stash(), {}
    hidden = {p.stem for p in Path(folder).glob("*.py")} | {p.parent.name for p in Path(folder).glob("*/__init__.py")}
    recorder = _Recorder(stash, strict="random" in modules)
    before = dict(sys.modules)
    with warnings.catch_warnings(), recorder.recording():
        for name in sorted(modules, key=lambda n: (n.partition(".")[0] != "numpy",)):
            if name.partition(".")[0] in hidden:
                left[name] = "a file of the notebook's folder has its name"
                continue
            if importlib.util.find_spec(name.partition(".")[0]) is None:
                left[name] = "not installed"
                continue
            reason = _import(name, hidden)
            if reason:
                raise NotPreloadableError(name, reason)
    for name in [n for n in sys.modules if n not in before and n.partition(".")[0] not in sys.stdlib_module_names]:
        stash.modules[name] = sys.modules.pop(name)
    stash.edges = {n: to & stash.modules.keys() for n, to in stash.edges.items() if n in stash.modules}
    return stash, left


def unsafe_threads() -> list[str]:
    """The names of native threads of this process that would be missed after a fork.

    Libraries that know of forks (OpenBLAS) end their threads before one and start them again when they need them, so a
    process is forked first, for nothing.
    """
    if len(os.listdir("/proc/self/task")) == 1:
        return []
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    names = []
    for task in os.listdir("/proc/self/task"):
        if int(task) != os.getpid():
            name = Path(f"/proc/self/task/{task}/comm").read_text(encoding="utf-8").strip()
            if name not in FORK_SAFE_THREADS:
                names.append(name)
    return names


def _import(name: str, hidden: set[str]) -> str:
    """Import one module; the reason why it should not have been, or ""."""
    before, modules = _state(), set(sys.modules)
    with _heard() as heard:
        try:
            importlib.import_module(name)
        except BaseException as error:
            return f"{type(error).__name__}: {error}"
    if heard():
        return "its import writes something"
    for what, value in _state().items():
        if what in before and value != before[what]:
            return f"its import changes {what}"
    hides = sorted({m.partition(".")[0] for m in set(sys.modules) - modules} & hidden)
    if hides:
        return f"it imports {hides[0]}, which a file of the notebook's folder hides"
    threads = unsafe_threads()
    return f"its import starts threads ({', '.join(threads)})" if threads else ""


def _state() -> dict[str, Any]:
    state: dict[str, Any] = {
        "the working directory": os.getcwd(),
        "sys.path": list(sys.path),
        "the environment": {k: v for k, v in os.environ.items() if k not in _ENVIRONMENT},
        "signal handlers": [signal.getsignal(s) for s in _SIGNALS],
        "the standard streams": (sys.stdout, sys.stderr, sys.displayhook, sys.excepthook),
    }
    if "numpy" in sys.modules:
        numpy_random = importlib.import_module("numpy.random")  # which numpy itself loads when it is asked for it
        kind, keys, *rest = numpy_random.get_state()
        state["numpy's random state"] = (kind, keys.tobytes(), *rest)
    for name, own in states.STATES.items():
        if own.own is not None:
            state[f"settings of {name}"] = states.digest(name)
    return state


@contextmanager
def _heard() -> Iterator[Callable[[], bool]]:
    """Listen for anything written or warned of."""
    shown: list[Any] = []
    showwarning, warnings.showwarning = warnings.showwarning, lambda *args, **_: shown.append(args)
    copies = {n: os.dup(n) for n in (1, 2)}
    with tempfile.TemporaryFile() as file:
        for number in copies:
            os.dup2(file.fileno(), number)
        try:
            yield lambda: bool(shown)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            if os.fstat(file.fileno()).st_size:
                shown.append(None)
            for number, copy in copies.items():
                os.dup2(copy, number)
                os.close(copy)
            warnings.showwarning = showwarning


class _Recorder:
    """Watches modules being executed: what each imports, which filters it adds, whether it draws random numbers."""

    def __init__(self, stash: Stash, *, strict: bool) -> None:
        self._stash = stash
        self._stack: list[str] = []
        self._known: set[str] = set()
        self._random = random.getstate()
        self._strict = strict
        self._drew: set[str] = set()
        self._filters: list[tuple[int, Any]] = []

    @contextmanager
    def recording(self) -> Iterator[None]:
        """While this lasts, everything is recorded; the functions that it puts in place are gone afterwards."""
        import builtins

        original: Any = builtins.__import__
        inner: Any = warnings
        add_filter = inner._add_filter
        loaders: tuple[Any, ...] = (SourceFileLoader, ExtensionFileLoader)
        executes = [(loader, "exec_module" in vars(loader), loader.exec_module) for loader in loaders]
        self._known = set(sys.modules)

        def recorded_import(
            name: str,
            globals: Any = None,  # noqa: A002  the names under which it may be called
            locals: Any = None,  # noqa: A002  likewise
            fromlist: Any = (),
            level: int = 0,
        ) -> Any:
            module = original(name, globals, locals, fromlist, level)
            if self._stack:
                self._imported(name, globals, fromlist, level)
            return module

        def recorded_filter(*item: Any, **keywords: Any) -> None:
            add_filter(*item, **keywords)
            if self._stack:
                self._filters.append((len(self._stash.effects), item))
                self._stash.effects.append((self._stack[-1], lambda: add_filter(*item, **keywords)))

        def recorded(execute: Any) -> Any:
            def exec_module(loader: Any, module: ModuleType) -> None:
                self._enter(module.__name__)
                try:
                    execute(loader, module)
                finally:
                    self._leave()

            return exec_module

        builtins.__import__ = recorded_import
        inner._add_filter = recorded_filter
        for loader, _, execute in executes:
            loader.exec_module = recorded(execute)
        try:
            yield
            # a filter that was there for a moment (catch_warnings) is no effect
            passing = {index for index, item in self._filters if item not in warnings.filters}
            self._stash.effects = [e for index, e in enumerate(self._stash.effects) if index not in passing]
        finally:
            builtins.__import__, inner._add_filter = original, add_filter
            for loader, own, execute in executes:
                if own:
                    loader.exec_module = execute
                else:
                    del loader.exec_module

    def _edge(self, importer: str, imported: str) -> None:
        self._stash.edges.setdefault(importer, set()).add(imported)

    def _imported(self, name: str, namespace: Any, fromlist: Any, level: int) -> None:
        # an import that a function makes while it is called by a module that is being executed is that module's doing
        importer = self._stack[-1]
        if level:
            package = (namespace or {}).get("__package__") or ""
            name = importlib.util.resolve_name("." * level + name, package) if package else name
        self._edge(importer, name)
        for attribute in fromlist or ():
            if f"{name}.{attribute}" in sys.modules:
                self._edge(importer, f"{name}.{attribute}")

    def _enter(self, name: str) -> None:
        self._drawn()
        if self._stack:
            self._edge(self._stack[-1], name)
        self._stack.append(name)
        self._known.add(name)

    def _leave(self) -> None:
        self._drawn()
        name = self._stack.pop()
        if len(sys.modules) > len(self._known):  # some put modules there by hand
            for other in set(sys.modules) - self._known:
                self._edge(name, other)
            self._known = set(sys.modules)

    def _drawn(self) -> None:
        """Note the module that runs if numbers have been drawn; only a notebook that imports random can see that."""
        if not self._strict or not self._stack:
            return
        state = random.getstate()
        if state != self._random:
            self._random = state
            name = self._stack[-1]
            if name not in self._drew:
                self._drew.add(name)
                self._stash.effects.append((name, _draw_again(name)))


def _draw_again(name: str) -> Callable[[], None]:
    """What draws the numbers that importing ``name`` draws: to execute it once more, for nobody."""

    def draw() -> None:
        spec = sys.modules[name].__spec__
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(importlib.util.module_from_spec(spec))

    return draw
