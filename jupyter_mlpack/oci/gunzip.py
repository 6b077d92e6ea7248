"""Reads gzip: igzip (ISA-L) where it is installed, the standard library's otherwise."""

from __future__ import annotations

import gzip
import zlib
from types import ModuleType
from typing import IO, BinaryIO, cast

inflater: ModuleType = gzip
_errors: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error)
try:
    from isal import igzip, isal_zlib
except ImportError:
    pass
else:
    inflater, _errors = igzip, (*_errors, cast(type[Exception], isal_zlib.error))

GZIP_ERRORS = _errors
"""What reading a damaged gzip may raise."""


def open_gzip(blob: BinaryIO) -> IO[bytes]:
    """What is inside a gzip of any number of members, as a stream; reading it raises ``GZIP_ERRORS``."""
    stream: IO[bytes] = inflater.open(blob, "rb")
    return stream
