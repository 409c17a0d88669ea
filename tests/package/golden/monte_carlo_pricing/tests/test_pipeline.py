"""The pipeline as a whole."""

import inspect
import json

from monte_carlo_pricing._runtime import main
from monte_carlo_pricing.pipeline import PIPELINE


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in listed["steps"]] == [
        "calm_market",
        "usual_market",
        "nervous_market",
        "crisis",
        "boom",
        "comparison",
    ]


def test_functions_take_what_the_pipeline_hands_them():
    for step in PIPELINE.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
