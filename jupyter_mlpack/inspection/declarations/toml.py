"""TOML of unknown origin, read by the standard library's parser within bounds of memory and time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jupyter_mlpack.inspection.declarations.page import UnreadablePageError
from jupyter_mlpack.pattern import pattern

MAX_TOML = 150_000
"""Characters; the parser reads about seven million a second."""

MAX_KEY_PARTS = 12
"""Parts of one dotted key: the parser's memory grows with their square (a hundred thousand take all there is)."""

TEXTS = pattern(r"\"(?:[^\"\\\n]|\\.)*\"?|'[^'\n]*'?|#.*")
"""Texts and remarks, also unclosed ones: a closing sign that had to be there would be looked for from each opening."""


def read_toml(text: str) -> Mapping[str, Any]:
    """The document; raises ``UnreadablePageError`` for what is none, or too much."""
    from jupyter_mlpack.toml import TOMLDecodeError, loads

    if len(text) > MAX_TOML:
        raise UnreadablePageError(f"it is longer than {MAX_TOML} characters")
    if any(piece.count(".") > MAX_KEY_PARTS for piece in re.split(r"[^\w.\- \t]", TEXTS.sub("", text))):
        raise UnreadablePageError("it holds a key of too many parts")
    try:
        data: Mapping[str, Any] = loads(text.replace("\r\n", "\n"))
    except TOMLDecodeError as error:
        raise UnreadablePageError(f"it is no TOML: {error}"[:200]) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise UnreadablePageError("its nesting or a number in it is out of bounds") from error
    return data


def table(value: object, *keys: str) -> Mapping[str, Any]:
    """The table below ``keys``; an empty one where something else stands there."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def texts(value: object) -> list[str]:
    """The strings of a list; nothing for anything else."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
