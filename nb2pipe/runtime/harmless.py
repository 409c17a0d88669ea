"""What a pickle of a stranger may name: types and functions that do nothing but hold data, whatever they are called with.

Not whole libraries: `numpy.load`, `pandas.read_pickle` or `torch.storage._load_from_bytes` load pickles again, the distributions of
`scipy.stats` execute a text that they keep, statsmodels evaluates formulas when it is loaded, and `numpy.memmap` writes files.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "builtins": "Ellipsis NotImplemented bool bytearray bytes complex dict float frozenset int list object range set slice str tuple",
    "array": "_array_reconstructor array",
    "collections": "ChainMap Counter OrderedDict defaultdict deque",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "ipaddress": "IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network",
    "pathlib": "PosixPath PurePosixPath PureWindowsPath",
    "pathlib._local": "PosixPath PurePosixPath PureWindowsPath",
    "random": "Random",
    "re": "_compile",
    "uuid": "SafeUUID UUID",
    "zoneinfo": "ZoneInfo",
    "dateutil.relativedelta": "relativedelta",
    "dateutil.tz.tz": "tzoffset tzutc",
    "pytz": "_UTC _p",
    "nb2pipe.runtime.layout": "Layout laid_out",
    "nb2pipe.runtime.pickles": "_masked _set_tensor _tensor _view",
    "nb2pipe.runtime.values": "_absent",
    # numpy: `dtype` and `ndarray` are held to what they are given by `nb2pipe.runtime.strangers`
    "numpy": "bool bool_ bytes_ complex64 complex128 datetime64 dtype float16 float32 float64 int8 int16 int32 int64 intc longdouble "
    "longlong ndarray poly1d str_ timedelta64 uint8 uint16 uint32 uint64 ulonglong "
    "absolute add arctan cos cosh divide exp exp2 expm1 floor hypot log log10 log1p log2 maximum mean minimum multiply negative power "
    "reciprocal sign sin sinh sqrt square subtract tan tanh",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._sfc64": "SFC64",
    "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    # pandas names its types by where they are public (3.x), or by where they are made
    "pandas": "BooleanDtype Categorical CategoricalDtype CategoricalIndex DataFrame DateOffset DatetimeIndex DatetimeTZDtype "
    "Float32Dtype Float64Dtype Index Int8Dtype Int16Dtype Int32Dtype Int64Dtype Interval IntervalDtype IntervalIndex MultiIndex NA "
    "Period PeriodDtype PeriodIndex RangeIndex Series SparseDtype StringDtype TimedeltaIndex UInt8Dtype UInt16Dtype UInt32Dtype "
    "UInt64Dtype",
    "pandas.arrays": "ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray IntervalArray PeriodArray SparseArray "
    "StringArray TimedeltaArray",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "pandas._libs.internals": "_unpickle_block",
    "pandas._libs.interval": "Interval __pyx_unpickle_IntervalMixin",
    "pandas._libs.missing": "NA NAType",
    "pandas._libs.sparse": "BlockIndex IntIndex",
    "pandas._libs.tslibs.nattype": "_nat_unpickle",
    "pandas._libs.tslibs.offsets": "BDay BMonthBegin BMonthEnd BQuarterBegin BQuarterEnd BYearBegin BYearEnd BusinessDay "
    "BusinessMonthBegin BusinessMonthEnd DateOffset Day Hour Micro Milli Minute MonthBegin MonthEnd Nano QuarterBegin QuarterEnd "
    "RelativeDeltaOffset Second SemiMonthBegin SemiMonthEnd Week WeekOfMonth YearBegin YearEnd",
    "pandas._libs.tslibs.period": "Period",
    "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp",
    "pandas.core.arrays.boolean": "BooleanArray BooleanDtype",
    "pandas.core.arrays.categorical": "Categorical",
    "pandas.core.arrays.datetimes": "DatetimeArray",
    "pandas.core.arrays.floating": "Float32Dtype Float64Dtype FloatingArray",
    "pandas.core.arrays.integer": "Int8Dtype Int16Dtype Int32Dtype Int64Dtype IntegerArray UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype",
    "pandas.core.arrays.interval": "IntervalArray",
    "pandas.core.arrays.numpy_": "NumpyExtensionArray",
    "pandas.core.arrays.period": "PeriodArray",
    "pandas.core.arrays.sparse.array": "SparseArray",
    "pandas.core.arrays.string_": "StringArray StringDtype",
    "pandas.core.arrays.timedeltas": "TimedeltaArray",
    "pandas.core.dtypes.dtypes": "CategoricalDtype DatetimeTZDtype IntervalDtype PeriodDtype SparseDtype",
    "pandas.core.flags": "Flags",
    "pandas.core.frame": "DataFrame",
    "pandas.core.indexes.base": "Index _new_Index",
    "pandas.core.indexes.category": "CategoricalIndex",
    "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
    "pandas.core.indexes.frozen": "FrozenList",
    "pandas.core.indexes.interval": "IntervalIndex _new_IntervalIndex",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.period": "PeriodIndex _new_PeriodIndex",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.indexes.timedeltas": "TimedeltaIndex _new_TimedeltaIndex",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.core.series": "Series",
    "scipy.optimize._optimize": "OptimizeResult",
    "scipy.sparse._bsr": "bsr_array bsr_matrix",
    "scipy.sparse._coo": "coo_array coo_matrix",
    "scipy.sparse._csc": "csc_array csc_matrix",
    "scipy.sparse._csr": "csr_array csr_matrix",
    "scipy.sparse._dia": "dia_array dia_matrix",
    "scipy.sparse._dok": "dok_array dok_matrix",
    "scipy.sparse._lil": "lil_array lil_matrix",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "scipy.interpolate._bsplines": "BSpline",
    "scipy.interpolate._cubic": "Akima1DInterpolator CubicHermiteSpline CubicSpline PchipInterpolator",
    "scipy.interpolate._interpolate": "PPoly",
    "scipy.spatial._ckdtree": "cKDTree",
    "scipy.spatial._kdtree": "KDTree",
    # those of scikit-learn that are no estimators; the trees and losses are those that skops trusts
    "sklearn._loss._loss": "CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss CyHalfPoissonLoss CyHalfSquaredError "
    "CyHalfTweedieLoss CyHalfTweedieLossIdentity CyAbsoluteError CyExponentialLoss CyHuberLoss CyPinballLoss",
    "sklearn._loss.link": "HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
    "sklearn._loss.loss": "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss HalfPoissonLoss "
    "HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss",
    "sklearn.calibration": "_CalibratedClassifier _SigmoidCalibration",
    "sklearn.cluster._birch": "_CFNode _CFSubcluster",
    "sklearn.cluster._bisect_k_means": "_BisectingTree",
    "sklearn.compose._column_transformer": "make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.feature_selection._univariate_selection": "chi2 f_classif f_oneway f_regression r_regression",
    "sklearn.linear_model._sgd_fast": "EpsilonInsensitive Hinge Huber Log ModifiedHuber SquaredEpsilonInsensitive SquaredHinge SquaredLoss",
    "sklearn.metrics._dist_metrics": "ChebyshevDistance64 EuclideanDistance64 ManhattanDistance64 MinkowskiDistance64 newObj",
    "sklearn.metrics._scorer": "_PassthroughScorer",
    "sklearn.model_selection._split": "GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut LeavePOut PredefinedSplit "
    "RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit",
    "sklearn.neighbors._ball_tree": "BallTree newObj",
    "sklearn.neighbors._kd_tree": "KDTree newObj",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.tree._tree": "Tree",
    "sklearn.utils._bunch": "Bunch",
    "torch": "Size Tensor bfloat16 bool complex64 complex128 device float16 float32 float64 int8 int16 int32 int64 uint8",
    "torch.nn.functional": "gelu relu",
    "torch.nn.parameter": "Parameter",
}  # fmt: skip
_NUMPYS_OWN = {"multiarray": "_reconstruct scalar", "numeric": "_frombuffer"}
_NAMES |= {f"numpy.{core}.{m}": names for core in ("core", "_core") for m, names in _NUMPYS_OWN.items()}
_KNOWN = {module: frozenset(names.split()) for module, names in _NAMES.items()}

_FAMILIES = (
    ("sklearn", "sklearn.base", "BaseEstimator"),
    ("sklearn.gaussian_process.kernels", "sklearn.gaussian_process.kernels", "Kernel"),
    ("torch.nn.modules", "torch.nn.modules.module", "Module"),
)
"""Types by what they are built upon, which all are made by setting attributes: where their modules are, and their base."""
_ELSEWHERE = frozenset({"tests", "conftest", "externals", "__main__"})
"""Parts of names of modules that nobody's values are from."""
_ATTRIBUTES = frozenset({("zoneinfo", "ZoneInfo", "_unpickle")})
"""What may be asked for with `getattr`, as `zoneinfo` does in its pickles."""


