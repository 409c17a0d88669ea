"""Write the tables of known calls: what is written by hand in ``*.txt`` here, completed by introspection.

    python tools/known_calls/generate.py            write nb2pipe/analysis/known/*.json
    python tools/known_calls/generate.py --check    say whether they are what would be written

A line of a ``.txt`` file is ``fields | names``. The fields are those of `nb2pipe.analysis.known`, or one of the
directives of `DIRECTIVES`, which fill in what a library's own modules and signatures say. A name that
stands by itself overrules what introspection found.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "nb2pipe" / "analysis" / "known"
Row = dict[str, Any]
CONSTANTS = {"null": None, "true": True}
LISTS = ("params", "mutates", "keeps", "calls", "items", "holds")


class Library:
    """The rows of one table while it is put together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = ""
        self.calls: dict[str, Row] = {}
        self.explicit: dict[str, Row] = {}
        self.classes: dict[str, Row] = {}
        self.attributes: dict[str, Row] = {}
        self.names: dict[str, str] = {}
        self.modules: set[str] = set()

    def rows(self) -> dict[str, Row]:
        """What was found and what was written, the written last."""
        return {**self.calls, **self.explicit}


def parse_fields(text: str) -> tuple[Row, set[str]]:
    """``key=value`` fields and bare flags of a line."""
    row: Row = {}
    flags: set[str] = set()
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals:
            if word in ("constant", "lazy"):
                row[word] = True
            else:
                flags.add(word)
        elif key == "touch":
            kind, resource, mode, *rest = value.split(":")
            touch: list[Any] = [kind, resource, mode]
            if rest and rest[0] == "if":
                touch += ["if", rest[1], [CONSTANTS.get(v, v) for v in rest[2].split(",")]]
            elif rest and rest[0] == "without":
                touch += ["without", rest[1].split(",")]
            elif rest:
                touch += rest
            row.setdefault("touches", []).append(touch)
        elif key in LISTS:
            row[key] = value.split(",")
        else:
            row[key] = value
    return row, flags


def positional(function: Any, skip_self: bool) -> list[str]:
    """The names of a callable's positional parameters; none where it has no signature."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[1:] if skip_self and names[:1] == ["self"] else names


def keywords(function: Any) -> set[str]:
    """The names of all of a callable's parameters."""
    try:
        return set(inspect.signature(function).parameters)
    except (ValueError, TypeError):
        return set()


CALLBACKS = ("func", "f", "fun", "function", "key", "callback", "scoring", "score_func", "mapper", "repl", "statistic", "fprime",
             "fprime2", "jac", "hess", "hessp", "metric", "pyfunc", "func1d", "fn", "lr_lambda", "converter", "converters", "preprocess", "mapping")  # fmt: skip


def by_signature(row: Row, function: Any, skip_self: bool = False) -> Row:
    """A row completed by what the parameters' names say: ``inplace``, ``out``, ``overwrite_a``, ``random_state``, ``ax``, callbacks.

    What the row says itself stays. Of a call that is given ``out`` or ``ax``, the result is, or holds, that argument.
    """
    row = json.loads(json.dumps(row))
    known = keywords(function)
    places = positional(function, skip_self)
    overwritten = []
    for name in sorted(k for k in known if k.startswith("overwrite_")):
        target = name.removeprefix("overwrite_")
        if places or target in known:
            overwritten.append((name, target if target in known else places[0]))
    if "mutates" not in row:
        changed = []
        if "out" in known:
            changed.append("out")
        if "ax" in known:
            changed.append("ax*")
        if "inplace" in known:
            changed.append("self?inplace" if skip_self or not places else f"{places[0]}?inplace")
        if "generator" in known:
            changed.append("generator")
        if _copies(function) and places and not skip_self:
            changed.append(f"{places[0]}?copy=False")
        changed += [f"{target}?{name}" for name, target in overwritten]
        changed += [name for name in STATES if name in known]
        if changed:
            row["mutates"] = changed
    if "alias" not in row and overwritten and row.get("returns") not in ATOMS:
        targets = ",".join(dict.fromkeys(target for _, target in overwritten))
        row["alias"] = f"view:{targets}?{'|'.join(name for name, _ in overwritten)}"
    if "alias" not in row and _copies(function):
        row["alias"] = "view?copy=False"
    if "alias" not in row and "inplace" in known:
        row["alias"] = "self?inplace" if skip_self else "view?inplace"
    if "alias" not in row and row.get("returns") not in ATOMS:
        given = next(
            (p for p in ("out", "ax") if p in known and any(m.rstrip("*") == p for m in row.get("mutates", []))), None
        )
        if given is not None:
            row["alias"] = f"arg:{given}"
    if "touches" not in row:
        if "random_state" in known:
            row["touches"] = [["random", "numpy.random", "write", "without", ["random_state"]]]
        elif "rng" in known:  # SciPy takes the older names of it too
            row["touches"] = [["random", "numpy.random", "write", "without", ["rng", "random_state", "seed"]]]
            row["mutates"] = [*row.get("mutates", []), "random_state", "seed"]
    called = [p for p in CALLBACKS if p in known]
    if called and "calls" not in row:
        row["calls"] = called
    if "touches" in row or "mutates" in row or "calls" in row or "?" in row.get("alias", ""):
        row.setdefault("params", places)
    if row.get("params") == ["*"]:
        row["params"] = places
    return row


