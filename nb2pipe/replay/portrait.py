"""What a value is, as plain data that two processes can be compared by.

This module runs inside of the notebook's kernel and of the package's processes: it imports the standard library only, and
looks for all others among the modules that are loaded.

A portrait is a list of nodes, the first of which is the value itself. It is flat, so that neither depth nor cycles
matter: a node names the nodes of its parts by their places in the list.
"""

from __future__ import annotations

import copy
import copyreg
import datetime as dt
import decimal
import dis
import enum
import fractions
import functools
import hashlib
import io
import os
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

_LARGEST = 3_000_000  # nodes
_BLOCK = 1 << 20  # bytes of a digest
_WHOLE = 1 << 28  # bytes up to which an array is kept as it is
_ATOMS = (int, float, complex, str, bytes, bool, type(None))
_SHOWN = (dt.date, dt.datetime, dt.time, dt.timedelta, decimal.Decimal, fractions.Fraction)
"""What is equal where it looks the same."""
_STAND_INS = frozenset({"SList", "CapturedIO", "Captured", "DisplayHandle", "Handle"})
"""What IPython has, and what a package has in its place."""
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_NAMED = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType)
_CACHED = type(functools.lru_cache(int))
_ITERATED: tuple[Any, ...] = ([], (), "", b"", range(0), {}, {}.values(), {}.items(), set())
_ITERATORS = tuple(type(iter(each)) for each in _ITERATED)
"""Iterators that a copy of leaves as they are."""
_KERNELS = frozenset(
    {"JPY_PARENT_PID", "JPY_SESSION_NAME", "MPLBACKEND", "PYDEVD_USE_FRAME_EVAL", "TERM", "CLICOLOR", "CLICOLOR_FORCE",
     "FORCE_COLOR", "PAGER", "GIT_PAGER", "PYTHONPATH", "COLUMNS", "LINES"}
)  # fmt: skip
"""Variables of the environment that a kernel sets for itself, or whoever runs a package."""
_MEASURED = frozenset({"mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"})
"""What a search of scikit-learn notes of the time that it took, among its results."""
_PASSING = frozenset({".refit_time_", "._stop_words_id", "._deprecated_key_to_warnings"})
"""Attributes of scikit-learn's that are a time, the address of something, or left out by its own pickle: each process has others."""
_SAMPLED = frozenset({"created_at", "sampling_time", "perf_counter_diff", "perf_counter_start", "process_time_diff"})
"""What ArviZ and PyMC note of when they sampled and of the time that it took, among attributes and variables."""
_OF_THREADS = frozenset(vars(threading.Thread(name="any"))) - {"_target", "_args", "_kwargs", "_daemonic"}
"""What Python keeps in a thread for itself."""
_OWN = frozenset({"functions", "steps", "scripts", "parameters"})
"""The modules of a package that hold what the notebook itself defines."""


class Node(NamedTuple):
    """A part of a value.

    =========  ==============================  =====================================================================
    kind       data                            parts
    =========  ==============================  =====================================================================
    atom       the number, text, bytes         none
    text       what it looks like              none: a date, a decimal number
    atoms      the numbers, texts, ...         none: the items of a list, tuple or column that holds nothing else
    items                                      the items of a list or tuple, in order
    set                                        the items, in an order of their own
    mapping                                    key, value, key, value, in order
    array      dtype, shape, bytes or digests  none
    frame                                      index, columns, attrs, then the columns
    series                                     index, name, attrs, values
    object     the names of the parts          what the object is made of, as pickle would take it apart
    function   constants and operators, names  a function of the notebook: its defaults, and what these names outside of it hold
    name                                       none: a function of a library, a class or module; ``type`` is its name
    picture    width, height, bytes            none: a figure, drawn
    unbound                                    none: there is no such name
    opaque     why                             none: nothing can be said of it
    =========  ==============================  =====================================================================

    ``shared`` is whether it matters that two places hold the same object: it can change.
    """

    kind: str
    type: str = ""
    data: Any = None
    parts: tuple[int, ...] = ()
    shared: bool = False


