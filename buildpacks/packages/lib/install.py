"""Wheels into folders of their own: one run of uv for all of them, then everything that differs from run to run is
taken away.

Afterwards each folder holds ``site/`` (what goes to site-packages) and ``data/`` (what goes elsewhere in the virtual
environment: ``bin/``, ``share/``, ``etc/``), as if its wheel had been installed alone.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import stat
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from plan import Plan, pin_name, wheel_name
from split import split
from wheel import checksum_of, entry_points, records

KEPT = 40
"""Lines of uv that are told again when it fails."""
WHEELS = ".mlpack/wheels"
"""Wheels that travel with the application, because no index has them."""
VOLATILE = ("uv_cache.json", "direct_url.json", "RECORD.jws", "RECORD.p7s")


class InstallError(Exception):
    """uv failed; the text is what it said last."""


def install(plan: Plan, lines: Sequence[str], scratch: Path, report: Callable[[str], None]) -> list[Path]:
    """Installs these lines of the lock; the folder of each. ``report`` gets uv's lines as they come.

    Raises InstallError.
    """
    together = scratch / "together"
    install_into(plan, lines, together, report)
    projects = [pin_name(line).partition("==")[0] for line in lines]
    folders = [scratch / str(number) for number in range(len(lines))]
    entangled = split(together, dict(zip(projects, folders)))  # noqa: B905 (Python 3.9 has no strict)
    shutil.rmtree(together)
    for project, line, folder in zip(projects, lines, folders):  # noqa: B905
        if project in entangled:
            shutil.rmtree(folder, ignore_errors=True)
            install_into(plan, [line], folder, lambda text: None)
        if is_changed(folder / "site"):
            report(f"{project}: uv's cache has other files than its wheel; installing it without the cache")
            shutil.rmtree(folder)
            install_into(plan, [line], folder, report, cached=False)
        remove_foreign(folder, f"{plan.venv}/bin/python")
        for record in sorted((folder / "site").glob("*.dist-info/RECORD")):
            rewrite_record(record, folder / "site", folder / "data")
    return folders


def is_changed(site: Path) -> bool:
    """Whether a file is not what its wheel's RECORD says.

    Environments of the same user are hard links into uv's cache: who edits an installed module in place (to debug it,
    to add an authority to certifi) edits it there as well, and in all that is installed from it afterwards.
    """
    return any(
        checksum.startswith("sha256=") and checksum_of(site / path) != checksum
        for record in site.glob("*.dist-info/RECORD")
        for path, checksum, _ in records(record)
        if not path.startswith(("/", "..")) and (site / path).is_file()
    )


def install_into(
    plan: Plan, lines: Sequence[str], folder: Path, report: Callable[[str], None], *, cached: bool = True
) -> None:
    """Installs these lines into ``folder/site`` and ``folder/data``."""
    run_uv(plan, lines, folder / "prefix", report, cached=cached)
    arrange(folder / "prefix", folder)


def run_uv(
    plan: Plan, requirements: Sequence[str], prefix: Path, report: Callable[[str], None], *, cached: bool
) -> None:
    """One ``uv pip install``. Raises InstallError."""
    listed = prefix.parent / "requirements.txt"
    prefix.parent.mkdir(parents=True, exist_ok=True)
    lines = [from_folder(line, Path.cwd() / WHEELS) for line in requirements]
    listed.write_text("\n".join([*plan.options, *lines]) + "\n", encoding="utf-8")
    command = [
        os.environ.get("BP_UV") or "uv", "pip", "install", "--prefix", str(prefix), "--python", sys.executable,
        "--python-version", plan.python, "--python-platform", plan.platform, "--no-deps", "--require-hashes",
        "--no-build", "--no-compile-bytecode", "--link-mode", os.environ.get("UV_LINK_MODE", "hardlink"),
        "--requirements", str(listed), *(["--no-index"] if os.environ.get("UV_NO_INDEX") else []),
    ]  # fmt: skip
    # wheels that uv's cache has are installed without a word to an index: their hashes say what they are
    runs = [([*command, "--offline"], lambda text: None), (command, report)]
    for words, tell in runs if cached else [([*command, "--no-cache"], report)]:
        failed, said = follow(words, prefix, tell)
        if not failed:
            listed.unlink()
            return
    raise InstallError("\n".join(said))


def follow(command: Sequence[str], prefix: Path, report: Callable[[str], None]) -> tuple[int, deque[str]]:
    """Its exit status and its last lines; ``prefix`` is empty before."""
    shutil.rmtree(prefix, ignore_errors=True)
    prefix.mkdir()
    said = deque(maxlen=KEPT)
    # not in the application folder: a uv.toml or pyproject.toml there would be obeyed
    with subprocess.Popen(
        command, cwd=prefix.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout:
            said.append(line.rstrip())
            report(line.rstrip())
    return process.returncode, said


def from_folder(line: str, folder: Path) -> str:
    """The pin with the path of its wheel, if ``folder`` has it: then no index is asked, which may have another one."""
    for wheel in sorted(folder.glob("*.whl")):
        name = pin_name("==".join(wheel_name(wheel.name)))
        if name == pin_name(line):
            return line.replace(line.split(maxsplit=1)[0], f"{name.partition('==')[0]} @ {wheel.as_uri()}", 1)
    return line


def arrange(prefix: Path, into: Path) -> None:
    """Splits uv's ``prefix``, shaped for the Python that runs us, into ``site`` and ``data``."""
    site, data = into / "site", into / "data"
    site.mkdir()
    for found in sorted(prefix.glob("lib*/python*/site-packages")):
        merge(found, site)
    for headers in (prefix / "include").glob("site"):
        shutil.rmtree(headers)
    (prefix / ".lock").unlink(missing_ok=True)
    merge(prefix, data)
    for folder, _, _ in os.walk(data, topdown=False):
        if not os.listdir(folder):
            os.rmdir(folder)