STATES = ("random_state", "rng")
"""Parameters that take a generator, which is drawn from then."""


def _copies(function: Any) -> bool:
    """Whether a function of arrays copies its first argument unless it is told not to."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return False
    top = str(getattr(function, "__module__", "") or "").partition(".")[0]
    copy = next((p for p in parameters if p.name == "copy"), None)
    return (
        top in ("numpy", "sklearn", "scipy")
        and copy is not None
        and copy.default is True
        and parameters[0].name != "copy"
    )


ATOMS = frozenset({"None", "bool", "int", "float", "str", "complex", "bytes"})


def resolve(name: str) -> Any:
    """What a dotted name stands for in the installed library; None where there is no such thing."""
    parts = name.split(".")
    for split in range(len(parts) - 1, 0, -1):
        found: Any = load(".".join(parts[:split]))
        if found is None:
            continue
        for part in parts[split:]:
            found = getattr(found, part, None)
        return found
    return None


def complete(library: Library) -> None:
    """Fill in what the signatures say of rows that are written by hand and leave open."""
    if library.name in ("builtins", "stdlib"):
        return
    for name, row in library.explicit.items():
        function = resolve(name)
        if function is None or inspect.isclass(function) or not callable(function):
            continue
        owner = name.rpartition(".")[0]
        library.explicit[name] = by_signature(row, function, inspect.isclass(resolve(owner)))


def public(module: types.ModuleType) -> list[str]:
    """The public names of a module."""
    names = getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]
    return sorted(n for n in names if not str(n).startswith("_") and _has(module, n))


def _has(module: types.ModuleType, name: str) -> bool:
    """Whether a module really has a name; some raise ImportError for what is still experimental."""
    try:
        return hasattr(module, name)
    except ImportError:
        return False


def load(name: str) -> types.ModuleType | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


def functions(library: Library, row: Row, names: list[str]) -> None:
    """Every public function of the modules is pure; the classes are constructors that keep their arguments."""
    for name in names:
        module = load(name)
        if module is None:
            continue
        for attr in public(module):
            value = getattr(module, attr)
            if isinstance(value, types.ModuleType) or not callable(value):
                continue
            dotted = f"{name}.{attr}"
            if name.startswith("torch") and attr.endswith("_") and not inspect.isclass(value):
                changed: Row = {
                    "mutates": ["input"],
                    "params": ["input"],
                    "alias": "arg:input",
                    "returns": "torch.Tensor",
                }
                if attr in DRAWING:
                    changed["touches"] = [["random", "torch", "write"]]
                library.calls.setdefault(dotted, changed)
            elif inspect.isclass(value):
                if issubclass(value, BaseException) or str(value.__module__).startswith(("torch._C", "torch.jit")):
                    continue
                library.calls.setdefault(dotted, {"alias": "args"})
            else:
                library.calls.setdefault(dotted, by_signature(row, value))


def methods(library: Library, row: Row, names: list[str]) -> None:
    """Every public method of the classes, by default as ``row`` says."""
    for name in names:
        owner, _, attr = name.rpartition(".")
        module = load(owner)
        klass = getattr(module, attr, None) if module is not None else None
        if klass is None:
            klass = _find_class(name)
        if klass is None:
            continue
        for method in dir(klass):
            if method.startswith("_"):
                continue
            value = inspect.getattr_static(klass, method)
            if callable(getattr(klass, method, None)) and not isinstance(value, property):
                library.calls.setdefault(f"{name}.{method}", by_signature(row, getattr(klass, method), True))


def _find_class(name: str) -> Any:
    if name == "pandas.GroupBy":
        module = load("pandas.core.groupby")
        return getattr(module, "DataFrameGroupBy", None)
    return None


def estimators(library: Library, row: Row, names: list[str]) -> None:
    """scikit-learn: its estimators share the methods of ``BaseEstimator``; its functions are pure."""
    for name in sorted(library.modules):
        module = load(name)
        if module is None or name == "sklearn.experimental":
            continue
        for attr in public(module):
            value = getattr(module, attr)
            dotted = f"{name}.{attr}"
            if isinstance(value, types.ModuleType) or not callable(value):
                continue
            if not str(getattr(value, "__module__", "")).startswith("sklearn"):
                continue
            if not hasattr(module, "__all__") and value.__module__ != name:
                continue  # what a module without ``__all__`` has imported
            if inspect.isclass(value):
                if issubclass(value, BaseException):
                    continue
                seeded = "random_state" in keywords(value)
                holding = bool(keywords(value) & HOLDING)
                ctor: Row = {"alias": "args", "returns": dotted}
                if seeded:
                    ctor["seeds"] = "random_state?shuffle" if attr in SHUFFLING else "random_state"
                elif holding:
                    ctor["seeds"] = "*"
                if ctor.get("seeds") == "random_state?shuffle":
                    ctor["params"] = positional(value, False)
                library.calls.setdefault(dotted, ctor)
                library.classes.setdefault(dotted, {"bases": ["sklearn.base.BaseEstimator"]})
                if not seeded and not holding and attr not in DRAWS_WITHOUT_SEED:
                    library.classes[dotted]["seedless"] = True
            else:
                library.calls.setdefault(dotted, by_signature({}, value))


def estimators_like(library: Library, row: Row, names: list[str]) -> None:
    """Classes of another library that keep to scikit-learn's protocol."""
    for name in names:
        library.calls.setdefault(name, {"alias": "args", "returns": name, "seeds": "random_state"})
        library.classes.setdefault(name, {"bases": ["sklearn.base.BaseEstimator"], "seedless": True})