MAGIC = "get_ipython()"
"""Stands for IPython's own syntax among what a function computes with: a package has other text for it."""
WITH_VALUES = "with_values"
"""What a package has around a function to which it passes values."""
UNBOUND = (Node("unbound"),)


def portrait(value: Any, package: str = "", *, alone: bool = False) -> tuple[Node, ...]:
    """The portrait of a value; ``package`` is the name of the package whose classes count as the notebook's.

    ``alone`` is whether this is a process of its own, where figures can be drawn and databases read without a trace.
    """
    if type(value).__name__ == "_Unbound" and type(value).__module__ == f"{package}._runtime._script":
        return UNBOUND
    try:
        return _Painter(package, alone).paint(value)
    except _TooLargeError:
        return (Node("opaque", type(value).__name__, f"it has more than {_LARGEST:,} parts"),)
    except Exception as error:
        return (Node("opaque", type(value).__name__, f"{type(error).__name__}: {error}"),)


class _TooLargeError(Exception):
    """A value has too many parts."""


class _Painter:
    """One portrait in the making."""

    def __init__(self, package: str, alone: bool) -> None:
        self.package, self.alone = package, alone
        self.nodes: list[Node] = []
        self.waiting: list[tuple[int, Any]] = []
        self.places: dict[int, int] = {}
        self.kept: list[Any] = []  # so that no id is used twice

    def paint(self, value: Any) -> tuple[Node, ...]:
        self.place(value)
        while self.waiting:
            place, part = self.waiting.pop()
            try:
                self.nodes[place] = self.node(part)
            except _TooLargeError:
                raise
            except Exception as error:
                self.nodes[place] = Node("opaque", self.type_name(type(part)), f"{error}" or type(error).__name__)
        return tuple(self.nodes)

    def place(self, value: Any) -> int:
        """Where the node of a part stands, or will."""
        if type(value) in _ATOMS:
            return self.append(Node("atom", type(value).__name__, value))
        found = self.places.get(id(value))
        if found is None:
            found = self.places[id(value)] = self.append(Node("opaque"))
            self.kept.append(value)
            self.waiting.append((found, value))
        return found

    def append(self, node: Node) -> int:
        if len(self.nodes) >= _LARGEST:
            raise _TooLargeError
        self.nodes.append(node)
        return len(self.nodes) - 1

    # -- the kinds ----------------------------------------------------------------------------------------------------

    def node(self, value: Any) -> Node:
        kind = type(value)
        name = self.type_name(kind)
        if kind is list or kind is tuple:
            return self.sequence(name, value, shared=kind is list)
        if kind is dict or kind is types.MappingProxyType:
            return Node("mapping", name, None, self.pairs(value), shared=True)
        if kind is set or kind is frozenset:
            return Node("set", name, None, tuple(self.place(v) for v in sorted(value, key=self.key)), kind is set)
        if kind in _VIEWS:
            return self.sequence(name, list(value))
        if kind in _ITERATORS:
            return self.object(name, {"": list(copy.copy(value))}, shared=True)
        if kind is bytearray:
            return Node("atom", name, bytes(value), shared=True)
        if value is os.environ:
            return self.object(name, {"": {n: v for n, v in sorted(value.items()) if n not in _KERNELS}}, shared=True)
        if kind is memoryview:
            return self.object(name, {"<format>": value.format, "<shape>": value.shape, "": bytes(value)}, shared=True)
        if kind in _SHOWN and getattr(value, "tzinfo", None) in (None, dt.UTC) and not getattr(value, "fold", 0):
            return Node("text", name, str(value))
        if isinstance(value, _NAMED) and isinstance(getattr(value, "__self__", None), (type(None), types.ModuleType)):
            name = self.name_of(value)
            return (
                self.function(name, value)
                if isinstance(value, types.FunctionType) and "." not in name
                else Node("name", name)
            )
        if isinstance(value, enum.Enum):  # pickled by its name or by its value, as the Python is
            return self.object(name, {".name": value._name_, ".value": value._value_})
        if isinstance(value, threading.Thread):  # which thread of its process it is, means nothing
            return self.object(
                name, {f".{k}": v for k, v in sorted(vars(value).items()) if k not in _OF_THREADS}, shared=True
            )
        if kind is weakref.ref:
            return self.object(name, {"": value()})
        if kind is types.MethodType:
            return self.object(name, {".__self__": value.__self__, ".__func__": value.__func__})
        if kind is _CACHED:
            return self.object(name, {".__wrapped__": value.__wrapped__, **value.cache_parameters()})
        ours = kind.__name__ == WITH_VALUES and kind.__module__.startswith(f"{self.package}._runtime.")
        if ours or kind is functools.partial:
            parts = {".func": value.func, ".args": value.args, ".keywords": value.keywords}
            return self.object(WITH_VALUES if ours else name, parts)
        if kind.__module__.startswith(("IPython.", f"{self.package}._runtime.")) and kind.__name__ in _STAND_INS:
            return self.stand_in(value, kind.__name__)
        if (
            isinstance(value, io.IOBase) and kind.__module__ == "_io" and value.closed
        ):  # nothing can be read of it any more
            known = {f".{n}": getattr(value, n) for n in ("name", "mode", "encoding") if hasattr(value, n)}
            return self.object(name, {".closed": True, **known}, shared=True)
        if kind.__name__ in _GENERATORS and (own := _generator_of_all(value)) is not None:
            return Node("name", own)
        for library, look in _LIBRARIES.items():
            module = sys.modules.get(library)
            made = None if module is None else look(self, value, module, name)
            if made is not None:
                return made
        return self.reduced(value, name)

    def function(self, name: str, value: types.FunctionType) -> Node:
        """A function of the notebook; in a package its text stands elsewhere, and what it reads is passed or stands around it."""
        around = dict(zip(value.__code__.co_freevars, value.__closure__ or (), strict=True))
        held = {n: cell.cell_contents for n, cell in sorted(around.items()) if cell != types.CellType()}
        parts = (value.__defaults__, value.__kwdefaults__, *held.values())
        return Node(
            "function", name, (tuple(_computes(value.__code__)), tuple(held)), tuple(self.place(p) for p in parts)
        )

    def stand_in(self, value: Any, name: str) -> Node:
        """What a package has in the place of something of IPython's."""
        if name == "SList":
            return self.sequence("list", list(value), shared=True)
        if name in ("CapturedIO", "Captured"):
            return self.object("captured", {".stdout": value.stdout, ".stderr": value.stderr}, shared=True)
        return Node("name", "a display's handle")

    def sequence(self, name: str, items: Any, *, shared: bool = False) -> Node:
        """Items in order; those that are numbers and texts stand in one node."""
        if all(type(v) in _ATOMS for v in items):
            return Node("atoms", name, tuple(items), (), shared)
        return Node("items", name, None, tuple(self.place(v) for v in items), shared)

    def pairs(self, value: Mapping[Any, Any]) -> tuple[int, ...]:
        return tuple(self.place(part) for pair in value.items() for part in pair)

    def key(self, value: Any) -> tuple[str, str]:
        """By what the items of a set are put in order."""
        if type(value) in _ATOMS:
            return type(value).__name__, repr(value)
        alone = portrait(value, self.package)
        return self.type_name(type(value)), hashlib.sha256(repr(alone).encode("utf-8", "replace")).hexdigest()

    def object(self, name: str, parts: Mapping[str, Any], *, shared: bool = False) -> Node:
        return Node("object", name, tuple(parts), tuple(self.place(v) for v in parts.values()), shared)

    def reduced(
        self, value: Any, name: str, lasting: Callable[[dict[str, Any]], dict[str, Any]] = lambda parts: parts
    ) -> Node:
        """An object as pickle takes it apart; ``lasting`` leaves out of its parts what is another in each process."""
        kind = type(value)
        if _has_all_attributes(value):
            return self.object(name, {f".{k}": v for k, v in sorted(vars(value).items())}, shared=True)
        made = copyreg.dispatch_table[kind](value) if kind in copyreg.dispatch_table else value.__reduce_ex__(4)
        if isinstance(made, str):
            return Node("name", f"{self.module_of(getattr(value, '__module__', kind.__module__))}{made}")
        self.kept.append(made)
        function, arguments, state, items, pairs = (*made, None, None, None)[:5]
        parts: dict[str, Any] = {}
        if function in (copyreg.__newobj__, copyreg._reconstructor):  # type: ignore[attr-defined]  # typeshed leaves it out
            arguments = arguments[1:]
        elif function is not kind:
            parts["<made by>"] = function
        parts |= {f"<argument {number}>": a for number, a in enumerate(arguments)}
        both = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
        if all(part is None or (isinstance(part, dict) and all(type(k) is str for k in part)) for part in both):
            attributes = {f".{k}": v for part in both if part for k, v in part.items()}
            parts |= dict(sorted(attributes.items()))
        elif state is not None:
            parts["<state>"] = state
        if items is not None:
            parts["<items>"] = list(items)
        if pairs is not None:
            parts["<pairs>"] = dict(pairs)
        # What is made of its arguments only cannot change: that one place holds the same as another means nothing.
        return self.object(name, lasting(parts), shared=len(parts) > len(arguments) + 1)

    def array(self, name: str, array: Any, *, shared: bool = True) -> Node:
        """A NumPy array or scalar; of a structured one the fields, for what lies between them means nothing."""
        dtype = array.dtype
        if dtype.names is not None:
            return self.object(
                name, {f"[{n!r}]": array[n] for n in dtype.names} | {"<shape>": array.shape}, shared=shared
            )
        if dtype.hasobject or dtype.kind == "T":
            flat = self.sequence("", array.reshape(-1).tolist() if array.ndim else [array.item()])
            return Node("object", name, ("<shape>", ""), (self.place(array.shape), self.append(flat)), shared)
        whole = array.tobytes()
        data: bytes | tuple[str, ...] = whole
        if len(whole) > _WHOLE:
            blocks = (whole[b : b + _BLOCK] for b in range(0, len(whole), _BLOCK))
            data = tuple(hashlib.sha256(block).hexdigest() for block in blocks)
        return Node("array", name, (dtype.str, tuple(array.shape), data), (), shared)

    # -- names --------------------------------------------------------------------------------------------------------

    def type_name(self, kind: type) -> str:
        return self.name_of(kind) if kind.__module__ != "builtins" else kind.__qualname__

    def name_of(self, value: Any) -> str:
        """The name of a function, class or module; what the notebook defines has no module."""
        if isinstance(value, types.ModuleType):
            return self.module_of(f"{value.__name__}.__name__").removesuffix("__name__").rstrip(".")
        module = self.module_of(getattr(value, "__module__", None) or "")
        name = str(getattr(value, "__qualname__", None) or getattr(value, "__name__", ""))
        return f"{module}{name if module else name.rpartition('<locals>.')[2]}"

    def module_of(self, module: str) -> str:
        """A module as the beginning of a name; "" for the notebook's own, and for that of its package."""
        inside = module.removeprefix(f"{self.package}.") if self.package else module
        if module == "__main__" or (inside != module and inside.partition(".")[0] in _OWN):
            return ""
        return f"{inside}." if inside else ""


