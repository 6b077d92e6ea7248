"""JSON at the edge of the store: objects whose fields are checked as they are read, and text as Go writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Json

_HEXADECIMAL = "0123456789abcdef"
_GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_ESCAPED = pattern("[<>&\u2028\u2029\ud800-\udfff]")
_LARGEST = 16 << 20  # bytes of a manifest or configuration: real ones stay below 4 MiB, the registries' own limit
_MISSING = object()


@dataclass(frozen=True)
class Fields:
    """A JSON object and where it stands in its document. Each method raises ``ManifestUnreadable`` for a wrong kind."""

    raw: Mapping[str, Json]
    place: str = ""

    def text(self, name: str, default: object = _MISSING) -> str:
        """A string; ``null`` counts as absent."""
        value = self.raw.get(name)
        if isinstance(value, str):
            return value
        if value is None and isinstance(default, str):
            return default
        raise self._wrong(name, "is not text")

    def size(self, name: str) -> int:
        """A number of bytes."""
        value = self.raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise self._wrong(name, "is not a size")

    def digest(self, name: str) -> str:
        """A ``sha256:<hex>`` digest: it becomes a file name, so nothing else will do."""
        value = self.text(name)
        if not is_digest(value):
            raise self._wrong(name, "is not a sha256 digest")
        return value

    def digests(self, name: str) -> tuple[str, ...]:
        """A list of digests."""
        values = self.texts(name)
        if not all(is_digest(value) for value in values):
            raise self._wrong(name, "holds something that is not a sha256 digest")
        return values

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; absent and ``null`` are empty."""
        values = self._list(name)
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) != len(values):
            raise self._wrong(name, "is not a list of texts")
        return texts

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """An object of strings as sorted pairs; absent and ``null`` are empty."""
        inner = self.inside(name)
        return tuple((key, inner.text(key)) for key in sorted(inner.raw))

    def inside(self, name: str) -> Fields:
        """An object; absent and ``null`` are empty."""
        value = self.raw.get(name)
        if value is None or isinstance(value, dict):
            return Fields(value or {}, f"{self.place}{name}.")
        raise self._wrong(name, "is not an object")

    def objects(self, name: str) -> Iterator[Fields]:
        """A list of objects; absent and ``null`` are empty."""
        for index, value in enumerate(self._list(name)):
            if not isinstance(value, dict):
                raise self._wrong(name, "is not a list of objects")
            yield Fields(value, f"{self.place}{name}[{index}].")

    def _list(self, name: str) -> list[Json]:
        value = self.raw.get(name)
        if value is None or isinstance(value, list):
            return value or []
        raise self._wrong(name, "is not a list")

    def _wrong(self, name: str, complaint: str) -> errors.ManifestUnreadable:
        return errors.ManifestUnreadable(reason=f"Its field {self.place}{name} {complaint}.")


def is_digest(text: str) -> bool:
    """True for ``sha256:`` and 64 lower-case hexadecimal digits."""
    return len(text) == 71 and text.startswith("sha256:") and not text[7:].strip(_HEXADECIMAL)


def read_object(data: bytes) -> Fields:
    """The JSON object in ``data``, which may come from anywhere; raises ``ManifestUnreadable``."""
    if len(data) > _LARGEST:
        raise errors.ManifestUnreadable(reason=f"It is {len(data)} bytes long; up to {_LARGEST} are read.")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise errors.ManifestUnreadable(reason=f"It is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise errors.ManifestUnreadable(reason="It is not a JSON object.")
    return Fields(value)


def go_json(value: Json) -> bytes:
    """JSON as Go's encoder writes it: no spaces, ``<>&`` and two line separators escaped, other text raw UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if text.isascii() and not any(character in text for character in "<>&"):
        return text.encode()
    return _ESCAPED.sub(lambda found: _GO_ESCAPES.get(found[0], "\\ufffd"), text).encode()
