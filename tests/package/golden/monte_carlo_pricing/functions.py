"""What the steps of the pipeline have in common."""

import numpy as np


def simulate(name, drift, volatility, seed, start=100.0, *, paths, steps):
    """Prices at maturity of a geometric Brownian motion, and the average over each path."""
    rng = np.random.default_rng(seed)
    price = np.full(paths, start)
    total = np.zeros(paths)
    dt = 1 / steps
    for _ in range(steps):
        price *= np.exp((drift - volatility**2 / 2) * dt + volatility * np.sqrt(dt) * rng.standard_normal(paths))
        total += price
    print(f"{name}: mean {price.mean():.2f}, standard deviation {price.std():.2f}")
    return price, total / steps


def value(final, average, rate=0.03, *, strike):
    """Values of a European and an Asian call."""
    discount = np.exp(-rate)
    return discount * np.maximum(final - strike, 0).mean(), discount * np.maximum(average - strike, 0).mean()
