"""Our ``dataclass`` makes what the standard library's makes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack import frozen

Make = Callable[..., Any]


def classes(make: Make) -> tuple[type[Any], type[Any]]:
    @make(frozen=True)
    class Point:
        """A frozen one."""

        x: int
        y: object = dataclasses.field(hash=False, default=2)
        names: tuple[str, ...] = dataclasses.field(default_factory=tuple, repr=False)

        @property
        def far(self) -> bool:
            return self.x > 10

    @make
    class Count:
        """One that changes."""

        total: int = 0
        seen: list[int] = dataclasses.field(default_factory=list)

    return Point, Count


OURS, THEIRS = classes(frozen.dataclass), classes(dataclasses.dataclass)
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
