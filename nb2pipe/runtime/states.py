"""States of a process that flow from step to step like values: random states, settings, working directory."""

from __future__ import annotations

import enum
import importlib
import os
import pickle
import sys
import time
from collections.abc import Mapping
from typing import Any

from nb2pipe.runtime.settings import SETTINGS, State, loaded


def _global_generator(name: str) -> Any:
    """The module of a global random state; numpy brings its own in when it is first looked at, without a trace in ``sys.modules``."""
    if name == "numpy.random" and loaded("numpy"):
        return importlib.import_module(name)
    return loaded(name)


def _random() -> Any:
    random = loaded("random")
    return random.getstate() if random else None


def _set_random(value: Any) -> None:
    import random

    random.setstate(value)


def _numpy_random() -> Any:
    random = _global_generator("numpy.random")
    return random.get_state() if random else None


def _set_numpy_random(value: Any) -> None:
    import numpy.random

    numpy.random.set_state(value)


def _torch_random() -> Any:
    torch = loaded("torch")
    # as bytes: a tensor's pickle names the place in memory where it happens to lie
    return bytes(torch.get_rng_state().tolist()) if torch else None


def _set_torch_random(value: Any) -> None:
    import torch

    torch.set_rng_state(torch.tensor(list(value), dtype=torch.uint8))


def _variables() -> dict[str, str]:
    return {
        k: v for k, v in os.environ.items() if not k.startswith("NB2PIPE_") and not (k == "MPLBACKEND" and _INLINE in v)
    }


_INLINE = "matplotlib_inline"  # what each process has set for itself


_started_with: dict[str, str] = _variables()


def begin_environment() -> None:
    """What a step's process starts with is the run's own, and no step's doing."""
    global _started_with  # noqa: PLW0603  one process, one beginning
    _started_with = _variables()


_given: dict[str, str] = {}


def give_to_environment(variables: Mapping[str, str]) -> None:
    """Give a step variables of the run's own, which are no step's doing either; those of an earlier step in this process go."""
    global _given  # noqa: PLW0603  one process, one environment
    for name in _given.keys() - variables.keys():
        os.environ.pop(name, None)
        _started_with.pop(name, None)
    os.environ.update(variables)
    _started_with.update(variables)
    _given = dict(variables)


def _environment() -> Any:
    """What was made of the environment: what was set, and what is gone."""
    now = _variables()
    return (
        {k: v for k, v in now.items() if _started_with.get(k) != v},
        sorted(_started_with.keys() - now.keys()),
    )


def _set_environment(value: tuple[dict[str, str], list[str]]) -> None:
    changed, gone = value
    wanted = {k: v for k, v in _started_with.items() if k not in gone} | changed
    for name in _variables().keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)


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


def _warnings() -> Any:
    import warnings

    return [tuple(f) for f in warnings.filters]


def _set_warnings(value: Any) -> None:
    import warnings

    inner: Any = warnings
    inner.filters[:] = value
    # private, and the only way to tell the C half; its name changed in Python 3.14
    (getattr(inner, "_filters_mutated_lock_held", None) or inner._filters_mutated)()


def _set_path(value: list[str]) -> None:
    sys.path[:] = value


def _storable(attributes: Any) -> dict[str, Any]:
    """What of a module's or a class's attributes can be stored; the rest stays as the module's own import makes it."""
    found = {}
    # what an installed library keeps for itself is not the notebook's, and may not live through being stored
    private = "_" if "site-packages" in (attributes.get("__file__") or "") else "__"
    for key, value in attributes.items():
        if key.startswith(private) or isinstance(value, type(sys)):
            continue
        if (
            callable(value)
            and "__file__" in attributes
            and getattr(value, "__module__", "") in ("__main__", "builtins")
        ):
            found[key] = value  # such as the notebook itself has put there: `np.float = float`
        if callable(value) or hasattr(value, "__get__"):
            continue
        if type(value) is object:
            continue  # what a library compares by identity must stay what it is
        try:
            pickle.dumps(value)
        except Exception:  # noqa: S112  whatever pickling raises
            continue
        found[key] = value
    return found


def _module_state(name: str) -> State:
    """The attributes of a module that the notebook sets or its functions change."""

    def capture() -> Any:
        module = loaded(name)
        if module is None:
            return None
        installed = "site-packages" in (getattr(module, "__file__", None) or "")
        classes = [] if installed else [v for v in vars(module).values() if isinstance(v, type)]
        own = [c for c in classes if c.__module__ == name and not issubclass(c, enum.Enum)]
        return (_storable(vars(module)), {c.__name__: _storable(vars(c)) for c in own})

    def restore(value: Any) -> None:
        module = importlib.import_module(name)
        vars(module).update(value[0])
        for owner, attributes in value[1].items():
            for key, attribute in attributes.items():
                setattr(getattr(module, owner), key, attribute)

    return State(capture, restore)


