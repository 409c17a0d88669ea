"""The pipeline as a whole."""

import inspect
import json

from house_prices._runtime import main
from house_prices.pipeline import PIPELINE


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in listed["steps"]] == [
        "load_data",
        "features",
        "linear",
        "ridge",
        "tree",
        "results",
    ]


def test_functions_take_what_the_pipeline_hands_them():
    for step in PIPELINE.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
