"""Our side: a store of its own, put into a known state before each run, and the command as a user types it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import watch
from results import Sample

BIN = Path(sys.executable).parent
COMMAND = (str(BIN / "jupyter-mlpack"),)
KEPT = ("kernels", "locks", "stacks", "trees", "roots")
"""What ``forget`` leaves: as the Dockerfile's side has its pins in a file, and its base image pulled and unpacked."""
WHEELS = "wheels"


def environment() -> dict[str, str]:
    """This process' one, with bytecode as a user's installation has it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Home:
    """A store below ``root``, and builds into it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def command(self, notebook: Path, *options: object) -> list[object]:
        """The build, as a user types it."""
        return [*COMMAND, "build", notebook, "--home", self.root, *options]

    def build(self, notebook: Path, *options: object, watched: bool = True) -> Sample:
        """Run it."""
        return watch.run(self.command(notebook, *options), env=environment(), watched=watched)

    def forget(self, wheels: bool) -> None:
        """No layers, no images but the run image, no records of earlier builds; ``wheels``: no wheel store either."""
        from jupyter_mlpack.oci import Store

        store = Store(self.root)
        kept = {image.name: image for image in store.images() if image.name.startswith("mlpack/run:")}
        layers = [layer for image in kept.values() for layer in image.layers]
        wanted = {layer.descriptor.digest for layer in layers}
        wanted |= {digest for one in kept.values() for digest in (one.descriptor.digest, one.manifest.config.digest)}
        for image in store.images():
            if image.name not in kept:
                store.untag(image.name)
        for blob in (self.root / "blobs" / "sha256").iterdir():
            if f"sha256:{blob.name}" not in wanted:
                blob.unlink()
        stays = {*KEPT, "blobs", "names"} | (set() if wheels else {WHEELS})
        for entry in self.root.iterdir():
            if entry.is_dir() and entry.name not in stays:
                shutil.rmtree(entry)
        for layer in layers:
            store.remember(layer)

    def blobs(self) -> int:
        """Bytes of all blobs."""
        return sum(path.stat().st_size for path in (self.root / "blobs" / "sha256").iterdir())

    def image_size(self, name: str) -> int:
        """Bytes of an image's layers, compressed, as a registry keeps them."""
        from jupyter_mlpack.oci import Store

        image = Store(self.root).image(name)
        assert image is not None, name
        return sum(layer.size for layer in image.manifest.layers)

    def base_bytes(self) -> int:
        """Bytes of the run images' layers."""
        from jupyter_mlpack.oci import Store

        images = [image for image in Store(self.root).images() if image.name.startswith("mlpack/run:")]
        return sum({layer.digest: layer.size for image in images for layer in image.manifest.layers}.values())

    def lock(self) -> list[dict[str, object]]:
        """The packages of the newest lock."""
        return max(self.locks_by_age(), key=lambda one: one[0])[1]

    def locks(self) -> list[list[dict[str, object]]]:
        """The packages of all locks."""
        return [lock for _, lock in self.locks_by_age()]

    def locks_by_age(self) -> list[tuple[int, list[dict[str, object]]]]:
        """All locks with the moments when they were written."""
        found = []
        for path in sorted((self.root / "locks").glob("*.json")):
            data = json.loads(path.read_text())
            found.append((path.stat().st_mtime_ns, list(data["packages"] if isinstance(data, dict) else data)))
        return found


def compile_ourselves() -> None:
    """Bytecode of our own source, which an installation has and a checkout may not.

    Start this with the Python of an environment that has the wheel from an index (or ``--find-links``), and it is that
    installation that is measured: an editable one is itself a project that every inspection of its kernel walks.
    """
    import jupyter_mlpack

    package = Path(jupyter_mlpack.__file__).parent
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(package)], check=False, env=environment())
