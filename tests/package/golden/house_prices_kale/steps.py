"""The steps of the pipeline, in the order of the notebook."""

from typing import Any

import pandas as pd
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeRegressor

from ._runtime import display
from .functions import mae


def load_data() -> pd.DataFrame:
    houses = pd.read_csv("data/houses.csv")
    display(houses.shape)
    return houses


def features(houses: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, Any, Any]:
    X = pd.get_dummies(houses.drop(columns="price"), columns=["district"], dtype=float)
    X["area_per_room"] = X["area"] / X["rooms"]
    y = houses["price"]

    x_train, x_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
    print(x_train.shape, x_test.shape)
    return x_train, x_test, y_train, y_test


def linear(x_train: pd.DataFrame, x_test: pd.DataFrame, y_train, y_test) -> float:
    linear = LinearRegression().fit(x_train, y_train)
    linear_error = mae(linear, x_test, y_test)
    print(linear_error)
    return linear_error


def ridge(
    x_train: pd.DataFrame,
    x_test: pd.DataFrame,
    y_train,
    y_test,
    ALPHA: float = 2.0,
) -> float:
    ridge = Ridge(alpha=ALPHA).fit(x_train, y_train)
    ridge_error = mae(ridge, x_test, y_test)
    print(ridge_error)
    return ridge_error


def tree(
    x_train: pd.DataFrame,
    x_test: pd.DataFrame,
    y_train,
    y_test,
    DEPTH: int = 5,
) -> float:
    tree = DecisionTreeRegressor(max_depth=DEPTH, random_state=0).fit(x_train, y_train)
    tree_error = mae(tree, x_test, y_test)
    print(tree_error)
    return tree_error


def results(linear_error: float, ridge_error: float, tree_error: float) -> None:
    results = pd.Series({"linear": linear_error, "ridge": ridge_error, "tree": tree_error}).sort_values()
    display(results)

    print(linear_error)
    print(ridge_error)
    print(tree_error)
