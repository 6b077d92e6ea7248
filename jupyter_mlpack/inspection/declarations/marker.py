"""Whether a marker of PEP 508 holds where the image will run: CPython on Linux."""

from __future__ import annotations

import re

USUAL_PYTHON = "3.12"
"""Markers need one Python; this one stands in where the notebook names none."""


def applies(marker: str, python: str | None) -> bool:
    """Whether ``marker`` holds for ``python`` (``3.11``) on Linux; what is no marker counts as holding."""
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

    minor = python if python and re.fullmatch(r"\d+\.\d+", python) else USUAL_PYTHON
    target = {
        "os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64",
        "implementation_name": "cpython", "platform_python_implementation": "CPython", "platform_release": "",
        "platform_version": "", "python_version": minor, "python_full_version": f"{minor}.0",
        "implementation_version": f"{minor}.0", "extra": "",
    }  # fmt: skip
    try:
        return Marker(marker).evaluate(target)
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
        return True
