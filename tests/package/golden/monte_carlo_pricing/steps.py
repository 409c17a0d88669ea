"""The steps of the pipeline, in the order of the notebook."""

import matplotlib.pyplot as plt
import numpy as np

from ._runtime import display, show_figures
from .functions import simulate, value


def calm_market(paths: int = 400_000, steps: int = 24, strike: float = 100.0) -> tuple:
    calm = value(*simulate("calm", 0.03, 0.10, seed=1, paths=paths, steps=steps), strike=strike)
    display(calm)
    return calm


def usual_market(paths: int = 400_000, steps: int = 24, strike: float = 100.0) -> tuple:
    usual = value(*simulate("usual", 0.03, 0.20, seed=2, paths=paths, steps=steps), strike=strike)
    display(usual)
    return usual


def nervous_market(
    paths: int = 400_000,
    steps: int = 24,
    strike: float = 100.0,
) -> tuple:
    nervous = value(*simulate("nervous", 0.03, 0.35, seed=3, paths=paths, steps=steps), strike=strike)
    display(nervous)
    return nervous


def crisis(paths: int = 400_000, steps: int = 24, strike: float = 100.0) -> tuple:
    crisis = value(*simulate("crisis", -0.10, 0.60, seed=4, paths=paths, steps=steps), strike=strike)
    display(crisis)
    return crisis


def boom(paths: int = 400_000, steps: int = 24, strike: float = 100.0) -> tuple:
    boom = value(*simulate("boom", 0.12, 0.25, seed=5, paths=paths, steps=steps), strike=strike)
    display(boom)
    return boom


def comparison(
    calm: tuple,
    usual: tuple,
    nervous: tuple,
    crisis: tuple,
    boom: tuple,
) -> None:
    markets = {"calm": calm, "usual": usual, "nervous": nervous, "crisis": crisis, "boom": boom}
    for name, (european, asian) in markets.items():
        print(f"{name:8} European {european:7.3f}   Asian {asian:7.3f}")

    fig, ax = plt.subplots(figsize=(6, 3))
    ax.bar(markets.keys(), [v[0] for v in markets.values()], width=-0.4, align="edge", label="European")
    ax.bar(markets.keys(), [v[1] for v in markets.values()], width=0.4, align="edge", label="Asian")
    ax.legend()
    ax.set_ylabel("value of the call")
    show_figures()

    weights = np.array([0.2, 0.4, 0.2, 0.1, 0.1])
    basket = weights @ np.array(list(markets.values()))
    print(f"basket: European {basket[0]:.3f}, Asian {basket[1]:.3f}")
