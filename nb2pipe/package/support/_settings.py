"""The states of a process that can be carried to another: how each is taken, and how it is put back."""

from __future__ import annotations

import importlib
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from . import _figures, _logging, _sympy


@dataclass(frozen=True, slots=True)
class State:
    """How a state is taken, None where its library is not in use, and how it is put back; ``early`` before values are read."""

    take: Callable[[], Any]
    put: Callable[[Any], None]
    early: bool = False


def _of(take: str, put: str, *arguments: Any) -> State:
    """A state that a function of a library gives and another takes."""
    library, _, getter = take.rpartition(".")

    def taken() -> Any:
        return getattr(sys.modules[library], getter)(*arguments) if library in sys.modules else None

    def back(value: Any) -> None:
        getattr(importlib.import_module(library), put)(*arguments, value)

    return State(taken, back)


def _in_use(library: str) -> Any:
    return sys.modules.get(library)


# -- Python itself -------------------------------------------------------------------------------------------------

_first: dict[str, Any] = dict(os.environ)
"""The environment that the process began with; what has been put back counts as changed."""


def _environment() -> Any:
    """What has been changed of the environment. The rest is not kept: it may hold secrets, and what this machine needs."""
    now = dict(os.environ)
    changed = {n: now.get(n) for n in sorted(_first.keys() | now.keys()) if now.get(n) != _first.get(n)}
    if changed.get("MPLBACKEND") == _figures.NAME:
        del changed["MPLBACKEND"]  # which the package has set
    return changed, time.tzname


def _set_environment(value: Any) -> None:
    changed, zone = value
    for name, text in changed.items():
        if text is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = text
        _first[name] = ...
    if time.tzname != zone and hasattr(time, "tzset"):
        time.tzset()


def _set_path(value: list[str]) -> None:
    sys.path[:] = value


def _set_warnings(value: list[Any]) -> None:
    warnings.resetwarnings()  # what earlier filters have decided is forgotten with them
    filters: Any = warnings.filters
    filters[:] = value


def _set_decimal(value: Any) -> None:
    importlib.import_module("decimal").setcontext(value)


def _timezone() -> Any:
    """The time zone that Python goes by, and the variable that it is made from."""
    return time.tzname, os.environ.get("TZ")


def _set_timezone(value: Any) -> None:
    names, zone = value
    if time.tzname == names or not hasattr(time, "tzset"):
        return
    now = os.environ.get("TZ")
    _put_zone(zone)
    time.tzset()
    _put_zone(now)


def _put_zone(zone: str | None) -> None:
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone


# -- libraries -----------------------------------------------------------------------------------------------------

_COLOR_CODES = "bgrcmykw"


def _numpy() -> Any:
    numpy = _in_use("numpy")
    return numpy and (numpy.get_printoptions(), numpy.geterr(), numpy.geterrcall(), numpy.getbufsize())


def _set_numpy(value: Any) -> None:
    numpy = importlib.import_module("numpy")
    numpy.set_printoptions(**value[0])
    numpy.seterr(**value[1])
    numpy.seterrcall(value[2])
    numpy.setbufsize(value[3])


def _pandas() -> Any:
    pandas = _in_use("pandas")
    if pandas is None:
        return None
    with warnings.catch_warnings():  # some options will be gone
        warnings.simplefilter("ignore")
        options = dict(_options(pandas.options, ""))
    return options, _converts_dates(pandas)


def _set_pandas(value: Any) -> None:
    pandas: Any = importlib.import_module("pandas")
    options, converts = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        now = dict(_options(pandas.options, ""))
        for name, option in options.items():
            if name not in now or now[name] != option:
                pandas.set_option(name, option)
    if converts and not _converts_dates(pandas):
        pandas.plotting.register_matplotlib_converters()


