"""Which sample values stand for which receiver and which parameter."""

from __future__ import annotations

import datetime
import decimal
import fractions
import io
import pathlib
import re
import struct
import threading
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.analysis.known import library_samples as lib
from tests.analysis.known import samples as s

Maker = Callable[[], Any]


def const(*values: Any) -> list[Maker]:
    """Makers of values that cannot change."""
    return [lambda v=v: v for v in values]  # type: ignore[misc]  # the default binds the loop's value


FRAMES: list[Maker] = [s.frame, s.mixed, s.dated, s.multi]
SERIES: list[Maker] = [s.series, s.words, s.dates, s.gaps, s.dated_series, s.categories, s.multi_series, s.spans]
ARRAYS: list[Maker] = [s.floats, s.table, s.ints, s.matrix, s.stack]

RECEIVERS: dict[str, list[Maker]] = {
    "str": const("a b", "B1,c"), "bytes": const(b"a b"), "int": const(5), "float": const(2.5), "complex": const(1 + 2j),
    "tuple": const((1, 2, 1)), "frozenset": const(frozenset({1, 2})), "list": [s.box_list, s.int_list, s.nested],
    "dict": [s.box_dict], "set": [s.box_set], "bytearray": [lambda: bytearray(b"ab")], "file": [s.text_file],
    "iterator": [s.iterator, lambda: (b for b in s.box_list())],
    "collections.deque": [s.deque], "collections.OrderedDict": [s.ordered], "collections.Counter": [s.counter],
    "io.StringIO": [s.text_stream], "io.BytesIO": [s.bytes_stream], "pathlib.Path": [s.path, lambda: pathlib.Path(s.new_path()), lambda: pathlib.Path.cwd()],
    "datetime.datetime": [s.moment], "datetime.date": const(datetime.date(2024, 1, 2)),
    "datetime.timedelta": const(datetime.timedelta(1)), "decimal.Decimal": const(decimal.Decimal("1.50")),
    "fractions.Fraction": const(fractions.Fraction(3, 7)), "re.Pattern": const(re.compile("a")),
    "re.Match": [lambda: re.match("(?P<n>a)(b)?", "ab")], "random.Random": [s.random_random],
    "logging.Logger": [s.logger], "sqlite3.Connection": [s.connection], "sqlite3.Cursor": [s.cursor],
    "struct.Struct": const(struct.Struct("i")), "types.SimpleNamespace": [lambda: types.SimpleNamespace(a=1)],
    "threading.Lock": [threading.Lock], "threading.Event": [threading.Event],
    "numpy.ndarray": [s.floats, s.table, s.ints, s.matrix, s.stack, s.bools],
    "numpy.random.Generator": [s.generator], "numpy.random.RandomState": [s.randomstate],
    "numpy.poly1d": [lambda: np.poly1d([1.0, 2.0, 3.0])], "numpy.ma.MaskedArray": [s.masked],
    "pandas.DataFrame": FRAMES, "pandas.Series": SERIES, "pandas.Index": [s.index, lambda: pd.Index(["a", "b"])],
    "pandas.DatetimeIndex": [s.datetimes], "pandas.MultiIndex": [s.multiindex],
    "pandas.Categorical": [lambda: pd.Categorical(list("xyx"))], "pandas.Timestamp": const(pd.Timestamp("2024-01-02 03:04:05")),
    "pandas.Timedelta": const(pd.Timedelta("1h")), "pandas.Period": const(pd.Period("2024-01")), "pandas.Interval": const(pd.Interval(0, 1)),
    "pandas.GroupBy": [s.grouped_numbers, s.grouped_series, s.grouped, lambda: s.dated().resample("2D"), lambda: s.frame().rolling(2)],
    "pandas.Accessor": [lambda: s.words().str, lambda: s.dates().dt, lambda: s.spans().dt, lambda: s.categories().cat, lambda: s.frame().style,
                        lambda: s.frame().plot, lambda: s.series().plot],
    "pandas.HDFStore": [],
    "matplotlib.axes.Axes": [lib.axes], "matplotlib.figure.Figure": [lib.figure], "matplotlib.axis.Axis": [lib.axis],
    "matplotlib.lines.Line2D": [lib.line, lib.lone_line], "matplotlib.patches.Patch": [lib.patch], "matplotlib.legend.Legend": [lib.legend],
    "matplotlib.text.Text": [lib.text], "matplotlib.gridspec.GridSpec": [lib.gridspec],
    "seaborn.FacetGrid": [lib.facets], "seaborn.PairGrid": [lib.pairs], "seaborn.JointGrid": [lib.joint], "seaborn.ClusterGrid": [lib.clusters],
    "plotly.graph_objects.Figure": [lib.plotly_figure],
    "torch.Tensor": [lib.tensor, lib.square, lib.int_tensor, lib.batch, lib.bool_tensor, lib.graph_tensor, lib.wanting],
    "torch.nn.Module": [lib.module, lib.module_list],
    **{f"torch.nn.{n}": [lib.layer(n)] for n in lib.LAYERS}, "torch.optim.Optimizer": [lib.optimizer, lib.adam, lib.scheduler],
    "torch.utils.data.DataLoader": [lib.loader], "torch.utils.data.Dataset": [lib.tensor_dataset],
    "torch.Generator": [lib.torch_generator],
    "statsmodels.Model": [lib.ols, lib.logit], "statsmodels.SeriesModel": [lib.arima], "scipy.stats.rv_frozen": [lib.frozen_normal, lib.frozen_poisson],
    "scipy.stats.multi_rv_frozen": [lib.frozen_several, lib.frozen_seeded],
    "statsmodels.Results": [lib.ols_results, lib.logit_results], "statsmodels.SeriesResults": [lib.arima_results, lib.smoothing_results],
    "lightgbm.Booster": [lib.booster], "lightgbm.Dataset": [lib.lgb_dataset], "joblib.Parallel": [lib.parallel],
    "sympy.Basic": [lib.polynomial, lib.letter, lib.wave, lib.equation], "sympy.Matrix": [lib.number_matrix, lib.symbolic_matrix],
    "xgboost.Booster": [lib.xgb_booster], "xgboost.DMatrix": [lib.xgb_matrix],
}  # fmt: skip

