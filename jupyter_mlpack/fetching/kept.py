"""Where the store keeps what was fetched: ``<store>/sources/``, a folder for each commit, archive and layer.

::

    git-<commit>    tar-<sha256 of the file>    layer-<sha256 of the tar inside>
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from jupyter_mlpack.errors import LayerDamaged, LayerUnsafe, SourceUnusable
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.trees import make_once
from jupyter_mlpack.oci.unpack import unpack_tar

CHUNK = 1 << 20
SOURCES = "sources"


def kept_folder(store: Store, name: str) -> Path:
    """The folder of this name, which may not be there."""
    return store.root / SOURCES / name


def digest_of(file: BinaryIO) -> str:
    """The SHA-256 of a file's content, hexadecimal; it stands at its start afterwards. Raises ``OSError``."""
    digest = hashlib.sha256()
    while piece := file.read(CHUNK):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def keep_archive(store: Store, path: Path, word: str, digest: str = "") -> tuple[Path, str]:
    """The folder that holds what is in a tar file, and the file's hash. ``digest`` is that, if it is known.

    Raises ``SourceUnusable``, ``OSError``.
    """
    with path.open("rb") as file:
        digest = digest or digest_of(file)

        def unpack(scratch: Path) -> None:
            unpack_tar(file, path.name, scratch)

        try:
            return make_once(kept_folder(store, f"tar-{digest}"), unpack), digest
        except (LayerDamaged, LayerUnsafe) as error:
            reason = str(error.data["reason"])
            raise SourceUnusable(word=word, where=path, reason=reason) from error
