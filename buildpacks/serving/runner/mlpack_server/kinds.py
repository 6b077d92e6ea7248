"""An annotation -> ``Kind``: what a JSON value must be, how it becomes the argument, and how deep its lists go."""

from __future__ import annotations

import base64
import binascii
import inspect
import sys
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, PydanticUserError, TypeAdapter, WithJsonSchema
from pydantic.errors import PydanticSchemaGenerationError
from pydantic.functional_validators import PlainValidator

from mlpack_server.strictness import strict_adapter

Form = Literal["value", "array", "frame", "series", "tensor", "any"]

FORMS: dict[str, Form] = {
    "numpy.ndarray": "array",
    "pandas.DataFrame": "frame",
    "pandas.core.frame.DataFrame": "frame",
    "pandas.Series": "series",
    "pandas.core.series.Series": "series",
    "torch.Tensor": "tensor",
}
LISTS: dict[str, Any] = {"type": "array", "items": {}}
SCHEMAS: dict[str, dict[str, Any]] = {
    "array": LISTS,
    "tensor": LISTS,
    "series": LISTS,
    "frame": {"anyOf": [{"type": "array", "items": {}}, {"type": "object", "additionalProperties": {"type": "array"}}]},
}


@dataclass(frozen=True)
class Kind:
    """``depth`` is how many lists a value is inside of; None when the annotation does not say.

    ``body`` says that a value is an object of its own fields: a request may be just that. ``leaf`` is the type inside.
    ``narrow`` checks more strictly than ``adapter``, which describes.
    """

    form: Form
    adapter: TypeAdapter[Any]
    depth: int | None
    body: bool = False
    leaf: Any = None
    narrow: TypeAdapter[Any] | None = None


def kind_of(annotation: Any) -> Kind:
    """The kind of a parameter; what pydantic cannot read is taken as it comes."""
    form = FORMS.get(qualified(annotation)) or FORMS.get(qualified(typing.get_origin(annotation)))
    if form is not None:
        validator = PlainValidator(CONVERTERS[form])
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[Any, validator, WithJsonSchema(SCHEMAS[form])])
        return Kind(form, adapter, 1 if form == "series" else None)
    if annotation is bytes:
        schema = WithJsonSchema({"type": "string", "format": "byte"})
        return Kind("value", TypeAdapter(Annotated[Any, PlainValidator(from_base64), schema]), 0, leaf=bytes)
    if annotation in (inspect.Parameter.empty, Any, object):
        return Kind("any", TypeAdapter(Any), None)
    try:
        adapter = TypeAdapter(annotation)
    except (PydanticSchemaGenerationError, PydanticUserError):
        adapter = lenient(annotation)
        return Kind("any", adapter, None)
    depth, leaf = depth_of(annotation)
    return Kind("value", adapter, depth, is_body(annotation), leaf, strict_adapter(annotation))


def lenient(annotation: Any) -> TypeAdapter[Any]:
    """For classes of the notebook's libraries: any JSON value goes to the function."""
    del annotation
    return TypeAdapter(Any)


def qualified(annotation: Any) -> str:
    """``numpy.ndarray``."""
    return f"{getattr(annotation, '__module__', '')}.{getattr(annotation, '__qualname__', '')}"


def depth_of(annotation: Any) -> tuple[int | None, Any]:
    """How many lists, and what is in them. Optional is looked through."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return depth_of(arguments[0])
    if origin in (Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        return depth_of(inner[0]) if len(inner) == 1 else (None, None)
    if origin in (list, tuple, set, frozenset) or (isinstance(origin, type) and issubclass(origin, Sequence)):
        depth, leaf = depth_of(arguments[0]) if arguments else (None, None)
        return (None if depth is None else depth + 1), leaf
    if annotation in (list, tuple, set, frozenset):
        return None, None
    return 0, annotation


def is_body(annotation: Any) -> bool:
    """Whether JSON objects of the annotation's own fields are its values."""
    if typing.get_origin(annotation) is dict or annotation is dict:
        return True
    if typing.is_typeddict(annotation) or hasattr(annotation, "__dataclass_fields__"):
        return True
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def from_base64(value: Any) -> bytes:
    """Bytes travel as base64 text."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError("bytes are given as base64 text")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("this is not base64 text") from None


def to_array(value: Any) -> Any:
    """Nested lists of numbers as an array; ragged ones and texts mixed with numbers are refused."""
    import numpy

    if isinstance(value, numpy.ndarray):
        return value
    if not isinstance(value, list):
        raise ValueError("an array is given as nested lists")
    try:
        array = numpy.array(value)
    except (ValueError, OverflowError):
        raise ValueError("the lists of an array must be equally long") from None
    if array.dtype == object or (array.dtype.kind in "US" and not is_text(value)):
        raise ValueError("an array holds numbers only, or texts only")
    return array


def is_text(value: Any) -> bool:
    """Whether nested lists hold nothing but texts."""
    return all(map(is_text, value)) if isinstance(value, list) else isinstance(value, str)


def to_tensor(value: Any) -> Any:
    """Nested lists of numbers as a tensor; numbers with a point are float32, as in models."""
    import torch

    if isinstance(value, torch.Tensor):
        return value
    array = to_array(value)
    if array.dtype.kind not in "biuf":
        raise ValueError("a tensor holds numbers")
    return torch.from_numpy(array.astype("float32") if array.dtype == "float64" else array)


def to_frame(value: Any) -> Any:
    """Records, columns, ``{"columns", "data"}`` or rows as a DataFrame."""
    import pandas

    if isinstance(value, pandas.DataFrame):
        return value
    if hasattr(value, "ndim"):
        value = value.tolist()
    if isinstance(value, dict) and value.keys() <= {"columns", "data", "index"} and "data" in value:
        return split_frame(value)
    if isinstance(value, dict):
        rows = (
            value if any(isinstance(column, list) for column in value.values()) else {n: [v] for n, v in value.items()}
        )
        if not all(isinstance(column, list) for column in rows.values()):
            raise ValueError("columns are lists of one length")
        try:
            return pandas.DataFrame(rows)
        except ValueError:
            raise ValueError("columns are lists of one length") from None
    if not isinstance(value, list) or not all(isinstance(row, (dict, list)) for row in value):
        raise ValueError("a table is given as a list of records, a list of rows, or an object of columns")
    try:
        return pandas.DataFrame(value)
    except (ValueError, TypeError):
        raise ValueError("the rows of a table must be alike") from None


def split_frame(value: dict[str, Any]) -> Any:
    """pandas' ``split`` form; its index is not looked at."""
    import pandas

    try:
        return pandas.DataFrame(value["data"], columns=value.get("columns"))
    except (ValueError, TypeError, AssertionError):
        raise ValueError("data must be rows as long as columns") from None


def to_series(value: Any) -> Any:
    """A list as a Series."""
    import pandas

    if isinstance(value, pandas.Series):
        return value
    if hasattr(value, "ndim"):
        value = value.tolist()
    if not isinstance(value, list):
        raise ValueError("a series is given as a list")
    return pandas.Series(value)


CONVERTERS = {"array": to_array, "tensor": to_tensor, "frame": to_frame, "series": to_series}


def has(library: str) -> bool:
    """Whether the notebook has loaded a library: arguments are tried as its values only then."""
    return library in sys.modules
