"""Settings of libraries, as states of the process: how each is taken, put back, and seen to have changed."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class State:
    """How one state is taken and put back; ``capture`` gives None where its library is not imported.

    ``seen`` gives what of it counts when it is asked whether the state has changed.
    ``own`` gives what has been made of it since its library was imported, None where nothing was: by that a change is seen
    even in the step that imports the library. Without it the whole is compared.
    """

    capture: Callable[[], Any]
    restore: Callable[[Any], None]
    own: Callable[[], Any] | None = None
    seen: Callable[[Any], Any] = lambda value: value


def loaded(name: str) -> Any:
    """A module, where the process has imported it; else None."""
    return sys.modules.get(name)


_TRANSIENT_RC = frozenset({"backend", "interactive", "toolbar", "timezone", "webagg.port"})


def _matplotlib() -> Any:
    matplotlib = loaded("matplotlib")
    if not matplotlib:
        return None
    params = matplotlib.rcParams
    found = {k: params._get(k) if hasattr(params, "_get") else params[k] for k in params if k not in _TRANSIENT_RC}
    maps = getattr(matplotlib, "colormaps", {})
    own = {name: maps[name] for name in maps if name not in getattr(maps, "_builtin_cmaps", ())}
    chosen = params._get("backend") if hasattr(params, "_get") else None
    backend = chosen if isinstance(chosen, str) and "inline" not in chosen else None
    return (found, own, backend, _is_off(matplotlib))


def _is_off(matplotlib: Any) -> bool:
    """Whether the notebook has said that figures are not shown of themselves (``plt.ioff()``): inline they are, once there is a backend."""
    if getattr(loaded("matplotlib.pyplot"), "_backend_mod", None) is None or not hasattr(matplotlib.rcParams, "_get"):
        return False
    return "inline" in matplotlib.rcParams._get("backend") and not matplotlib.is_interactive()


def _own_matplotlib() -> Any:
    matplotlib = loaded("matplotlib")
    if not matplotlib:
        return None
    params, first = matplotlib.rcParams, matplotlib.rcParamsOrig
    get = params._get if hasattr(params, "_get") else dict(params).get
    found = {k: get(k) for k in params if k not in _TRANSIENT_RC and get(k) != dict.get(first, k)}
    if _is_off(matplotlib):
        found["interactive"] = False
    return found or None  # not the backend, which is chosen anew when it is first needed


def _set_matplotlib(value: Any) -> None:
    import matplotlib as mpl

    params: Any = mpl.rcParams
    for key, setting in value[0].items():
        dict.__setitem__(params, key, setting)
    for name, colors in value[1].items():  # a theme may name a map that its library has registered
        if name not in mpl.colormaps:
            mpl.colormaps.register(colors, name=name)
    if value[2] is not None:
        mpl.use(value[2], force=False)  # where it is not to be had here, figures are shown inline
    if value[3]:
        # a backend that is loaded later would show them again
        importlib.import_module("matplotlib.pyplot").switch_backend(mpl.get_backend())
        mpl.interactive(False)


def _figures() -> Any:
    """The open figures and which is the current one; inline, where each cell closes its own, there are none."""
    helpers = loaded("matplotlib._pylab_helpers")
    backend = getattr(loaded("matplotlib"), "rcParams", {}).get("backend", "") if helpers else ""
    if not helpers or not isinstance(backend, str) or "inline" in backend:
        return None
    active = helpers.Gcf.get_active()
    return ([m.canvas.figure for m in helpers.Gcf.get_all_fig_managers()], active.num if active else None)


def _set_figures(value: Any) -> None:
    import matplotlib.pyplot as plt

    for number in set(plt.get_fignums()) - {figure.number for figure in value[0]}:
        plt.close(number)
    if value[1] is not None:
        plt.figure(value[1])


def _drawn() -> Any:
    """Whether anything was drawn since the last ``%run``, as IPython counts it where ``%matplotlib`` has made it draw behind scripts."""
    called = getattr(getattr(loaded("matplotlib.pyplot"), "draw_if_interactive", None), "called", None)
    return called if called is not None and _execution().default_runner else None


def _set_drawn(value: bool) -> None:
    from IPython import get_ipython
    from IPython.core import pylabtools

    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    pyplot.draw_if_interactive = pylabtools.flag_calls(pyplot.draw_if_interactive)
    pyplot.draw_if_interactive.called = value
    shell: Any = get_ipython()
    _execution().default_runner = pylabtools.mpl_runner(shell.safe_execfile)


def _execution() -> Any:
    """The magics that run scripts."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    return shell.magics_manager.registry["ExecutionMagics"]