def _owner(path: str) -> Any:
    """The module or class of a dotted path; None where its module is not imported."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        found = sys.modules.get(".".join(parts[:length]))
        if found is not None:
            for name in parts[length:]:
                try:
                    found = getattr(found, name, None)
                except Exception:  # a library of C looks for a file of that name, and says that there is none
                    return None
            return found
    return None


def _import(path: str) -> None:
    """Import what of a dotted path are modules: `google` alone brings nothing of `google.cloud` in."""
    name = ""
    for part in path.split("."):
        name = f"{name}.{part}".lstrip(".")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            return


def _patch_state(path: str) -> State:
    """One attribute of a module or class that the notebook has set."""
    owner, _, name = path.rpartition(".")

    def capture() -> Any:
        found = _owner(owner)
        if found is None:
            return None
        there = getattr(found, "__dict__", {})
        if path == "sys.argv":  # as a value, it is that of the process in which it arrives
            return ("set", list(there[name]))
        return ("set", there[name]) if name in there else ("unset",)

    def restore(value: Any) -> None:
        found = _owner(owner)
        if found is None:
            _import(owner)
            found = _owner(owner)
        there = getattr(found, "__dict__", {})  # nothing, where an earlier step alone has tried to import it
        if value[0] == "set":
            if there.get(name) is not value[1]:
                setattr(found, name, value[1])
        elif name in there:
            delattr(found, name)

    return State(capture, restore)


STATES: dict[str, State] = {
    "random": State(_random, _set_random),
    "numpy.random": State(_numpy_random, _set_numpy_random),
    "torch": State(_torch_random, _set_torch_random),
    "environment": State(_environment, _set_environment),
    "timezone": State(_timezone, _set_timezone, seen=lambda value: value[0]),
    "cwd": State(os.getcwd, os.chdir),
    "warnings": State(_warnings, _set_warnings),
    "sys.path": State(lambda: list(sys.path), _set_path),
    "recursionlimit": State(sys.getrecursionlimit, sys.setrecursionlimit),
    **SETTINGS,
}
RANDOM = ("random", "numpy.random", "torch")
# Restored before values are loaded: loading imports modules, and brings open figures back.
ORDER = ("sys.path", "environment", "cwd", "matplotlib")


class InsideLibraries:
    """Stands for what libraries keep to themselves: who needs it as a step has left it runs in the process of that step."""

    def __reduce__(self) -> Any:
        raise TypeError("what a library keeps to itself is in its process alone")


def state_of(name: str) -> State:
    """The state of a name in ``<>``; one that only orders steps (installed packages) holds nothing."""
    key = name.strip("<>")
    if key.startswith("module:"):
        return _module_state(key.removeprefix("module:"))
    if key.startswith("patch:"):
        return _patch_state(key.removeprefix("patch:"))
    if key == "libraries":
        return State(InsideLibraries, lambda value: None)
    return STATES.get(key, State(lambda: None, lambda value: None))


def stands_alone(name: str) -> bool:
    """Whether this is a state whose objects are its own; those of a module, a patch of one, and figures may be the notebook's as well."""
    return name.startswith("<") and not name.startswith(("<module:", "<patch:", "<figures>"))


def restored_early(name: str) -> bool:
    """Whether this is a state that is restored before values are loaded."""
    return name.startswith("<") and name.strip("<>") in ORDER


def restore_rank(name: str) -> int:
    """The place of such a state in the order in which they are restored."""
    return ORDER.index(name.strip("<>"))


def digest(name: str) -> bytes:
    """A digest of a state, to see whether it changed; empty where there is none, or where it is as its library made it."""
    state = state_of(name)
    value = state.capture() if state.own is None else state.own()
    if value is None:
        return b""
    value = state.seen(value)
    try:
        return pickle.dumps(value, protocol=5)
    except Exception:  # a state that cannot be pickled is compared by its text
        return repr(value).encode()


def reseed() -> None:
    """Fresh entropy for the global random states, as a new kernel has."""
    for name in RANDOM:
        module = _global_generator(name)
        if module is None:
            continue
        if name == "torch":
            module.manual_seed(int.from_bytes(os.urandom(4), "little"))
        else:
            module.seed(int.from_bytes(os.urandom(4), "little"))


def number_apart(stamp: int) -> None:
    """Have a library that numbers what it makes begin elsewhere in each step: their processes come from one, and begin alike.

    SymPy tells its dummies apart by such numbers, and puts them in order by them; ``stamp`` is the step's place in the notebook.
    """
    symbol = loaded("sympy.core.symbol")
    if symbol is not None:
        dummy = symbol.Dummy
        dummy._base_dummy_index = (stamp << 40) | (dummy._base_dummy_index & ((1 << 40) - 1))
