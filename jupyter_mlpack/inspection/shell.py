"""Shell text -> commands, each a list of words; enough of a shell to tell what an install line installs.

Knows quotes, escapes, comments, continuations, ``; & && | ||``, here-documents (skipped) and redirections (dropped).
Nothing is expanded: ``$NAME`` and ``{expression}`` stay as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from jupyter_mlpack.pattern import pattern

HEREDOC = pattern(r"<<-?\s*(['\"]?)(\w+)\1[^\n]*\n.*?(?:\n\s*\2[ \t]*(?=\n|$)|\Z)", re.S)
REDIRECTION = pattern(r"^(?:[0-9]*|&)(?:>>?|<)(?:&[0-9-])?")
ASSIGNMENT = pattern(r"^[A-Za-z_]\w*=")
PREFIXES = frozenset(
    ["sudo", "time", "nohup", "exec", "command", "env", "yes", "eval", "then", "do", "else", "if", "!", "{", "("]
)
CLOSING = {"'": "'", '"': '"', "{": "}"}
PLAIN = pattern(r"[\w./:=+,@%~-]+")
ESCAPED = pattern(r"\\?(.?)", re.S)
MAX_SHELL = 200_000
MAX_COMMANDS = 500
MAX_WORDS = 1_000
MAX_WORD = 4_000
"""Characters and commands of one text, words of a command, characters of a word: what is read; more is no script."""


def split_commands(text: str) -> list[list[str]]:
    """The commands of ``text`` in order; words are unquoted, redirections and leading assignments are gone."""
    return [command for words in islice(_words(_plain(text)), MAX_COMMANDS) if (command := _command(words))]


def is_cut(text: str) -> bool:
    """Whether ``split_commands`` leaves out some of it."""
    if len(text) > MAX_SHELL:
        return True
    signs = sum(text.count(sign) for sign in "\n;|)&")
    return signs >= MAX_COMMANDS and any(map(_command, islice(_words(_plain(text)), MAX_COMMANDS, MAX_COMMANDS * 2)))


def _plain(text: str) -> str:
    """``text`` without here-documents and continuations."""
    return HEREDOC.sub("\n", text[:MAX_SHELL].replace("\\\n", " ") + "\n")


def join_words(words: Iterable[str]) -> str:
    """Words as one line of shell, for ``subprocess`` lists."""
    return " ".join("'" + word.replace("'", "") + "'" if re.search(r"[\s;&|<>#]", word) else word for word in words)


def _words(text: str) -> Iterator[list[str]]:
    words: list[str] = []
    for token in _tokens(text):
        if token is None:
            yield words
            words = []
        elif len(words) < MAX_WORDS:
            words.append(token[:MAX_WORD])
    yield words


def _tokens(text: str) -> Iterator[str | None]:
    """Words, and ``None`` where a command ends."""
    word: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        if char in CLOSING and not (char == "{" and text[position + 1 : position + 2] in (" ", "")):
            part, position = _quoted(text, position)
            word.append(part or "\0")
        elif char == "#" and not word:
            position = text.find("\n", position)
        elif char in "\n;|)" or (
            char == "&" and text[position + 1 : position + 2] != ">" and (not word or word[-1][-1:] != ">")
        ):
            yield from (["".join(word)] if word else [])
            yield None
            word, position = [], position + 1
        elif char.isspace() or char in "(`":
            yield from (["".join(word)] if word else [])
            word, position = [], position + 1
        else:
            found = PLAIN.match(text, position) or ESCAPED.match(text, position)
            assert found is not None
            word.append(found[found.lastindex or 0])
            position = found.end()
    yield from (["".join(word)] if word else [])


def _quoted(text: str, start: int) -> tuple[str, int]:
    """What stands between the quote (or brace) at ``start`` and its end; a brace keeps its braces."""
    end = text.find(CLOSING[text[start]], start + 1, start + (1_000 if text[start] == "{" else MAX_SHELL))
    if end < 0 or (text[start] == "{" and "\n" in text[start:end]):
        return text[start], start + 1
    return (text[start : end + 1], end + 1) if text[start] == "{" else (text[start + 1 : end], end + 1)


def _command(words: list[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in words:
        redirection = REDIRECTION.match(word)
        if skip:
            skip = False
        elif redirection and not word.startswith(("<", ">=", "<=")):
            skip = redirection.end() == len(word) and "&" not in word[1:]
        elif kept or not (word in PREFIXES or ASSIGNMENT.match(word)):
            kept.append(word.replace("\0", ""))
    return kept
