"""The steps of the pipeline, in the order of the notebook."""

import math

import numpy as np
import pandas as pd

from ._runtime import display, timed


def load() -> pd.DataFrame:
    visits = pd.read_csv("data/ab_test.csv")
    display(visits.groupby("page").bought.agg(["count", "mean"]).round(4))
    return visits


def z_test(visits: pd.DataFrame) -> float:
    counts = visits.groupby("page").bought.agg(["sum", "count"])
    rate = counts["sum"] / counts["count"]
    pooled = counts["sum"].sum() / counts["count"].sum()
    error = math.sqrt(pooled * (1 - pooled) * (1 / counts["count"]).sum())
    z = (rate["new"] - rate["old"]) / error
    p_value = math.erfc(abs(z) / math.sqrt(2))
    print(f"z = {z:.3f}, p = {p_value:.4f}")
    return p_value


def bootstrap(visits: pd.DataFrame, confidence: float = 0.95, resamples: int = 2000):
    rng = np.random.default_rng(11)
    new = visits.loc[visits.page == "new", "bought"].to_numpy()
    old = visits.loc[visits.page == "old", "bought"].to_numpy()
    lifts = np.array([rng.choice(new, len(new)).mean() - rng.choice(old, len(old)).mean() for _ in range(resamples)])
    tail = (1 - confidence) / 2
    low, high = np.quantile(lifts, [tail, 1 - tail])
    print(f"lift between {low:+.4f} and {high:+.4f}")
    return low, high


def time_on_page(visits: pd.DataFrame):
    with timed():
        seconds = visits.groupby("page").seconds.describe()
    display(seconds.round(1))
    return seconds


def decide(p_value: float, low, high) -> None:
    decision = "keep the new page" if low > 0 else "go on testing"
    print(f"{decision} (p = {p_value:.4f}, interval {low:+.4f} to {high:+.4f})")