def _computes(code: types.CodeType) -> Iterator[str]:
    """The constants and operators of a function's code, in order."""
    if "get_ipython" in code.co_names:
        yield MAGIC
    for step in dis.get_instructions(code):
        if isinstance(step.argval, types.CodeType):
            yield from _computes(step.argval)
        elif step.opname in ("LOAD_CONST", "RETURN_CONST", "LOAD_SMALL_INT"):
            names = isinstance(step.argval, tuple) and all(isinstance(v, str) for v in step.argval)
            if not names:  # of keywords, of which a package has more
                yield repr(step.argval)
        elif step.opname.endswith("_OP") or step.opname.startswith("UNARY_"):
            yield f"{step.opname} {step.argrepr}".rstrip()


def _has_all_attributes(value: Any) -> bool:
    """Whether an object makes up an attribute for every name that it is asked for: pickle cannot take it apart."""
    return (
        not hasattr(type(value), "__getnewargs_ex__")
        and hasattr(value, "__getnewargs_ex__")
        and hasattr(value, "__dict__")
    )


_GENERATORS = {
    "Random": ("random", "_inst"),
    "RandomState": ("numpy.random.mtrand", "_rand"),
    "Generator": ("torch", "default_generator"),
}


def _generator_of_all(value: Any) -> str | None:
    """The name of the random generator that a library keeps for everybody: how far it is, is no matter of who holds it."""
    module, name = _GENERATORS[type(value).__name__]
    return f"{module}.{name}" if getattr(sys.modules.get(module), name, None) is value else None


