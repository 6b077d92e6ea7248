"""The run image's own Python on this machine: unpacked once, started by its own loader; no namespaces, no root."""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path

from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "AMD64": "amd64"}


def host_arch() -> str:
    """Go's word for this machine's architecture; empty where images of no architecture can run natively."""
    return MACHINES.get(platform.machine(), "") if platform.system() == "Linux" else ""


def run_root(store: Store, image: StoredImage) -> Path:
    """The folder with the image's file tree, unpacked once per image; read-only by convention.

    Two processes may unpack at once: each into a folder of its own, and the first to finish gives it the name.
    """
    from jupyter_mlpack.oci.unpack import unpack_image

    root = store.root / "roots" / image.descriptor.digest.removeprefix("sha256:")
    if root.is_dir():
        return root
    root.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".unpack-", dir=root.parent))
    try:
        unpack_image(store, image, scratch)
        scratch.chmod(0o755)
        _claim(scratch, root)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return root


def _claim(scratch: Path, root: Path) -> None:
    """Give ``scratch`` the name ``root`` unless somebody was faster; a full folder is never replaced by a rename."""
    try:
        scratch.rename(root)
    except OSError:
        if not root.is_dir():
            raise


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
