"""The pipeline: its steps, and what flows between them."""

from ._runtime import Pipeline, Step
from .parameters import Parameters
from .steps import (
    best_customers,
    check,
    clean,
    extract,
    load_into_the_database,
    transform,
    write_the_result,
)

PIPELINE = Pipeline(
    "orders_etl",
    Parameters,
    Step(extract, gives=("orders", "returns")),
    Step(clean, takes=("orders", "since"), gives=("orders",)),
    Step(
        load_into_the_database,
        takes=("returns", "orders", "database"),
        gives=("connection",),
    ),
    Step(transform, takes=("connection",), gives=("by_country",)),
    Step(best_customers, takes=("orders",), gives=("best",)),
    Step(write_the_result, takes=("by_country",)),
    Step(check, takes=("orders",), after=("write_the_result",)),
)

run = PIPELINE.run
