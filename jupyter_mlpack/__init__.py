"""From a notebook to a running container, in seconds, without Docker, without root, without a Dockerfile."""

from jupyter_mlpack._version import __version__

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the built panel lies: JupyterLab's tools for developers ask this."""
    return [{"src": "labextension", "dest": "jupyter-mlpack"}]
