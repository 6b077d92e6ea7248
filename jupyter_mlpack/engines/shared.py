"""Outputs on a volume that the job and this machine both see."""

from __future__ import annotations

import os
import tarfile
import threading
from contextlib import suppress
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.engines.outputs import CHUNK, IterStream, bring, extract_outputs
from jupyter_mlpack.scratch import remove_tree


def fetch_folder(source: Path, target: Path) -> tuple[str, ...]:
    """Copy what a job left in ``source``; names of entries that were not safe to take.

    It goes through an archive, so that links of a hostile job are treated as everywhere, and first into a folder
    beside ``target``: what an interrupted one left is replaced. Raises ``OutputsNotDelivered``.
    """
    if not source.is_dir():
        raise errors.OutputsNotDelivered(reason=f"{source} is not there; it should be the job's folder of the volume.")
    scratch = target.with_name(f".{target.name}-{os.urandom(6).hex()}")
    try:
        scratch.mkdir()
        left = copy_through(source, scratch)
        bring(scratch, target)
    except OSError as error:
        raise errors.OutputsNotDelivered(reason=f"{error}.") from error
    finally:
        remove_tree(scratch)
    return left


def copy_through(source: Path, target: Path) -> tuple[str, ...]:
    """A folder through an archive into another. Raises ``OSError``."""
    reading, writing = os.pipe()
    problems: list[OSError] = []

    def pack() -> None:
        try:
            with os.fdopen(writing, "wb") as pipe, tarfile.open(fileobj=pipe, mode="w|") as archive:
                archive.add(source, "output")
        except OSError as error:
            problems.append(error)

    packer = threading.Thread(target=pack, daemon=True)
    packer.start()
    try:
        with os.fdopen(reading, "rb") as pipe, suppress(tarfile.ReadError):
            left = extract_outputs(IterStream(iter(lambda: pipe.read(CHUNK), b"")), target)
    finally:
        packer.join(60)
    if problems:
        raise problems[0]
    return left
