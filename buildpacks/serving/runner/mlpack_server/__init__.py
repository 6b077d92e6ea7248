"""The serve process of an image that mlpack built."""
