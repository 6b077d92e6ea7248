"""From a notebook to a running container, in seconds, without Docker, without root, without a Dockerfile."""

from __future__ import annotations

from jupyter_mlpack._version import __version__

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the built panel lies: JupyterLab's tools for developers ask this."""
    return [{"src": "labextension", "dest": "jupyter-mlpack"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """What Jupyter Server loads. Imported only now: the command line pays for no web server."""
    from jupyter_mlpack.server.app import MlpackExtension

    return [{"module": "jupyter_mlpack", "app": MlpackExtension}]
