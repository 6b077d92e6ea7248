"""The last lines of a failed buildpack -> the error that they mean, where one of ours means it.

uv's words are those of versions 0.5 to 0.9 without a terminal; whatever is not known stays the buildpack's own words.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.lifecycle.tail import last_lines
from jupyter_mlpack.oci.files import FULL
from jupyter_mlpack.pattern import pattern

_HASH = pattern(
    r"Hash mismatch for `?(?P<package>[^`\s]+)`?\s+Expected:\s+(?P<expected>[\w:\s]+?)"
    r"\s+Computed:\s+(?P<found>\w+:\w+)"
)
_OFFLINE = pattern(r"error sending request|dns error|Connection refused|tcp connect error|Temporary failure in name")
_HOST = pattern(r"https?://(?:[^/\s@]*@)?([^/\s`)]+)")
_FULL = pattern(r"No space left on device|Disk quota exceeded")
_PATH = pattern(r"(?:^|[\s`'\"])(/[^\s`'\":]*)")


def build_failure(buildpack: str, status: int, lines: tuple[str, ...], workdir: Path) -> errors.LifecycleError:
    """What to raise for a buildpack that ended with ``status`` after ``lines``; ``workdir`` is the build's scratch."""
    text = "\n".join(lines)
    if found := _HASH.search(text):
        expected = " or ".join(found["expected"].split())
        return errors.PackageHashDiffers(
            buildpack=buildpack, package=found["package"], expected=expected, found=found["found"]
        )
    if full := next((line for line in reversed(lines) if _FULL.search(line)), None):
        return full_disk("".join(_PATH.findall(full)[-1:]), workdir)
    if _OFFLINE.search(text):
        hosts = _HOST.findall(text)
        return errors.DownloadsUnreachable(buildpack=buildpack, host=hosts[-1] if hosts else "the package index")
    return errors.BuildpackFailed(buildpack=buildpack, status=status, lines=last_lines(lines))


def unprepared(error: OSError, workdir: Path, folder: Path) -> errors.LifecycleError:
    """What to raise where a build's folders could not be written; ``folder`` is what was being written."""
    if error.errno in FULL:
        return full_disk("", workdir)
    return errors.WorkspaceUnwritable(path=error.filename or folder, reason=error.strerror or error)


def full_disk(path: str, workdir: Path) -> errors.LifecycleError:
    """The error for a disk that had no room for ``path``; it names a folder that the user knows and that still is."""
    place = Path(path) if path else workdir
    if place.is_relative_to(workdir):
        return errors.ScratchFull(folder=workdir.parent)
    return errors.ScratchFull(folder=next(folder for folder in (place, *place.parents) if folder.is_dir()))
