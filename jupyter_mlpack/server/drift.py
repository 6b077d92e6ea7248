"""What changed in the packages of a notebook since it was built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def package_changes(was: Iterable[Sequence[str]] | None, now: Iterable[Sequence[str]] | None) -> list[dict[str, str]]:
    """Packages whose version differs, by name. ``was`` and ``now`` are names with specifiers; ``None``: not known."""
    if was is None or now is None:
        return []
    before, after = ({name: in_words(specifier) for name, specifier in needs} for needs in (was, now))
    return [
        {"name": name, "was": before.get(name, ""), "is": after.get(name, "")}
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def in_words(specifier: str) -> str:
    """``2.2.3`` for ``==2.2.3``; any version is a star."""
    return specifier.strip().removeprefix("==") or "*"
