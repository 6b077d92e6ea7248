"""The train process of an image that mlpack built."""
