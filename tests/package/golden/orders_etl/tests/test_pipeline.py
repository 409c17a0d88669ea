"""The pipeline as a whole."""

import inspect
import json

from orders_etl._runtime import main
from orders_etl.pipeline import PIPELINE


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in listed["steps"]] == [
        "extract",
        "clean",
        "load_into_the_database",
        "transform",
        "best_customers",
        "write_the_result",
        "check",
    ]


def test_functions_take_what_the_pipeline_hands_them():
    for step in PIPELINE.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
