"""The pipeline as a whole."""

import inspect
import json

from churn_training._runtime import main
from churn_training.pipeline import PIPELINE


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in listed["steps"]] == [
        "load",
        "prepare",
        "train_linear",
        "train_forest",
        "train_boosting",
        "compare",
        "importance",
    ]


def test_functions_take_what_the_pipeline_hands_them():
    for step in PIPELINE.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
