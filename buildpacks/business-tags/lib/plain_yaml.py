"""The part of YAML that business tags are written in: keys, texts, mappings in mappings, remarks.

Values are texts as they stand (``007`` stays ``007``, ``yes`` stays ``yes``). What is more (lists, anchors, texts over
several lines, tabs) is refused, never guessed.
"""

import json
import re
from collections.abc import Iterator

LARGEST = 65_536
LINE = re.compile(
    r"""(?P<indent>\ *)(?P<key>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[A-Za-z0-9_./-]+)\s*:(?:\s+(?P<value>\S.*?))?\s*""",
)
QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:\#.*)?""")
SPECIAL = tuple("[]{}&*!|>%@`,?\"'#")
"""How a plain text does not begin; ``- `` is told apart below."""


class Unreadable(Exception):
    """The text is not of this kind; what is said is for the user."""


def read_mapping(text: str) -> "dict[str, str]":
    """The values by key; keys of mappings in mappings are joined by dots."""
    if len(text) > LARGEST:
        raise Unreadable(f"it has more than {LARGEST} characters")
    found: dict[str, str] = {}
    blocks: list[tuple[int, tuple[str, ...]]] = [(0, ())]  # the indent of each open mapping, and the keys above it
    opened: tuple[int, tuple[str, ...], int] | None = None  # indent, keys and line of a key without a value yet
    for number, indent, key, value in entries(text):
        if opened and indent > opened[0]:
            blocks.append((indent, opened[1]))
        elif opened:
            raise Unreadable(f"line {opened[2]} has a key without a value")
        while blocks[-1][0] > indent:
            blocks.pop()
        if blocks[-1][0] != indent:
            raise Unreadable(f"line {number} is not indented like those before it")
        path = (*blocks[-1][1], key)
        opened = None if value else (indent, path, number)
        if value and ".".join(path) in found:
            raise Unreadable(f"line {number} says {'.'.join(path)} again")
        if value:
            found[".".join(path)] = value
    if opened:
        raise Unreadable(f"line {opened[2]} has a key without a value")
    return found


def entries(text: str) -> "Iterator[tuple[int, int, str, str]]":
    """Number, indent, key and value of each line that is no remark."""
    begun = False
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#") or (not begun and line.rstrip() == "---"):
            continue
        begun = True
        match = LINE.fullmatch(line)
        if "\t" in line or not match:
            raise Unreadable(f"line {number} is no 'key: value'")
        value = match["value"] or ""
        plain = "" if value.startswith("#") else value
        yield number, len(match["indent"]), scalar(match["key"], number), scalar(plain, number) if plain else ""


def scalar(text: str, number: int) -> str:
    """A key or a value without its quotes and without the remark behind it."""
    quoted = QUOTED.fullmatch(text)
    if quoted and quoted[1][0] == '"':
        try:
            return json.loads(quoted[1])
        except ValueError:
            raise Unreadable(f"line {number} has an escape that is not understood") from None
    if quoted:
        return quoted[1][1:-1].replace("''", "'")
    if text.startswith(SPECIAL) or text.startswith("- ") or text == "-":
        raise Unreadable(f"line {number} has more than a text: {text[:1]!r}")
    plain = re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    if re.search(r":(?:\s|$)", plain):
        raise Unreadable(f"line {number} has a second ':'; put the value in quotes")
    return plain
