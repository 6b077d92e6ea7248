"""The analyze phase: run image and previous image -> what is known of them, and the previous bills of materials."""

from __future__ import annotations

import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.lifecycle.context import Folders
from jupyter_mlpack.lifecycle.labels import LIFECYCLE_LABEL, read_lifecycle_label, write_analyzed
from jupyter_mlpack.lifecycle.records import Analyzed, LayersMetadata, RunImageRecord, RunTarget
from jupyter_mlpack.lifecycle.reuse import held_layer
from jupyter_mlpack.lifecycle.toml import make_folders
from jupyter_mlpack.oci.manifest import ImageConfig, StoredImage
from jupyter_mlpack.oci.store import Store

if TYPE_CHECKING:
    import tarfile

_LARGEST_SBOM = 64 << 20
"""Bytes; a larger bill of materials in a previous image is passed over."""


def analyze(
    run_image: StoredImage, previous: StoredImage | None, store: Store, folders: Folders, *, sboms: bool = True
) -> Analyzed:
    """Run the phase: writes ``analyzed.toml`` and the previous launch SBOMs into the layers folder.

    A previous image without a readable label counts as none. Raises ``AnalyzeBroken`` (exit 32).
    """
    target = run_target(run_image.config)
    if not target.os:
        raise errors.AnalyzeBroken(path=run_image.name, reason="The run image does not say its operating system.")
    metadata = previous_metadata(previous)
    analyzed = Analyzed(
        previous=image_reference(previous) if previous and metadata is not None else "",
        run_image=RunImageRecord("".join(run_image.config.diff_ids[-1:]), image_reference(run_image), run_image.name),
        target=target,
        metadata=metadata or LayersMetadata(),
    )
    if sboms:
        restore_sboms(analyzed.metadata.sbom, store, folders)
    try:
        write_analyzed(folders.layers / "analyzed.toml", analyzed)
    except OSError as error:
        raise errors.AnalyzeBroken(path=error.filename or folders.layers, reason=error.strerror or error) from error
    return analyzed


def run_target(config: ImageConfig) -> RunTarget:
    """What the image runs on, from its configuration and its labels; the build host is never asked."""
    labels = dict(config.labels)
    return RunTarget(
        os=config.os,
        arch=config.architecture,
        variant=config.variant,
        distro=labels.get("io.buildpacks.base.distro.name", ""),
        distro_version=labels.get("io.buildpacks.base.distro.version", ""),
        id=labels.get("io.buildpacks.base.id", ""),
    )


def previous_metadata(previous: StoredImage | None) -> LayersMetadata | None:
    """The label of the previous image; ``None`` when there is none that can be read."""
    if previous is None:
        return None
    return read_lifecycle_label(dict(previous.config.labels).get(LIFECYCLE_LABEL, ""))


def image_reference(image: StoredImage) -> str:
    """``name@digest``, without a tag."""
    head, slash, tail = image.name.rpartition("/")
    name = head + slash + tail.partition(":")[0]
    return f"{name}@{image.descriptor.digest}"


def restore_sboms(diff_id: str, store: Store, folders: Folders) -> None:
    """Unpack the files of the previous image's SBOM layer, where the store still has it. Raises ``AnalyzeBroken``."""
    try:
        _restore_sboms(diff_id, store, folders)
    except OSError as error:
        raise errors.AnalyzeBroken(path=error.filename or folders.layers, reason=error.strerror or error) from error


def _restore_sboms(diff_id: str, store: Store, folders: Folders) -> None:
    import gzip
    import tarfile

    layer = held_layer(store, diff_id)
    if layer is None:
        return
    prefix = PurePosixPath(folders.image_layers, "sbom")
    try:
        blob = store.path(layer.descriptor.digest)
        with gzip.open(blob) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                _restore_member(archive, member, prefix, folders.sbom)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error):
        # bills of materials of an earlier build are a convenience: a broken layer is as good as none
        return


def _restore_member(archive: tarfile.TarFile, member: tarfile.TarInfo, prefix: PurePosixPath, sbom: Path) -> None:
    path = PurePosixPath("/", member.name)
    if not member.isreg() or member.size > _LARGEST_SBOM or not path.is_relative_to(prefix) or ".." in path.parts:
        return
    source = archive.extractfile(member)
    assert source is not None
    target = sbom / path.relative_to(prefix)
    make_folders(target.parent)
    target.write_bytes(source.read())
