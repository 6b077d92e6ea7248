"""What the predict function returned -> tensors of the Open Inference protocol."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from mlpack_server.results import json_bytes, size
from mlpack_server.tensors import NUMPY, Tensor

BY_NUMPY = {dtype: name for name, dtype in NUMPY.items()}
OUTPUT = "output"


def make_outputs(results: list[Any] | None, value: Any) -> list[Tensor]:
    """One tensor, or one for each key where results are objects of the same keys.

    ``results`` are those of the instances; None says that there was one call, with ``value``. Where the function took
    all at once, ``value`` is its own, and arrays keep their type.
    """
    if results is None:
        return named(value) if isinstance(value, dict) and value else [tensor(OUTPUT, value)]
    if value is not None and size(value) == len(results) and hasattr(value, "dtype") and hasattr(value, "shape"):
        return [tensor(OUTPUT, value)]
    if results and all(isinstance(item, dict) and item.keys() == results[0].keys() for item in results) and results[0]:
        return [tensor(str(key), [item[key] for item in results]) for key in results[0]]
    return [tensor(OUTPUT, results)]


def named(value: dict[Any, Any]) -> list[Tensor]:
    """An object of values as outputs of their own."""
    return [tensor(str(key), item) for key, item in value.items()]


def tensor(name: str, value: Any) -> Tensor:
    """The tensor of any value: numbers, booleans and texts in even lists; all else as JSON texts."""
    datatype = BY_NUMPY.get(str(getattr(value, "dtype", "")).removeprefix("torch."))
    if isinstance(value, list) and value:
        kinds = {str(getattr(item, "dtype", "")).removeprefix("torch.") for item in value}
        datatype = BY_NUMPY.get(kinds.pop()) if len(kinds) == 1 else None
    simple = from_json(json_bytes(value))
    if simple is None and isinstance(value, float):
        simple = value
    shape, flat, even = measure(simple)
    found = datatype_of(flat) if even else None
    if found is None:
        texts = simple if isinstance(simple, list) else [simple]
        return Tensor(name, "BYTES", (len(texts),), [json_bytes(item).decode() for item in texts])
    if datatype is None or (None in flat):
        datatype = found
    if datatype.startswith("FP"):
        flat = [None if item is None else float(item) for item in flat]
    return Tensor(name, datatype, shape, flat)


def measure(value: Any) -> tuple[tuple[int, ...], list[Any], bool]:
    """Shape, elements in order, and whether all lists of a level are equally long."""
    if not isinstance(value, list):
        return (1,), [value], True
    shape, level = [len(value)], value
    while level and all(isinstance(item, list) for item in level):
        if len({len(item) for item in level}) > 1:
            return (), [], False
        shape.append(len(level[0]))
        level = [element for item in level for element in item]
    return tuple(shape), level, not any(isinstance(item, (list, dict)) for item in level)


def datatype_of(flat: list[Any]) -> str | None:
    """The datatype of plain elements; None for a mixture. A number that JSON does not have is null."""
    kinds = {type(item) for item in flat}
    if kinds == {bool}:
        return "BOOL"
    if kinds == {str}:
        return "BYTES"
    if kinds == {int} and all(-(2**63) <= item < 2**63 for item in flat):
        return "INT64"
    return "FP64" if (kinds <= {int, float, type(None)} and kinds != {type(None)}) or not flat else None
