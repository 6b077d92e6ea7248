"""Buildpacks, builders and stacks that lie elsewhere, fetched once into the store."""

from jupyter_mlpack.fetching.fetch import Fetched, Fetcher
from jupyter_mlpack.fetching.words import Place, read_path, read_place

__all__ = ["Fetched", "Fetcher", "Place", "read_path", "read_place"]
