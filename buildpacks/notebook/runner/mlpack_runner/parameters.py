"""Parameter values from the command line and from ``MLPACK_PARAMETERS``, typed and checked against the notebook's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "None": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
INTEGER = re.compile(r"[-+]?[0-9]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
SPECIAL = re.compile(r"([-+]?)\.?(inf|Inf|INF|nan|NaN|NAN)")


class ParameterError(Exception):
    """A parameter is wrong; the text says which and what would be right."""


def read_parameters(arguments: list[str], environment: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """All values by name; the command line wins over ``MLPACK_PARAMETERS``. Raises ParameterError."""
    values = {**from_environment(environment), **from_arguments(arguments)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        names = ", ".join(known) if known else "none"
        raise ParameterError(f"unknown parameter {', '.join(unknown)}; the notebook's parameters: {names}")
    return values


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object in ``MLPACK_PARAMETERS``."""
    text = environment.get("MLPACK_PARAMETERS", "").strip()
    if not text:
        return {}
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ParameterError(f"MLPACK_PARAMETERS is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise ParameterError('MLPACK_PARAMETERS is not a JSON object, for example {"lr": 0.1}')
    return values


def from_arguments(arguments: list[str]) -> dict[str, Any]:
    """``-p NAME=VALUE``, ``-pNAME=VALUE`` and ``--parameter NAME=VALUE``; the last of one name wins."""
    values: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-p", "--parameter"):
            pair = rest.pop(0) if rest else ""
        elif word.startswith("-p"):
            pair = word[2:]
        else:
            raise ParameterError(f"unknown argument {word}; parameters are given as -p NAME=VALUE")
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise ParameterError(f"-p {pair}: parameters are given as -p NAME=VALUE")
        values[name.strip()] = typed(name, text)
    return values


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
            raise ParameterError(f"-p {name}={text}: neither JSON nor YAML; quote it to pass plain text") from None