# -- libraries ------------------------------------------------------------------------------------------------------


def _numpy(painter: _Painter, value: Any, numpy: Any, name: str) -> Node | None:
    if type(value) is numpy.ndarray:
        return painter.array(name, value)
    if isinstance(value, numpy.generic):
        return painter.array(name, value, shared=False)
    if type(value).__name__ == "MaskedArray":  # it computes what to fill with when it is asked
        parts = {"<mask>": numpy.ma.getmaskarray(value), "<filling>": value.fill_value, "": value.filled()}
        return painter.object(name, parts, shared=True)
    if isinstance(value, numpy.dtype):
        return Node("name", f"{name} {value.descr if value.names else value}")
    if isinstance(value, numpy.ufunc):
        return Node("name", f"numpy.{value.__name__}")
    return None


def _pandas(painter: _Painter, value: Any, pandas: Any, name: str) -> Node | None:
    if not hasattr(pandas, "DataFrame"):  # it is being imported
        return None
    own = {n: getattr(value, n, None) for n in getattr(type(value), "_metadata", ()) if n not in {"_name", "name"}}
    if isinstance(value, pandas.DataFrame):
        columns = [value.iloc[:, number].array for number in range(value.shape[1])]
        places = [painter.place(p) for p in (value.index, value.columns, {**value.attrs, **own})]
        places += [painter.append(_column(painter, c)) for c in columns]
        return Node("frame", name, None, tuple(places), shared=True)
    if isinstance(value, pandas.Series):
        places = [painter.place(p) for p in (value.index, value.name, {**value.attrs, **own})]
        return Node("series", name, None, (*places, painter.append(_column(painter, value.array))), shared=True)
    if isinstance(value, pandas.MultiIndex):
        parts = {
            "<names>": tuple(value.names),
            "<levels>": tuple(value.levels),
            "<codes>": tuple(value.codes),
        }
        return painter.object(name, parts)
    if isinstance(value, pandas.Index):
        names, frequency = painter.place(tuple(value.names)), painter.place(str(getattr(value, "freq", None)))
        column = painter.append(_column(painter, value.array))
        return Node("object", name, ("<names>", "<frequency>", ""), (names, frequency, column))
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        return _column(painter, value)
    return None


