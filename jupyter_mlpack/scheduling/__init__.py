"""A back end for jupyter-scheduler (``pip install jupyter-mlpack[scheduler]``): Notebook Jobs run in containers.

``docs/notebooks.md`` says what to write into ``jupyter_server_config.py``.
"""

from __future__ import annotations

from jupyter_mlpack.scheduling.environments import TargetsEnvironmentManager
from jupyter_mlpack.scheduling.manager import ContainerExecutionManager

__all__ = ["ContainerExecutionManager", "TargetsEnvironmentManager"]
