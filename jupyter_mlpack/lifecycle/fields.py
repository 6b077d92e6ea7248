"""Typed access to the tables of a hand-off file: what is absent is empty, a wrong type is a ``MalformedError``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlpack.lifecycle.records import Table
from jupyter_mlpack.lifecycle.toml import MalformedError, read_toml


@dataclass(frozen=True)
class Fields:
    """A table and the file it stands in (for telling)."""

    path: Path
    content: Mapping[str, object]

    @classmethod
    def read(cls, path: Path) -> Fields:
        """The table of a TOML file. Raises ``MalformedError``, ``FileNotFoundError``."""
        return cls(path, read_toml(path))

    @classmethod
    def read_if_there(cls, path: Path) -> Fields:
        """The table of a TOML file, empty when there is no such file."""
        try:
            return cls.read(path)
        except FileNotFoundError:
            return cls(path, {})

    def text(self, key: str) -> str:
        """A string; empty when absent."""
        value = self.content.get(key, "")
        if not isinstance(value, str):
            raise MalformedError(self.path, f"{key} is not a text")
        return value

    def flag(self, key: str) -> bool:
        """A boolean; false when absent."""
        value = self.content.get(key, False)
        if not isinstance(value, bool):
            raise MalformedError(self.path, f"{key} is not true or false")
        return value

    def number(self, key: str) -> int:
        """An integer; 0 when absent."""
        value = self.content.get(key, 0)
        if not isinstance(value, int):
            raise MalformedError(self.path, f"{key} is not a number")
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of strings; ``None`` when absent."""
        if key not in self.content:
            return None
        value = self.content[key]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise MalformedError(self.path, f"{key} is not a list of texts")
        return tuple(value)

    def table(self, key: str) -> Fields:
        """A table; empty when absent."""
        return Fields(self.path, self.free_table(key) or {})

    def free_table(self, key: str) -> Table | None:
        """A table whose keys are free; ``None`` when absent."""
        value = self.content.get(key)
        if value is not None and not isinstance(value, Mapping):
            raise MalformedError(self.path, f"{key} is not a table")
        return value

    def tables(self, key: str) -> tuple[Fields, ...]:
        """An array of tables; empty when absent."""
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise MalformedError(self.path, f"{key} is not an array of tables")
        return tuple(Fields(self.path, item) for item in value)
