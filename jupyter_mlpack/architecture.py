"""This machine's architecture, for those who want to know nothing else."""

from __future__ import annotations

import os

PLATFORMS = {"linux/amd64": "amd64", "linux/x86_64": "amd64", "linux/arm64": "arm64", "linux/arm64/v8": "arm64",
             "linux/aarch64": "arm64"}  # fmt: skip
"""The platforms that images are made for, as people write them."""


def host_architecture() -> str:
    """This machine's architecture in Go's words."""
    machine = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def read_platform(text: str) -> str:
    """The architecture of ``linux/arm64``. Raises ``PlatformUnknown``."""
    if text not in PLATFORMS:
        from jupyter_mlpack import errors

        raise errors.PlatformUnknown(platform=text)
    return PLATFORMS[text]
