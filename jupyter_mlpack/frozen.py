"""``dataclass`` as the standard library has it, made in a tenth of the time.

The standard one writes the source of six methods for each class and compiles it: a millisecond a class, a third of the
time of an inspection before it begins. Here the fields are still found by the standard library, so that ``fields``,
``replace`` and ``is_dataclass`` know these classes; the methods are ordinary functions over their names.

What is not a plain class with fields (a parent, ``__post_init__``, further options) is left to the standard library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import field, fields, is_dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "fields", "is_dataclass", "replace"]

OWN = frozenset(["__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__post_init__"])
"""Methods by which a class says that it wants to be made another way."""

Method = Callable[..., Any]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, **options):
        """``dataclasses.dataclass``; quick for plain classes, with or without ``frozen``."""
        return _made(cls, options) if cls is not None else lambda cls: _made(cls, options)


def _made(cls: type, options: Mapping[str, Any]) -> type:
    if cls.__bases__ != (object,) or options.keys() - {"frozen"} or OWN & vars(cls).keys():
        return dataclasses.dataclass(**options)(cls)
    dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    entries = dataclasses.fields(cls)
    if len(entries) != len(cls.__annotations__) or any(entry.kw_only or not entry.init for entry in entries):
        return dataclasses.dataclass(**options)(cls)
    methods = {"__init__": _initialiser(cls.__name__, entries), "__repr__": _representer(entries)}
    methods["__eq__"] = _equality([entry.name for entry in entries if entry.compare])
    if options.get("frozen"):
        hashed = [entry.name for entry in entries if (entry.compare if entry.hash is None else entry.hash)]
        methods |= {"__hash__": _hasher(hashed), "__setattr__": _refuse_setting, "__delattr__": _refuse_deleting}
    for name, method in methods.items():
        setattr(cls, name, method)
    if not options.get("frozen"):
        cls.__hash__ = None  # type: ignore[assignment]
    return cls


def _initialiser(title: str, entries: tuple[dataclasses.Field[Any], ...]) -> Method:
    names = tuple(entry.name for entry in entries)
    known = frozenset(names)
    defaults = {entry.name: entry.default for entry in entries if entry.default is not dataclasses.MISSING}
    factories = {
        entry.name: entry.default_factory for entry in entries if entry.default_factory is not dataclasses.MISSING
    }

    def __init__(self: object, /, *args: Any, **given: Any) -> None:  # noqa: N807
        values = self.__dict__
        values.update(defaults)
        values.update(zip(names, args, strict=False))
        if given:
            if not known.issuperset(given) or not given.keys().isdisjoint(names[: len(args)]):
                raise TypeError(f"{title}() got wrong or repeated arguments: {', '.join(given)}")
            values.update(given)
        if len(values) != len(names):
            for name, factory in factories.items():
                if name not in values:
                    values[name] = factory()
        if len(values) != len(names) or len(args) > len(names):
            raise TypeError(f"{title}() takes {', '.join(names)}; it got {len(args)} and {', '.join(given)}")

    return __init__


def _representer(entries: tuple[dataclasses.Field[Any], ...]) -> Method:
    names = [entry.name for entry in entries if entry.repr]

    def __repr__(self: object) -> str:  # noqa: N807
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _equality(names: list[str]) -> Method:
    values = _getter(names)

    def __eq__(self: object, other: object) -> bool:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hasher(names: list[str]) -> Method:
    values = _getter(names)

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _getter(names: list[str]) -> Callable[[object], Any]:
    return attrgetter(*names) if names else lambda value: ()


def _refuse_setting(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
