"""Locks of the folder: which version each tool once chose for a target, and the hashes that it then saw."""

from jupyter_mlpack.resolution.pins.choose import FolderLock, choose_pins
from jupyter_mlpack.resolution.pins.find import find_lock
from jupyter_mlpack.resolution.pins.pin import Pin
from jupyter_mlpack.resolution.pins.read import read_pins

__all__ = ["FolderLock", "Pin", "choose_pins", "find_lock", "read_pins"]
