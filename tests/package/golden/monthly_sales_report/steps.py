"""The steps of the pipeline, in the order of the notebook."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from ._runtime import display


def setup() -> None:
    sns.set_theme(style="whitegrid", context="paper")
    pd.options.display.float_format = "{:,.2f}".format


def load_the_sales(
    month: str = "2026-02",
    rate: float = 1.08,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    sales = pd.read_csv("data/sales.csv", parse_dates=["date"])
    sales["revenue"] = sales.units * sales.price * rate
    sales.info()

    sales["month"] = sales["date"].dt.strftime("%Y-%m")
    this_month = sales[sales["month"] == month].copy()
    print(f"{len(this_month)} rows in {month}")
    return sales, this_month


def by_region(this_month: pd.DataFrame, month: str = "2026-02"):
    by_region = this_month.groupby("region")["revenue"].agg(["sum", "mean"]).sort_values("sum", ascending=False)
    display(by_region)

    fig, ax = plt.subplots(figsize=(5, 2.5))
    sns.barplot(x=by_region.index, y=by_region["sum"], ax=ax)
    ax.set(title=f"Revenue in {month}", xlabel="", ylabel="dollars")
    plt.show()
    return by_region


def by_product(this_month: pd.DataFrame) -> pd.DataFrame:
    by_product = this_month.pivot_table(index="product", columns="region", values="units", aggfunc="sum")
    sns.heatmap(by_product, annot=True, fmt="g", cbar=False)
    return by_product


def day_by_day(this_month: pd.DataFrame, month: str = "2026-02", region: str = "south"):
    daily = this_month[this_month.region == region].groupby("date")["revenue"].sum()
    smooth = daily.rolling(7, min_periods=1).mean()
    daily.plot(figsize=(7, 2.5), alpha=0.5, label="day")
    smooth.plot(label="week")
    plt.legend()
    plt.title(f"{region}, {month}")
    plt.show()
    return daily


def against_the_month_before(sales: pd.DataFrame, month: str = "2026-02"):
    months = sales.groupby("month")["revenue"].sum()
    change = months.pct_change().loc[month]
    print(f"{month}: {months[month]:,.0f} dollars, {change:+.1%} against the month before")
    return months, change


def summary(
    by_region,
    by_product: pd.DataFrame,
    daily,
    months,
    change,
    month: str = "2026-02",
    region: str = "south",
) -> pd.Series:
    best_day = daily.idxmax()
    summary = pd.Series(
        {
            "revenue": months[month],
            "change": change,
            "best region": by_region.index[0],
            "best product": by_product.sum(axis=1).idxmax(),
            f"best day in {region}": best_day.strftime("%A, %d %B"),
        }
    )
    display(summary.to_frame(month))
    return summary
