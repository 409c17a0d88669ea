"""What the engine can be asked for: by keyword arguments of `execute_notebook`, or by the environment."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from papermill.exceptions import PapermillException

NO_MATTER = frozenset({
    "input_path", "startup_timeout", "iopub_timeout", "raise_on_iopub_timeout", "shell_timeout_interval", "shutdown_kernel",
    "kernel_manager_class", "nest_asyncio", "ipython_hist_file", "record_timing", "coalesce_streams", "store_widget_state",
    "display_data_priority", "interrupt_on_timeout",
})  # fmt: skip
"""What papermill's own engine is told of its kernel, or of details of its own that change no value."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How the engine runs a notebook; the rest is papermill's. With ``fallback`` papermill's own engine runs what is refused."""

    jobs: int | None = None
    split: str | None = None
    guards: str = "on"
    cache: bool = False
    record: bool = False
    store: str | None = None
    fail_fast: bool = False
    retries: int = 0
    fallback: bool = False


def options_of(given: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> EngineOptions:
    """The options among ``given``, else those of the environment (``NB2PIPE_JOBS`` and so on).

    Raises:
        PapermillException: There is no such option, or it cannot be that.
    """
    unknown = sorted(given.keys() - _READERS.keys() - NO_MATTER)
    if unknown:
        near = difflib.get_close_matches(unknown[0], _READERS, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(f'`{n}`' for n in _READERS)}"
        raise PapermillException(f"the engine nb2pipe has no option `{unknown[0]}`; {hint}")
    found: dict[str, Any] = {}
    for name, read in _READERS.items():
        variable = f"NB2PIPE_{name.upper()}"
        value = given[name] if given.get(name) is not None else environment.get(variable) or None
        if value is None:
            continue
        try:
            found[name] = read(value)
        except ValueError as error:
            place = f"the option `{name}` of the engine nb2pipe" if given.get(name) is not None else variable
            raise PapermillException(f"{place}: {error}") from None
    return EngineOptions(**found)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdecimal() or int(value) < 1:
        raise ValueError(f"expected a whole number from 1, got {value!r}")
    return int(value)


def _retries(value: Any) -> int:
    return 0 if str(value) == "0" else _count(value)


def _switch(value: Any) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if str(value).lower() not in known:
        raise ValueError(f"expected 1 or 0, got {value!r}")
    return known[str(value).lower()]


def _guards(value: Any) -> str:
    if value not in ("on", "light", "strict", "off"):
        raise ValueError(f"expected on, light, strict or off, got {value!r}")
    return str(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "jobs": _count, "split": str, "guards": _guards, "cache": _switch, "record": _switch, "store": str, "fail_fast": _switch,
    "retries": _retries, "fallback": _switch,
}  # fmt: skip