def merge(source: Path, target: Path) -> None:
    """Moves what is in ``source`` to ``target``, folder by folder."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if path.is_dir() and (target / path.name).is_dir():
            merge(path, target / path.name)
        else:
            path.rename(target / path.name)
    source.rmdir()


def remove_foreign(into: Path, python: str) -> None:
    """Takes away what is of the installer's machine: its notes, its scripts, its bytecode, its Python's path."""
    site, data = into / "site", into / "data"
    for record in sorted(site.glob("*.dist-info/RECORD")):
        for name in VOLATILE:
            (record.parent / name).unlink(missing_ok=True)
        for script in entry_points(record.parent):
            (data / "bin" / script.name).unlink(missing_ok=True)
    for cache in sorted(site.rglob("__pycache__")):
        shutil.rmtree(cache)
    if (data / "bin").is_dir():
        for script in sorted((data / "bin").iterdir()):
            rewrite_shebang(script, python)
        if not os.listdir(data / "bin"):
            (data / "bin").rmdir()


def rewrite_shebang(script: Path, python: str) -> None:
    """Points a wheel's own Python script at the image's Python; uv wrote the path of the Python that runs us."""
    lines = script.read_bytes().split(b"\n")
    long_form = len(lines) > 2 and lines[0] == b"#!/bin/sh" and lines[1].startswith(b"'''exec'")
    if long_form or lines[0].startswith(f"#!{sys.executable}".encode()):
        replace(script, b"\n".join([f"#!{python}".encode(), *lines[3 if long_form else 1 :]]))


def rewrite_record(record: Path, site: Path, data: Path) -> None:
    """Drops the lines of files that are gone or rewritten, and sorts the rest."""
    kept = [row for row in records(record) if is_recorded(row[0], site, data)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(kept))
    replace(record, text.getvalue().encode())


def is_recorded(path: str, site: Path, data: Path) -> bool:
    """Whether a line of RECORD still tells the truth; data lies three folders above site-packages."""
    above = path.startswith("../../../")
    if above and path.startswith("../../../bin/"):
        return False
    return (data / path[9:] if above else site / path).is_file()


def replace(path: Path, text: bytes) -> None:
    """Writes a new file in the old one's place: the old one may be a hard link into uv's cache."""
    mode = path.stat().st_mode
    path.unlink()
    path.write_bytes(text)
    path.chmod(stat.S_IMODE(mode))
