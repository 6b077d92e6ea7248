"""The bytes of a notebook file -> its JSON document: bounded in time and memory, whatever they are.

Python's JSON values take up to eighty times the bytes of their text. So what they would take is reckoned before they
are made; pictures, which make most large notebooks large, are taken out first.
"""

from __future__ import annotations

import codecs
import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Json

MAX_BYTES = 200_000_000
"""Bytes of a file that is read at all."""

MAX_MEMORY = 320_000_000
"""Bytes that its text and its values together may take."""

LARGE = 10_000_000
"""Bytes; below, a notebook is read as it stands."""

PICTURE = pattern(rb'"(?<!\\")[A-Za-z0-9+/=\\n]{10000,}(?<!\\)"')
"""A text of base64 alone: the data of a picture, never code."""

WEIGHTS = (("{", 240), ("[", 70), (",", 60))
"""Bytes that CPython takes for an object, a list and one more value, at most."""


def read_document(path: Path) -> Mapping[str, Json]:
    """The JSON object at ``path``; raises a leaf of ``InputError`` that says what is wrong with it otherwise."""
    text = _decoded(path, _content(path))
    if not text.strip():
        raise errors.NotebookBlank(path=path)
    needed = sys.getsizeof(text) + sum(text.count(sign) * weight for sign, weight in WEIGHTS)
    if needed > MAX_MEMORY:
        raise errors.NotebookTooLarge(
            path=path, size=f"about {needed / 1e6:.0f} MB in memory", limit=f"{MAX_MEMORY / 1e6:.0f} MB"
        )
    try:
        content = json.loads(text, parse_constant=lambda name: None)
    except json.JSONDecodeError as error:
        raise errors.NotebookBrokenJson(path=path, line=error.lineno, column=error.colno, reason=error.msg) from error
    except (RecursionError, ValueError) as error:
        raise errors.NotebookStrangeJson(path=path) from error
    if not isinstance(content, dict) or not ("cells" in content or "worksheets" in content):
        raise errors.NotANotebook(path=path)
    return content


def _content(path: Path) -> bytes:
    """The file's bytes, large pictures emptied. The file that was checked is the file that is read."""
    try:
        if path.is_dir():
            example = min((found.name for found in path.glob("*.ipynb")), default="notebook.ipynb")
            raise errors.NotebookIsFolder(path=path, example=example)
        if not path.exists():
            raise errors.NotebookMissing(path=path)
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError as error:
        raise errors.NotebookMissing(path=repr(str(path))) from error
    except OSError as error:
        raise errors.NotebookUnreadable(path=path, reason=error.strerror or str(error)) from error
    with open(descriptor, "rb") as file:
        return _read(path, file.fileno())


def _read(path: Path, descriptor: int) -> bytes:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise errors.NotebookUnreadable(path=path, reason="It is a device or a pipe, not a file.")
    if about.st_size > MAX_BYTES:
        raise errors.NotebookTooLarge(
            path=path, size=f"{about.st_size / 1e6:.0f} MB", limit=f"{MAX_BYTES / 1e6:.0f} MB"
        )
    try:
        chunks = []
        while chunk := os.read(descriptor, min(MAX_BYTES, about.st_size + 1)):
            chunks.append(chunk)
            if sum(map(len, chunks)) > MAX_BYTES:
                raise errors.NotebookTooLarge(path=path, size="it grows", limit=f"{MAX_BYTES / 1e6:.0f} MB")
    except OSError as error:
        raise errors.NotebookUnreadable(path=path, reason=error.strerror or str(error)) from error
    content = chunks.pop() if len(chunks) == 1 else b"".join(chunks)
    return PICTURE.sub(b'""', content) if len(content) > LARGE else content


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise errors.NotebookNotText(path=path, position=_first_wrong(path, error.start)) from error


def _first_wrong(path: Path, otherwise: int) -> int:
    """The place of the first byte that is no text, counted in the file itself."""
    decoder, at = codecs.getincrementaldecoder("utf-8-sig")(), 0
    try:
        with open(path, "rb") as file:
            while chunk := file.read(1_000_000):
                held = len(decoder.getstate()[0])
                decoder.decode(chunk)
                at += len(chunk)
    except UnicodeDecodeError as error:
        return at - held + error.start
    except OSError:
        pass
    return otherwise
