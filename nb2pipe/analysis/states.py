"""Which states of the process a cell relies on without naming them: settings, environment, working directory."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable, Iterable, Iterator

from nb2pipe.analysis.effects import LIBRARIES, Access, Certainty, Mode, Resource
from nb2pipe.analysis.interpreter.machine import Record
from nb2pipe.diagnostics import Span

_PLOTTING = frozenset({"matplotlib", "seaborn", "plotnine", "pylab", "mpl_toolkits"})
_PLAIN = frozenset({"builtins", "math", "collections", "itertools", "functools", "re", "json", "time", "os",
                    "string", "random", "typing", "copy", "operator", "sys", "pathlib", "statistics"})  # fmt: skip

FIGURES = Resource("setting", "figures")
"""The open figures, where a notebook has them stay open."""
DRAWN = Resource("setting", "drawn")
"""Whether IPython draws a figure of its own behind the next ``%run``, as anything was drawn since the last one."""
READ_AT_IMPORT = re.compile(
    r"\b(?:MPLBACKEND|MPLCONFIGDIR|(?:SCIPY|SKLEARN|PANDAS|JOBLIB|TORCH|PYTORCH|PLOTLY|KERAS|TF|JAX|XLA|PYTENSOR)_[A-Z_]+)\b"
)
"""Variables of the environment that libraries go by when they are imported."""
FOR_LIBRARIES = "environment:libraries"
"""Among the states that cells have written: the environment, with such a variable."""
Rule = Callable[[Record], bool]


_STREAMS = frozenset({"patch:sys.stdout", "patch:sys.stderr", "patch:sys.stdin"})


def _shows(record: Record) -> bool:
    return "shows" in record.traits


def _unknown(record: Record) -> bool:
    return "unknown-calls" in record.traits


def _imports(record: Record) -> bool:
    return "imports" in record.traits


_RULES: dict[str, Rule] = {
    "environment": lambda r: (
        _imports(r) or _unknown(r) or bool(r.libraries & {"subprocess", "os", "multiprocessing", "joblib"})
    ),
    "cwd": lambda r: "relative" in r.traits or _imports(r) or _unknown(r),
    "sys.path": lambda r: _imports(r) or "modules" in r.traits,
    "packages": _imports,
    "warnings": lambda r: _unknown(r) or _may_warn(r) or bool(r.traits & {"guesses", "opens", "warns"}),
    "matplotlib": lambda r: bool(r.libraries & _PLOTTING) or _unknown(r) or "plots" in r.traits,
    "figures": lambda r: bool(r.libraries & _PLOTTING) or _unknown(r) or "plots" in r.traits,
    "pandas": lambda r: _shows(r) or "pandas" in r.libraries,
    "numpy": lambda r: _shows(r) or "numpy" in r.libraries,
    "sklearn": lambda r: _shows(r) or "sklearn" in r.libraries,
    "logging": lambda r: "logging" in r.libraries or _unknown(r) or "calls" in r.traits,
    "decimal": lambda _: True,
    "locale": _shows,
    "recursionlimit": lambda r: "calls" in r.traits,
    "torch.settings": lambda r: "torch" in r.libraries or _unknown(r),
    "plotly": lambda r: "plotly" in r.libraries or _shows(r),
    "ipython": lambda r: _shows(r) or bool(r.traits & {"displays", "fails"}),
    "sympy": lambda r: "sympy" in r.libraries or _shows(r) or "displays" in r.traits,
    "joblib": lambda r: "joblib" in r.libraries or "sklearn" in r.libraries,
    "timezone": lambda r: (
        _shows(r) or _unknown(r) or bool(r.libraries & {"time", "datetime", "pandas", "logging", "email"})
    ),
    "tqdm": lambda r: "pandas" in r.libraries or _unknown(r),
    "asyncio": lambda r: "asyncio" in r.libraries,
}
_RESOURCES = {
    "environment": Resource("environment", "environment"),
    FOR_LIBRARIES: Resource("environment", "environment"),
    "cwd": Resource("cwd", "cwd"),
}


def _may_warn(record: Record) -> bool:
    return any(
        name in _LIBRARIES or (name in sys.stdlib_module_names and name not in _PLAIN) for name in record.libraries
    )


def _elsewhere(record: Record) -> bool:
    """Whether the cell runs code of libraries, which may come by what the notebook has put into another one."""
    called = (name for name in record.libraries if name not in _PLAIN and not hasattr(builtins, name))
    return _unknown(record) or bool(record.traits & {"guesses", "magics"}) or any(called)


_LIBRARIES = frozenset({"numpy", "pandas", "sklearn", "scipy", "matplotlib", "seaborn", "statsmodels", "torch", "plotly",
                        "requests", "joblib", "xgboost", "lightgbm"})  # fmt: skip


def is_plotting(record: Record) -> bool:
    """Whether a cell says that figures are drawn in the notebook."""
    tops = {name.partition(".")[0] for name in record.modules}
    return "plotting" in record.traits or not _PLOTTING.isdisjoint(record.libraries | tops)


def may_draw(record: Record, plotting: bool) -> bool:
    """Whether a cell may leave figures open; what nothing is known of draws only in a notebook where somebody does."""
    return (
        not _PLOTTING.isdisjoint(record.libraries)
        or "plots" in record.traits
        or (plotting and "plots-perhaps" in record.traits)
    )


def figures_behind_scripts(records: Iterable[Record], plotting: bool) -> Iterator[int]:
    """The cells that go by DRAWN and change it; ``records`` in the notebook's order.

    It is ``%matplotlib`` that makes IPython draw behind scripts (``IPython.core.pylabtools.mpl_runner``). Who may draw before a
    ``%run`` takes part, back to a cell that draws for certain.
    """
    start: int | None = None
    drawers: list[int] = []
    for record in records:
        if "runs" in record.traits and start is not None:
            yield from (start, *drawers, record.cell)
            start, drawers = record.cell, []
        elif "plotting" in record.traits:
            start, drawers = record.cell, []
        elif "draws" in record.traits and "fails" not in record.traits:
            drawers = [record.cell]
        elif may_draw(record, plotting):
            drawers.append(record.cell)


def read_states(
    record: Record, written: set[str], changed: frozenset[str], span: Span, drawing: set[str]
) -> Iterator[Access]:
    """The reads of states that earlier cells have written (``written``) and this cell's doings rely on.

    ``changed`` are the libraries that have changed what they keep to themselves, ``*`` where all code relies on it; ``drawing`` those
    whose random numbers were seeded: who uses one may draw.
    """
    for key in sorted(written):
        if key == FOR_LIBRARIES:
            needed = _elsewhere(record)
        elif key == LIBRARIES.key:
            needed = "*" in changed or not changed.isdisjoint(record.libraries)
        elif key.startswith("module:"):
            module = key.removeprefix("module:")
            needed = module in record.libraries or module.partition(".")[0] in record.libraries
        elif key.startswith("patch:"):
            top = key.removeprefix("patch:").partition(".")[0]
            needed = top == "IPython" or key in _STREAMS or top in (*record.libraries, "builtins") or _elsewhere(record)
        else:
            rule = _RULES.get(key)
            needed = rule is None or rule(record)
        if needed:
            # who plots goes on with the figures that are open, and who shows anything with what the notebook has put for a stream
            drawn = key == LIBRARIES.key and not record.libraries.isdisjoint(drawing)
            mode: Mode = "write" if key == FIGURES.key or key in _STREAMS or drawn else "read"
            yield Access(_RESOURCES.get(key) or Resource("setting", key), mode, span, Certainty.MAY)