def _column(painter: _Painter, array: Any) -> Node:
    """The items of a column; the dtype stands for its type."""
    dtype, kind = array.dtype, type(array).__name__
    if kind == "NumpyExtensionArray":
        return painter.array(str(dtype), array.to_numpy())
    if kind == "PeriodArray":
        return painter.array(str(dtype), array.asi8)
    if kind in ("DatetimeArray", "TimedeltaArray"):
        made = painter.array(str(dtype), array.asi8)
        whole, shape, data = made.data
        form = "M8" if kind == "DatetimeArray" else "m8"
        return made._replace(data=(f"{whole[0]}{form}[{getattr(array, 'unit', 'ns')}]", shape, data))
    if kind == "Categorical":
        parts = {"<categories>": array.categories, "<ordered>": array.ordered, "": array.codes}
        return painter.object(f"category of {array.categories.dtype}", parts, shared=True)
    return painter.sequence(str(dtype), list(array.astype(object)), shared=True)


def _matplotlib(painter: _Painter, value: Any, _: Any, name: str) -> Node | None:
    figures, artists = sys.modules.get("matplotlib.figure"), sys.modules.get("matplotlib.artist")
    if figures is None or artists is None or not isinstance(value, artists.Artist):
        return None
    if isinstance(value, figures.Figure):
        if not painter.alone:
            return Node("opaque", name, "a figure can be drawn only in a process of its own")
        canvas = sys.modules["importlib"].import_module("matplotlib.backends.backend_agg").FigureCanvasAgg(value)
        canvas.draw()
        width, height = canvas.get_width_height(physical=True)
        return Node("picture", name, (width, height, bytes(canvas.buffer_rgba())), (), shared=True)
    figure = value.get_figure()
    if figure is None:
        return Node("opaque", name, "it belongs to no figure")
    return painter.object(name, {"<figure>": figure}, shared=True)


