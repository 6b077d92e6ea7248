"""What a day says about its number of rides."""

import numpy as np


def features(days):
    """A constant, the trend in years, and one column for each day of the week."""
    week = np.eye(7)[np.asarray(days) % 7]
    return np.column_stack([np.ones(len(days)), np.asarray(days) / 365.0, week])
