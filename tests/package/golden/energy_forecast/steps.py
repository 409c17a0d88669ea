"""The steps of the pipeline, in the order of the notebook."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from ._runtime import display
from .energy_utils import add_calendar, error_of, fill_gaps
from .functions import design, note


def setup() -> tuple[int, list]:
    HORIZON = 24 * 7
    log = []
    return HORIZON, log


def read(log: list) -> tuple[list, pd.DataFrame]:
    df = pd.read_csv("data/energy.csv", parse_dates=["time"], index_col="time")
    note(f"{len(df)} hours, {df.kwh.isna().sum()} without a reading", log=log)
    display(df.head(3))
    return log, df


def clean_in_place(
    HORIZON: int,
    log: list,
    df: pd.DataFrame,
) -> tuple[list, pd.DataFrame, pd.DataFrame]:
    del df["meter"]
    raw = df["kwh"].copy()
    fill_gaps(df, "kwh")
    note(f"filled: {raw.isna().sum()} hours, {df.kwh.isna().sum()} are left", log=log)

    add_calendar(df)
    train, test = df.iloc[:-HORIZON], df.iloc[-HORIZON:]
    display(df.describe().round(2))
    return log, train, test


def forecast_as_last_week(
    HORIZON: int,
    log: list,
    train: pd.DataFrame,
    test: pd.DataFrame,
) -> tuple[list, float]:
    naive = train["kwh"].iloc[-HORIZON:].to_numpy()
    naive_error = error_of(test["kwh"], naive)
    note(f"as last week: {naive_error:.2f}", log=log)
    return log, naive_error


def forecast_the_mean_of_the_hour(
    train: pd.DataFrame,
    log: list,
    test: pd.DataFrame,
) -> tuple[list, np.ndarray, float]:
    profile = train.groupby(["weekend", "hour"])["kwh"].mean()
    by_hour = np.array([profile[w, h] for w, h in zip(test["weekend"], test["hour"])])
    hour_error = error_of(test["kwh"], by_hour)
    note(f"mean of the hour: {hour_error:.2f}", log=log)
    return log, by_hour, hour_error


def forecast_least_squares(
    train: pd.DataFrame,
    test: pd.DataFrame,
    log: list,
) -> tuple[list, Any, float]:
    coefficients, *_ = np.linalg.lstsq(design(train), train["kwh"], rcond=None)
    fitted = design(test) @ coefficients
    fit_error = error_of(test["kwh"], fitted)
    note(f"least squares: {fit_error:.2f}", log=log)
    return log, fitted, fit_error


def result(
    test: pd.DataFrame,
    naive_error: float,
    by_hour: np.ndarray,
    hour_error: float,
    log: list,
    fitted,
    fit_error: float,
) -> pd.Series:
    fig, ax = plt.subplots(figsize=(8, 3))
    ax.plot(test.index, test["kwh"], color="0.7", label="measured")
    ax.plot(test.index, by_hour, label="mean of the hour")
    ax.plot(test.index, fitted, label="least squares")
    ax.legend()
    plt.show()

    errors = pd.Series({"as last week": naive_error, "mean of the hour": hour_error, "least squares": fit_error})
    print("\n".join(log))
    display(errors.sort_values().round(2))
    return errors
