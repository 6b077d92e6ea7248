"""From a notebook to a running container, in seconds, without Docker, without root, without a Dockerfile."""

__version__ = "0.1.0"
