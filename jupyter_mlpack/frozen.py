"""``dataclass`` as the standard library has it, made in a hundredth of the time.

The standard one writes the source of six methods for each class and compiles it: a millisecond a class, a third of the
time of a rebuild before it begins; and its module alone costs ten. Here the methods are ordinary functions over the
fields' names, and the standard library is asked only when somebody else wants to know the fields (its ``fields``, a
subclass): these classes are dataclasses to it.

What is not a plain class with fields (a parent, ``__post_init__``, further options) is left to the standard library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "fields", "is_dataclass", "names", "replace"]

OWN = frozenset(["__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__post_init__"])
"""Methods by which a class says that it wants to be made another way."""

UNUSUAL = ("ClassVar", "InitVar", "KW_ONLY")
"""In an annotation: it does not stand for an ordinary field."""

USUAL = frozenset(["default", "default_factory", "repr", "compare", "hash"])
"""Options of a field that are known here."""

Method = Callable[..., Any]
Options = Mapping[str, Any]
NOTHING: Options = {}

if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, is_dataclass, replace
else:

    def dataclass(cls=None, /, **options):
        """``dataclasses.dataclass``; quick for plain classes, with or without ``frozen``."""
        return _made(cls, options) if cls is not None else lambda cls: _made(cls, options)

    def field(**options):
        """``dataclasses.field``."""
        return _Later(options)

    def fields(value):
        """``dataclasses.fields``."""
        from dataclasses import fields

        return fields(value)

    def is_dataclass(value):
        """``dataclasses.is_dataclass``, without making the fields."""
        kind = value if isinstance(value, type) else type(value)
        return any("__dataclass_fields__" in vars(base) for base in kind.__mro__)

    def replace(value, /, **changes):
        """``dataclasses.replace``."""
        made = vars(type(value)).get("__made__")
        if made is None:
            from dataclasses import replace

            return replace(value, **changes)
        return type(value)(**{**{name: getattr(value, name) for name in made}, **changes})


def names(kind: type) -> tuple[str, ...] | None:
    """The names of the fields of a dataclass; ``None`` for other classes."""
    made: tuple[str, ...] | None = vars(kind).get("__made__")
    return tuple(entry.name for entry in fields(kind)) if made is None and is_dataclass(kind) else made


class _Later:
    """What ``field`` was told, until the class is made."""

    __slots__ = ("options",)

    def __init__(self, options: Options) -> None:
        self.options = options


class _Told:
    """A class attribute that only the standard library looks at: made when it does."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, value: object, owner: type) -> object:
        import dataclasses

        cls = next(base for base in owner.__mro__ if vars(base).get(self.name) is self)
        frozen, entries = vars(cls)["__recipe__"]
        namespace: dict[str, Any] = {name: dataclasses.field(**entry) for name, entry in entries.items()}
        namespace |= {"__annotations__": dict(cls.__annotations__), "__module__": cls.__module__}
        shadow = type(cls.__name__, (), namespace)
        dataclasses.dataclass(init=False, repr=False, eq=False, frozen=frozen)(shadow)
        told: object = getattr(shadow, self.name)
        setattr(cls, self.name, told)
        return told


_TOLD = tuple((name, _Told(name)) for name in ("__dataclass_fields__", "__dataclass_params__"))


def _made(cls: type, options: Options) -> type:
    plain = cls.__bases__ == (object,) and options.keys() <= {"frozen"} and OWN.isdisjoint(vars(cls))
    entries = _entries(cls) if plain else None
    if entries is None:
        return _standard(cls, options)
    frozen, names = bool(options.get("frozen")), tuple(entries)
    compared = tuple([name for name, entry in entries.items() if entry.get("compare", True)])
    values = _getter(compared)
    attributes: list[tuple[str, object]] = [
        ("__init__", _initialiser(cls.__name__, names, entries)),
        ("__repr__", _representer([name for name, entry in entries.items() if entry.get("repr", True)])),
        ("__eq__", _equality(values)),
        ("__hash__", None),
        ("__match_args__", names),
        ("__made__", names),
        ("__recipe__", (frozen, entries)),
        *_TOLD,
    ]
    if frozen:
        hashed = tuple([name for name, entry in entries.items() if entry.get("hash", name in compared)])
        hasher = _hasher(values if hashed == compared else _getter(hashed))
        attributes += [("__hash__", hasher), ("__setattr__", _refuse_setting), ("__delattr__", _refuse_deleting)]
    for name, entry in entries.items():
        if "default" not in entry and name in vars(cls):
            delattr(cls, name)
        elif isinstance(vars(cls).get(name), _Later):
            setattr(cls, name, entry["default"])
    for name, value in attributes:
        setattr(cls, name, value)
    return cls


def _entries(cls: type) -> dict[str, Options] | None:
    """The options of each field; ``None`` if the standard library has to make this class, or to refuse it."""
    entries: dict[str, Options] = {}
    given, annotations = vars(cls), cls.__annotations__
    told = " ".join(map(str, annotations.values()))
    if any(word in told for word in UNUSUAL):
        return None
    optional = False
    for name in annotations:
        entry: Options = NOTHING
        if name in given:
            value = given[name]
            entry = value.options if isinstance(value, _Later) else {"default": value}
            if not USUAL.issuperset(entry) or type(value).__module__ == "dataclasses":
                return None
            if type(entry.get("default")).__hash__ is None:
                return None
        if "default" in entry or "default_factory" in entry:
            optional = True
        elif optional:
            return None
        entries[name] = entry
    return entries


def _standard(cls: type, options: Options) -> type:
    """What the standard library makes of the class, or says against it."""
    import dataclasses

    for name, given in list(vars(cls).items()):
        if isinstance(given, _Later):
            setattr(cls, name, dataclasses.field(**given.options))
    return dataclasses.dataclass(**options)(cls)


def _initialiser(title: str, names: tuple[str, ...], entries: Mapping[str, Options]) -> Method:
    known = frozenset(names)
    defaults = {name: entry["default"] for name, entry in entries.items() if "default" in entry}
    factories = {name: entry["default_factory"] for name, entry in entries.items() if "default_factory" in entry}

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


def _representer(names: list[str]) -> Method:
    def __repr__(self: object) -> str:  # noqa: N807
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _equality(values: Method) -> Method:
    def __eq__(self: object, other: object) -> bool:  # noqa: N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hasher(values: Method) -> Method:
    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _getter(names: tuple[str, ...]) -> Callable[[object], Any]:
    return attrgetter(*names) if names else lambda value: ()


def _refuse_setting(self: object, name: str, value: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(self: object, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")