def _sklearn(painter: _Painter, value: Any, sklearn: Any, name: str) -> Node | None:
    """An estimator or a data set, but for what is another in each process."""
    bunch = getattr(sys.modules.get("sklearn.utils"), "Bunch", None)
    kinds = tuple(kind for kind in (getattr(sklearn, "BaseEstimator", None), bunch) if kind is not None)
    if not isinstance(value, kinds):
        return None
    return painter.reduced(value, name, _lasting)


def _lasting(parts: dict[str, Any]) -> dict[str, Any]:
    kept = {n: part for n, part in parts.items() if n not in _PASSING}
    if isinstance(results := kept.get(".cv_results_"), dict):
        kept[".cv_results_"] = {n: v for n, v in results.items() if n not in _MEASURED}
    return kept


def _xarray(painter: _Painter, value: Any, xarray: Any, name: str) -> Node | None:
    """A data set, but for how long it took to sample what it holds."""
    if not isinstance(value, getattr(xarray, "Dataset", ())):
        return None
    return painter.reduced(value, name, _without_times)


def _without_times(parts: dict[str, Any]) -> dict[str, Any]:
    found = parts
    for key in ("._attrs", "._variables"):
        if isinstance(held := parts.get(key), dict):
            found = {**found, key: {n: v for n, v in held.items() if n not in _SAMPLED}}
    return found


def _widget(painter: _Painter, value: Any, ipywidgets: Any, name: str) -> Node | None:
    """A widget as a page would show it, but for the name of its model, which is drawn; what it calls needs a page."""
    if not hasattr(ipywidgets, "Widget") or not isinstance(value, ipywidgets.Widget):
        return None
    parts = {key: getattr(value, key) for key in sorted(value.keys) if not key.startswith("_")}
    return painter.object(name, parts, shared=True)


def _torch(painter: _Painter, value: Any, torch: Any, name: str) -> Node | None:
    if not hasattr(torch, "Tensor") or not isinstance(value, torch.Tensor):
        return None
    plain = value.detach().cpu()
    if plain.dtype == torch.bfloat16:
        plain = plain.view(torch.int16)
    parts = {"<dtype>": str(value.dtype), "<gradient>": value.requires_grad, "": plain.numpy()}
    return painter.object(name, parts, shared=True)


def _sqlite(painter: _Painter, value: Any, sqlite: Any, name: str) -> Node | None:
    """A database as the statements that make it again."""
    if not hasattr(sqlite, "Connection") or not isinstance(value, sqlite.Connection) or not painter.alone:
        return None
    try:
        parts = {"<transaction>": value.in_transaction, "": "\n".join(value.iterdump())}
    except sqlite.ProgrammingError as error:  # it is closed
        return Node("text", name, str(error))
    return painter.object(name, parts, shared=True)


_LIBRARIES: dict[str, Callable[[_Painter, Any, Any, str], Node | None]] = {
    "numpy": _numpy,
    "pandas": _pandas,
    "matplotlib": _matplotlib,
    "sklearn.base": _sklearn,
    "torch": _torch,
    "ipywidgets": _widget,
    "xarray": _xarray,
    "sqlite3": _sqlite,
}
