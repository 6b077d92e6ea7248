"""Requirements -> exact, hashed pins for one target, by uv."""

from jupyter_mlpack.resolution.accelerated import accelerator_settings, resolve
from jupyter_mlpack.resolution.allowed import allow_indexes
from jupyter_mlpack.resolution.formats import pylock_text, requirements_text
from jupyter_mlpack.resolution.indexes import cache_settings, index_settings
from jupyter_mlpack.resolution.local import Packaged, package_holdings
from jupyter_mlpack.resolution.lock import LockRequest, find_uv

__all__ = [
    "LockRequest", "Packaged", "accelerator_settings", "allow_indexes", "cache_settings", "find_uv", "index_settings",
    "package_holdings", "pylock_text", "requirements_text", "resolve",
]  # fmt: skip
