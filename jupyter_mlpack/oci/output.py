"""Files that leave the store for a place that the user chose: whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from jupyter_mlpack.errors import OutputUnwritable


@contextmanager
def delivering(path: Path) -> Iterator[None]:
    """Tell failures to write as ``OutputUnwritable``."""
    try:
        yield
    except OSError as error:
        raise OutputUnwritable(path=path, reason=error.strerror or str(error)) from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` when the block ends well; nothing is left when it does not.

    Raises ``OutputUnwritable``.
    """
    draft = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}")
    try:
        with delivering(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(0o644)
            draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink()
