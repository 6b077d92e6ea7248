"""The commands of a notebook -> what they install: pip in all its spellings, uv, conda, apt.

Only executed lines count (``commands.py``). Requirement files are read through the notebook's folder. What is
installed from a clone made in the notebook is the clone's repository.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Literal

from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.inspection.commands import Command
from jupyter_mlpack.inspection.conda import conda_specifier
from jupyter_mlpack.inspection.index_options import find_indexes
from jupyter_mlpack.inspection.requirement import Wanted, parse_requirement, wheel_requirement
from jupyter_mlpack.inspection.shell import MAX_COMMANDS
from jupyter_mlpack.inspection.surroundings import Surroundings
from jupyter_mlpack.inspection.tables import distributions, normalised, pip_options, tools
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import Evidence, Location, Notice, PackageIndex

Tool = Literal["pip", "conda", "apt"]
PIP = pattern(r"^(?:.*/)?pip[0-9.]*$|^\{pip\w*\}$|^\$\{?PIP\w*\}?$|^pipenv$|^easy_install$", re.I)
PYTHON = pattern(r"^(?:.*/)?python[0-9.]*$|^\{.*(?:executable|python).*\}$|^\$\{?PYTHON\w*\}?$|^\{\}$", re.I)
OPERATORS = ("==", ">=", "<=", "~=", "!=", ">", "<", "===")
"""Standing alone they tear a version from its name."""

FILES = ("-r", "--requirement", "--requirements")
MAX_INCLUDES = 20
MAX_LINE = 2_000
"""Characters of shell text in which the line of a word is looked for."""


@dataclass(frozen=True)
class Install:
    """One thing that an install line asks for; ``conditional`` when only a platform's branch runs it."""

    tool: Tool
    wanted: Wanted
    evidence: Evidence
    conditional: bool = False


@dataclass(frozen=True)
class Installs:
    """All that is installed, and what could not be told."""

    found: tuple[Install, ...] = ()
    notices: tuple[Notice, ...] = ()
    indexes: tuple[PackageIndex, ...] = ()


def find_installs(commands: Iterable[Command], around: Surroundings) -> Installs:
    """What ``commands`` install, in their order."""
    found: list[Install] = []
    notices: list[Notice] = []
    indexes: list[PackageIndex] = []
    for command in commands:
        if command.cut:
            text = f"The shell text here holds more than {MAX_COMMANDS} commands; those after them were not read."
            notices.append(Notice("cell-cut", text, command.location))
        tool, arguments = _install_arguments(command.words)
        if tool == "pip":
            indexes += find_indexes(arguments, command.location, "PIP1", partial(_line, command))
            for item in _pip(arguments, command, around):
                if isinstance(item, Install):
                    found.append(item)
                elif isinstance(item, PackageIndex):
                    indexes.append(item)
                else:
                    notices.append(item)
        elif tool == "conda":
            found += _conda(arguments, command)
        elif tool == "apt":
            found += _apt(arguments, command)
    return Installs(tuple(found), tuple(dict.fromkeys(notices)), tuple(dict.fromkeys(indexes)))


def _install_arguments(words: tuple[str, ...]) -> tuple[Tool | None, tuple[str, ...]]:
    """The tool and what stands after its ``install``."""
    rest = _without_runner(list(words))
    if len(rest) > 2 and PYTHON.match(rest[0]):
        options = [index for index, word in enumerate(rest[:4]) if word == "-m"]
        rest = rest[options[0] + 1 :] if options else []
    rest = rest[1:] if rest[:1] == ["uv"] else rest
    if rest[:1] == ["add"] or rest[:2] in (["poetry", "add"], ["pdm", "add"], ["rye", "add"]):
        rest = ["pip", "install", *rest[rest.index("add") + 1 :]]
    if rest[:1] == ["easy_install"]:
        rest = ["pip", "install", *rest[1:]]
    if "install" not in rest[:4] or not rest:
        return None, ()
    after = tuple(rest[rest.index("install") + 1 :])
    if PIP.match(rest[0]):
        return "pip", after
    if rest[0] in ("conda", "mamba", "micromamba"):
        return "conda", after
    return ("apt", after) if rest[0] in ("apt", "apt-get", "aptitude") else (None, ())


def _without_runner(words: list[str]) -> list[str]:
    """What is run: without the signs of a magic, the options of ``sudo``, ``conda run -n env`` before it."""
    if words[:2] in (["conda", "run"], ["mamba", "run"]):
        words = words[2:]
    if words and re.match(r"^[%!]+\w", words[0]):
        return [words[0].lstrip("%!"), *words[1:]]
    start = next((index for index, word in enumerate(words[:6]) if PIP.match(word) or PYTHON.match(word)), 0)
    return words[start:] if words and words[0].startswith(("-", "%", "!")) else words