def constructors(library: Library, row: Row, names: list[str]) -> None:
    """The classes of a module are constructors that keep their arguments."""
    functions(library, row, names)


def expressions(library: Library, row: Row, names: list[str]) -> None:
    """SymPy: its classes make expressions, which cannot be changed, and so do its named numbers, sets and letters."""
    import sympy

    for name in names:
        module = importlib.import_module(name)
        for attr in public(module):
            value = getattr(module, attr)
            if inspect.isclass(value) and issubclass(value, sympy.Basic):
                library.calls.setdefault(f"{name}.{attr}", row)
            elif isinstance(value, sympy.Basic):
                library.attributes.setdefault(f"{name}.{attr}", row)


DRAWING = frozenset({"normal_", "uniform_", "random_", "bernoulli_", "exponential_", "geometric_", "cauchy_", "log_normal_",
                     "dropout_", "alpha_dropout_", "feature_dropout_", "feature_alpha_dropout_", "rrelu_"})  # fmt: skip
# Parameters of scikit-learn's constructors that hold other estimators, which draw where they are not seeded.
HOLDING = frozenset(
    {"estimator", "base_estimator", "estimators", "steps", "transformers", "transformer_list", "regressor"}
)
SHUFFLING = frozenset({"KFold", "StratifiedKFold", "GroupKFold", "StratifiedGroupKFold"})  # these draw to shuffle alone
DRAWS_WITHOUT_SEED = frozenset(
    {"GraphicalLasso", "GraphicalLassoCV", "SVR", "NuSVR", "OneClassSVM"}
)  # they hand their work to solvers that draw


