"""The pipeline: its steps, and what flows between them."""

from ._runtime import Pipeline, Step
from .parameters import Parameters
from .steps import features, linear, load_data, results, ridge, tree

PIPELINE = Pipeline(
    "house_prices",
    Parameters,
    Step(load_data, gives=("houses",)),
    Step(features, takes=("houses",), gives=("x_train", "x_test", "y_train", "y_test")),
    Step(
        linear,
        takes=("x_train", "x_test", "y_train", "y_test"),
        gives=("linear_error",),
    ),
    Step(
        ridge,
        takes=("x_train", "x_test", "y_train", "y_test", "ALPHA"),
        gives=("ridge_error",),
    ),
    Step(
        tree,
        takes=("x_train", "x_test", "y_train", "y_test", "DEPTH"),
        gives=("tree_error",),
    ),
    Step(results, takes=("linear_error", "ridge_error", "tree_error")),
)

run = PIPELINE.run
