"""Files of the store when a process is killed, a disk is full, a limit is reached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mlpack.errors import StoreFull
from jupyter_mlpack.oci.files import writing
from jupyter_mlpack.oci.manifest import CONFIG
from jupyter_mlpack.oci.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def drafts(store: Store) -> list[str]:
    return os.listdir(store.root / "tmp")


WRITE_FOREVER = """
import sys
from jupyter_mlpack.oci.store import Store
def write(out):
    while True:
        out.write(bytes(1 << 20))
        print("writing", flush=True)
Store(__import__("pathlib").Path(sys.argv[1])).add_layer(write)
"""


def test_store__writer_killed__draft_is_swept_and_a_living_one_is_not(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, store.root], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        store.add_blob(b"while it is alive", CONFIG)
        assert len(drafts(store)) == 1
        writer.send_signal(signal.SIGKILL)
    Store(store.root).add_blob(b"after its death", CONFIG)
    assert drafts(store) == []


FILL = """
import resource, signal, sys, pathlib
from jupyter_mlpack.errors import StoreError
from jupyter_mlpack.oci.store import Store
import random
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    Store(pathlib.Path(sys.argv[1])).add_layer(lambda out: out.write(random.Random(1).randbytes(8 << 20)))
except StoreError as error:
    print(error.code, error.sentence("why"))
"""


def test_add_layer__no_more_may_be_written__is_one_sentence_and_nothing_left(store: Store) -> None:
    done = subprocess.run([sys.executable, "-c", FILL, store.root], capture_output=True, text=True, check=True)
    assert done.stdout == "store-unwritable File too large\n"
    assert drafts(store) == []


def test_add_blob__full_disk__is_one_sentence(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("NOT TRIED: no /dev/full here")
    with (
        pytest.raises(StoreFull, match="no room left"),
        writing(tmp_path),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")