IDENTITY = s.spy(lambda x=None, *a, **k: x)
MEAN = s.spy(lambda x=0.0, *a, **k: float(np.mean(x)) if not hasattr(x, "columns") else x.mean(numeric_only=True))
SQUARE = s.spy(lambda x=0.0, *a, **k: float(np.sum(np.square(np.asarray(x, dtype=float) - 0.3))))
SLOPE = s.spy(lambda x=0.0, *a, **k: x * 2.0 - 1.0)
ADD = s.spy(lambda *a: sum(a))
FUNCTIONS: list[Maker] = [IDENTITY, MEAN, ADD, SQUARE, SLOPE]

# By parameter name, for every library; the library's own below come first.
ARGUMENTS: dict[str, list[Maker]] = {
    "func": FUNCTIONS, "function": FUNCTIONS, "f": FUNCTIONS, "fun": [SQUARE, SLOPE, IDENTITY], "key": [IDENTITY],
    "callback": FUNCTIONS, "fn": FUNCTIONS, "pyfunc": FUNCTIONS, "func1d": FUNCTIONS,
    "axis": const(0, -1), "axes": const((0, 1), 0), "n": const(2, 3), "N": const(3), "num": const(3), "k": const(1, 2), "shape": const((2, 4), (8,)),
    "newshape": const((2, 4), (8,)), "size": const(3), "dtype": const("float64", float), "order": const(2, 1, "C"), "name": const("a", "x"),
    "path": [s.new_path, s.text_path], "filename": [s.new_path, s.text_path, s.csv_path], "fname": [s.text_path, s.new_path, s.csv_path],
    "file": [s.new_path, s.array_path, s.text_path], "obj": [s.box_list, s.frame], "seed": const(1), "random_state": const(1), "degree": const(2), "deg": const(1),
    "repeats": const(2), "indices": [s.ints, lambda: np.array([0, 1])], "condition": [s.bools], "mask": [s.bools], "bins": const(3),
    "q": const(0.5), "alpha": const(0.5), "p": const(0.5), "xp": [lambda: np.sort(s.floats())], "fp": [s.floats],
    "x": ARRAYS, "y": [s.floats, s.table], "a": [s.matrix, s.floats, s.table], "b": [s.floats, s.matrix], "A": [s.matrix], "B": [s.matrix], "X": [s.table],
    "arr": ARRAYS, "array": ARRAYS, "ary": ARRAYS, "m": [s.matrix, s.floats], "v": [s.floats], "data": [s.floats, s.table],
    "text": const("a b"), "string": const("a b"), "fmt": const("%d"), "s": const("a b", 2.0), "url": const("http://localhost/"),
    "iterable": [s.box_list, s.int_list], "sequence": [s.int_list], "value": const(1.0, 2), "other": [s.floats],
}  # fmt: skip

X, Y = lib.features, lib.target
PREDICTED: Maker = lambda: np.roll(lib.target(), 1)  # noqa: E731  a sample as the others
SCORES: Maker = lambda: lib.features()[:, 0]  # noqa: E731

