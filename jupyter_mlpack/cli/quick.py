"""``inspect`` as programs call it, without a framework for options: a third of such a call was traitlets.

Only where both ways are sure to do the same: one notebook or folder, ``--no-kernel``, a format that machines read, and
no configuration file anywhere. All else goes the usual way. ``tests/cli/test_quick.py`` runs both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

QUICK = ("json", "requirements")
"""Formats for machines."""


def quick_words(words: Sequence[str]) -> tuple[str, str] | None:
    """The path and the format if ``words`` are ``inspect PATH --no-kernel --format FORMAT`` in any order, else none."""
    if words[:1] != ["inspect"]:
        return None
    paths, formats, flags = [], [], []
    rest = iter(words[1:])
    for word in rest:
        if word == "--format":
            formats.append(next(rest, ""))
        elif word.startswith("--format="):
            formats.append(word.partition("=")[2])
        elif word.startswith("-"):
            flags.append(word)
        else:
            paths.append(word)
    if len(paths) == len(formats) == 1 and formats[0] in QUICK and flags == ["--no-kernel"]:
        return paths[0], formats[0]
    return None


def quick_status(words: Sequence[str]) -> int | None:
    """Do it and return the exit status; ``None``, and nothing is done, if it has to go the usual way."""
    asked = None if "_ARGCOMPLETE" in os.environ else quick_words(words)
    if asked is None:
        return None
    from jupyter_mlpack.cli.places import configuration, home_folder

    if configuration()[1]:
        return None
    from jupyter_mlpack.cli.answer import AnswerReporter
    from jupyter_mlpack.cli.failing import guarded
    from jupyter_mlpack.cli.inspecting import Inspecting
    from jupyter_mlpack.survey import Kernels

    path, format = asked
    work = Inspecting((path,), format, Kernels(ask=False))
    return guarded(work.run, AnswerReporter(format, sys.stdout), home_folder, work.interruption)
