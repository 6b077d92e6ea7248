"""Floating point numbers written as Go's encoders write them: the same shortest digits, other thresholds."""

from __future__ import annotations

import math


def toml_float(value: float) -> str:
    """A TOML float: exponents below -4 or from 6 digits before the point on, and always a point or an exponent."""
    if math.isnan(value):
        return "-nan" if math.copysign(1, value) < 0 else "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    sign, digits, exponent = _shortest(value)
    if exponent < -4 or exponent >= 6:
        return sign + _scientific(digits, exponent)
    text = _plain(digits, exponent)
    return sign + (text if "." in text else text + ".0")


def json_float(value: float) -> str:
    """A JSON number: plain from 1e-6 to 1e21, else scientific. Raises ``ValueError`` for nan and infinities."""
    if not math.isfinite(value):
        raise ValueError("not a JSON number")
    sign, digits, exponent = _shortest(value)
    if value != 0 and not 1e-6 <= abs(value) < 1e21:
        return sign + _scientific(digits, exponent).replace("e-0", "e-")
    return sign + _plain(digits, exponent)


def _shortest(value: float) -> tuple[str, str, int]:
    """Sign, significant digits and decimal exponent (of the first digit) of the shortest text that reads back."""
    from decimal import Decimal

    parts = Decimal(repr(value)).as_tuple()
    assert isinstance(parts.exponent, int)
    digits = "".join(map(str, parts.digits))
    exponent = len(digits) - 1 + parts.exponent
    short = digits.rstrip("0") or "0"
    return "-" if parts.sign else "", short, 0 if short == "0" else exponent


def _scientific(digits: str, exponent: int) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    fraction = digits[exponent + 1 :]
    return f"{whole}.{fraction}" if fraction else whole