def tensor_methods(library: Library, row: Row, names: list[str]) -> None:
    """torch.Tensor: a method whose name ends in an underscore changes its receiver; others give something new."""
    torch = load("torch")
    if torch is None:
        return
    for method in dir(torch.Tensor):
        if method.startswith("_") or not callable(getattr(torch.Tensor, method, None)):
            continue
        changed: Row = (
            {"mutates": ["self"], "alias": "self", "touches": []}
            if method.endswith("_")
            else {"returns": "torch.Tensor"}
        )
        if method in (
            "normal_",
            "uniform_",
            "random_",
            "bernoulli_",
            "exponential_",
            "geometric_",
            "cauchy_",
            "log_normal_",
        ):
            changed["touches"] = [["random", "torch", "write"]]
        library.calls.setdefault(f"torch.Tensor.{method}", changed)


def layers(library: Library, row: Row, names: list[str]) -> None:
    """torch.nn: every layer is a Module, which keeps its arguments and draws its first weights."""
    module = load("torch.nn")
    if module is None:
        return
    for attr in public(module):
        value = getattr(module, attr)
        if inspect.isclass(value):
            dotted = f"torch.nn.{attr}"
            library.calls.setdefault(
                dotted, {"alias": "args", "returns": dotted, "touches": [["random", "torch", "write"]]}
            )
            library.classes.setdefault(dotted, {"bases": ["torch.nn.Module"], "callable": "forward"})


def distributions(library: Library, row: Row, names: list[str]) -> None:
    """scipy.stats: the methods of its distributions; ``rvs`` draws unless it is given a state."""
    stats = load("scipy.stats")
    if stats is None:
        return
    state: Row = {
        "mutates": ["self*", "random_state"],
        "touches": [["random", "numpy.random", "write", "without", ["random_state"]]],
        "returns": "numpy.ndarray",
    }
    for attr in public(stats):
        value = getattr(stats, attr)
        if not (hasattr(value, "rvs") and hasattr(value, "cdf")):
            continue
        if inspect.isclass(value):  # rv_continuous and its like, which notebooks extend
            library.calls[f"scipy.stats.{attr}"] = {"alias": "args", "returns": f"scipy.stats.{attr}"}
            library.classes[f"scipy.stats.{attr}"] = {"bases": ["scipy.stats.rv_frozen"]}
            continue
        several = not hasattr(value, "numargs")  # of several variables: some of their probabilities are drawn
        for method in dir(value):
            if not method.startswith("_") and callable(getattr(value, method)):
                found = by_signature({"returns": "numpy.ndarray"}, getattr(value, method))
                if method == "rvs":
                    found = {**state, "mutates": ["random_state"], "params": found.get("params", [])}
                library.calls.setdefault(f"scipy.stats.{attr}.{method}", found)
        frozen = "scipy.stats.multi_rv_frozen" if several else "scipy.stats.rv_frozen"
        library.calls[f"scipy.stats.{attr}"] = {"returns": frozen, "alias": "args"}
        library.modules.add(f"scipy.stats.{attr}")
    library.classes["scipy.stats.rv_frozen"] = {"seedless": True}
    library.classes["scipy.stats.multi_rv_frozen"] = {"bases": ["scipy.stats.rv_frozen"]}
    for method in ("pdf", "pmf", "cdf", "sf", "ppf", "isf", "mean", "std", "var", "median", "entropy", "interval", "logpdf",
                   "logcdf", "stats", "moment", "support", "expect", "logpmf", "logsf"):  # fmt: skip
        library.calls[f"scipy.stats.rv_frozen.{method}"] = {"returns": "numpy.ndarray"}
    library.calls["scipy.stats.rv_frozen.rvs"] = {**state, "params": ["size", "random_state"]}
    for method in ("cdf", "logcdf"):
        library.calls[f"scipy.stats.multi_rv_frozen.{method}"] = {**state, "params": []}


def draws(library: Library, row: Row, names: list[str]) -> None:
    """Random generators: every method changes the generator."""
    for name in names:
        owner, _, attr = name.rpartition(".")
        klass = getattr(load(owner), attr)
        for method in dir(klass):
            if not method.startswith("_") and callable(getattr(klass, method)):
                library.calls[f"{name}.{method}"] = {"mutates": ["self"], **row}


