"""What a call did outside its arguments: random states, settings, files, network, subprocesses."""

from __future__ import annotations

import logging
import os
import random
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nb2pipe.runtime.states import STATES, digest

GENERATORS = ("random", "numpy.random", "torch")
SETTINGS = tuple(n for n in STATES if n not in (*GENERATORS, "ipython"))
OWN_SETTINGS = {
    "builtins": ("environment", "cwd"), "stdlib": ("environment", "cwd", "warnings", "logging", "locale", "sys.path", "recursionlimit"), "matplotlib": ("matplotlib", "warnings"), "seaborn": ("matplotlib", "warnings"),
    "pandas": ("pandas", "matplotlib", "warnings"), "torch": ("torch.settings",), "sklearn": ("sklearn", "warnings"), "plotly": ("plotly",), "sympy": ("sympy",),
    "joblib": ("environment", "cwd"), "lightgbm": ("warnings",), "xgboost": ("warnings",), "numpy": ("numpy", "warnings"), "scipy": ("numpy", "warnings"), "statsmodels": ("warnings", "numpy"),
}  # fmt: skip


def random_states() -> dict[str, Any]:
    """The states of the global generators, to compare."""
    found: dict[str, Any] = {"random": random.getstate()}
    kind, keys, place, gauss, cached = np.random.get_state(legacy=True)  # type: ignore[misc]  # the legacy form is a tuple
    found["numpy.random"] = (kind, keys.tobytes(), place, gauss, cached)
    torch = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = torch.get_rng_state().numpy().tobytes()
    return found


def settings(library: str) -> dict[str, Any]:
    """The digests of the settings that a library's calls might change."""
    return {name: digest(name) for name in OWN_SETTINGS.get(library, SETTINGS)}


def take(library: str) -> dict[str, Any]:
    """The settings themselves, to put back."""
    found = {}
    for name in OWN_SETTINGS.get(library, SETTINGS):
        if name != "ipython":
            found[name] = STATES[name].capture()
    return found


def put_back(taken: dict[str, Any]) -> None:
    for name, value in taken.items():
        if value is not None:
            STATES[name].restore(value)
    for name, logger in logging.Logger.manager.loggerDict.items():
        if "logging" in taken and name not in taken["logging"][0] and isinstance(logger, logging.Logger):
            logger.__init__(name)  # type: ignore[misc]  # a logger that had no settings of its own has none again


@dataclass(slots=True)
class Outside:
    """The files of the child's folder that a call opened, and whether it went to the network or started a process."""

    folder: str = ""
    active: bool = False
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    network: bool = False
    process: bool = False

    def start(self) -> None:
        self.reads.clear()
        self.writes.clear()
        self.network = self.process = False
        self.active = True

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit hook (PEP 578)."""
        if not self.active:
            return
        if event == "open":
            write = isinstance(args[2], int) and bool(args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            self.note(args[0], write)
        elif event in (
            "os.rename",
            "os.remove",
            "os.rmdir",
            "os.mkdir",
            "os.truncate",
            "shutil.rmtree",
            "sqlite3.connect",
            "os.chmod",
            "os.utime",
        ):
            self.note(args[0], True)
        elif event in ("os.listdir", "os.scandir"):
            self.note(args[0], False)
        elif event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"):
            self.process = True
        elif event in ("socket.connect", "socket.getaddrinfo"):
            self.network = True
            raise ConnectionError("no network while calls are tried")

    def note(self, path: Any, write: bool) -> None:
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, (str, os.PathLike)) or str(path) == ":memory:":
            return
        full = os.path.abspath(os.fspath(path))
        if full.startswith(self.folder) and "__pycache__" not in full and not full.endswith((".py", ".pyc")):
            (self.writes if write else self.reads).add(full)
