"""TOML out, in the layout of the BurntSushi encoder, so that hand-offs and config layers equal the official ones.

The layout: plain values of a table first, then its tables, two spaces of indent a level, an empty line before each
array of tables and before each table of the top level. ``None`` is left out.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jupyter_mlpack.lifecycle.floats import toml_float
from jupyter_mlpack.toml import loads_known

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_QUOTE = {**{chr(code): f"\\u{code:04x}" for code in (*range(32), 127)}, **_SHORT}


class MalformedError(ValueError):
    """A hand-off file that does not say what it should. A phase turns it into its own error."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name}: {reason}")
        self.path = path
        self.reason = reason


class Raw(str):
    """Text that is TOML already."""


def read_toml(path: Path) -> dict[str, object]:
    """The file's table. Raises ``MalformedError`` when it is not TOML, ``FileNotFoundError`` when there is none."""
    try:
        return dict(_parsed(path.read_bytes().decode("utf-8-sig")))
    except ValueError as error:
        raise MalformedError(path, str(error)) from error


@functools.lru_cache(maxsize=128)
def _parsed(text: str) -> dict[str, object]:
    """Each phase reads what the one before it wrote: the same text is parsed once."""
    content: dict[str, object] = loads_known(text)
    return content


def write_toml(path: Path, table: Mapping[str, object]) -> None:
    """Write ``table``, making the folders above it, readable to all whatever the umask."""
    write_text(path, dump_toml(table))


def write_text(path: Path, text: str) -> None:
    """Write a file with mode 0644, and the folders that are missing above it with mode 0755."""
    make_folders(path.parent)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    path.chmod(0o644)


def make_folders(folder: Path) -> None:
    """Make ``folder`` and what is missing above it, mode 0755 whatever the umask."""
    if not folder.is_dir():
        make_folders(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def dump_toml(table: Mapping[str, object]) -> str:
    """``table`` as TOML text; mappings are written in the order they have."""
    return "".join(_lines(table, ())).removeprefix("\n")


def _lines(table: Mapping[str, object], key: tuple[str, ...]) -> Iterator[str]:
    indent = "  " * len(key)
    entries = {name: value for name, value in table.items() if value is not None}
    for name, value in entries.items():
        if not _is_table(value) and not _is_tables(value):
            yield f"{indent}{_key(name)} = {_value(value)}\n"
    for name, value in entries.items():
        path = (*key, name)
        if isinstance(value, Mapping):
            yield ("" if key else "\n") + f"{indent}[{_dotted(path)}]\n"
            yield from _lines(value, path)
        elif _is_tables(value):
            assert isinstance(value, Sequence)
            for item in value:
                yield f"\n{indent}[[{_dotted(path)}]]\n"
                yield from _lines(item, path)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(map(_key, path))


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(name: str) -> str:
    return name if name and _BARE.issuperset(name) else _string(name)


def _string(text: str) -> str:
    plain = text.isprintable() and '"' not in text and "\\" not in text
    return f'"{text}"' if plain else '"' + "".join(_QUOTE.get(char, char) for char in text) + '"'


def _value(value: object) -> str:
    if isinstance(value, str):
        return str(value) if isinstance(value, Raw) else _string(value)
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if isinstance(value, float):
        return toml_float(value)
    if isinstance(value, Mapping):
        # within braces, too, tables come after all else
        entries = sorted(value.items(), key=lambda entry: _is_table(entry[1]) or _is_tables(entry[1]))
        return "{" + ", ".join(f"{_key(name)} = {_value(item)}" for name, item in entries) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _moment(value)


def _moment(value: object) -> str:
    import datetime

    if not isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        raise TypeError(f"not TOML: {type(value).__name__}")
    text = value.isoformat()
    if "." in text:
        head, tail = text.split(".")
        text = f"{head}.{tail[:6].rstrip('0')}{tail[6:]}"
    return text.replace("+00:00", "Z")
