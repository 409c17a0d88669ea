"""The pipeline as a whole."""

import inspect
import json

from energy_forecast._runtime import main
from energy_forecast.pipeline import PIPELINE


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in listed["steps"]] == [
        "setup",
        "read",
        "clean_in_place",
        "forecast_as_last_week",
        "forecast_the_mean_of_the_hour",
        "forecast_least_squares",
        "result",
    ]


def test_functions_take_what_the_pipeline_hands_them():
    for step in PIPELINE.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