def _options(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in dir(group):
        value = getattr(group, name)
        if type(value) is type(group):
            yield from _options(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _converts_dates(pandas: Any) -> bool:
    """Whether Matplotlib writes dates as pandas does."""
    units = _in_use("matplotlib.units")
    return units is not None and type(units.registry.get(pandas.Timestamp)).__module__.startswith("pandas.")


def _matplotlib() -> Any:
    matplotlib = _in_use("matplotlib")
    if matplotlib is None:
        return None
    settings = {k: v for k, v in dict.items(matplotlib.rcParams) if not k.startswith(("backend", "webagg."))}
    known = importlib.import_module("matplotlib.colors").get_named_colors_mapping()
    maps = matplotlib.colormaps
    added = {n: maps[n] for n in maps if n not in getattr(maps, "_builtin_cmaps", ())}
    return settings, {c: known[c] for c in _COLOR_CODES}, added, _figures.chosen_backend()


def _set_matplotlib(value: Any) -> None:
    matplotlib: Any = importlib.import_module("matplotlib")
    settings, codes, added, backend = value
    if backend is not None:
        matplotlib.use(backend)
    if not settings["interactive"]:  # a backend that is loaded later would make it so again
        importlib.import_module("matplotlib.pyplot")
        _figures.use()
    for name, colors in added.items():  # a setting may name one
        if name not in matplotlib.colormaps:
            matplotlib.colormaps.register(colors, name=name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, setting in settings.items():
            if dict.get(matplotlib.rcParams, name, ...) != setting:
                matplotlib.rcParams[name] = setting
    known = importlib.import_module("matplotlib.colors").get_named_colors_mapping()
    for code, color in codes.items():
        if known[code] != color:
            known[code] = color


def _open_figures() -> Any:
    """Nothing, as figures are closed at the end of a step, where there are none that have been held back."""
    pyplot = _in_use("matplotlib.pyplot")
    if pyplot is not None and pyplot.get_fignums():
        raise ValueError("figures are open")
    return None


def _plotly() -> Any:
    plotly = _in_use("plotly.io")
    return plotly and (plotly.templates.default, plotly.renderers.default)


def _set_plotly(value: Any) -> None:
    plotly: Any = importlib.import_module("plotly.io")
    plotly.templates.default, plotly.renderers.default = value


def _sklearn() -> Any:
    sklearn = _in_use("sklearn")
    return sklearn and sklearn.get_config()


def _set_sklearn(value: Any) -> None:
    importlib.import_module("sklearn").set_config(**value)


def _torch_random() -> Any:
    """The states of the generators of the processor and of the graphics cards, as bytes: torch's own pickles are long."""
    torch = _in_use("torch")
    if torch is None:
        return None
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return [bytes(state.tolist()) for state in (torch.get_rng_state(), *devices)]


def _set_torch_random(value: Any) -> None:
    torch: Any = importlib.import_module("torch")
    host, *devices = (torch.tensor(list(state), dtype=torch.uint8) for state in value)
    torch.set_rng_state(host)
    if devices:
        torch.cuda.set_rng_state_all(devices)


# The order in which they are put back: what others are imported by, settings, and what an import may touch.
STATES: dict[str, State] = {
    "sys.path": State(lambda: list(sys.path), _set_path, early=True),
    "environment": State(_environment, _set_environment, early=True),
    "timezone": State(_timezone, _set_timezone),
    "cwd": State(os.getcwd, os.chdir, early=True),
    "recursionlimit": State(sys.getrecursionlimit, sys.setrecursionlimit),
    "locale": _of("locale.setlocale", "setlocale", 6),
    "decimal": State(lambda: importlib.import_module("decimal").getcontext().copy(), _set_decimal),
    "numpy": State(_numpy, _set_numpy),
    "pandas": State(_pandas, _set_pandas),
    "matplotlib": State(_matplotlib, _set_matplotlib),
    "figures": State(_open_figures, lambda value: None),
    "plotly": State(_plotly, _set_plotly),
    "sklearn": State(_sklearn, _set_sklearn),
    "sympy": State(_sympy.taken, _sympy.put),
    "logging": State(_logging.taken, _logging.put),
    "warnings": State(lambda: list(warnings.filters), _set_warnings),
    "random": _of("random.getstate", "setstate"),
    "numpy.random": _of("numpy.random.get_state", "set_state"),
    "torch": State(_torch_random, _set_torch_random),
}
