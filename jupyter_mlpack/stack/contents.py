"""Makes ``libraries.txt`` of stacks again: ``python -m jupyter_mlpack.stack.contents stacks/bookworm stacks/trixie``.

The source is the archive's own list of files (its *Contents* index), which apt fetches and verifies as it does the
package index. Only the folders are taken that every program's loader looks into.
"""

from __future__ import annotations

import gzip
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.scratch import scratch_folder
from jupyter_mlpack.stack.apt import open_apt, run_apt
from jupyter_mlpack.stack.recipe import StackSettings, read_stack
from jupyter_mlpack.stack.sources import find_archive

TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
NAME = pattern(r"[A-Za-z0-9_.+-]+\.so(?:\.[0-9][A-Za-z0-9_.+-]*)?")
NOT_RUN = pattern(r"(?:^|/)(?:libdevel|devel|debug|kernel)/|(?:-dev|-dbg|-dbgsym)$")
"""Sections and names of packages that nobody needs to run a program."""

CHOSEN = {
    "libblas.so.3": "libblas3",
    "liblapack.so.3": "liblapack3",
    "libopenblas.so.0": "libopenblas0-pthread",
}
"""Libraries that several packages offer side by side, each in a folder of its own; a link of the chosen one
(``update-alternatives``) puts it where programs look. These are the distribution's reference packages."""

TARGET = """
Acquire::IndexTargets::deb::Contents-deb {
  MetaKey "$(COMPONENT)/Contents-$(ARCHITECTURE)";
  ShortDescription "Contents-$(ARCHITECTURE)";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents";
  DefaultEnabled "false";
  KeepCompressed "true";
  KeepCompressedAs "gz";
};
"""
"""What ``apt-file`` teaches apt: the archive's list of files is one more index."""

HEAD = """\
# Which package of {suite} has which shared library in a folder that every loader looks into: package, then libraries.
# `{mark}amd64` behind a library: only there. Source: the archive's Contents indexes of main, fetched by apt {date}.
# Made by `python -m jupyter_mlpack.stack.contents stacks/{name}`; do not edit.
"""


def libraries_of(contents: Iterable[str], arch: str) -> dict[str, str]:
    """Library -> package, from the lines of a *Contents* index: a path, then ``section/package`` with commas between.

    Where several packages have a library, the shortest name has it (``libavcodec59``, not ``libavcodec-extra59``). A
    name that only adds numbers to another one of its package (``libz.so.1.2.13``) is a file's, not a library's.
    """
    folders = "|".join(f"{top}lib/(?:{TRIPLETS[arch]}/)?" for top in ("usr/", ""))
    line = re.compile(rf"(?:{folders})({NAME.pattern})\s+(\S+)")
    offered: dict[str, set[str]] = {}
    for match in filter(None, map(line.fullmatch, map(str.strip, contents))):
        packages = {place.rpartition("/")[2] for place in match[2].split(",") if not NOT_RUN.search(place)}
        offered.setdefault(match[1], set()).update(packages)
    names = {
        library: min(packages, key=lambda one: (len(one), one)) for library, packages in offered.items() if packages
    }
    return {library: package for library, package in names.items() if not _is_file(library, package, names)} | CHOSEN


def _is_file(library: str, package: str, names: Mapping[str, str]) -> bool:
    """Whether ``libz.so.1.2.13`` stands beside ``libz.so.1`` in the same package."""
    shorter = library
    while ".so." in (shorter := shorter.rpartition(".")[0]):
        if names.get(shorter) == package:
            return True
    return False


def render(by_arch: Mapping[str, Mapping[str, str]]) -> str:
    """The lines of ``libraries.txt``: what all architectures agree on stands without a mark."""
    lines: dict[str, list[str]] = {}
    for library in sorted({library for one in by_arch.values() for library in one}):
        said = {arch: one[library] for arch, one in by_arch.items() if library in one}
        agreed = len(said) == len(by_arch) and len(set(said.values())) == 1
        for arch, package in sorted(said.items())[: 1 if agreed else None]:
            lines.setdefault(package, []).append(library if agreed else f"{library}:{arch}")
    return "".join(f"{package} {' '.join(libraries)}\n" for package, libraries in sorted(lines.items()))


def read_contents(folder: Path, arch: str, state: Path) -> Iterator[str]:
    """The lines of the archive's *Contents* index for the stack in ``folder``. Raises leaves of ``StackError``."""
    stack = read_stack(folder)
    apt = open_apt(stack, arch, find_archive(stack, StackSettings()), state)
    configuration, sources = state / "apt.conf", state / "sources.list"
    configuration.write_text(configuration.read_text() + TARGET)
    suite = sources.read_text().splitlines()[0]  # updates and security fixes add no libraries
    sources.write_text(suite.replace("target=Packages", "target=Contents-deb") + "\n")
    run_apt(apt, "update", ["apt-get", "-qq", "update"])
    for path in sorted((state / "lists").glob(f"*_{stack.suite}_main_Contents-{arch}*")):
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
            yield from lines


def main() -> None:
    """Write ``libraries.txt`` of each stack folder that is named."""
    for name in sys.argv[1:]:
        folder, by_arch = Path(name), {}
        for arch in TRIPLETS:
            with scratch_folder("mlpack-contents-") as state:
                by_arch[arch] = libraries_of(read_contents(folder, arch, state), arch)
        suite, date = read_stack(folder).suite, time.strftime("%Y-%m-%d", time.gmtime())
        text = HEAD.format(suite=suite, mark=":", date=date, name=folder.name) + render(by_arch)
        (folder / "libraries.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