Directive = Callable[[Library, Row, list[str]], None]
DIRECTIVES: dict[str, Directive] = {
    "functions": functions, "methods": methods, "estimators": estimators, "estimators_like": estimators_like,
    "constructors": constructors, "tensor_methods": tensor_methods, "layers": layers, "distributions": distributions,
    "draws": draws, "expressions": expressions,
}  # fmt: skip


def read(path: Path) -> Library:
    """Put one table together."""
    library = Library(path.stem)
    module = load(path.stem)
    library.version = str(getattr(module, "__version__", "")) if path.stem not in ("builtins", "stdlib") else ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#") or " | " not in f" {line}":
            continue
        fields, _, tail = f" {line}".partition(" | ")
        names = tail.split()
        row, flags = parse_fields(fields)
        directive = next((f for f in flags if f in DIRECTIVES), None)
        if directive is not None:
            DIRECTIVES[directive](library, row, names)
        elif "modules" in flags:
            library.modules.update(names)
        elif "names" in flags:
            library.names.update((n, kind) for n, _, kind in (n.partition("=") for n in names))
        elif "class" in flags:
            fields_row: Row = dict(row.items())
            for flag in flags - {"class", "-"}:
                fields_row[flag] = True
            for name in names:
                library.classes.setdefault(name, {}).update(fields_row)
        elif "attribute" in flags:
            for name in names:
                library.attributes[name] = row
        elif fields.strip().startswith("bases="):
            for name in names:
                library.classes.setdefault(name, {})["bases"] = fields.strip()[6:].split(",")
        elif "callbacks" in flags or fields.split()[:1] in (["default_express"], ["callbacks"]):
            if "default_express" in flags:
                for name in [n for n in library.calls if n.startswith("plotly.express.")]:
                    library.calls[name].update(row)
        else:
            if "extend" in flags:
                row = {"mutates": ["self"], "returns": "None", "keeps": ["elements"]}
            elif "heappush" in flags:
                row = {"params": ["heap", "item"], "mutates": ["heap"], "returns": "None", "holds": ["heap", "item"]}
            elif "inplace" in flags:
                row = {**row, "mutates": ["self?inplace"]}
            for name in names:
                library.explicit[name] = row
    complete(library)
    return library


def encode(library: Library) -> dict[str, Any]:
    """The table as data: rows of one shape share one entry."""
    shapes: dict[str, list[str]] = {}
    for name, row in sorted(library.rows().items()):
        shapes.setdefault(json.dumps(row, sort_keys=True), []).append(name)
    ordered = sorted(shapes)
    return {
        "library": library.name,
        "version": library.version,
        "modules": sorted(library.modules),
        "classes": dict(sorted(library.classes.items())),
        "attributes": dict(sorted(library.attributes.items())),
        "names": dict(sorted(library.names.items())),
        "shapes": [json.loads(s) for s in ordered],
        "calls": [" ".join(shapes[s]) for s in ordered],
    }


def consensus(libraries: list[Library]) -> dict[str, Any]:
    """What all known classes agree on for a method's name: whether it changes its receiver, and what it shares."""
    found: dict[str, list[Row]] = {}
    for library in (one for one in libraries if one.name not in ALONE_IN_WORDS):
        for name, row in library.rows().items():
            owner, _, method = name.rpartition(".")
            if (owner in library.classes or owner == "numpy.ndarray") and name not in ITS_OWN:
                found.setdefault(method, []).append(row)
    shapes: dict[str, list[str]] = {}
    for method, rows in sorted(found.items()):
        if len(rows) < 2 and method not in ALONE:
            continue
        targets = {json.dumps(r.get("mutates", [])) for r in rows}
        merged: Row = {}
        if targets == {"[]"}:
            aliases = {r.get("alias", "fresh") for r in rows}
            if aliases - {"fresh"}:
                merged["alias"] = "args" if "args" in aliases else "later" if aliases == {"later"} else "view"
        elif all(t.startswith('["self') and "?" not in t and "," not in t for t in targets):
            merged["mutates"] = ["self*"]
            merged["alias"] = "args"
            if any(r.get("keeps") for r in rows):
                merged["keeps"] = ["*"]
        elif targets == {'["self?inplace"]'} or targets == {"[]", '["self?inplace"]'}:
            merged["mutates"] = ["self?inplace"]
        else:
            continue
        touches = [t for r in rows for t in r.get("touches", [])]
        if touches:
            if any(t[0] == "file" for t in touches):
                merged["touches"] = [["file", "*", "write" if any(t[2] == "write" for t in touches) else "read"]]
            else:
                merged["touches"] = sorted({json.dumps(t): t for t in touches}.values(), key=json.dumps)
                merged["params"] = next((r["params"] for r in rows if r.get("params")), [])
        called = sorted({c for r in rows for c in r.get("calls", [])})
        if called:
            merged["calls"] = called
            merged["params"] = next((r["params"] for r in rows if r.get("calls") and r.get("params")), called)
        shapes.setdefault(json.dumps(merged, sort_keys=True), []).append(method)
    ordered = sorted(shapes)
    return {
        "shapes": [json.loads(s) for s in ordered],
        "names": [" ".join(shapes[s]) for s in ordered],
        "owners": {
            library.name: " ".join(sorted(owned(library) & found.keys()))
            for library in libraries
            if library.name in SETTLED
        },
    }


