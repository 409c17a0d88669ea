"""How SymPy's objects are shown once ``init_printing`` was called: outside of IPython it gives its printer to ``sys.displayhook``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

_MODULE = "sympy.interactive.printing"
_CONTAINERS = (list, tuple, set, frozenset)


def as_text(value: Any) -> str | None:
    """The text that a notebook shows of a value that SymPy prints, None for every other."""
    printer = _printer()
    return None if printer is None or not _prints(value) else printer[0](value, **printer[1])


def taken() -> Any:
    """The settings of SymPy's printers, and the printer with its own; None where nobody has set it."""
    printer = _printer()
    return None if printer is None else (dict(_printers().Printer._global_settings), *printer)


def put(state: Any) -> None:
    """Put back what was `taken`."""
    shared, function, settings = state
    _printers().Printer._global_settings.update(shared)
    importlib.import_module(_MODULE)._init_python_printing(function, **settings)


def _printers() -> Any:
    return importlib.import_module("sympy.printing.printer")


def _printer() -> tuple[Callable[..., str], dict[str, Any]] | None:
    """What SymPy has ``sys.displayhook`` print with, and how."""
    hook: Any = sys.displayhook
    if getattr(hook, "__module__", "") != _MODULE:
        return None
    inside = {name: cell.cell_contents for name, cell in zip(hook.__code__.co_freevars, hook.__closure__, strict=True)}
    return inside["stringify_func"], inside["settings"]


def _prints(value: Any) -> bool:
    """Whether SymPy prints a value in a notebook: ``_can_print`` in its `_init_ipython_printing`."""
    if isinstance(value, _CONTAINERS):
        plain = any(type(value).__repr__ is kind.__repr__ for kind in _CONTAINERS)
        return plain and all(map(_prints, value))
    if isinstance(value, dict):
        return all(_prints(key) and _prints(item) for key, item in value.items())
    if isinstance(value, bool):
        return False
    printable = importlib.import_module("sympy.core._print_helpers").Printable
    return isinstance(value, (printable, int, float)) or any(
        hasattr(value, hook) for hook in ("_latex", "_sympystr", "_pretty", "_sympyrepr")
    )
