"""Numbers are numbers: an annotation whose numbers and truth values take no texts and nothing of each other."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any, Union

from pydantic import PydanticUserError, Strict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

LEAVES = (int, float, bool)
HOLDERS = (list, tuple, set, frozenset)


def strict_adapter(annotation: Any) -> TypeAdapter[Any] | None:
    """What checks values of the annotation strictly; None where there is nothing to be stricter about.

    Only annotations are looked into: classes of the notebook decide for themselves.
    """
    narrowed = strict(annotation)
    if narrowed == annotation:
        return None
    try:
        return TypeAdapter(narrowed)
    except (PydanticSchemaGenerationError, PydanticUserError, TypeError):
        return None


def strict(annotation: Any) -> Any:
    """The annotation with strict leaves."""
    if annotation in LEAVES:
        return Annotated[annotation, Strict()]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        inner = strict(arguments[0])
        return annotation if inner == arguments[0] else Annotated[(inner, *arguments[1:])]
    if origin is dict:  # keys of JSON objects are texts, whatever number they stand for
        return dict[arguments[0], strict(arguments[1])]
    if origin in HOLDERS and arguments:
        return origin[tuple(item if item is Ellipsis else strict(item) for item in arguments)]
    if origin in (Union, types.UnionType):
        return Union[tuple(map(strict, arguments))]  # noqa: UP007 (made of values)
    return annotation


def checked(value: Any, lax: TypeAdapter[Any], narrow: TypeAdapter[Any] | None) -> Any:
    """The value as an argument. ``2.0`` is a whole number, too, as JSON knows but one kind. Raises ValidationError."""
    if narrow is None:
        return lax.validate_python(value)
    try:
        return narrow.validate_python(value)
    except ValidationError as error:
        if not all(is_whole(item) for item in error.errors(include_url=False, include_context=False)):
            raise
        return lax.validate_python(value)


def is_whole(finding: Any) -> bool:
    """Whether nothing but a point is wrong with what should be a whole number."""
    return finding["type"] == "int_type" and isinstance(finding["input"], float)
