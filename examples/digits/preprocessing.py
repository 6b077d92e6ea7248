"""Helpers of the digits example: imported by the notebook, so they travel in the image with it."""

import csv
from pathlib import Path


def class_weights(path="weights.csv"):
    """Weights of the ten classes, read from a small data file beside the notebook."""
    with Path(path).open(newline="") as file:
        return {int(row["digit"]): float(row["weight"]) for row in csv.DictReader(file)}


def to_unit_range(images):
    """Pixels from 0..16 to 0..1."""
    return images / 16.0
