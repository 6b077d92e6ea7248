"""The tensors of the Open Inference protocol (V2): flat or nested JSON data, raw bytes, and back."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mlpack_server.faults import Refused

CODES = {
    "BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i",
    "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip
"""Datatypes of a fixed size, little-endian, as ``struct`` writes them."""
NUMPY = {
    "BOOL": "bool", "FP16": "float16", "FP32": "float32", "FP64": "float64",
    **{name: name.lower() for name in CODES if "INT" in name},
}  # fmt: skip
DATATYPES = (*CODES, "BYTES", "BF16")
LARGEST = 2**31
"""Elements of a tensor: what a shape may claim."""


@dataclass(frozen=True)
class Tensor:
    """One input or output; ``data`` is flat, in row-major order."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Sequence[Any]

    def nested(self) -> Any:
        """The data as lists inside lists; a single value for a tensor without dimensions."""
        return nest(list(self.data), self.shape)


def nest(flat: list[Any], shape: tuple[int, ...]) -> Any:
    """Row-major order."""
    if not shape:
        return flat[0]
    for size in reversed(shape[1:]):
        flat = [flat[at : at + size] for at in range(0, len(flat), size)] if size else [[] for _ in range(shape[0])]
    return flat


def read_tensor(described: Any, at: str, raw: memoryview) -> tuple[Tensor, memoryview]:
    """One of a request's inputs, and the rest of the raw bytes behind the JSON. Raises Refused."""
    name, datatype, shape = head(described, at)
    count = math.prod(shape)
    parameters = described.get("parameters") or {}
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is not None:
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(raw):
            raise Refused(400, f"{at}: binary_data_size is {len(raw)} bytes at most here")
        return Tensor(name, datatype, shape, unpacked(bytes(raw[:size]), datatype, count, at)), raw[size:]
    if not isinstance(described.get("data"), list):
        raise Refused(400, f'{at}: "data" must be a list')
    flat = list(flattened(described["data"]))
    if len(flat) != count:
        raise Refused(400, f"{at}: shape {list(shape)} means {count} elements, data has {len(flat)}")
    return Tensor(name, datatype, shape, checked(flat, datatype, at)), raw


def head(described: Any, at: str) -> tuple[str, str, tuple[int, ...]]:
    """Name, datatype and shape. Raises Refused."""
    if not isinstance(described, dict):
        raise Refused(400, f"{at}: an object is wanted")
    name, datatype, shape = (described.get(key) for key in ("name", "datatype", "shape"))
    if not isinstance(name, str):
        raise Refused(400, f'{at}: "name" must be text')
    if datatype not in DATATYPES:
        raise Refused(400, f'{at}: "datatype" must be one of {", ".join(DATATYPES)}')
    if not isinstance(shape, list) or not all(is_size(size) for size in shape) or math.prod(shape) > LARGEST:
        raise Refused(400, f'{at}: "shape" must be a list of sizes')
    return name, str(datatype), tuple(shape)


def is_size(value: Any) -> bool:
    """A whole number that is not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def flattened(value: Any) -> Iterator[Any]:
    """All that is not a list, in order. Not by recursion: nesting is the client's choice."""
    waiting = [iter(value)]
    while waiting:
        for item in waiting[-1]:
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            yield item
        else:
            waiting.pop()


def checked(flat: list[Any], datatype: str, at: str) -> list[Any]:
    """Values of their datatype. Raises Refused."""
    if not all(map(test_of(datatype), flat)):
        raise Refused(400, f"{at}: data has elements that are not {datatype}")
    if datatype == "BOOL":
        return [bool(item) for item in flat]
    return [as_float(item, at) for item in flat] if datatype.startswith(("FP", "BF")) else flat


def test_of(datatype: str) -> Callable[[Any], bool]:
    """Whether a JSON value may be an element of the datatype."""
    if datatype == "BYTES":
        return lambda item: isinstance(item, str)
    if datatype == "BOOL":
        return lambda item: isinstance(item, int) and item in (0, 1)
    if datatype.startswith(("FP", "BF")):
        return lambda item: isinstance(item, (int, float)) and not isinstance(item, bool)
    low, high = limits(datatype)
    return lambda item: isinstance(item, int) and not isinstance(item, bool) and low <= item <= high


def as_float(value: Any, at: str) -> float:
    """Raises Refused for whole numbers beyond all floats."""
    try:
        return float(value)
    except OverflowError:
        raise Refused(400, f"{at}: data has numbers that are too large") from None


def limits(datatype: str) -> tuple[int, int]:
    """The smallest and the largest value of an integer datatype."""
    bits = int(datatype.lstrip("UINT"))
    return (0, 2**bits - 1) if datatype.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def unpacked(raw: bytes, datatype: str, count: int, at: str) -> Sequence[Any]:
    """Raw bytes as values. Raises Refused."""
    if datatype == "BYTES":
        return texts(raw, count, at)
    size = 2 if datatype == "BF16" else struct.calcsize(CODES[datatype])
    if len(raw) != count * size:
        raise Refused(400, f"{at}: shape and datatype mean {count * size} bytes, binary_data_size is {len(raw)}")
    if datatype == "BF16":
        wide = b"".join(b"\0\0" + raw[at : at + 2] for at in range(0, len(raw), 2))
        return struct.unpack(f"<{count}f", wide)
    return struct.unpack(f"<{count}{CODES[datatype]}", raw)


def texts(raw: bytes, count: int, at: str) -> list[Any]:
    """Texts, each behind its length in four bytes; bytes that are no UTF-8 stay bytes. Raises Refused."""
    found: list[Any] = []
    place = 0
    while place + 4 <= len(raw):
        (size,) = struct.unpack_from("<I", raw, place)
        item = raw[place + 4 : place + 4 + size]
        place += 4 + size
        try:
            found.append(item.decode())
        except UnicodeDecodeError:
            found.append(item)
    if place != len(raw) or len(found) != count:
        raise Refused(400, f"{at}: the raw bytes are not {count} texts behind their lengths")
    return found


def packed(tensor: Tensor) -> bytes:
    """Values as raw bytes."""
    if tensor.datatype == "BYTES":
        items = [item if isinstance(item, bytes) else str(item).encode() for item in tensor.data]
        return b"".join(itertools.chain.from_iterable((struct.pack("<I", len(item)), item) for item in items))
    data = [math.nan if item is None else item for item in tensor.data]
    return struct.pack(f"<{len(data)}{CODES[tensor.datatype]}", *data)