ITS_OWN = frozenset({"sklearn.base.BaseEstimator.split", "statsmodels.SeriesResults.predict"})
"""What does other than all others of that name, and is not met where the type of a value is not known."""
ALONE_IN_WORDS = frozenset({"sympy"})
"""Whose methods have names that mean other things elsewhere: what solves an equation changes nothing, what solves a model does."""
SETTLED = ("matplotlib", "pandas", "seaborn", "torch")
"""The libraries whose settings matter to what their methods do, even where a receiver's type is not known."""
PLOTTING = frozenset({"plot", "hist", "boxplot"})


def owned(library: Library) -> set[str]:
    """The names of a library's methods; of pandas' those that draw, for the others do what the settings of no one say."""
    methods = {name.rpartition(".")[2] for name in library.rows() if name.rpartition(".")[0] in library.classes}
    return methods & PLOTTING if library.name == "pandas" else methods


ALONE = frozenset({"predict", "predict_proba", "transform", "isoformat", "strftime", "groupby", "to_numpy", "iterrows",
                   "itertuples", "describe", "value_counts", "merge", "pivot_table", "summary"})  # fmt: skip


STARS = ("numpy", "numpy.random", "numpy.linalg", "numpy.fft", "pylab", "matplotlib.pylab", "matplotlib.pyplot", "scipy.stats",
         "scipy.special", "scipy.optimize", "scipy.linalg", "scipy.signal", "scipy.integrate", "pandas", "sklearn.metrics")  # fmt: skip


def stars() -> str:
    """What ``from module import *`` binds, a line a module."""
    lines = []
    for name in STARS:
        namespace: dict[str, Any] = {}
        exec(f"from {name} import *", namespace)
        lines.append(f"{name}: {' '.join(sorted(n for n in namespace if n != '__builtins__'))}\n")
    return "".join(lines)


def main() -> int:
    """Write the tables, or compare them: where all libraries are installed, for a row is made of what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, and say which tables would change")
    args = parser.parse_args()
    names = [path.stem for path in HERE.glob("*.txt") if path.stem not in ("builtins", "stdlib")]
    if absent := sorted(name for name in names if load(name) is None):
        parser.error(f"not installed here: {', '.join(absent)} (`make environment-torch` installs them all)")
    libraries = [read(path) for path in sorted(HERE.glob("*.txt"))]
    files = {f"{library.name}.json": encode(library) for library in libraries}
    files["consensus.json"] = consensus(libraries)
    texts = {name: json.dumps(data, indent=1, sort_keys=False) + "\n" for name, data in files.items()}
    texts["stars.txt"] = stars()
    differing = []
    for name, text in sorted(texts.items()):
        path = TARGET / name
        if args.check:
            if not path.exists() or path.read_text("utf-8") != text:
                differing.append(name)
        else:
            path.write_text(text, "utf-8")
    rows = {library.name: len(library.rows()) for library in libraries}
    print(f"{sum(rows.values())} rows:", ", ".join(f"{n} {c}" for n, c in sorted(rows.items())))
    if differing:
        print("differ:", ", ".join(differing))
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
