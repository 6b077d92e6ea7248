"""Parameter values from all who may give them, the nearest to the user last, checked against the notebook's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlpack_runner.arguments import read_arguments
from mlpack_runner.typed import ParameterError, typed_like

PREFIX = "MLPACK_PARAM_"
NOT_OURS = ("sagemaker_", "_tuning_objective")
"""Hyperparameters by which the platform's own client library speaks to its own programs."""


def read_parameters(
    words: list[str],
    environment: Mapping[str, str],
    known: Mapping[str, Any],
    platform: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """All values by name. Raises ParameterError.

    In this order, the last wins: the platform's own way, ``MLPACK_PARAMETERS``, ``MLPACK_PARAM_x``, ``-f``, ``-p``.
    """
    arguments = read_arguments(words, known)
    values = {
        **from_platform(platform or {}, known),
        **from_environment(environment),
        **from_variables(environment, known),
        **arguments.files,
        **arguments.values,
    }
    unknown = sorted(set(values) - set(known))
    if unknown:
        names = ", ".join(known) if known else "none"
        raise ParameterError(f"unknown parameter {', '.join(unknown)}; the notebook's parameters: {names}")
    return values


def from_platform(texts: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters, which are all texts: typed like the notebook's defaults."""
    ours = {name: text for name, text in texts.items() if name in known or not name.startswith(NOT_OURS)}
    return {name: typed_like(known.get(name), f"hyperparameter {name}", text) for name, text in ours.items()}


def from_variables(environment: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """``MLPACK_PARAM_lr``, and ``MLPACK_PARAM_LR`` where no other parameter is written like that."""
    values = {}
    for variable, text in environment.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable[len(PREFIX) :]
        alike = [other for other in known if other.upper() == name]
        name = alike[0] if name not in known and len(alike) == 1 else name
        values[name] = typed_like(known.get(name), variable, text)
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
