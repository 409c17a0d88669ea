"""The pipeline: its steps, and what flows between them."""

from ._runtime import Pipeline, Step
from .parameters import Parameters
from .steps import boom, calm_market, comparison, crisis, nervous_market, usual_market

PIPELINE = Pipeline(
    "monte_carlo_pricing",
    Parameters,
    Step(calm_market, takes=("paths", "steps", "strike"), gives=("calm",)),
    Step(usual_market, takes=("paths", "steps", "strike"), gives=("usual",)),
    Step(nervous_market, takes=("paths", "steps", "strike"), gives=("nervous",)),
    Step(crisis, takes=("paths", "steps", "strike"), gives=("crisis",)),
    Step(boom, takes=("paths", "steps", "strike"), gives=("boom",)),
    Step(comparison, takes=("calm", "usual", "nervous", "crisis", "boom")),
)

run = PIPELINE.run
