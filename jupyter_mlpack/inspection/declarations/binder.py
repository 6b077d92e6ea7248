"""Files of the reproducible environment specification that name no Python packages: apt.txt, runtime.txt, scripts."""

from __future__ import annotations

import itertools
import re

from jupyter_mlpack.inspection.declarations.page import MAX_ENTRIES, Page, Reading, logical_lines
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.values import SystemPackage

PACKAGE = pattern(r"[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9][A-Za-z0-9.+:~-]*)?")


def read_apt(page: Page) -> Reading:
    """One name of a distribution's package a line, perhaps with its version: ``name=version``."""
    lines = itertools.islice(logical_lines(page.text), MAX_ENTRIES)
    words = [(word, number) for line, number in lines for word in line.split()]
    packages = (SystemPackage(word, (page.evidence(word, at),)) for word, at in words if PACKAGE.fullmatch(word))
    return Reading(system=tuple(packages))


def read_runtime(page: Page) -> Reading:
    """``python-3.11``, or ``3.11.7`` as version managers write it; others (``r-4.2``, a commit) say nothing here."""
    for line, number in itertools.islice(logical_lines(page.text), 10):
        found = re.fullmatch(r"(?:c?python-?)?(3\.\d{1,2}(?:\.\d{1,3})?)", line)
        if found:
            return Reading(python=(page.python_claim(found.group(1), number),))
    return Reading()
