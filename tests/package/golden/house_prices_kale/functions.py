"""What the steps of the pipeline have in common."""

from sklearn.metrics import mean_absolute_error


def mae(model, X, y):
    return round(float(mean_absolute_error(y, model.predict(X))), 1)