def may_be(module: str, name: str) -> bool:
    """Whether a name is known to be harmless, as far as that can be said without importing it."""
    if name in _KNOWN.get(module, ()) or _is_builtin_error(module, name):
        return True
    return bool(_bases(module)) and name.isidentifier() and name.lstrip("_")[:1].isupper()


def is_bare(module: str, name: str) -> bool:
    """Whether a type is one that pickles make without arguments."""
    return module.startswith("scipy.sparse.") or (bool(_bases(module)) and name not in _KNOWN.get(module, ()))


def may_be_asked_for(module: str, name: str, attribute: str) -> bool:
    """Whether an attribute of what has this name is known to be harmless."""
    return (module, name, attribute) in _ATTRIBUTES


def found(module: str, name: str) -> Any:
    """What has a name, imported; None where it is not known to be harmless."""
    if name in _KNOWN.get(module, ()) or _is_builtin_error(module, name):
        return getattr(importlib.import_module(module), name)
    if not may_be(module, name):
        return None
    kind = getattr(importlib.import_module(module), name)
    bases = tuple(getattr(importlib.import_module(where), base) for where, base in _bases(module))
    return kind if isinstance(kind, type) and kind.__module__ == module and issubclass(kind, bases) else None


def attribute(owner: Any, name: str) -> Any:
    """What stands for `getattr` in the pickles of strangers.

    Raises:
        LookupError: The attribute is not known to be harmless.
    """
    if isinstance(owner, type) and may_be_asked_for(owner.__module__, owner.__qualname__, name):
        return getattr(owner, name)
    raise LookupError(name)


def _bases(module: str) -> list[tuple[str, str]]:
    parts = module.split(".")
    if not _ELSEWHERE.isdisjoint(parts):
        return []
    return [(where, base) for top, where, base in _FAMILIES if parts[: top.count(".") + 1] == top.split(".")]


def _is_builtin_error(module: str, name: str) -> bool:
    kind = vars(importlib.import_module("builtins")).get(name) if module == "builtins" else None
    return isinstance(kind, type) and issubclass(kind, BaseException)
