"""The pipeline as a whole."""

import inspect
import json

from ab_test_pipeline._runtime import main
from ab_test_pipeline.pipeline import PIPELINE


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in listed["steps"]] == [
        "load",
        "z_test",
        "bootstrap",
        "time_on_page",
        "decide",
    ]


def test_functions_take_what_the_pipeline_hands_them():
    for step in PIPELINE.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
