"""The pipeline: its steps, and what flows between them."""

from ._runtime import Pipeline, Step
from .parameters import Parameters
from .steps import features, linear, load_data, results, ridge, tree

PIPELINE = Pipeline(
    "house_prices",
    Parameters,
    Step(load_data, gives=("houses",)),
    Step(
        features,
        takes=("houses",),
        gives=("x_train", "x_test", "y_train", "y_test"),
        after=("load_data",),
    ),
    Step(
        linear,
        takes=("x_train", "x_test", "y_train", "y_test"),
        gives=("linear_error",),
        after=("features",),
    ),
    Step(
        ridge,
        takes=("x_train", "x_test", "y_train", "y_test", "ALPHA"),
        gives=("ridge_error",),
        after=("features",),
    ),
    Step(
        tree,
        takes=("x_train", "x_test", "y_train", "y_test", "DEPTH"),
        gives=("tree_error",),
        after=("features",),
    ),
    Step(
        results,
        takes=("linear_error", "ridge_error", "tree_error"),
        after=("linear", "ridge", "tree"),
    ),
)

run = PIPELINE.run
