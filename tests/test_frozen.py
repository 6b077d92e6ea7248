"""Our ``dataclass`` makes what the standard library's makes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack import frozen

Make = Callable[..., Any]


def classes(make: Make, field: Callable[..., Any]) -> tuple[type[Any], type[Any]]:
    @make(frozen=True)
    class Point:
        """A frozen one."""

        x: int
        y: object = field(hash=False, default=2)
        names: tuple[str, ...] = field(default_factory=tuple, repr=False)

        @property
        def far(self) -> bool:
            return self.x > 10

    @make
    class Count:
        """One that changes."""

        total: int = 0
        seen: list[int] = field(default_factory=list)

    return Point, Count


OURS, THEIRS = classes(frozen.dataclass, frozen.field), classes(dataclasses.dataclass, dataclasses.field)
ARGUMENTS = st.tuples(
    st.lists(st.integers(0, 3), max_size=4),
    st.dictionaries(st.sampled_from(["x", "y", "names", "z"]), st.integers(0, 3), max_size=3),
)


def made(cls: type[Any], args: list[int], given_: dict[str, int]) -> object:
    """The values by name, the repr, the hash: or that it is refused."""
    try:
        value = cls(*args, **given_)
    except TypeError:
        return "refused"
    return dataclasses.asdict(value), repr(value), hash(value), cls(*args, **given_) == value, value.far


@given(ARGUMENTS)
def test_dataclass__any_arguments__make_what_the_standard_library_makes(
    arguments: tuple[list[int], dict[str, int]],
) -> None:
    ours, theirs = (made(cls, *arguments) for cls in (OURS[0], THEIRS[0]))
    if ours == "refused" or theirs == "refused":
        assert ours == theirs
        return
    assert isinstance(ours, tuple)
    assert isinstance(theirs, tuple)
    assert (ours[0], ours[1], ours[3:]) == (theirs[0], theirs[1], theirs[3:])


def test_dataclass__frozen__cannot_be_changed() -> None:
    value = OURS[0](1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.x
    assert frozen.replace(value, x=3) == OURS[0](3)
    assert value == OURS[0](1)
    assert value != THEIRS[0](1)
    assert {value: 1}[OURS[0](1, y=[])] if value == OURS[0](1, y=[]) else hash(value) == hash(OURS[0](1, y=[]))


def test_dataclass__not_frozen__changes_and_has_no_hash() -> None:
    first, second = OURS[1](), OURS[1]()
    first.seen.append(1)
    first.total += 1
    assert second == OURS[1](0, [])
    with pytest.raises(TypeError):
        hash(first)


def test_dataclass__not_a_plain_class__is_left_to_the_standard_library() -> None:
    @frozen.dataclass(frozen=True)
    class Checked:
        x: int
        limit: ClassVar[int] = 3

        def __post_init__(self) -> None:
            if self.x > self.limit:
                raise ValueError

    @frozen.dataclass(frozen=True)
    class Child(Checked):
        y: int = 0

    with pytest.raises(ValueError, match=r"^$"):
        Child(4)
    assert [entry.name for entry in dataclasses.fields(Child)] == ["x", "y"]


def test_dataclass__child_of_a_plain_class__has_its_fields_and_stays_frozen() -> None:
    @dataclasses.dataclass(frozen=True)
    class Child(OURS[0]):  # type: ignore[name-defined,misc]
        more: int = 0

    child = Child(1, more=2)
    assert [entry.name for entry in dataclasses.fields(child)] == ["x", "y", "names", "more"]
    assert frozen.names(Child) == ("x", "y", "names", "more")
    assert frozen.replace(child, x=4) == Child(4, more=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        child.more = 3
    with pytest.raises(TypeError, match="non-frozen"):
        dataclasses.dataclass(type("Loose", (OURS[0],), {"__annotations__": {}}))


@pytest.mark.parametrize(
    ("annotations", "namespace"),
    [({"a": "int", "b": "int"}, {"a": 1}), ({"a": "list"}, {"a": []}), ({"a": "int"}, {"a": "wrong option"})],
    ids=["required after optional", "mutable default", "unknown option"],
)
def test_dataclass__mistakes__are_refused_as_by_the_standard_library(
    annotations: dict[str, str], namespace: dict[str, Any]
) -> None:
    if namespace["a"] == "wrong option":
        namespace = {"a": frozen.field(wrong=1)}
    with pytest.raises((TypeError, ValueError)):
        frozen.dataclass(type("Wrong", (), {**namespace, "__annotations__": annotations}))


def test_dataclass__fields_and_patterns__as_by_the_standard_library() -> None:
    for ours, theirs in zip(OURS, THEIRS, strict=True):
        told = [
            [(entry.name, entry.type, entry.repr, entry.hash) for entry in dataclasses.fields(cls)]
            for cls in (ours, theirs)
        ]
        assert told[0] == told[1]
        assert ours.__match_args__ == theirs.__match_args__
        assert dataclasses.is_dataclass(ours)
        assert frozen.is_dataclass(ours(1))
    assert frozen.names(int) is None


def test_dataclass__values_are_made__the_standard_module_is_not_imported() -> None:
    program = """
import sys
from jupyter_mlpack.frozen import dataclass, field, replace, names
@dataclass(frozen=True)
class Point:
    x: int
    y: list = field(default_factory=list)
assert replace(Point(1), x=2) == Point(2) and hash(replace(Point(1), y=())) and names(Point) == ("x", "y")
assert "dataclasses" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", "from __future__ import annotations\n" + program], check=True)
