"""Outputs that the train process pushed to a registry as an OCI artefact: one layer, an uncompressed tar."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from jupyter_mlpack import errors
from jupyter_mlpack.engines.outputs import CHUNK, IterStream, bring, extract_outputs
from jupyter_mlpack.oci.diagnosis import PULL
from jupyter_mlpack.oci.manifest import Descriptor
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.registry import Registry
from jupyter_mlpack.oci.session import Session
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.scratch import remove_tree

TYPE = "application/vnd.jupyter-mlpack.outputs.v1"


def fetch_artefact(name: str, target: Path, insecure: bool = False) -> tuple[str, ...]:
    """Unpack the outputs under ``name`` (``host/repository:tag``) into ``target``; what was not safe to take.

    Nothing in ``target`` is changed before all of them are here and verified. Raises ``OutputsNotDelivered``.
    """
    place = parse_reference(name)
    access = Access(insecure_hosts=frozenset([place.registry] if insecure else []))
    scopes = [f"repository:{place.repository}:pull"]
    scratch = target.with_name(f".{target.name}-{os.urandom(6).hex()}")
    try:
        scratch.mkdir()
        with Registry(place.registry, access).session(place.repository, PULL, scopes) as session:
            layer = find_layer(session, place.tag)
            archive = scratch / "archive"
            with archive.open("xb") as file:
                copy_layer(session, layer, file)
        folder = scratch / "outputs"
        folder.mkdir()
        with archive.open("rb") as file:
            left = extract_outputs(IterStream(iter(lambda: file.read(CHUNK), b"")), folder)
        bring(folder, target)
    except (errors.MlpackError, OSError) as error:
        why = error.sentence("what") if isinstance(error, errors.MlpackError) else f"{error}."
        raise errors.OutputsNotDelivered(reason=why) from error
    finally:
        remove_tree(scratch)
    return left


def find_layer(session: Session, tag: str) -> Descriptor:
    """The only layer of an artefact of ours. Raises ``OutputsNotDelivered``."""
    document = session.manifest(tag)
    with suppress(ValueError, KeyError, TypeError, IndexError):
        manifest = json.loads(document.data)
        if manifest["artifactType"] == TYPE:
            layer = manifest["layers"][0]
            return Descriptor(str(layer["mediaType"]), str(layer["digest"]), int(layer["size"]))
    raise errors.OutputsNotDelivered(reason=f"What is called {tag} in the registry are no outputs of a job.")


def copy_layer(session: Session, layer: Descriptor, file: IO[bytes]) -> None:
    """The blob, verified. Raises ``OutputsNotDelivered``."""
    digest = hashlib.sha256()
    for piece in session.read_blob(layer, lambda digest, size: None):
        digest.update(piece)
        file.write(piece)
    if layer.digest != f"sha256:{digest.hexdigest()}":
        raise errors.OutputsNotDelivered(reason="They were damaged on their way.")
