"""The run image's own Python on this machine: started by its own loader; no namespaces, no root."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "AMD64": "amd64"}


def host_arch() -> str:
    """Go's word for this machine's architecture; empty where images of no architecture can run natively."""
    return MACHINES.get(os.uname().machine, "") if sys.platform == "linux" else ""


def run_root(store: Store, image: StoredImage) -> Path:
    """The folder with the image's file tree, unpacked once; read-only by convention."""
    from jupyter_mlpack.oci.trees import layers_tree

    return layers_tree(store, image.layers)


def target_python(root: Path, python: str) -> tuple[str, ...]:
    """The words before the arguments that run ``root``'s Python ``python`` (``3.11``) on this machine.

    The image's loader is told the image's libraries and to leave the machine's library cache alone.
    """
    program = str(root / "usr" / "bin" / f"python{python}")
    loaders = sorted((root / "usr" / "lib").glob("*-linux-gnu/ld-linux-*.so.*"))
    if not loaders:
        return (program,)
    libraries = f"{loaders[0].parent}:{root / 'usr' / 'lib'}"
    return (str(loaders[0]), "--inhibit-cache", "--library-path", libraries, program)
