# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Did the new page sell more?
# A text notebook: the cells stand between `# %%` lines, and so do their tags.

# %% tags=["parameters"]
confidence = 0.95  # of the interval
resamples = 2000  # of the bootstrap

# %% tags=["imports"]
import math

import numpy as np
import pandas as pd

# %% tags=["step:load"]
visits = pd.read_csv("data/ab_test.csv")
visits.groupby("page").bought.agg(["count", "mean"]).round(4)

# %% tags=["step:z_test"]
counts = visits.groupby("page").bought.agg(["sum", "count"])
rate = counts["sum"] / counts["count"]
pooled = counts["sum"].sum() / counts["count"].sum()
error = math.sqrt(pooled * (1 - pooled) * (1 / counts["count"]).sum())
z = (rate["new"] - rate["old"]) / error
p_value = math.erfc(abs(z) / math.sqrt(2))
print(f"z = {z:.3f}, p = {p_value:.4f}")

# %% tags=["step:bootstrap"]
rng = np.random.default_rng(11)
new = visits.loc[visits.page == "new", "bought"].to_numpy()
old = visits.loc[visits.page == "old", "bought"].to_numpy()
lifts = np.array([rng.choice(new, len(new)).mean() - rng.choice(old, len(old)).mean() for _ in range(resamples)])
tail = (1 - confidence) / 2
low, high = np.quantile(lifts, [tail, 1 - tail])
print(f"lift between {low:+.4f} and {high:+.4f}")

# %% tags=["step:time_on_page"]
# %time seconds = visits.groupby("page").seconds.describe()
seconds.round(1)

# %% tags=["step:decide"]
decision = "keep the new page" if low > 0 else "go on testing"
print(f"{decision} (p = {p_value:.4f}, interval {low:+.4f} to {high:+.4f})")