LIBRARY: dict[str, dict[str, list[Maker]]] = {
    **{f"torch.nn.{n}": {"input": [lib.small_picture, lib.batch], "target": [lib.aim], "input1": [lib.batch], "input2": [lib.batch]} for n in lib.LAYERS},
    "stdlib": {
        "src": [s.text_path], "dst": [s.new_path], "path": [s.text_path, s.new_path, lambda: "."], "heap": [s.heap], "item": const(4), "fp": [s.json_stream, s.pickle_stream, io.BytesIO, io.StringIO],
        "x": [s.box_list, *const(0.5, 4, "a")], "n": const(3, 2), "k": const(2), "a": [s.int_list, *const(2)], "b": const(3, 1), "data": [s.floats_list, *const(b"ab")],
        "pattern": const("a"), "string": const("ab a"), "repl": [*const("c"), s.spy(lambda m: "c")], "obj": [s.box_list, s.nested], "iterables": [s.box_list], "seq": [s.box_list],
        "population": [s.box_list], "choices": [s.box_list], "iterable": [s.box_list, s.int_list], "f": [s.text_stream, s.text_file], "mu": const(0.0), "sigma": const(1.0),
        "name": const("nb2pipe"), "key": const("NB_KEY"), "value": const("v"), "seed": const(1), "initial_value": const("a"), "database": const(":memory:"), "format": const("%Y"),
        "sql": const("select * from t"), "script": const("select 1;"), "default": const(None, 1), "mode": const("r", "w"), "file": [s.text_path, s.new_path], "target": [lambda: pathlib.Path(s.new_path())],
        "o": [s.box_list], "url": const("http://a/b"), "filename": [s.text_path], "pathname": const("*.txt"), "args": [s.box_list],
        "date_string": const("2024-01-01"), "timestamp": const(0.0), "action": const("ignore"), "message": const("m"), "level": const(20),
        "weights": const(None), "dirname": const("x"), "top": const("."), "base_name": [s.new_path], "data_string": const("2024"),
    },
    "builtins": {"iterable": [s.box_list, s.int_list], "function": [IDENTITY], "iterator": [s.iterator], "key": [IDENTITY], "default": const(None),
                 "object": [s.box_list], "file": [s.text_path, s.new_path], "mode": const("r", "w", "a")},
    "numpy": {
        "a": [s.floats, s.matrix, s.table, s.ints, s.stack], "x": ARRAYS, "x1": [s.floats], "x2": [s.floats], "y": [s.floats], "arrays": [lambda: [s.floats(), s.floats()], lambda: [s.matrix(), s.matrix()]],
        "tup": [lambda: [s.floats(), s.floats()], lambda: (s.matrix(), s.matrix())], "indices_or_sections": const(2, [1]), "func": FUNCTIONS, "vals": const(0.5), "values": [s.floats, *const(0.5)],
        "dst": [s.floats], "src": const(1.0), "mask": [s.bools], "choices": [lambda: [s.floats(), s.floats()]], "condlist": [lambda: [s.bools(), ~s.bools()]], "choicelist": [lambda: [s.floats(), s.floats()]],
        "ar1": [s.ints], "ar2": [s.ints], "element": [s.ints], "test_elements": const([1]), "subscripts": const("i,i", "ij->i"), "start": const(0, 1), "stop": const(5, 3), "fill_value": const(1.0),
        "iter": [lambda: iter([1.0, 2.0])], "string": const("1 2"), "sep": const(" "), "sorter": const(None), "object": [s.int_list, s.floats], "p_object": [s.floats_list], "M": const(3), "N": const(3),
        "window_shape": const(2), "pad_width": const(1), "array": [s.floats, s.table], "kth": const(1), "source": const(0), "destination": const(-1), "axis1": const(0), "axis2": const(1),
        "shift": const(1), "buffer": const(b"abcdefgh"), "dtype": const(float), "decimals": const(1), "low": const(0), "high": const(5), "lam": const(1.0), "pvals": const([0.2, 0.8]),
        "mean": const([0.0, 0.0]), "cov": const([[1.0, 0.0], [0.0, 1.0]]), "alpha": const([1.0, 2.0]), "kappa": const(1.0), "df": const(2.0), "nonc": const(1.0), "dfnum": const(2.0), "dfden": const(3.0),
        "ngood": const(3), "nbad": const(3), "nsample": const(2), "colors": const([3, 3]), "left": const(0.0), "mode": const(0.5), "right": const(1.0), "scale": const(1.0), "loc": const(0.0), "n": const(3), "p": const(0.5),
        "c": [s.floats], "roots": const([1.0, 2.0]), "new_shape": const((4, 2)), "ndim": const(2), "UPLO": const("L"), "fid": [s.new_path], "seq_of_zeros_or_ones": [s.floats], "actual": [s.floats], "desired": [s.floats],
        "min": const(0.2), "max": const(0.7), "a_min": const(0.2), "a_max": const(0.7), "fname": [s.text_path, s.new_path], "X": [s.floats], "file": [s.array_path, s.new_path], "arr": [s.floats, s.table, s.ints], "indices": [s.ints, lambda: np.array([0, 1])],
        "x1_": [s.ints], "old": const("a"), "new": const("b"), "sub": const("a"), "suffix": const("a"), "prefix": const("a"), "width": const(5), "bit_generator": [lambda: np.random.PCG64(1)], "state": [lambda: np.random.get_state()],
        "newbyteorder": const("<"), "axes": const((1, 0), None), "shape": const((8,), (2, 4)), "v": [s.floats],
    },
    **{f"matplotlib.{n}": {"x": const(0.5), "y": const(0.5)} for n in ("text.Text", "axes.Axes.text", "figure.Figure.text", "pyplot.text", "pyplot.figtext",
       "axis.Axis.set_label_coords", "axes.Axes.start_pan")},
    "pandas.GroupBy": {"func": [MEAN, *const("sum")], "arg": [MEAN]}, "pandas.Series.agg": {"func": [MEAN]}, "pandas.Series.aggregate": {"func": [MEAN]},
    "numpy.char": {"a": [s.strings], "x1": [s.strings], "x2": [s.strings]},
    "numpy.ma": {"a": [s.masked, s.floats, s.table], "x": [s.masked, s.floats], "m": [lambda: np.array([True, False, False, True])], "arr": [s.masked, s.floats], "y": [s.masked]},
    "pandas": {
        "data": [s.frame, s.floats_list, s.table], "objs": [lambda: [s.frame(), s.frame()], lambda: [s.series(), s.series()]], "left": [s.mixed, s.frame], "right": [s.mixed, s.frame], "other": [s.frame, s.series, *const(2.0)],
        "by": const("a", ["a"], "k"), "columns": const(["a"], "a", "c"), "column": const("a"), "key": const("a"), "keys": const(["a"], "a"), "label": const("a"), "labels": const([0], ["a"], [10]), "level": const(0, "u"),
        "func": [MEAN, IDENTITY, *const("sum", "mean", abs)], "arg": [IDENTITY, lambda: {3.0: 1.0}, MEAN], "value": const(0.0, 1, "x"), "values": [lambda: [1.0, 2.0], *const("b")], "cond": [lambda: pd.Series([True, False] * 3), lambda: s.frame() > 2],
        "expr": const("a > 2", "c2 = a + b", "a + b"), "loc": const(0, 1), "item": const("a", 1), "dtype": const("float64", "object", "category"), "n": const(2), "periods": const(1), "freq": const("D"), "rule": const("2D", "2h"), "window": const(2),
        "to_replace": const(1.0, "x"), "index": const("a", ["c"], [0, 1]), "lower": const(2.0), "upper": const(3.0), "pat": const("a", "b"), "repl": [*const("z"), s.spy(lambda m: "z")], "sep": const("-"), "width": const(5), "start": const(0), "others": [s.words],
        "arg1": const(1), "tz": const("UTC"), "offset": const("1h"), "date": const("2024-01-03"), "time": const("00:00"), "start_time": const("00:00"), "end_time": const("12:00"), "mapper": [lambda: {"a": "z"}, s.spy(str)],
        "frame": [s.frame, s.mixed], "x": [s.floats, s.series, s.words, *const("a", 1)], "id_vars": const(["a"]), "stubnames": const(["a"]), "i": const("k"), "j": const("z"), "path": [s.new_path, s.pickle_path], "path_or_buf": [s.new_path, s.json_path, io.StringIO],
        "filepath_or_buffer": [s.csv_path, s.pickle_path, s.text_stream], "io": [s.new_path], "sql": const("select * from t"), "con": [s.connection], "name": const("tt", "z"), "buf": [io.StringIO, s.new_path], "excel_writer": [s.new_path], "pat_": const("display.width"),
        "start_": const("2024"), "end": const("2024-01-05"), "ordered": const(True), "new_categories": const(["p"], ["x", "y", "z"]), "removals": const(["x"]), "categories": const(["x", "y"]), "mapping": [lambda: [{"a": [1, {"b": 2}]}]], "date_format": const("%Y"),
        "indexer": [lambda: np.array([0, 1])], "indices": const([0, 1]), "axis": const(0), "before": const(1), "class_column": const("c"), "series": [s.series], "numeric_only": const(True), "exclude": const(None), "decimals": const(0), "q": const(0.5), "alpha": const(0.5), "com": const(2),
        "repeats": const(2), "bins": const(3), "target": [s.index], "where": const(2), "slicer": const(slice(0, 1)), "tuples": const([(1, 2)]), "arrays": const([[1, 2], [3, 4]]), "iterables": const([[1], [2, 3]]), "order": const([1, 0]), "names": const(["p", "q"]),
        "l": [s.frame], "self_": [s.frame], "path_or_buffer": [s.new_path], "i_": const(0), "subset": const(["a"]), "codes": const([0, 1]), "ordinal": const(730000), "timestamp": const(0), "tzinfo": const(None), "fmt": const("%Y"),
        "format": const("%Y", "{:.1f}"), "caption": const("c"), "props": const("color: red"), "formatter": const("{:.1f}"), "kind": const("line"), "unit": const("s"), "weekday": const(1), "a": [lambda: s.index()], "obj": [s.frame, *const(1)], "indicator": [s.frame],
    },
    "sklearn": {
        "X": [X, lambda: X()[:, :2]], "y": [Y], "y_true": [Y, SCORES], "y_pred": [PREDICTED, SCORES], "y_score": [SCORES], "y_prob": [SCORES], "y_proba": [SCORES], "labels_true": [Y], "labels_pred": [PREDICTED], "labels": [Y], "estimator": [lib.classifier, lib.fitted, lib.drawing, lib.fitted_tree], "n_samples": const(20),
        "n_clusters": const(2), "n_components": const(2), "cv": const(2), "param_grid": [lambda: {"var_smoothing": [1e-9, 1e-8]}], "param_name": const("var_smoothing"), "param_range": const([1e-9, 1e-8]), "decision_tree": [lib.fitted_tree], "features": const([0]),
        "scoring": const("accuracy", None), "score_func": [s.spy(lambda a, b: 1.0)], "classes": const([0, 1]), "y1": [Y], "y2": [PREDICTED], "x1": [Y], "x2": [PREDICTED], "x": [lambda: np.arange(24.0), SCORES], "a": [X], "b": [X], "Y": [X], "steps": [lambda: [("s", lib.scaler()), ("c", lib.classifier())]],
        "estimators": [lambda: [("a", lib.classifier()), ("b", lib.drawing())]], "param_distributions": [lambda: {"var_smoothing": [1e-9, 1e-8]}], "transformers": [lambda: [("s", lib.scaler(), [0])]], "class_weight": const("balanced"), "alphas": const([0.1]), "n_classes": const(2),
        "image": [s.image], "patch_size": const((2, 2)), "func": FUNCTIONS, "container_path": const("."), "array": [X], "arrays": [X], "f": [s.new_path], "raw_documents": [lambda: list(lib.TEXTS)], "Xy": [lambda: X().T @ SCORES()], "Gram": [lambda: X().T @ X()], "dictionary": [lambda: np.eye(4)], "centers": [lambda: X()[:2]],
        "n_features": const(4), "gram": [lambda: X().T @ X()], "emp_cov": [lambda: np.cov(X().T)], "covariance": [lambda: np.eye(4)], "generator": [lambda: iter([1, 2])], "seed": const(1), "indices": const([0, 1]), "mask": [lambda: np.array([True] * 4)], "n_population": const(10), "estimator_type": const("classifier"), "patches": [lambda: np.ones((49, 2, 2))],
        "image_size": const((8, 8)), "shape": const((2, 2)), "n_x": const(4), "n_y": const(4), "reachability": [SCORES], "core_distances": [SCORES], "ordering": [lambda: np.arange(24)], "eps": const(0.5), "predecessor": [lambda: np.arange(24)], "metric": const("euclidean"), "w": const(1.0), "alpha": const(1.0), "kernel": const("linear"),
        "confusion_matrix": [lambda: np.eye(2)], "fpr": [lambda: np.array([0, 0.5, 1.0])], "tpr": [lambda: np.array([0, 0.5, 1.0])], "y_": [Y], "n_features_to_select": const(2), "params": [lambda: {"a": [1]}], "prob_true": [SCORES], "prob_pred": [SCORES], "display_labels": const(None),
    },
    "scipy": {
        "x": [s.floats, s.table, *const(0.5, 2.0)], "x0": const([0.5], 0.5, [0.5, 0.2]), "y": [s.floats, s.table, *const(0.5)], "y0": const([1.0]), "t": [lambda: np.linspace(0, 1, 5)], "t_span": const((0.0, 1.0)), "fun": [SQUARE, SLOPE, s.spy(lambda t, y: -y)], "func": [SQUARE, SLOPE, IDENTITY, s.spy(lambda y, t: [-y[0]]), s.spy(lambda x, a: a * np.asarray(x))],
        "f": [SLOPE, SQUARE, s.spy(lambda x, a: a * np.asarray(x)), s.spy(lambda x, y: x * y)], "a": [s.matrix, s.floats, *const(0.0, 0.5)], "b": [s.floats, lambda: np.array([1.0, 2.0, 3.0]), *const(1.0)], "c": const([1.0, 2.0], 1.0), "A": [s.matrix], "B": [s.matrix], "Q": [s.matrix], "R": [s.matrix], "input": [s.image, s.floats], "xdata": [s.floats], "ydata": [s.floats],
        "popmean": const(0.5), "rvs": [s.floats], "cdf": const("norm"), "samples": [lambda: [s.floats(), s.floats()]], "observed": [lambda: np.array([[10, 5], [3, 8]])], "f_obs": [lambda: np.array([5, 6, 7])], "data": [s.floats, lambda: (s.floats(),), s.table], "statistic": [MEAN, s.spy(lambda x, axis=-1: np.mean(x, axis=axis))], "sample": [s.floats, s.table], "size": const(3), "N": const(3), "Wn": const(0.3), "in1": [s.floats, s.matrix], "in2": [s.floats, s.matrix],
        "points": [s.table, lambda: s.table()[:, :2]], "values": [s.floats], "xi": [lambda: s.table()[:, :2]], "XA": [s.table], "XB": [s.table], "X": [s.table], "u": [s.floats], "v": [lambda: s.floats() + 1], "Z": [lambda: _linkage()], "obs": [s.table], "code_book": [lambda: s.table()[:2]], "k_or_guess": const(2), "t_": const(1.0), "R_": const(1), "n": const(2, 3), "k": const(1), "z": const(0.5), "m": const(2, 0.5),
        "q": const(0.5, [0.5]), "p": const(0.5, 2), "loc": const(0.0), "scale": const(1.0), "s": const(1.0, 0.5), "num": const(4), "sigma": const(1.0), "weights": const([1.0, 2.0, 1.0], [[1.0, 2.0], [0.5, 1.0]]), "structure": const(None), "labels": [lambda: np.array([0, 1, 1, 0, 2, 2, 0, 1])], "coordinates": [lambda: np.array([[0.5, 1.0], [1.0, 2.0]])], "matrix": const([[1.0, 0.0], [0.0, 1.0]]), "shift": const(1.0), "zoom": const(2.0), "angle": const(30.0),
        "bracket": const((0.0, 1.0)), "bounds": const([(0, 1)], (0, 1)), "ranges": const(((0, 1),)), "fs": const(1.0), "window": const("hann", 3), "arg1": [s.matrix, s.floats], "x1": const(0.0), "x2": const(1.0), "Q_": [s.matrix], "lu_and_piv": [lambda: _lu()], "c_and_lower": [lambda: _cho()], "cb": [lambda: np.array([1.0, 2.0, 3.0])], "ab": [lambda: np.array([[0, 1.0, 1.0], [4.0, 4.0, 4.0]])], "l_and_u": const((1, 1)), "filename": [s.new_path],
        "file_name": [s.new_path], "mdict": [lambda: {"a": s.floats()}], "rate": const(8000), "arrays": [s.matrix], "graph": [s.matrix], "mat": [s.matrix], "blocks": [lambda: [[s.matrix(), None], [None, s.matrix()]]], "diagonals": [lambda: [np.ones(3)]], "density": const(0.5), "format": const("csr"), "deg": const(1), "order": const(1), "args": const(()), "lambda_": const(1.0), "lmbda": const(0.5, 1.0), "alpha": const(0.5), "low": const(0.1), "high": const(0.9), "degrees": const(1.0), "widths": [lambda: np.array([1.0, 2.0])], "lengthscale": const(1.0),
        "peaks": [lambda: np.array([2, 4])], "vector": [s.floats], "M": const(8), "up": const(2), "down": const(1), "system": const(([1.0], [1.0, 1.0])), "tck": [lambda: _tck()], "x_": [s.floats], "a_": const(0.0), "zi": [lambda: np.zeros(1)], "ss": const([0.5]), "sos": [lambda: np.array([[1.0, 0, 0, 1.0, 0, 0]])], "output_shape": const((4, 4)), "mapping": [s.spy(lambda c: c)], "footprint": const(None), "D": [lambda: np.zeros((3, 3))], "pvals": const([0.1, 0.4]), "table": [lambda: np.array([[10, 5], [3, 8]])], "ps": const([0.1, 0.4]), "mean": const(0.5), "cov": const(1.0), "rowvar": const(True),
    },
    "matplotlib": {
        "x": [s.floats, *const([1, 2, 3])], "y": [s.floats, *const([1, 2, 3])], "X": [s.image], "Z": [s.image], "height": [s.floats, *const(1.0)], "width": [s.floats, *const(1.0)], "s": const("text"), "label": const("l"), "text": const("t"), "t": const("t"), "artist": [lib.lone_line], "line": [lib.lone_line], "p": [lib.patch], "labels": const(["a", "b"]),
        "ticks": const([1, 2]), "handles": [lambda: [lib.lone_line()]], "y1": [s.floats], "x1": [s.floats], "ymin": const(0.0), "ymax": const(1.0), "xmin": const(0.0), "xmax": const(1.0), "bottom": const(0.0), "left": const(0.0), "positions": const([1, 2]), "vertices": [s.floats], "xranges": const([(0, 1)]), "yrange": const((0, 1)), "table": const(None), "xy": const((0, 0)), "dataset": [s.floats],
        "fname": [s.new_path], "ax": [lib.plain_axes], "fig": [lib.figure], "loc": const("left"), "aspect": const("equal"), "alpha": const(0.5), "color": const("red"), "c": const("red"), "b": const(True), "value": const("linear"), "visible": const(True), "stats": [list], "patch": [lib.patch], "mappable": [lib.mappable], "u": const(1.0), "cmap": const("viridis"), "axes": [lib.plain_axes], "renderer": [lambda: lib.figure().canvas.get_renderer()],
        "rect": const((0.1, 0.1, 0.5, 0.5)), "name": const("viridis"), "fontsize": const(8), "size": const(8), "formatter": [lambda: _ticker("ScalarFormatter")], "locator": [lambda: _ticker("NullLocator")], "w": const(1.0), "h": const(1.0), "xdata": const([1, 2]), "ydata": const([1, 2]), "event": const(None), "bounds": const((0.1, 0.1, 0.5, 0.5)), "xs": const([1, 2]), "ys": const([1, 2]), "suptitle": const("s"), "a": const(0.5), "group": const("lines"), "style": const("dark_background", "-"), "d": const(0.5), "spec": const((0, 1)), "other": [lib.lone_line], "func": FUNCTIONS,
        "colors": const(["red", "blue"]), "url": const("u"), "zorder": const(1), "lw": const(1.0), "level": const(1), "arg": const("tight"), "shape": const((2, 2)), "marker": const("o"), "angle": const(1.0), "rotation": const(1.0), "fontstyle": const("italic"), "weight": const("bold"), "functions": const((abs, abs)), "transform": [lambda: lib.axes().transData], "tight": const(True), "num": const(1),
    },
    "seaborn": {"data": [s.frame, lambda: s.mixed().fillna(1.0), lambda: s.frame().corr()], "x": const("a"), "y": const("b"), "func": [lambda: _plotter()], "ax": [lib.plain_axes], "n_colors": const(3), "h": const(0.5), "color": const("red"), "h_neg": const(10), "h_pos": const(200), "name": const("tips"), "obj": [lib.plain_axes], "loc": const("best"), "colors": const(["red", "blue"]), "a": [s.floats], "fname": [s.new_path], "style": const("white"), "palette": const("deep"), "context": const("talk"), "desat": const(0.5), "prop": const(0.5)},
    "statsmodels": {
        "endog": [lambda: lib.features()[:, 0].copy(), Y], "exog": [lambda: lib.features()[:, 1:3].copy()], "data": [lambda: pd.DataFrame({"y": lib.target(), "x": lib.features()[:, 0]}), X], "formula": const("y ~ x"), "x": [lambda: np.random.RandomState(0).rand(40), X], "y": [lambda: np.random.RandomState(1).rand(40)], "x1": [SCORES], "x2": [lambda: X()[:, 1]], "resid": [SCORES], "count": const(5, [5, 6]), "nobs": const(20, [20, 21]),
        "pvals": const([0.01, 0.2]), "groups": [Y], "res": [lib.ols_results], "results": [lib.ols_results], "model": [lib.ols_results], "exog_idx": const(0), "order": const((1, 0, 0)), "steps": const(2), "r_matrix": [lambda: np.eye(3)], "lags": const(3), "nlags": const(3), "period": const(4), "diff": const(0.1), "effect_size": const(0.5), "table": [lambda: np.array([[10, 5], [3, 8]])], "X": [X], "value": const(0.5), "prop": const(0.5), "a": [SCORES], "nsimulations": const(5), "alpha": const(0.1), "arparams": const([0.5]), "ar": const([1.0, -0.5]), "ma": const([1.0]), "filt": const([0.5, 0.5]), "lag": const(2), "maxlag": const(2), "acov": [SCORES],
    },
    "torch": {
        "input": [lib.tensor, lib.square, lib.int_tensor, lib.batch, lib.picture], "other": [lib.tensor, lib.square, lib.int_tensor], "dim": const(0, -1), "size": const((2,), 3), "self": [lib.tensor, lib.square], "tensors": [lambda: [lib.tensor(), lib.tensor()]], "tensor": [lib.square, lib.tensor], "A": [lib.square], "B": [lib.square], "mat2": [lib.square], "vec": [lambda: lib.square()[0].clone()], "index": [lambda: lib.int_tensor() % 2],
        "target": [lib.tensor, lib.square, lambda: lib.int_tensor() % 2], "weight": [lib.square, lib.tensor], "module": [lib.module], "parameters": [lambda: lib.optimizer().param_groups[0]["params"]], "params": [lambda: list(lib.module().parameters())], "optimizer": [lib.optimizer], "dataset": [lib.tensor_dataset], "datasets": [lambda: [lib.tensor_dataset(), lib.tensor_dataset()]], "lengths": const([3, 3]), "indices": const([0, 1]), "f": [s.new_path, lambda: _saved_tensor()], "obj": [lib.square], "fn": [IDENTITY], "shape": const((2, 2), (4,)), "dims": const((0,), (0, 1)), "mask": [lambda: lib.tensor() > 0.3], "value": const(1.0), "source": [lib.tensor],
        "repeats": const(2), "chunks": const(2), "sections": const(2), "start": const(0), "end": const(4), "steps": const(3), "n": const(3), "k": const(1), "p": const(0.5), "dim0": const(0), "dim1": const(-1), "num_samples": const(2), "max_norm": const(1.0), "clip_value": const(0.5), "state_dict": [lambda: lib.module().state_dict()], "in_features": const(4), "out_features": const(2), "num_embeddings": const(4), "embedding_dim": const(2), "num_features": const(3), "in_channels": const(1), "out_channels": const(2), "kernel_size": const(2, 1), "input_size": const(4), "hidden_size": const(3), "normalized_shape": const(4), "output_size": const(2), "num_channels": const(2), "num_groups": const(1), "d_model": const(4), "nhead": const(2), "embed_dim": const(4), "num_heads": const(2), "padding": const(1), "upscale_factor": const(1), "dtype": [lambda: _torch("float64")], "lr_lambda": [s.spy(lambda e: 1.0)], "step_size": const(1), "gamma": const(0.9), "T_max": const(3), "milestones": const([1]), "max_lr": const(0.1), "total_steps": const(4), "d": const(0), "mode": const(True), "seed": const(1), "min": const(0.2), "max": const(0.6), "equation": const("i,i->i"), "exponent": const(2.0), "fill_value": const(1.0), "data": [s.floats_list, s.floats], "ndarray": [s.floats], "obj_": [s.floats], "num_classes": const(4), "bins": const(3), "mean": const(0.0), "std": const(1.0), "val": const(0.5), "high": const(5), "batch_size": const(2), "input1": [lib.square], "input2": [lib.square], "x1": [lib.square], "x2": [lib.square], "anchor": [lib.square], "positive": [lib.square], "negative": [lib.square], "upper": const(0.3), "lower": const(0.1), "threshold": const(0.3), "name": const("extra"), "sizes": const((2, 2)), "split_size_or_sections": const(2), "sequences": [lambda: [lib.tensor(), lib.tensor()]], "device": const("cpu"), "q": const(0.5), "y": [lib.tensor], "x": [lib.tensor, lib.square], "a": [lib.square], "b": [lib.square], "M": const(4), "window_length": const(4), "N": const(3), "pad": const((1, 1)),
    },
    "plotly": {"data_frame": [lambda: s.mixed().fillna(1.0)], "x": const("a"), "y": const("b"), "img": [s.image], "file": [s.new_path], "trace": [lib.trace], "data": [lambda: [lib.trace()]], "hist_data": [lambda: [s.floats_list()]], "group_labels": const(["a"]), "fig": [lib.plotly_figure], "text": const("t"), "fn": [s.spy(lambda t: None)], "selector": const(None), "annotation": [lambda: {"text": "a"}], "dimensions": const(["a", "b"]), "names": const("c"), "values": const("b"), "path": const(["c"])},
    "sympy": {
        "f": [lib.polynomial, lib.wave], "expr": [lib.polynomial, lib.wave, lib.symbolic_matrix], "a": [lib.polynomial, lib.number_matrix], "e": [lib.polynomial], "x": [lib.letter], "symbols": [lib.letter], "symbol": [lib.letter], "args": [lib.letter], "n": const(6, 2), "z": [lib.letter], "z0": const(0), "x0": const(0), "sym": [lib.letter], "gen": [lib.letter],
        "eq": [lambda: lib.polynomial()], "eqs": [lambda: [lib.letter() - 1]], "system": [lambda: [lib.letter() - 1]], "names": const("x y", "n"), "A": [lib.number_matrix], "B": [lib.number_matrix], "m": [lib.number_matrix], "M": [lib.number_matrix], "p": [lib.polynomial, *const(7)], "rhs": [lib.number_matrix], "other": [lib.number_matrix, lib.letter], "i": const(0), "j": const(1), "k": const(1, 0), "row": const(0), "col": const(0), "pos": const(1), "value": const(2), "key": const((0, 0)),
        "function": [s.spy(lambda i, j: i + j)], "rows": const(2), "cols": const(2), "measure": [s.spy(lambda e: e.count_ops())], "interval": [lambda: __import__("sympy").Interval(0, 1)], "domain": [lambda: __import__("sympy").S.Reals], "limits": [lib.letter], "query": [lib.letter], "old": [lib.letter], "new": const(3), "rule": [lambda: {lib.letter(): 2}], "deg": const(2), "polys": [lib.polynomial], "seq": const([1, 2]), "points": [lambda: [lib.letter()]], "theta": const(1), "wrt": [lib.letter],
    },
    "joblib": {"value": [s.box_list], "filename": [s.new_path, s.pickle_path], "function": [IDENTITY], "iterable": [lambda: [(abs, (1,), {})]], "location": [s.new_folder], "obj": [s.floats]},
    "xgboost": {"params": [lambda: {"nthread": 1}], "dtrain": [lib.xgb_matrix], "data": [lib.xgb_matrix], "booster": [lib.xgb_booster], "fname": [s.new_path]},
    "xgboost.DMatrix": {"data": [lib.features]},
    "lightgbm": {"params": [lambda: {"verbose": -1, "min_data_in_leaf": 1, "num_threads": 1, "num_iterations": 2}], "train_set": [lib.lgb_dataset], "data": [lib.features], "booster": [lib.booster], "X": [lib.features], "y": [lib.target], "stopping_rounds": const(2), "eval_result": [dict], "filename": [s.new_path], "label": [lib.target]},
}  # fmt: skip

