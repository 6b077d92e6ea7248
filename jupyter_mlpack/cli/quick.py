"""``inspect`` and ``build`` as programs call them, without a framework for options: a third of a call was traitlets.

Only where both ways are sure to do the same: one notebook (or folder), the few options below, and no configuration file
anywhere. All else goes the usual way. ``tests/cli/test_quick.py`` runs both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

INSPECTED = ("json", "requirements")
"""Formats of ``inspect`` for machines."""

BUILT = ("json", "text")
TOLD = {"inspect": ("--format",), "build": ("--format", "--name", "--home", "--choices")}
"""Options with a value."""

SPECIAL = frozenset("-~'\"")
"""First characters of values to which the framework does something."""

CHANGING = ("_ARGCOMPLETE", "SOURCE_DATE_EPOCH")
"""Variables that make a command something else."""


def quick_words(words: Sequence[str]) -> tuple[str, dict[str, str]] | None:
    """The path and the options by name if a quick way does what ``words`` say, else none."""
    told = TOLD.get(words[0]) if words else None
    if told is None:
        return None
    paths: list[str] = []
    flags: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words[1:])
    for word in rest:
        name, equals, value = word.partition("=")
        if name in told:
            value = value if equals else next(rest, "")
            if name in options or value[:1] in SPECIAL or not value:
                return None
            options[name] = value
        else:
            (flags if word.startswith("-") else paths).append(word)
    if len(paths) != 1:
        return None
    if words[0] == "inspect":
        fits = flags == ["--no-kernel"] and options.get("--format") in INSPECTED
    else:
        fits = not flags and options.get("--format", "text") in BUILT
    return (paths[0], options) if fits else None


def quick_status(words: Sequence[str]) -> int | None:
    """Do it and return the exit status; ``None``, and nothing is done, if it has to go the usual way."""
    asked = None if any(name in os.environ for name in CHANGING) else quick_words(words)
    if asked is None:
        return None
    from jupyter_mlpack.cli.places import configuration

    if configuration()[1]:
        return None
    return {"inspect": inspect, "build": build}[words[0]](*asked)


def inspect(path: str, options: dict[str, str]) -> int:
    """``inspect PATH --no-kernel --format FORMAT``."""
    from jupyter_mlpack.cli.answer import AnswerReporter
    from jupyter_mlpack.cli.failing import guarded
    from jupyter_mlpack.cli.inspecting import Inspecting
    from jupyter_mlpack.cli.places import home_folder
    from jupyter_mlpack.survey import Kernels

    format = options["--format"]
    work = Inspecting((path,), format, Kernels(ask=False))
    return guarded(work.run, AnswerReporter(format, sys.stdout), home_folder, work.interruption)


def build(path: str, options: dict[str, str]) -> int:
    """``build NOTEBOOK``."""
    from pathlib import Path

    from jupyter_mlpack.architecture import host_architecture
    from jupyter_mlpack.cli.building import Building, make_machine
    from jupyter_mlpack.cli.failing import guarded
    from jupyter_mlpack.cli.places import home_folder
    from jupyter_mlpack.cli.report import Reporter, make_reporter
    from jupyter_mlpack.inspection.choices import parse_choices
    from jupyter_mlpack.oci import Store
    from jupyter_mlpack.publish import Outputs
    from jupyter_mlpack.wishes import Wishes

    work = Building()
    home = options.get("--home") or home_folder()

    def run(reporter: Reporter) -> int:
        choices = parse_choices(options["--choices"]) if "--choices" in options else {}
        wishes = Wishes(name=options.get("--name"), choices=choices, arch=host_architecture())
        machine = make_machine(Store(Path(home).expanduser().absolute()))
        return work.run(reporter, Path(path), wishes, machine, Outputs())

    with make_reporter(options.get("--format", "text"), verbose=False, stream=sys.stdout) as reporter:
        return guarded(run, reporter, lambda: home, work.interruption)
