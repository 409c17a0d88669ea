"""Made-up data for the sample notebooks; run it here to write the files again."""

import numpy as np
import pandas as pd

rng = np.random.default_rng(2026)

# customers of a telephone company, and whether they left
n = 600
customers = pd.DataFrame(
    {
        "customer": np.arange(1000, 1000 + n),
        "months": rng.integers(1, 72, n),
        "plan": rng.choice(["basic", "plus", "family"], n, p=[0.5, 0.3, 0.2]),
        "monthly_fee": rng.normal(38, 9, n).round(2),
        "calls_to_support": rng.poisson(1.4, n),
        "data_gb": rng.gamma(3, 4, n).round(1),
    }
)
risk = -1.2 - 0.035 * customers.months + 0.55 * customers.calls_to_support + 0.03 * (customers.monthly_fee - 38)
customers["left"] = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(int)
customers.loc[rng.choice(n, 12, replace=False), "data_gb"] = np.nan
customers.to_csv("customers.csv", index=False)

# sales of a small shop chain
days = pd.date_range("2026-01-01", "2026-03-31")
rows = []
for day in days:
    for region in ("north", "south", "west"):
        for product, price in (("tea", 4.2), ("coffee", 6.9), ("cocoa", 5.1)):
            units = rng.poisson({"north": 14, "south": 22, "west": 9}[region] * (1.4 if day.weekday() >= 5 else 1))
            rows.append((day.date(), region, product, units, price))
sales = pd.DataFrame(rows, columns=["date", "region", "product", "units", "price"])
sales.to_csv("sales.csv", index=False)

# orders and returns of a web shop
n = 500
orders = pd.DataFrame(
    {
        "order_id": np.arange(1, n + 1),
        "ordered": pd.to_datetime("2026-05-01") + pd.to_timedelta(rng.integers(0, 60, n), unit="D"),
        "customer": rng.integers(1, 120, n),
        "country": rng.choice(["DE", "FR", "IT", "de"], n, p=[0.45, 0.3, 0.2, 0.05]),
        "amount": rng.lognormal(3.5, 0.6, n).round(2),
    }
)
orders.to_csv("orders.csv", index=False)
returned = orders.sample(60, random_state=1)
returned = pd.DataFrame({"order_id": returned.order_id, "refund": (returned.amount * rng.choice([0.5, 1.0], 60)).round(2)})
returned.sort_values("order_id").to_csv("returns.csv", index=False)

# hourly use of energy of a building, with gaps
hours = pd.date_range("2026-02-01", periods=24 * 56, freq="h")
use = 40 + 18 * np.sin((hours.hour - 7) / 24 * 2 * np.pi) - 9 * (hours.day_of_week >= 5) + rng.normal(0, 3, len(hours))
temperature = 6 + 4 * np.sin(np.arange(len(hours)) / 24 / 14 * 2 * np.pi) + rng.normal(0, 1, len(hours))
energy = pd.DataFrame({"time": hours, "kwh": use.round(2), "temperature": temperature.round(1), "meter": "B-17"})
energy.loc[rng.choice(len(hours), 40, replace=False), "kwh"] = np.nan
energy.to_csv("energy.csv", index=False)

# houses that were sold
n = 400
houses = pd.DataFrame(
    {
        "area": rng.normal(120, 35, n).clip(35).round(),
        "rooms": rng.integers(1, 8, n),
        "age": rng.integers(0, 90, n),
        "district": rng.choice(["centre", "hill", "river"], n),
    }
)
base = houses.district.map({"centre": 90_000, "hill": 60_000, "river": 40_000})
houses["price"] = (base + 2100 * houses.area - 700 * houses.age + rng.normal(0, 18_000, n)).round(-2)
houses.to_csv("houses.csv", index=False)

# visitors who saw one of two pages, and whether they bought
n = 2000
page = rng.choice(["old", "new"], n)
bought = rng.random(n) < np.where(page == "new", 0.128, 0.105)
ab = pd.DataFrame({"visitor": np.arange(n), "page": page, "bought": bought.astype(int), "seconds": rng.gamma(2, 30, n).round(1)})
ab.to_csv("ab_test.csv", index=False)
