"""Patterns of a ``.gitignore``, which project descriptors use to include and exclude files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jupyter_mlpack.frozen import dataclass

_CLASS = re.compile(r"\[(?P<not>[!^]?)(?P<set>\]?(?:\\.|\[:[a-z]+:\]|[^\]\\])*)\]", re.DOTALL)
_POSIX = {"alnum": "0-9A-Za-z", "alpha": "A-Za-z", "digit": "0-9", "lower": "a-z", "space": r"\s", "upper": "A-Z"}


@dataclass(frozen=True)
class Rule:
    """One line. ``again`` takes back what earlier lines match; ``folders`` matches folders alone."""

    expression: re.Pattern[str]
    again: bool
    folders: bool

    def fits(self, path: str, folder: bool) -> bool:
        """Whether this line speaks of the path."""
        return (folder or not self.folders) and self.expression.fullmatch(path) is not None


@dataclass(frozen=True)
class Patterns:
    """Lines in order: the last that fits counts, and what is below a matched folder is matched."""

    rules: tuple[Rule, ...]

    def match(self, path: str) -> bool:
        """Whether the file ``path`` (relative, with ``/``) is matched."""
        parts = path.split("/")
        above = ("/".join(parts[:number]) for number in range(1, len(parts)))
        return any(self._one(folder, True) for folder in above) or self._one(path, False)

    def _one(self, path: str, folder: bool) -> bool:
        for rule in reversed(self.rules):
            if rule.fits(path, folder):
                return not rule.again
        return False


def read_patterns(lines: Iterable[str]) -> Patterns:
    """The patterns of these lines; empty ones and comments are none."""
    return Patterns(tuple(rule for rule in map(read_rule, lines) if rule is not None))


def read_rule(line: str) -> Rule | None:
    """One line; ``None`` for a comment, and for a pattern that can match nothing."""
    text = re.sub(r"(?<!\\)((?:\\\\)*) +\Z", r"\1", line.rstrip("\r\n"))
    again = text.startswith("!")
    text = text[again:]
    if not text or (text.startswith("#") and not again):
        return None
    folders = text.endswith("/")
    text = text.removesuffix("/")
    anchored = "/" in text
    try:
        body = _translated(text.removeprefix("/"))
        return Rule(re.compile(body if anchored else f"(?:.*/)?{body}", re.DOTALL), again, folders) if text else None
    except re.error:
        return None


def _translated(text: str) -> str:
    """The regular expression of a pattern: ``*``, ``?`` and classes stay inside a name, ``**`` crosses folders."""
    made, at = "", 0
    while at < len(text):
        rest = text[at:]
        if rest.startswith("**/") and (at == 0 or text[at - 1] == "/"):
            made, at = f"{made}(?:[^/]+/)*", at + 3
        elif rest == "**" and (at == 0 or text[at - 1] == "/"):
            made, at = f"{made}.+", at + 2
        elif rest[0] == "*":
            stars = len(rest) - len(rest.lstrip("*"))
            made, at = f"{made}[^/]*", at + stars
        elif rest[0] == "?":
            made, at = f"{made}[^/]", at + 1
        elif rest[0] == "[":
            found = _CLASS.match(rest)
            if not found:
                raise re.error("a class without end")
            made, at = made + _class(found), at + found.end()
        elif rest[0] == "\\":
            if len(rest) == 1:
                raise re.error("a backslash at the end")
            made, at = made + re.escape(rest[1]), at + 2
        else:
            made, at = made + re.escape(rest[0]), at + 1
    return made


def _class(found: re.Match[str]) -> str:
    inner = re.sub(r"\[:([a-z]+):\]", lambda name: _POSIX.get(name[1], ""), found["set"])
    inner = re.sub(r"\\(.)", lambda char: re.escape(char[1]) if char[1] in "]\\^-" else char[0], inner)
    inner = inner.replace("[", r"\[")
    inner = f"\\{inner}" if inner.startswith("]") else inner
    return f"(?!/)[{'^' if found['not'] else ''}{inner}]"
