"""Steps that stay scripts: they share one namespace, as the cells of a notebook do."""

from __future__ import annotations
import __future__

import ast
import asyncio
import atexit
import functools
import inspect
import itertools
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ._bound import with_values
from ._captured import captured
from ._display import display
from ._figures import end_of_cell as show_figures
from ._figures import figures_inline
from ._runs import ran
from ._timer import timed


class _Unbound:
    """Stands for a name that a script has left without a value."""

    def __reduce__(self) -> str:
        return "UNBOUND"


UNBOUND = _Unbound()

_helpers = {
    "captured": captured,
    "display": display,
    "figures_inline": figures_inline,
    "show_figures": show_figures,
    "timed": timed,
}
_SUPPORT = {"ran": ran, "with_values": with_values, **_helpers, **{f"_{n}": helper for n, helper in _helpers.items()}}
"""What scripts find; a notebook that has one of these names for its own calls it by the other."""
_main = ModuleType("__main__")
_namespace = vars(_main)
_names = frozenset(_namespace)
"""What every module has."""
_FUTURE = functools.reduce(
    int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


def begin(values: Mapping[str, Any]) -> None:
    """Begin a run: the scripts of the one before are forgotten."""
    for name in _namespace.keys() - _names:
        del _namespace[name]
    know(values)


def know(values: Mapping[str, Any]) -> None:
    """Let the functions of scripts see what other steps have given."""
    _namespace.update({n: v for n, v in values.items() if v is not UNBOUND})


def script(name: str, gives: Sequence[str], part: str = "") -> Callable[..., Any]:
    """The step that runs `scripts/<name>.py`: it finds its arguments among its globals, and returns the names in `gives`.

    `part` is the part of the package that has it, where that is made of several notebooks.
    """
    path = Path(__file__).parents[1] / part / "scripts" / f"{name}.py"

    def run(**values: Any) -> Any:
        _namespace.update(_SUPPORT)
        know(values)
        main, sys.modules["__main__"] = (
            sys.modules["__main__"],
            _main,
        )  # where pickle looks for the classes of a notebook
        try:
            _do(path)
        finally:
            sys.modules["__main__"] = main
        found = tuple(map(_left, gives))
        return found[0] if len(found) == 1 else found or None

    run.__name__ = run.__qualname__ = name
    return run


def _left(name: str) -> Any:
    """What a script has left of a name; what it was only lent is nothing."""
    value = _namespace.get(name, UNBOUND)
    return UNBOUND if name in _SUPPORT and value is _SUPPORT[name] else value


def _do(path: Path) -> None:
    for code, may_fail in _cells(path):
        try:
            result = eval(code, _namespace)
            if inspect.iscoroutine(result):
                _loop().run_until_complete(result)
        except Exception:
            if not may_fail:
                raise
            traceback.print_exc()
            show_figures()  # those that it has come to


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of all cells, as a kernel has one."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def _cells(path: Path) -> Iterator[tuple[Any, bool]]:
    """The compiled cells of a script, each with whether it is expected to fail."""
    lines = path.read_text(encoding="utf-8").split("\n")
    starts = [0, *(i for i, line in enumerate(lines) if line.startswith("# %%")), len(lines)]
    future = 0
    for start, end in itertools.pairwise(starts):
        source = "\n" * start + "\n".join(lines[start:end])  # line numbers are those of the file
        code = compile(source, str(path), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | future, dont_inherit=True)
        future |= code.co_flags & _FUTURE  # they hold for the cells behind as well
        yield code, lines[start].strip() == "# %% raises"
