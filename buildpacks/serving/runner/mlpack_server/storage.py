"""Model files that a platform names by an address (``AIP_STORAGE_URI``, ``MLPACK_MODEL_URI``), brought to a folder.

Buckets are read by their vendors' own libraries, if the image has them: they know how a machine proves who it is.
"""

from __future__ import annotations

import fcntl
import os
import posixpath
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from mlpack_server.folder import FolderError

ARCHIVES = (".tar.gz", ".tgz", ".tar")
PATIENCE = 60
"""Seconds without a byte, after which a download has failed."""
MOUNTS = Path("/gcs")
"""Where Google's platforms mount buckets."""
LIBRARIES = {"s3": "boto3", "gs": "google-cloud-storage"}


def bring(address: str, names: Sequence[str], say: Callable[[str], None], shared: Path | None = None) -> Path | None:
    """The folder that has what is at ``address``: of a folder there, the files that the cells load (``names``).

    None where nothing is named, or nothing is loaded. Several processes have a ``shared`` folder, into which the first
    of them fetches while the others wait. Raises FolderError.
    """
    if not address or not names:
        return None
    parts = urllib.parse.urlsplit(address)
    if parts.scheme in ("", "file"):
        return local(address, Path(urllib.request.url2pathname(parts.path)))
    mounted = MOUNTS / parts.netloc / parts.path.strip("/")
    if parts.scheme == "gs" and mounted.exists():
        return mounted
    if parts.scheme not in (*READERS, "http", "https"):
        raise FolderError(f"{address} cannot be read; a model's address begins with file:, http:, https:, s3: or gs:")
    if shared is None:
        return fetch(address, names, temporary(address), say)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = shared / "model"
        if not folder.exists():
            half = shared / "half"
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            fetch(address, names, half, say).rename(folder)
    return folder


def fetch(address: str, names: Sequence[str], folder: Path, say: Callable[[str], None]) -> Path:
    """The folder, filled. Raises FolderError."""
    parts = urllib.parse.urlsplit(address)
    try:
        if parts.scheme in READERS:
            READERS[parts.scheme](parts.netloc, parts.path.lstrip("/"), names, folder)
        else:
            download(address, folder)
    except (OSError, tarfile.TarError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FolderError(f"the model cannot be read from {address} ({reason})") from None
    except ImportError:
        library = LIBRARIES[parts.scheme]
        raise FolderError(
            f"{address} cannot be read without {library}: build the image with --require {library}, pack the model, "
            "or mount it (MLPACK_MODEL_DIR)"
        ) from None
    except Exception as error:  # of the vendor's library: refusals, missing credentials, no network
        raise FolderError(f"the model cannot be read from {address} ({type(error).__name__}: {error})") from None
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    say(f"{count} {'file' if count == 1 else 'files'} from {address}")
    return folder


def local(address: str, path: Path) -> Path:
    """A folder, or the folder of a file."""
    if not path.is_absolute() or not path.exists():
        raise FolderError(f"there is nothing at {address}")
    return path if path.is_dir() else path.parent


def temporary(address: str) -> Path:
    """A folder for what is fetched."""
    try:
        return Path(tempfile.mkdtemp(prefix="mlpack-model-"))
    except OSError as error:
        why = error.strerror or str(error)
        raise FolderError(f"{address} is to be fetched, and there is no writable temporary folder ({why})") from None


def is_wanted(path: str, names: Iterable[str]) -> bool:
    """Whether a file of a folder is one that the cells load: by its path, by its name, or in a folder of theirs."""
    normal = [posixpath.normpath(name) for name in names]
    last = posixpath.basename(path)
    return any(
        path == name or last == posixpath.basename(name) or path.startswith(f"{name}/") or f"/{name}/" in path
        for name in normal
    )


def from_prefix(keys: Iterable[str], prefix: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Keys of a bucket that are wanted, each with its path below the prefix; a key that is the prefix is the file."""
    base = prefix.rstrip("/")
    for key in keys:
        if key == base:
            yield key, posixpath.basename(key)
        elif (not base or key.startswith(f"{base}/")) and not key.endswith("/"):
            path = key[len(base) :].lstrip("/")
            if ".." not in path.split("/") and is_wanted(path, names):
                yield key, path


def from_s3(bucket: str, prefix: str, names: Sequence[str], folder: Path) -> None:
    """By boto3, which knows the machine's credentials; ``AWS_ENDPOINT_URL`` names another service."""
    import boto3  # type: ignore[import-not-found]

    client = boto3.client("s3")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix.rstrip("/"))
    keys = (item["Key"] for page in pages for item in page.get("Contents", ()))
    for key, path in from_prefix(keys, prefix, names):
        client.download_file(bucket, key, str(place(folder, path)))
        unpack(folder / path)


def from_gs(bucket: str, prefix: str, names: Sequence[str], folder: Path) -> None:
    """By google-cloud-storage."""
    from google.cloud import storage  # type: ignore[import-not-found]

    blobs = {blob.name: blob for blob in storage.Client().list_blobs(bucket, prefix=prefix.rstrip("/"))}
    for key, path in from_prefix(blobs, prefix, names):
        blobs[key].download_to_filename(str(place(folder, path)))
        unpack(folder / path)


READERS: dict[str, Callable[[str, str, Sequence[str], Path], Any]] = {"s3": from_s3, "gs": from_gs}


def download(address: str, folder: Path) -> None:
    """One file, or what an archive holds."""
    name = posixpath.basename(urllib.parse.unquote(urllib.parse.urlsplit(address).path)) or "model"
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer, (folder / name).open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
            announced = answer.headers.get("content-length")
    except urllib.error.HTTPError as error:
        raise OSError(f"HTTP {error.code}") from None
    except urllib.error.URLError as error:
        raise OSError(str(error.reason)) from None
    if announced is not None and int(announced) != (folder / name).stat().st_size:
        raise OSError("the connection ended early")
    unpack(folder / name)


def unpack(path: Path) -> None:
    """An archive's files beside it, in its place; links, devices and paths that lead out are left out."""
    if not path.name.endswith(ARCHIVES):
        return
    with tarfile.open(path) as archive:
        for member in archive:
            name = posixpath.normpath(member.name)
            source = archive.extractfile(member) if member.isreg() else None
            if source is not None and not name.startswith(("/", "..")):
                write(source, place(path.parent, name))
    path.unlink()


def write(source: IO[bytes], target: Path) -> None:
    """Copies a file."""
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)


def place(folder: Path, path: str) -> Path:
    """Where a file goes; its folder is there then."""
    target = folder / path
    os.makedirs(target.parent, exist_ok=True)
    return target
