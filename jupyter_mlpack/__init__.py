"""From a notebook to a running container, in seconds, without Docker, without root, without a Dockerfile.

>>> from jupyter_mlpack import build, submit
>>> image = build("train.ipynb")
>>> job = submit(image, on="gpu-cluster", parameters={"lr": 0.1})

``docs/notebooks.md`` has more, and what ``%load_ext jupyter_mlpack`` brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlpack._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_mlpack.api import build, find_job, submit
    from jupyter_mlpack.handle import Job

__all__ = ["Job", "__version__", "build", "find_job", "submit"]

LAZY = {"build": "api", "submit": "api", "find_job": "api", "Job": "handle"}
"""Where the names live that are imported when somebody asks for them: each command imports this package."""


def __getattr__(name: str) -> object:
    """The Python API, once it is named."""
    if name in LAZY:
        from importlib import import_module

        return getattr(import_module(f"jupyter_mlpack.{LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext jupyter_mlpack`` calls: there is ``%mlpack`` then."""
    from jupyter_mlpack.magic import load

    load(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the built panel lies: JupyterLab's tools for developers ask this."""
    return [{"src": "labextension", "dest": "jupyter-mlpack"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """What Jupyter Server loads. Imported only now: the command line pays for no web server."""
    from jupyter_mlpack.server.app import MlpackExtension

    return [{"module": "jupyter_mlpack", "app": MlpackExtension}]
