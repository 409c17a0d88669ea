"""The pipeline: its steps, and what flows between them."""

from ._runtime import Pipeline, Step
from .parameters import Parameters
from .steps import (
    clean_in_place,
    forecast_as_last_week,
    forecast_least_squares,
    forecast_the_mean_of_the_hour,
    read,
    result,
    setup,
)

PIPELINE = Pipeline(
    "energy_forecast",
    Parameters,
    Step(setup, gives=("HORIZON", "log")),
    Step(read, takes=("log",), gives=("log", "df")),
    Step(
        clean_in_place,
        takes=("HORIZON", "log", "df"),
        gives=("log", "train", "test"),
    ),
    Step(
        forecast_as_last_week,
        takes=("HORIZON", "log", "train", "test"),
        gives=("log", "naive_error"),
    ),
    Step(
        forecast_the_mean_of_the_hour,
        takes=("train", "log", "test"),
        gives=("log", "by_hour", "hour_error"),
    ),
    Step(
        forecast_least_squares,
        takes=("train", "test", "log"),
        gives=("log", "fitted", "fit_error"),
    ),
    Step(
        result,
        takes=(
            "test",
            "naive_error",
            "by_hour",
            "hour_error",
            "log",
            "fitted",
            "fit_error",
        ),
        gives=("errors",),
    ),
)

run = PIPELINE.run
