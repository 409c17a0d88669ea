"""The steps of the pipeline, in the order of the notebook."""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ._runtime import display
from .functions import evaluate


def load() -> pd.DataFrame:
    customers = pd.read_csv("data/customers.csv")
    display(customers.head())
    return customers


def prepare(
    customers: pd.DataFrame,
    test_share: float = 0.25,
    seed: int = 7,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, Any, Any]:
    """A missing volume of data means that the phone was never online."""
    customers["data_gb"] = customers["data_gb"].fillna(0.0)
    features = pd.get_dummies(customers.drop(columns=["customer", "left"]), columns=["plan"], dtype=float)
    features["fee_per_gb"] = features["monthly_fee"] / (features["data_gb"] + 1)

    X_train, X_test, y_train, y_test = train_test_split(
        features, customers["left"], test_size=test_share, random_state=seed, stratify=customers["left"]
    )
    print(len(X_train), "to train,", len(X_test), "to test,", f"{y_train.mean():.1%} leave")
    return features, X_train, X_test, y_train, y_test


def train_linear(
    X_train: pd.DataFrame,
    X_test: pd.DataFrame,
    y_train,
    y_test,
    threshold: float = 0.4,
) -> tuple[Pipeline, dict]:
    """Three models; none knows of the others."""
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(X_train, y_train)
    linear_figures = evaluate(linear, X_test, y_test, threshold=threshold)
    print(linear_figures)
    return linear, linear_figures


def train_forest(
    X_train: pd.DataFrame,
    X_test: pd.DataFrame,
    y_train,
    y_test,
    threshold: float = 0.4,
    seed: int = 7,
) -> tuple[RandomForestClassifier, dict]:
    forest = RandomForestClassifier(n_estimators=300, min_samples_leaf=4, random_state=seed).fit(X_train, y_train)
    forest_figures = evaluate(forest, X_test, y_test, threshold=threshold)
    print(forest_figures)
    return forest, forest_figures


def train_boosting(
    X_train: pd.DataFrame,
    X_test: pd.DataFrame,
    y_train,
    y_test,
    threshold: float = 0.4,
    seed: int = 7,
) -> tuple[GradientBoostingClassifier, dict]:
    boosting = GradientBoostingClassifier(random_state=seed).fit(X_train, y_train)
    boosting_figures = evaluate(boosting, X_test, y_test, threshold=threshold)
    print(boosting_figures)
    return boosting, boosting_figures


def compare(
    X_test: pd.DataFrame,
    y_test,
    linear: Pipeline,
    linear_figures: dict,
    forest: RandomForestClassifier,
    forest_figures: dict,
    boosting: GradientBoostingClassifier,
    boosting_figures: dict,
    threshold: float = 0.4,
) -> None:
    figures = pd.DataFrame({"linear": linear_figures, "forest": forest_figures, "boosting": boosting_figures}).T
    best = figures["auc"].idxmax()
    print("best:", best)
    display(figures.round(3))

    model = {"linear": linear, "forest": forest, "boosting": boosting}[best]
    ConfusionMatrixDisplay.from_predictions(y_test, model.predict_proba(X_test)[:, 1] >= threshold, colorbar=False)
    plt.title(f"{best}, threshold {threshold}")
    plt.show()


def importance(features: pd.DataFrame, forest: RandomForestClassifier) -> None:
    """What matters."""
    importance = pd.Series(forest.feature_importances_, index=features.columns).sort_values()
    importance.plot.barh(figsize=(6, 3), title="importance in the forest")
    plt.tight_layout()
