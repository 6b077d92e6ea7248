"""The words after ``train``: parameters, and files of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlpack_runner.typed import ParameterError, typed

PROCESS = "train"


@dataclass(frozen=True)
class Arguments:
    """Values of ``-p``, and values of the files of ``-f``; the last of one name wins in each."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)


def read_arguments(words: list[str], known: Collection[str]) -> Arguments:
    """``-p NAME=VALUE``, ``-p NAME VALUE``, ``-f FILE``, and ``--NAME=VALUE`` for the names in ``known``.

    Platforms that start an image by the name of what it should do put ``train`` before all others: it is dropped.
    Those that search for good parameters write ``--NAME=VALUE``. Raises ParameterError.
    """
    rest = list(words[1:] if words[:1] == [PROCESS] else words)
    found = Arguments()
    while rest:
        word = rest.pop(0)
        name = word[2:].partition("=")[0]
        if word in ("-p", "--parameter"):
            add(found.values, take_pair(rest))
        elif word in ("-f", "--parameters-file"):
            found.files.update(read_file(rest.pop(0) if rest else ""))
        elif word.startswith("--") and known_as(name, known):
            add(found.values, f"{known_as(name, known)}={take_value(word, rest)}")
        elif word.startswith("-p"):
            add(found.values, word[2:])
        elif word.startswith("-f"):
            found.files.update(read_file(word[2:]))
        else:
            raise ParameterError(f"unknown argument {word}; parameters are given as -p NAME=VALUE or -f FILE")
    return found


def take_pair(rest: list[str]) -> str:
    """``NAME=VALUE``, also of two words, as papermill takes them."""
    pair = rest.pop(0) if rest else ""
    if pair and "=" not in pair and rest and rest[0] not in ("-p", "-f"):
        return f"{pair}={rest.pop(0)}"
    return pair


def take_value(word: str, rest: list[str]) -> str:
    """The value of ``--NAME=VALUE`` or ``--NAME VALUE``."""
    _, equals, value = word.partition("=")
    if equals:
        return value
    if not rest:
        raise ParameterError(f"{word} has no value; parameters are given as -p NAME=VALUE")
    return rest.pop(0)


def known_as(name: str, known: Collection[str]) -> str:
    """The parameter that an option names, with dashes or underscores; empty when there is none."""
    return next((found for found in (name, name.replace("-", "_")) if found in known), "")


def add(values: dict[str, Any], pair: str) -> None:
    """One ``NAME=VALUE``, its value typed."""
    name, equals, text = pair.partition("=")
    if not name or not equals:
        raise ParameterError(f"-p {pair}: parameters are given as -p NAME=VALUE")
    values[name.strip()] = typed(f"-p {name}", text)


def read_file(path: str) -> dict[str, Any]:
    """A mapping of names to values, as YAML or JSON."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ParameterError(f"-f {path}: the file cannot be read ({error})") from None
    values = parsed(path, text)
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise ParameterError(f"-f {path}: the file holds no names with values, for example lr: 0.1")
    return values


def parsed(path: str, text: str) -> Any:
    """JSON, or else YAML, which is slower to load."""
    try:
        return json.loads(text)
    except ValueError:
        import yaml

        try:
            return yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            raise ParameterError(f"-f {path}: neither JSON nor YAML: {error}") from None