# For what has no signature, and for the rest of ``*args``.
GENERIC: dict[str, list[Maker]] = {
    "builtins": [s.box_list, s.int_list, *const("ab", 3, 2.5), s.box_dict], "stdlib": [s.box_list, *const("ab", 3, 2.5), s.int_list], "numpy": [s.floats, s.ints, s.matrix, *const(2)], "numpy.char": [s.strings, *const("a")],
    "pandas": [s.frame, *const("a", 2), s.series], "sklearn": [X, Y], "scipy": [s.floats, *const(0.5, 2, 1)], "matplotlib": [*const([1, 2, 3]), s.image, *const("a", 1.0)], "seaborn": [s.frame, *const("a")], "statsmodels": [SCORES, X],
    "torch": [lib.square, lib.tensor, *const(2), lib.int_tensor, *const(0)], "plotly": [s.frame], "joblib": [s.box_list], "lightgbm": [lib.features], "xgboost": [lib.features], "sympy": [lib.polynomial, lib.letter, *const(2), lib.number_matrix, *const("x")],
}  # fmt: skip
PARENTS = {"numpy.char": "numpy", "numpy.ma": "numpy"}

# Optional parameters by which a call changes what it would else leave alone.
OPTIONS: dict[str, list[Maker]] = {
    "inplace": const(True), "out": [], "overwrite_a": const(True), "overwrite_b": const(True), "overwrite_x": const(True), "overwrite_input": const(True), "overwrite_ab": const(True), "overwrite_y": const(True), "overwrite_data": const(True), "overwrite_c": const(True),
    "overwrite_ab": const(True), "copy": const(False), "ax": [lib.plain_axes], "copy_X": const(False), "deep": const(False), "random_state": [*const(0, None), s.randomstate], "return_X_y": const(True), "as_frame": const(True), "key": [IDENTITY],
    "callback": [s.spy(lambda *a, **k: None)], "preprocess": [IDENTITY], "weights": [], "generator": [lib.torch_generator], "rng": [s.generator, lambda: None], "rename_columns": [],
}  # fmt: skip