def _pandas() -> Any:
    if not loaded("pandas"):
        return None
    config: Any = loaded("pandas._config.config")
    found = {}
    with warnings.catch_warnings():  # of options that will be gone
        warnings.simplefilter("ignore")
        for key in config._registered_options:
            found[key] = config.get_option(key)
    return found


def _own_pandas() -> Any:
    found = _pandas()
    if found is None:
        return None
    options = loaded("pandas._config.config")._registered_options
    return {k: v for k, v in found.items() if v != options[k].defval} or None


def _set_pandas(value: dict[str, Any]) -> None:
    import pandas as pd

    with warnings.catch_warnings():  # of options that will be gone
        warnings.simplefilter("ignore")
        for key, setting in value.items():
            try:
                if pd.get_option(key) != setting:
                    pd.set_option(key, setting)
            except (KeyError, ValueError, TypeError):
                continue


def _numpy() -> Any:
    numpy = loaded("numpy")
    return (numpy.get_printoptions(), numpy.geterr()) if numpy else None


_NUMPY_DEFAULTS = {"edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False, "linewidth": 75,
                   "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None, "legacy": False, "override_repr": None,
                   "divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}  # fmt: skip


def _own_numpy() -> Any:
    found = _numpy()
    if not found:
        return None
    return {k: v for k, v in {**found[0], **found[1]}.items() if v != _NUMPY_DEFAULTS.get(k)} or None


def _set_numpy(value: Any) -> None:
    import numpy as np

    np.set_printoptions(**value[0])
    np.seterr(**value[1])


def _logging() -> Any:
    logging = loaded("logging")
    if not logging:
        return None
    found = {}
    loggers = {
        "": logging.getLogger(),
        **{n: x for n, x in logging.Logger.manager.loggerDict.items() if isinstance(x, logging.Logger)},
    }
    for name, logger in loggers.items():
        handlers: list[tuple[Any, Any, int, Any, str]] = []
        for handler in logger.handlers:
            stream = getattr(handler, "stream", None)
            kind = type(handler).__name__
            target = getattr(handler, "baseFilename", None) or getattr(stream, "name", None)
            if kind in ("StreamHandler", "FileHandler") and target is not None:
                handlers.append((kind, str(target), handler.level, handler.formatter, getattr(handler, "mode", "a")))
            elif type(handler).__module__ == "__main__":
                own = {k: v for k, v in vars(handler).items() if k not in ("lock", "formatter", "level")}
                handlers.append((type(handler), own, handler.level, handler.formatter, ""))
        if name == "" or logger.level or handlers or not logger.propagate or logger.disabled:
            found[name] = (logger.level, handlers, logger.propagate, logger.disabled)
    return (found, logging.root.manager.disable)


def _set_logging(value: Any) -> None:
    import logging

    found, disable = value
    for name, (level, handlers, propagate, disabled) in found.items():
        logger = logging.getLogger(name or None)
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled
        logger.handlers.clear()
        for kind, target, handler_level, formatter, _ in handlers:
            handler: Any
            if isinstance(kind, type):
                handler = object.__new__(kind)
                vars(handler).update(target)
                handler.createLock()
            elif kind == "FileHandler":
                handler = logging.FileHandler(target, "a")
            else:
                handler = logging.StreamHandler(sys.stdout if target in ("stdout", "<stdout>") else sys.stderr)
            handler.setLevel(handler_level)
            handler.setFormatter(formatter)
            logger.addHandler(handler)
    logging.disable(disable)


def _decimal() -> Any:
    decimal = loaded("decimal")
    return decimal.getcontext().copy() if decimal else None


def _set_decimal(value: Any) -> None:
    import decimal

    context = decimal.getcontext()  # which the notebook may hold by a name
    for name in ("prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps"):
        setattr(context, name, getattr(value, name))


def _without_flags(context: Any) -> Any:
    """Every operation may raise a flag, which nearly nobody reads."""
    context.clear_flags()
    return context


def _locale() -> Any:
    locale = loaded("locale")
    return locale.setlocale(locale.LC_ALL) if locale else None


def _set_locale(value: Any) -> None:
    import locale

    locale.setlocale(locale.LC_ALL, value)


def _sklearn() -> Any:
    sklearn = loaded("sklearn")
    return sklearn.get_config() if sklearn else None


def _set_sklearn(value: Any) -> None:
    import sklearn

    sklearn.set_config(**value)


def _torch_settings() -> Any:
    torch = loaded("torch")
    if not torch:
        return None
    options = torch._tensor_str.PRINT_OPTS
    return {
        "dtype": torch.get_default_dtype(), "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(), "grad": torch.is_grad_enabled(),
        "print": {k: getattr(options, k) for k in ("precision", "threshold", "edgeitems", "linewidth", "sci_mode")},
    }  # fmt: skip


def _set_torch_settings(value: Any) -> None:
    import torch

    torch.set_default_dtype(value["dtype"])
    torch.set_num_threads(value["threads"])
    torch.use_deterministic_algorithms(value["deterministic"])
    torch.set_grad_enabled(value["grad"])
    torch.set_printoptions(**value["print"])


def _plotly() -> Any:
    io = loaded("plotly.io")
    return (io.templates.default, io.renderers.default) if io else None


def _set_plotly(value: Any) -> None:
    import plotly.io as pio

    pio.templates.default, pio.renderers.default = value


def _ipython() -> Any:
    from IPython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        return {}
    plain = shell.display_formatter.formatters["text/plain"]
    inline: Any = None
    backend = loaded("matplotlib_inline.config")
    if backend:
        found = backend.InlineBackend.instance(parent=shell)
        inline = (set(found.figure_formats), dict(found.print_figure_kwargs), found.close_figures)
    return {
        "precision": plain.float_precision, "nodes": shell.ast_node_interactivity, "inline": inline,
        "xmode": shell.InteractiveTB.mode, "extensions": sorted(shell.extension_manager.loaded), "pprint": plain.pprint,
        "printers": {mime: _printers(f) for mime, f in shell.display_formatter.formatters.items()},
    }  # fmt: skip


def _own_ipython() -> Any:
    """What no import changes by rights."""
    return {k: v for k, v in _ipython().items() if k not in ("inline", "extensions")}


def _printers(formatter: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """How a formatter shows instances of types, and of those that are not imported yet, where IPython did not say so itself."""
    return (
        {k: f for k, f in formatter.type_printers.items() if not _is_ipythons(k, f)},
        {k: f for k, f in formatter.deferred_printers.items() if not _is_ipythons(k, f)},
    )


def _is_ipythons(kind: Any, function: Any) -> bool:
    """Whether IPython has a type shown this way by itself, or to put figures into the notebook."""
    name = kind if isinstance(kind, tuple) else (kind.__module__, kind.__name__)
    return name == ("matplotlib.figure", "Figure") or str(getattr(function, "__module__", "")).startswith("IPython.")


def _sympy() -> Any:
    """How sympy shows things: ``init_printing`` sets it in classes of its own."""
    printing = loaded("sympy.core._print_helpers")
    if not printing:
        return None
    shown = {k: vars(printing.Printable)[k] for k in ("_repr_png_", "_repr_svg_", "_repr_latex_")}
    return (shown, dict(loaded("sympy.printing.printer").Printer._global_settings),
            loaded("sympy.printing.pretty.pretty_symbology")._use_unicode)  # fmt: skip


def _own_sympy() -> Any:
    found = _sympy()
    if not found:
        return None
    disabled = vars(loaded("sympy.core._print_helpers").Printable)["_repr_disabled"]
    changed = [f for f in found[0].values() if f is not disabled]
    # what it shows in LaTeX is a function of its own from the beginning
    return found if found[1] or len(changed) > 1 else None


def _set_sympy(value: Any) -> None:
    printable = importlib.import_module("sympy.core._print_helpers").Printable
    printer = importlib.import_module("sympy.printing.printer").Printer
    for name, function in value[0].items():
        setattr(printable, name, function)
    printer._global_settings.clear()
    printer._global_settings.update(value[1])
    symbols: Any = importlib.import_module("sympy.printing.pretty.pretty_symbology")
    symbols._use_unicode = value[2]


def _set_ipython(value: Any) -> None:
    from IPython import get_ipython

    shell: Any = get_ipython()
    plain = shell.display_formatter.formatters["text/plain"]
    numpy = loaded("numpy")
    printing = numpy.get_printoptions() if numpy else {}
    plain.float_precision, plain.pprint = value["precision"], value["pprint"]
    if numpy:  # to which IPython has passed the precision on
        numpy.set_printoptions(**printing)
    shell.ast_node_interactivity = value["nodes"]
    shell.InteractiveTB.set_mode(value["xmode"])
    for extension in value["extensions"]:
        if extension not in shell.extension_manager.loaded:
            shell.extension_manager.load_extension(extension)
    for mime, (types, deferred) in value["printers"].items():
        formatter = shell.display_formatter.formatters.get(mime)
        if formatter is not None:
            formatter.type_printers.update(types)
            formatter.deferred_printers.update(deferred)
    if value["inline"] is not None:
        from matplotlib_inline.config import InlineBackend

        found: Any = InlineBackend.instance(parent=shell)
        found.figure_formats, found.print_figure_kwargs, found.close_figures = value["inline"]


def _tqdm() -> Any:
    """Which progress bar ``tqdm.pandas()`` has given to pandas, and how it is to look."""
    given = getattr(getattr(loaded("pandas"), "Series", None), "progress_apply", None)
    inside = dict(zip(given.__code__.co_freevars, given.__closure__ or (), strict=False)) if given is not None else {}
    return (inside["cls"].cell_contents, inside["tqdm_kwargs"].cell_contents) if "cls" in inside else None


def _set_tqdm(value: Any) -> None:
    value[0].pandas(**value[1])


SETTINGS: dict[str, State] = {
    "matplotlib": State(_matplotlib, _set_matplotlib, _own_matplotlib),
    "figures": State(_figures, _set_figures, seen=lambda _: None),
    "drawn": State(_drawn, _set_drawn, seen=lambda _: None),
    "pandas": State(_pandas, _set_pandas, _own_pandas),
    "numpy": State(_numpy, _set_numpy, _own_numpy),
    "logging": State(_logging, _set_logging),
    "decimal": State(_decimal, _set_decimal, seen=_without_flags),
    "locale": State(_locale, _set_locale),
    "sklearn": State(_sklearn, _set_sklearn),
    "torch.settings": State(_torch_settings, _set_torch_settings),
    "plotly": State(_plotly, _set_plotly),
    "ipython": State(_ipython, _set_ipython, _own_ipython),
    "sympy": State(_sympy, _set_sympy, _own_sympy),
    "tqdm": State(_tqdm, _set_tqdm),
}
