"""Hardware: what the metadata declares, what the code needs, what an image should be made for."""

from jupyter_mlpack.inspection.hardware.builds import find_builds
from jupyter_mlpack.inspection.hardware.find import FoundHardware, find_hardware

__all__ = ["FoundHardware", "find_builds", "find_hardware"]
