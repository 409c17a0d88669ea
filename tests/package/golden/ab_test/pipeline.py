"""The pipeline: its steps, and what flows between them."""

from ._runtime import Pipeline, Step
from .parameters import Parameters
from .steps import bootstrap, decide, load, time_on_page, z_test

PIPELINE = Pipeline(
    "ab_test_pipeline",
    Parameters,
    Step(load, gives=("visits",)),
    Step(z_test, takes=("visits",), gives=("p_value",)),
    Step(bootstrap, takes=("visits", "confidence", "resamples"), gives=("low", "high")),
    Step(time_on_page, takes=("visits",), gives=("seconds",)),
    Step(decide, takes=("p_value", "low", "high")),
)

run = PIPELINE.run
