"""The pipeline: its steps, and what flows between them."""

from ._runtime import Pipeline, Step
from .parameters import Parameters
from .steps import (
    compare,
    importance,
    load,
    prepare,
    train_boosting,
    train_forest,
    train_linear,
)

PIPELINE = Pipeline(
    "churn_training",
    Parameters,
    Step(load, gives=("customers",)),
    Step(
        prepare,
        takes=("customers", "test_share", "seed"),
        gives=("features", "X_train", "X_test", "y_train", "y_test"),
    ),
    Step(
        train_linear,
        takes=("X_train", "X_test", "y_train", "y_test", "threshold"),
        gives=("linear", "linear_figures"),
    ),
    Step(
        train_forest,
        takes=("X_train", "X_test", "y_train", "y_test", "threshold", "seed"),
        gives=("forest", "forest_figures"),
    ),
    Step(
        train_boosting,
        takes=("X_train", "X_test", "y_train", "y_test", "threshold", "seed"),
        gives=("boosting", "boosting_figures"),
    ),
    Step(
        compare,
        takes=(
            "X_test",
            "y_test",
            "linear",
            "linear_figures",
            "forest",
            "forest_figures",
            "boosting",
            "boosting_figures",
            "threshold",
        ),
    ),
    Step(importance, takes=("features", "forest")),
)

run = PIPELINE.run
