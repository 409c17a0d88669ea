"""The pipeline as a whole."""

import inspect
import json

from monthly_sales_report._runtime import main
from monthly_sales_report.pipeline import PIPELINE


def test_list(capsys):
    assert main(PIPELINE, ["--list"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in listed["steps"]] == [
        "setup",
        "load_the_sales",
        "by_region",
        "by_product",
        "day_by_day",
        "against_the_month_before",
        "summary",
    ]


def test_functions_take_what_the_pipeline_hands_them():
    for step in PIPELINE.steps:
        inspect.signature(step.function).bind(**dict.fromkeys(step.takes))
