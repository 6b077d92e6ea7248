"""Path patterns of slices, with the meaning that Go's ``filepath.Match`` gives them.

``*`` and ``?`` do not match ``/``, a class in brackets may; ``\\`` takes the next character literally; ``^`` negates a
class; there is no ``**``. A star takes the first place where what follows fits, and does not reconsider.
"""

from __future__ import annotations

from collections.abc import Callable

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass

_Test = Callable[[str], bool]


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern: rows of single-character tests, each told whether a star stands before it."""

    chunks: tuple[tuple[bool, tuple[_Test, ...]], ...]

    def matches(self, name: str) -> bool:
        """True when the pattern matches all of ``name``."""
        left = name
        for index, (star, tests) in enumerate(self.chunks):
            if star and not tests:
                return "/" not in left
            after = _after(tests, left, star, index == len(self.chunks) - 1)
            if after is None:
                return False
            left = after
        return left == ""


def parse_pattern(text: str) -> Pattern:
    """Compile ``text``; raises ``SlicePatternBad`` when it is malformed anywhere."""
    chunks: list[tuple[bool, tuple[_Test, ...]]] = []
    star, tests, at = False, list[_Test](), 0
    while at < len(text):
        if text[at] == "*":
            if tests:
                chunks.append((star, tuple(tests)))
                tests = []
            star, at = True, at + 1
        elif text[at] == "[":
            test, at = _class(text, at + 1)
            tests.append(test)
        elif text[at] == "?":
            tests.append(lambda character: character != "/")
            at += 1
        else:
            literal, at = (text[at], at + 1) if text[at] != "\\" else _character(text, at)
            tests.append(literal.__eq__)
    if star or tests:
        chunks.append((star, tuple(tests)))
    return Pattern(tuple(chunks))


def _after(tests: tuple[_Test, ...], name: str, star: bool, last: bool) -> str | None:
    """What is left of ``name`` after a chunk, which a star lets begin later, but not behind a slash."""
    for start in range(len(name) + 1):
        end = start + len(tests)
        fits = end <= len(name) and all(test(name[start + index]) for index, test in enumerate(tests))
        if fits and (end == len(name) or not last):
            return name[end:]
        if not star or name[start : start + 1] == "/":
            return None
    return None


def _class(text: str, at: int) -> tuple[_Test, int]:
    """The test of the class whose content begins at ``at``, and the place behind its bracket."""
    negated = text[at : at + 1] == "^"
    at += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and text[at : at + 1] == "]"):
        low, at = _member(text, at)
        high = low
        if text[at : at + 1] == "-":
            high, at = _member(text, at + 1)
        ranges.append((low, high))
    return lambda character: negated != any(low <= character <= high for low, high in ranges), at + 1


def _member(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] in ("", "-", "]"):
        raise errors.SlicePatternBad(pattern=text)
    return _character(text, at)


def _character(text: str, at: int) -> tuple[str, int]:
    """One character, which a backslash may protect, and the place behind it."""
    at += text[at] == "\\"
    if at == len(text):
        raise errors.SlicePatternBad(pattern=text)
    return text[at], at + 1
