"""Figures as a notebook shows them: by ``plt.show()`` and at the end of a cell, and closed when they are shown.

This module is a Matplotlib backend, ``module://<package>._figures``; it imports Matplotlib only where that is in use.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_logger = logging.getLogger(__name__)
NAME = f"module://{__name__}"
"""The backend, as Matplotlib knows it."""
_given = os.environ.get("MPLBACKEND", "")


@dataclass
class _State:
    """Where figures are saved, how many have been, and whether one was made since figures were last shown."""

    folder: Path | None = None
    step: str = ""
    saved: int = 0
    fresh: bool = False


_state = _State()


def in_ipython() -> bool:
    """Whether this code runs inside IPython, as in Jupyter."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and get_ipython() is not None


def use() -> None:
    """Make this the backend, unless the user has chosen one, by ``MPLBACKEND`` or otherwise, or runs IPython."""
    if os.environ.get("MPLBACKEND") or in_ipython():
        return
    matplotlib: Any = sys.modules.get("matplotlib")
    if matplotlib is None:
        os.environ["MPLBACKEND"] = NAME
    elif getattr(matplotlib.rcParams, "_get_backend_or_none", lambda: None)() is None:
        os.environ["MPLBACKEND"] = NAME
        matplotlib.use(NAME)


def figures_inline() -> None:
    """Show figures as a notebook does from now on, as ``%matplotlib inline`` has it, whatever was chosen before."""
    if in_ipython():
        importlib.import_module("IPython").get_ipython().run_line_magic("matplotlib", "inline")
        return
    pyplot = importlib.import_module("matplotlib.pyplot")
    pyplot.switch_backend(_given or NAME)
    pyplot.ion()


def chosen_backend() -> str | None:
    """The backend that a step has chosen; None where it is this one, that of IPython, or that of who runs the process."""
    backend = dict.get(getattr(sys.modules.get("matplotlib"), "rcParams", {}), "backend")
    if (
        not isinstance(backend, str)
        or "inline" in backend
        or backend.casefold() in (NAME.casefold(), _given.casefold())
    ):
        return None
    return backend


def save_to(folder: str | os.PathLike[str] | None, step: str) -> None:
    """Save the figures that are shown from now on as ``<folder>/<step>-<n>.png``, n from 1; None saves none."""
    _state.folder, _state.step, _state.saved = None if folder is None else Path(folder), step, 0


def end_of_cell() -> None:
    """Show the figures that a cell has made and not shown, and close them: the next cell begins with none."""
    fresh, _state.fresh = _state.fresh, False
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not pyplot.get_fignums():
        return
    backend = pyplot.get_backend()
    if backend == NAME:
        if fresh:
            show()
    elif backend.lower() in ("inline", "module://matplotlib_inline.backend_inline"):
        importlib.import_module(
            "matplotlib_inline.backend_inline"
        ).flush_figures()  # only between the cells of one step
    elif not pyplot.isinteractive():
        pyplot.close("all")


def show_figure(figure: Any) -> None:
    """Print what a notebook shows of a figure as text, and save it where figures are saved and it is not empty."""
    print(repr(figure))
    if _state.folder is None or not (figure.axes or figure.lines):
        return
    image = io.BytesIO()
    colors = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    try:
        figure.savefig(image, format="png", dpi=figure.dpi, bbox_inches="tight", **colors)
    except Exception:  # a figure that cannot be drawn does not end a notebook
        _logger.exception("%r cannot be drawn", figure)
        return
    _state.saved += 1
    _state.folder.mkdir(parents=True, exist_ok=True)
    (_state.folder / f"{_state.step}-{_state.saved}.png").write_bytes(image.getvalue())


# -- what Matplotlib asks of a backend -----------------------------------------------------------------------------


def __getattr__(name: str) -> Any:
    if name != "FigureCanvas":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    importlib.import_module("matplotlib").interactive(
        True
    )  # as in a notebook: `plt.ioff()` is how figures are held back
    canvas = importlib.import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
    globals()[name] = canvas  # Matplotlib looks for it among the module's variables too, once it has asked
    return canvas


def new_figure_manager(num: int, *args: Any, FigureClass: Any = None, **options: Any) -> Any:
    """Make a figure."""
    make = FigureClass or importlib.import_module("matplotlib.figure").Figure
    return new_figure_manager_given_figure(num, make(*args, **options))


def new_figure_manager_given_figure(num: int, figure: Any) -> Any:
    """Take in a figure, to be shown at the end of the cell."""
    _state.fresh = _state.fresh or importlib.import_module("matplotlib").is_interactive()
    return importlib.import_module("matplotlib.backends.backend_agg").FigureCanvasAgg.new_manager(figure, num)


def show(close: bool | None = None, block: bool | None = None) -> None:
    """Show all open figures, and close them unless ``close`` is false."""
    try:
        for manager in importlib.import_module("matplotlib._pylab_helpers").Gcf.get_all_fig_managers():
            show_figure(manager.canvas.figure)
    finally:
        if close is not False:
            importlib.import_module("matplotlib.pyplot").close("all")
