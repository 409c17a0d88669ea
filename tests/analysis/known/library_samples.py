"""Sample values of the libraries that are slow to import: each imported when first asked for."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

# -- matplotlib, seaborn, plotly ---------------------------------------------------------------------------------


def axes() -> Any:
    from matplotlib.figure import Figure

    found = Figure(figsize=(1, 1), dpi=20).add_subplot()
    found.plot([1, 2, 3], [3, 1, 2], label="line")
    return found


def plain_axes() -> Any:
    from matplotlib import pyplot as plt

    return plt.figure(figsize=(1, 1), dpi=20).add_subplot()


def figure() -> Any:
    return axes().figure


def axis() -> Any:
    return axes().xaxis


def line() -> Any:
    return axes().lines[0]


def lone_line() -> Any:
    from matplotlib.lines import Line2D

    return Line2D([0, 1], [0, 1])


def patch() -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((0, 0), 1, 1)


def legend() -> Any:
    return axes().legend()


def text() -> Any:
    return axes().set_title("title")


def gridspec() -> Any:
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec

    return GridSpec(2, 2, figure=Figure(figsize=(1, 1)))


def mappable() -> Any:
    return plain_axes().imshow([[1, 2], [3, 4]])


def facets() -> Any:
    import seaborn as sns

    return sns.FacetGrid(_plotted(), col="c", height=1)


def pairs() -> Any:
    import seaborn as sns

    return sns.PairGrid(_plotted(), vars=["a", "b"], height=1)


def joint() -> Any:
    import seaborn as sns

    return sns.JointGrid(data=_plotted(), x="a", y="b", height=1)


def clusters() -> Any:
    import seaborn as sns

    return sns.clustermap(_plotted()[["a", "b"]], figsize=(1, 1))


def _plotted() -> Any:
    return pd.DataFrame({"a": [3.0, 1, 2, 5, 4, 6], "b": [1.0, 4, 2, 8, 5, 7], "c": list("xyxyxy")})


def plotly_figure() -> Any:
    import plotly.graph_objects as go

    return go.Figure(data=[go.Scatter(x=[1, 2], y=[3, 4])])


def trace() -> Any:
    import plotly.graph_objects as go

    return go.Scatter(x=[1, 2], y=[3, 4])


# -- scikit-learn ----------------------------------------------------------------------------------------------------


def features() -> Any:
    return np.random.RandomState(0).rand(24, 4)


def target() -> Any:
    return np.tile([0, 1], 12)


def estimator() -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression()


def classifier() -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB()


def drawing() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=2)


def fitted() -> Any:
    return classifier().fit(features(), target())


def fitted_regressor() -> Any:
    return estimator().fit(features(), target())


def fitted_tree() -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=0).fit(features(), target())


FEW = {
    "n_estimators": 3, "max_iter": 20, "n_components": 2, "n_clusters": 2, "n_init": 1, "n_splits": 2, "cv": 2,
    "n_neighbors": 3, "perplexity": 5.0, "n_jobs": 1, "max_no_improvement": 1, "hidden_layer_sizes": (3,),
    "init_size": 12, "n_iter": 3, "n_quantiles": 10,
}  # fmt: skip
NEEDED = {
    "estimator": classifier, "base_estimator": classifier, "regressor": estimator,
    "estimators": lambda: [("a", classifier()), ("b", drawing())], "steps": lambda: [("s", scaler()), ("c", drawing())],
    "transformers": lambda: [("s", scaler(), [0, 1])], "transformer_list": lambda: [("s", scaler())],
    "param_grid": lambda: {"var_smoothing": [1e-9, 1e-8]}, "param_distributions": lambda: {"var_smoothing": [1e-9, 1e-8]},
    "dictionary": lambda: np.eye(4),
}  # fmt: skip


def scaler() -> Any:
    from sklearn.preprocessing import StandardScaler

    return StandardScaler()


def build(name: str) -> Any:
    """An estimator of the class, with small settings and what its constructor needs."""
    import importlib
    import inspect

    owner, _, attr = name.rpartition(".")
    klass = getattr(importlib.import_module(owner), attr)
    known = inspect.signature(klass).parameters
    given: dict[str, Any] = {
        k: v for k, v in FEW.items() if (k in known and known[k].default is not None) or (k == "n_jobs" and k in known)
    }
    if name.endswith((".KNNImputer", ".SimpleImputer", ".SelectKBest", ".IsotonicRegression")):
        given = {}
    for parameter in known.values():
        if parameter.name in NEEDED and parameter.default is parameter.empty:
            given[parameter.name] = NEEDED[parameter.name]()
    if attr in ("GridSearchCV", "HalvingGridSearchCV", "RandomizedSearchCV", "HalvingRandomSearchCV"):
        key = "param_grid" if "param_grid" in known else "param_distributions"
        given.update({"estimator": drawing(), key: {"max_depth": [1, 2, 3]}, "n_iter": 2})
        given = {k: v for k, v in given.items() if k in known}
    return klass(**given)


TEXTS = ["a red car", "a blue car", "the red sky", "blue sky here"] * 6


def fit_arguments(one: Any) -> list[tuple[Any, ...]]:
    """What ``fit`` of an estimator may be given, in the order worth trying."""
    X, y = features(), target()
    return [(X, y), (X,), (TEXTS, y), ([{"a": 1, "b": 2}] * 4,), (X[:, :2], X[:, 2:]), (X[:, 0], y), (y,),
            (np.abs(X) + 0.1, np.column_stack([y, 1 - y])), (X @ X.T,)]  # fmt: skip


@lru_cache(maxsize=512)
def _trained(name: str) -> Any:
    for position in range(9):
        one = build(name)
        args = fit_arguments(one)[position]
        try:
            one.fit(*args)
        except Exception:
            continue
        return one, position
    return None


def trained(name: str, *, copied: bool = False) -> Any:
    """A fitted estimator of the class and the arguments that it was fitted with; None where nothing fits it."""
    found = _trained(name)
    if found is None:
        return None
    return copy.deepcopy(found[0]) if copied else found[0], fit_arguments(found[0])[found[1]]


# -- torch -------------------------------------------------------------------------------------------------------------


def tensor() -> Any:
    import torch

    return torch.tensor([0.5, 0.25, 0.75, 0.1])


def square() -> Any:
    import torch

    return torch.tensor([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])


def batch() -> Any:
    import torch

    return torch.arange(24.0).reshape(2, 3, 4) / 24


def picture() -> Any:
    import torch

    return torch.arange(64.0).reshape(1, 1, 8, 8) / 64


def int_tensor() -> Any:
    import torch

    return torch.tensor([2, 0, 1, 1])


def bool_tensor() -> Any:
    import torch

    return torch.tensor([True, False, True, False])


def graph_tensor() -> Any:
    import torch

    return (torch.tensor([1.0, 2.0], requires_grad=True) * 2).sum()


def wanting() -> Any:
    import torch

    return torch.tensor([1.0, 2.0], requires_grad=True)


def module() -> Any:
    import torch

    return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))


def module_list() -> Any:
    import torch

    return torch.nn.ModuleList([torch.nn.Linear(4, 3)])


def optimizer() -> Any:
    import torch

    found = torch.optim.SGD(module().parameters(), lr=0.1, momentum=0.9)
    for group in found.param_groups:
        for one in group["params"]:
            one.grad = torch.ones_like(one)
    return found


def adam() -> Any:
    import torch

    return torch.optim.Adam(module().parameters())


def scheduler() -> Any:
    import torch

    return torch.optim.lr_scheduler.StepLR(optimizer(), 1)


def torch_generator() -> Any:
    import torch

    return torch.Generator().manual_seed(1)


def tensor_dataset() -> Any:
    import torch

    return torch.utils.data.TensorDataset(torch.arange(12.0).reshape(6, 2), torch.arange(6))


def loader() -> Any:
    import torch

    return torch.utils.data.DataLoader(tensor_dataset(), batch_size=2)


LAYERS: dict[str, tuple[Any, ...]] = {
    "Linear": (4, 2), "Conv2d": (1, 1, 2), "MaxPool2d": (2,), "AvgPool2d": (2,), "AdaptiveAvgPool2d": (1,), "Softmax": (-1,), "LogSoftmax": (-1,),
    "Sigmoid": (), "Tanh": (), "GELU": (), "Softplus": (), "LayerNorm": (4,), "MSELoss": (), "L1Loss": (), "BCEWithLogitsLoss": (), "SmoothL1Loss": (), "HuberLoss": (),
    "Flatten": (), "Identity": (), "ReLU": (True,), "ReLU6": (True,), "LeakyReLU": (0.1, True), "ELU": (1.0, True), "SiLU": (True,), "Hardtanh": (-1.0, 1.0, True),
    "Dropout": (0.5, True), "RReLU": (0.1, 0.3, True),
}  # fmt: skip
"""Layers of torch that have a row of their own, each with the arguments that make one, in place where it can be."""


def layer(name: str) -> Callable[[], Any]:
    def make() -> Any:
        import torch

        return getattr(torch.nn, name)(*LAYERS[name])

    return make


def small_picture() -> Any:
    import torch

    return torch.linspace(-1.0, 1.0, 16).reshape(1, 1, 4, 4)


def aim() -> Any:
    import torch

    return torch.linspace(0.0, 1.0, 16).reshape(1, 1, 4, 4)


# -- SciPy's distributions -----------------------------------------------------------------------------------------------


def frozen_normal() -> Any:
    from scipy import stats

    return stats.norm(0.5, 2.0)


def frozen_poisson() -> Any:
    from scipy import stats

    return stats.poisson(3.0)


def frozen_several() -> Any:
    from scipy import stats

    return stats.multivariate_t([0.0, 0.0, 0.0, 0.0], np.eye(4) + 0.3)


def frozen_seeded() -> Any:
    from scipy import stats

    return stats.multivariate_normal([0.0, 0.0], seed=np.random.RandomState(1))


# -- sympy ---------------------------------------------------------------------------------------------------------------


def letter() -> Any:
    import sympy

    return sympy.Symbol("x")


def polynomial() -> Any:
    return letter() ** 2 - 2 * letter() + 1


def wave() -> Any:
    import sympy

    return sympy.sin(letter()) / letter()


def equation() -> Any:
    import sympy

    return sympy.Eq(letter() ** 2, 2)


def symbolic_matrix() -> Any:
    import sympy

    return sympy.Matrix([[1, letter()], [2, 3]])


def number_matrix() -> Any:
    import sympy

    return sympy.Matrix([[1, 2], [3, 5]])


# -- statsmodels, lightgbm -----------------------------------------------------------------------------------------------


def ols() -> Any:
    import statsmodels.api as sm

    return sm.OLS(features()[:, 0].copy(), sm.add_constant(features()[:, 1:3]))


def logit() -> Any:
    import statsmodels.formula.api as smf

    data = pd.DataFrame({"y": target(), "x": features()[:, 0]})
    return smf.logit("y ~ x", data)


def arima() -> Any:
    from statsmodels.tsa.arima.model import ARIMA

    return ARIMA(np.random.RandomState(0).rand(40), order=(1, 0, 0))


def ols_results() -> Any:
    return ols().fit()


def logit_results() -> Any:
    return logit().fit(disp=0)


@lru_cache(maxsize=1)
def _arima_results() -> Any:
    return arima().fit()


def arima_results() -> Any:
    return copy.deepcopy(_arima_results())


def smoothing_results() -> Any:
    return copy.deepcopy(_smoothing_results())


@lru_cache(maxsize=1)
def _smoothing_results() -> Any:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    return ExponentialSmoothing(np.random.RandomState(0).rand(40), trend="add").fit()


def lgb_dataset() -> Any:
    import lightgbm

    return lightgbm.Dataset(features(), target(), free_raw_data=False, params={"verbose": -1, "min_data_in_leaf": 1})


@lru_cache(maxsize=1)
def _booster() -> Any:
    import lightgbm

    return lightgbm.train({"verbose": -1, "min_data_in_leaf": 1, "num_threads": 1}, lgb_dataset(), 2)


def booster() -> Any:
    return copy.deepcopy(_booster())


def lgb_classifier() -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=1, verbose=-1, n_jobs=1)


def lgb_fitted() -> Any:
    return lgb_classifier().fit(features(), target())


def xgb_matrix() -> Any:
    import xgboost

    return xgboost.DMatrix(features(), label=target(), nthread=1)


def xgb_booster() -> Any:
    import xgboost

    return xgboost.train({"nthread": 1}, xgb_matrix(), 2)


def parallel() -> Any:
    import joblib

    return joblib.Parallel(n_jobs=1)
