"""What many test files share: one content store for the whole session, with run images made once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlpack.errors import AptMissing, KeyringMissing, MirrorUnknown, MirrorUnreachable
from jupyter_mlpack.events import ignore
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack import StackSettings, ensure_run_image, read_stack

STACKS = Path(__file__).parents[1] / "stacks"


@pytest.fixture(scope="session")
def machine_store() -> Iterator[Store]:
    """A store for the session; ``MLPACK_TEST_STORE`` names a folder to keep it in, so that the next one starts warm.

    Others may enter it: some tests read it as another user.
    """
    kept = os.environ.get("MLPACK_TEST_STORE")
    folder = Path(kept or tempfile.mkdtemp(prefix="mlpack-test-store-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    yield Store(folder)
    if not kept:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run_image(machine_store: Store) -> Callable[..., StoredImage]:
    """``run_image("bookworm", "amd64")`` -> the assembled run image; skips where packages cannot be had."""

    def make(stack: str, arch: str = "amd64") -> StoredImage:
        try:
            return ensure_run_image(read_stack(STACKS / stack), arch, machine_store, StackSettings(), ignore)
        except (AptMissing, KeyringMissing, MirrorUnknown, MirrorUnreachable) as failure:
            pytest.skip(f"NO RUN IMAGE HERE: {failure} {failure.sentence('why')}")

    return make
