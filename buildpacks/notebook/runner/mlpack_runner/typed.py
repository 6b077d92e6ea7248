"""Values out of text: as YAML reads them, or as the type of a parameter's default says."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from typing import Any

WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "None": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
YES_AND_NO = {"1": True, "yes": True, "on": True, "true": True, "0": False, "no": False, "off": False, "false": False}
INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"([-+]?)\.?(inf|Inf|INF|nan|NaN|NAN)")


class ParameterError(Exception):
    """A parameter is wrong; the text says which and what would be right."""


def typed(name: str, text: str) -> Any:
    """A value as YAML 1.2 reads it: numbers, true/false/null, quoted text, [lists] and {mappings}, else plain text."""
    word = text.strip()
    if word in WORDS:
        return WORDS[word]
    if INTEGER.fullmatch(word):
        return int(word)
    if FLOAT.fullmatch(word):
        return float(word)
    special = SPECIAL.fullmatch(word)
    if special:
        return float(special[1] + special[2])
    if word[0] in "[{\"'":
        return structured(name, word)
    return text


def structured(name: str, text: str) -> Any:
    """Lists, mappings and quoted text: JSON, or else YAML."""
    try:
        return json.loads(text)
    except ValueError:
        import yaml

        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            raise ParameterError(f"{name}={text}: neither JSON nor YAML; quote it to pass plain text") from None


def typed_like(default: Any, name: str, text: str) -> Any:
    """A value of the type of ``default``, out of a text from where there are only texts.

    Such texts are written by programs: JSON, or what Python's ``str`` makes. Raises ParameterError when it is of
    another type.
    """
    if isinstance(default, str):
        return unquoted(text)
    if default is None or text.strip() in ("None", "null"):
        return typed(name, text)
    value = typed_as(default, text.strip())
    if value is None:
        raise ParameterError(
            f"{name}={text}: the notebook's default is {default!r}, so a {type(default).__name__} is needed"
        )
    return value


def typed_as(default: Any, word: str) -> Any:
    """The value, or ``None`` when the text is of another type."""
    word = unquoted(word)
    if isinstance(default, bool):
        return YES_AND_NO.get(word.lower())
    if isinstance(default, (int, float)):
        return number(default, word)
    for read in (json.loads, ast.literal_eval):
        with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            value = read(word)
            if isinstance(value, (list, tuple)) and isinstance(default, list):
                return list(value)
            if isinstance(value, type(default)):
                return value
    return None


def number(default: int | float, word: str) -> int | float | None:
    """A whole number only for a whole default; ``3.5`` for a default of ``3`` stays what was wanted."""
    if INTEGER.fullmatch(word):
        return int(word) if isinstance(default, int) else float(word)
    special = SPECIAL.fullmatch(word)
    if special:
        return float(special[1] + special[2])
    if not FLOAT.fullmatch(word):
        return None
    value = float(word)
    return int(value) if isinstance(default, int) and value.is_integer() else value


def unquoted(text: str) -> str:
    """``"a"`` is the text ``a``: client libraries write texts as JSON."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        with contextlib.suppress(ValueError):
            return str(json.loads(text))
    return text