def _pip(
    arguments: tuple[str, ...], command: Command, around: Surroundings
) -> Iterator[Install | Notice | PackageIndex]:
    words = iter(arguments)
    for word in words:
        option, _, value = word.partition("=") if word.startswith("--") else (word, "", "")
        cluster = re.match(r"^-[a-zA-Z]*?([recif])(.*)$", word) if not word.startswith("--") else None
        if option in FILES or (cluster and cluster.group(1) == "r"):
            name = value or (cluster.group(2) if cluster else "") or next(words, "")
            yield from _requirements(posixpath.join(command.folder, name), command, around, MAX_INCLUDES)
        elif option in ("-e", "--editable") or (cluster and cluster.group(1) == "e"):
            yield from _single(value or (cluster.group(2) if cluster else "") or next(words, ""), command, around)
        elif option in pip_options() or (cluster and cluster.group(1) in "cif"):
            _ = value or (cluster.group(2) if cluster and option not in pip_options() else "") or next(words, "")
        elif word in OPERATORS:
            next(words, "")
        elif not word.startswith("-"):
            yield from _single(word.rstrip(",;"), command, around)


def _single(word: str, command: Command, around: Surroundings, rule: str = "PIP1") -> Iterator[Install | Notice]:
    wanted = parse_requirement(word)
    if wanted is not None and wanted.kind == "path":
        yield from _from_path(wanted, command, around)
    elif wanted is not None and wanted.name.lower() not in tools():
        yield Install("pip", wanted, Evidence(rule, command.location, _line(command, word)), command.conditional)
        if wanted.open:
            text = f"The version of {wanted.name} is computed when the notebook runs; the newest that fits is taken."
            yield Notice("install-not-literal", text, command.location)


def _line(command: Command, word: str) -> str:
    """The line of the command that names ``word``, for telling; credentials in an address are left out."""
    lines = command.text.split("\n") if len(command.text) <= MAX_LINE else [" ".join(command.words)[:MAX_LINE]]
    line = next((line for line in lines if word in line), lines[0])
    return re.sub(r"://[^/\s]+@", "://***@", line.strip())[:200]


def _from_path(wanted: Wanted, command: Command, around: Surroundings) -> Iterator[Install | Notice]:
    """A folder: a clone made in the notebook, or a project beside it; a wheel file: what its name says, if known."""
    path = re.sub(r"\[.*\]$", "", wanted.name)
    folder = posixpath.normpath(
        posixpath.join(command.folder, path.replace("/content/", "").replace("/kaggle/working/", ""))
    )
    clone = around.clone_of(folder)
    source = parse_requirement(f"git+{clone}") if clone else None
    if source is not None:
        yield Install(
            "pip", source, Evidence("PIP3", command.location, _line(command, wanted.name)), command.conditional
        )
    elif (wheel := wheel_requirement(path)) and normalised(wheel.name) in distributions():
        yield Install("pip", wheel, Evidence("PIP3", command.location, _line(command, path)), command.conditional)
    else:
        text = f"{wanted.name} is installed from a local folder or file; it is not put into the image as a package."
        yield Notice("install-local", text, command.location)


def _requirements(
    path: str, command: Command, around: Surroundings, depth: int
) -> Iterator[Install | Notice | PackageIndex]:
    """The lines of a requirements file that stands beside the notebook or is written by it."""
    text = None if "://" in path or depth == 0 else around.text(posixpath.normpath(path))
    if text is None:
        clone = around.clone_of(posixpath.dirname(path) or ".")
        where = "comes from a clone and" if clone else ""
        yield Notice(
            "requirements-missing",
            f"The requirements file {path} {where} cannot be read.".replace("  ", " "),
            command.location,
        )
        return
    for number, line in enumerate(text.replace("\\\n", " ").split("\n"), 1):
        plain = re.sub(r"(^|\s)#.*$", "", line).strip()
        include = re.match(r"^(?:-r|--requirement)[\s=]*(.+)$", plain)
        if include:
            yield from _requirements(
                posixpath.join(posixpath.dirname(path), include.group(1)), command, around, depth - 1
            )
        elif plain and (not plain.startswith("-") or plain.startswith(("-e ", "--editable "))):
            word = re.sub(r"^(-e|--editable)\s+", "", re.split(r"\s--(?:hash|config)", plain)[0])
            at = replace(command, location=Location(path, None, number), text=plain)
            yield from _single(word, at, around, "PIP2")
        elif plain:
            at = replace(command, location=Location(path, None, number), text=plain)
            yield from find_indexes(tuple(plain.split()), at.location, "PIP2", partial(_line, at))


def _conda(arguments: tuple[str, ...], command: Command) -> Iterator[Install]:
    words = iter(arguments)
    for word in words:
        if word in ("-c", "--channel", "-n", "--name", "-p", "--prefix"):
            next(words, "")
        elif not word.startswith("-"):
            name, version = re.match(r"^([\w.-]*)(.*)$", word[:300].split("::")[-1], re.S).groups()  # type: ignore[union-attr]
            wanted = parse_requirement(name + conda_specifier(version))
            if wanted is not None and wanted.kind == "index" and wanted.name.lower() not in tools():
                yield Install(
                    "conda", wanted, Evidence("CND1", command.location, _line(command, word)), command.conditional
                )


def _apt(arguments: tuple[str, ...], command: Command) -> Iterator[Install]:
    for word in arguments:
        if re.match(r"^[a-z0-9][a-z0-9+.-]+$", word):
            yield Install(
                "apt", Wanted(word), Evidence("APT1", command.location, _line(command, word)), command.conditional
            )