def _linkage() -> Any:
    from scipy.cluster.hierarchy import linkage

    return linkage(s.table())


def _lu() -> Any:
    from scipy.linalg import lu_factor

    return lu_factor(s.matrix())


def _cho() -> Any:
    from scipy.linalg import cho_factor

    return cho_factor(s.matrix())


def _tck() -> Any:
    from scipy.interpolate import splrep

    return splrep(np.arange(8.0), s.floats())


def _ticker(name: str) -> Any:
    import matplotlib.ticker

    return getattr(matplotlib.ticker, name)()


def _plotter() -> Any:
    from matplotlib import pyplot as plt

    return plt.plot


def _torch(name: str) -> Any:
    import torch

    return getattr(torch, name)


def _saved_tensor() -> str:
    import torch

    torch.save(lib.square(), "tensor.pt")
    return "tensor.pt"


def candidates(library: str, name: str, parameter: str) -> list[Maker]:
    """The makers of values for a parameter of the call ``name``, the best first."""
    for place in (name, name.rpartition(".")[0], library):
        found = LIBRARY.get(place, {}).get(parameter)
        if found is not None:
            return found
    return ARGUMENTS.get(parameter, [])


def generic(library: str, owner: str) -> list[Maker]:
    """The makers of values for a parameter of which nothing is known."""
    return GENERIC.get(owner) or GENERIC[library]
