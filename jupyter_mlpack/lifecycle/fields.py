"""Typed access to the tables of a hand-off file: what is absent is empty, a wrong type is a ``MalformedError``.

A key is found in any mixture of upper and lower case, as the official lifecycle's TOML reader finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jupyter_mlpack.frozen import dataclass
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

    def get(self, key: str) -> object:
        """A value of any type; ``None`` when absent."""
        if key in self.content:
            return self.content[key]
        return next((self.content[name] for name in self.content if name.lower() == key.lower()), None)

    def text(self, key: str) -> str:
        """A string; empty when absent."""
        value = self._or(key, "")
        if not isinstance(value, str):
            raise MalformedError(self.path, f"{key} is not a text")
        return value

    def flag(self, key: str) -> bool:
        """A boolean; false when absent."""
        value = self._or(key, False)
        if not isinstance(value, bool):
            raise MalformedError(self.path, f"{key} is not true or false")
        return value

    def number(self, key: str) -> int:
        """An integer; 0 when absent."""
        value = self._or(key, 0)
        if not isinstance(value, int):
            raise MalformedError(self.path, f"{key} is not a number")
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of strings; ``None`` when absent."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise MalformedError(self.path, f"{key} is not a list of texts")
        return tuple(value)

    def table(self, key: str) -> Fields:
        """A table; empty when absent."""
        return Fields(self.path, self.free_table(key) or {})

    def free_table(self, key: str) -> Table | None:
        """A table whose keys are free; ``None`` when absent."""
        value = self.get(key)
        if value is not None and not isinstance(value, Mapping):
            raise MalformedError(self.path, f"{key} is not a table")
        return value

    def any_table(self, key: str) -> Table | None:
        """As ``free_table``, but what is no table is passed over: the official lifecycle does so with free tables."""
        value = self.get(key)
        return value if isinstance(value, Mapping) else None

    def tables(self, key: str) -> tuple[Fields, ...]:
        """An array of tables; empty when absent."""
        value = self._or(key, [])
        if not isinstance(value, list) or not all(item is None or isinstance(item, Mapping) for item in value):
            raise MalformedError(self.path, f"{key} is not an array of tables")
        return tuple(Fields(self.path, item or {}) for item in value)

    def _or(self, key: str, default: object) -> object:
        value = self.get(key)
        return default if value is None else value
