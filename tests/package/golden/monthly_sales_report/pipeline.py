"""The pipeline: its steps, and what flows between them."""

from ._runtime import Pipeline, Step
from .parameters import Parameters
from .steps import (
    against_the_month_before,
    by_product,
    by_region,
    day_by_day,
    load_the_sales,
    setup,
    summary,
)

PIPELINE = Pipeline(
    "monthly_sales_report",
    Parameters,
    Step(setup, leaves=("matplotlib", "pandas")),
    Step(
        load_the_sales,
        takes=("month", "rate"),
        gives=("sales", "this_month"),
        needs=("pandas",),
    ),
    Step(
        by_region,
        takes=("this_month", "month"),
        gives=("by_region",),
        needs=("matplotlib", "pandas"),
    ),
    Step(
        by_product,
        takes=("this_month",),
        gives=("by_product",),
        needs=("matplotlib", "pandas"),
    ),
    Step(
        day_by_day,
        takes=("this_month", "month", "region"),
        gives=("daily",),
        needs=("matplotlib", "pandas"),
    ),
    Step(
        against_the_month_before,
        takes=("sales", "month"),
        gives=("months", "change"),
        needs=("pandas",),
    ),
    Step(
        summary,
        takes=(
            "by_region",
            "by_product",
            "daily",
            "months",
            "change",
            "month",
            "region",
        ),
        gives=("summary",),
        needs=("pandas",),
    ),
)

run = PIPELINE.run
