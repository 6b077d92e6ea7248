"""Builder images, for Docker and clusters: a build image, the official lifecycle, buildpacks and their order."""

from jupyter_mlpack.builder.create import create_builder
from jupyter_mlpack.builder.recipe import BuilderWish, Recipe, read_recipe

__all__ = ["BuilderWish", "Recipe", "create_builder", "read_recipe"]
