"""What the energy notebook shares with the others of the building."""

import numpy as np


def fill_gaps(frame, column):
    """Fill the gaps of a column in place: by the reading of the day before, else the mean."""
    frame[column] = frame[column].fillna(frame[column].shift(24)).fillna(frame[column].mean())


def add_calendar(frame):
    """Add the hour and whether it is a weekend, in place."""
    frame["hour"] = frame.index.hour
    frame["weekend"] = (frame.index.day_of_week >= 5).astype(int)


def error_of(measured, forecast):
    """Root of the mean square of the error, in kWh."""
    return float(np.sqrt(np.mean((np.asarray(measured) - np.asarray(forecast)) ** 2)))
