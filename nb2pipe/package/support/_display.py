"""What a notebook shows of the value of a cell's last expression, in plain Python as text."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from . import _sympy
from ._figures import in_ipython, show_figure
from ._pretty import as_text

_logger = logging.getLogger(__name__)


class Handle:
    """What `display(value, display_id=True)` gives: another value is shown by `update`, as text below the first."""

    def display(self, value: Any) -> None:
        """Show a value."""
        display(value)

    update = display


def display(*values: Any, display_id: Any = None, **options: Any) -> Any:
    """Show values as a notebook does, None not at all.

    Inside IPython this is IPython's own display, and takes what that takes; else what IPython gives as ``text/plain`` is
    printed. With `display_id` it gives a handle.
    """
    if options or display_id is not None:
        if in_ipython():
            return importlib.import_module("IPython.display").display(*values, display_id=display_id, **options)
        display(*values)
        return Handle() if display_id is not None else None
    for value in values:
        if value is None:
            continue
        if in_ipython():
            importlib.import_module("IPython.display").display(value)
        else:
            _print(value)
    return None


def _print(value: Any) -> None:
    use()
    figures = sys.modules.get("matplotlib.figure")
    try:
        if figures is not None and isinstance(value, figures.Figure):
            show_figure(value)
        else:
            text = _sympy.as_text(value)
            if text is None:
                text = _bundled(value)
            print(as_text(value) if text is None else text)
    except Exception:  # what cannot be shown does not end a notebook
        _logger.exception("a %s cannot be shown", type(value).__qualname__)


def _bundled(value: Any) -> str | None:
    """The text in what an object has itself shown as (a widget's is cut off); None where it says none."""
    shown = getattr(value, "_repr_mimebundle_", None)
    if not callable(shown) or isinstance(value, type) or hasattr(value, "_ipython_display_"):
        return None
    try:
        data = shown(include=None, exclude=None)
    except Exception:  # it is shown without
        _logger.debug("%s._repr_mimebundle_ fails", type(value).__qualname__, exc_info=True)
        return None
    text = (data[0] if isinstance(data, tuple) else data or {}).get("text/plain")
    return text if isinstance(text, str) else None


def use() -> None:
    """Let pandas show 20 columns, as in a notebook, instead of as many as fit into a terminal, which it writes as 0."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is not None and not in_ipython() and pandas.get_option("display.max_columns") == 0:
        pandas.set_option("display.max_columns", 20)
