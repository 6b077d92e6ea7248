"""Requirements -> exact, hashed pins for one target, by uv."""

from jupyter_mlpack.resolution.indexes import index_settings
from jupyter_mlpack.resolution.lock import LockRequest, find_uv, resolve

__all__ = ["LockRequest", "find_uv", "index_settings", "resolve"]
