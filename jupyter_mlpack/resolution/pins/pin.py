"""What one entry of a lock says."""

from __future__ import annotations

from jupyter_mlpack.frozen import dataclass


@dataclass(frozen=True)
class Pin:
    """A distribution (name normalised, PEP 503) and its version, empty if it comes from elsewhere than an index.

    It holds where one of the ``markers`` does (everywhere if there are none). ``groups`` are those that ask for it,
    empty if the lock does not say; ``hashes`` the SHA-256 of its files, in hexadecimal.
    """

    name: str
    version: str
    markers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    hashes: frozenset[str] = frozenset()
