"""``--env`` and ``--env-file`` -> variables that buildpacks see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_mlpack.errors import BuildVariableMissing, BuildVariableReserved, BuildVariableWrong, EnvFileUnreadable
from jupyter_mlpack.lifecycle.inputs import RESERVED, Variable

LARGEST = 1 << 20
"""Bytes of a file of variables."""


def read_variables(words: Iterable[str], files: Iterable[Path], environ: Mapping[str, str]) -> Iterator[Variable]:
    """Those of the files first, then those of the command line: of one name the last counts.

    Raises ``BuildVariableMissing``, ``BuildVariableWrong``, ``BuildVariableReserved``, ``EnvFileUnreadable``.
    """
    for path in files:
        yield from read_file(path, environ)
    for word in words:
        name, equals, value = word.partition("=")
        check_name(name, "--env")
        if not equals and name not in environ:
            raise BuildVariableMissing(name=name)
        yield Variable(name, value if equals else environ[name])


def read_file(path: Path, environ: Mapping[str, str]) -> Iterator[Variable]:
    """The variables of a file as Docker reads them; a name alone that is not set is passed over."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8") if len(data) <= LARGEST else None
    except UnicodeDecodeError as error:
        raise EnvFileUnreadable(path=path, reason="It is not a text in UTF-8.") from error
    except OSError as error:
        raise EnvFileUnreadable(path=path, reason=f"{error.strerror}.") from error
    if text is None:
        raise EnvFileUnreadable(path=path, reason=f"It is larger than {LARGEST >> 20} MiB.")
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        stripped = line.lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        check_name(name if equals else name.rstrip(), f"{path}, line {number}")
        if equals or name.rstrip() in environ:
            yield Variable(name if equals else name.rstrip(), value if equals else environ[name.rstrip()])


def check_name(name: str, where: str) -> None:
    """A name that can be the name of a file and of a variable. Raises ``BuildVariableWrong``, ``...Reserved``."""
    if not name or name in {".", ".."} or any(char in "/=\0" or char.isspace() for char in name):
        raise BuildVariableWrong(name=name, where=where)
    if name in RESERVED:
        raise BuildVariableReserved(name=name, where=where)
