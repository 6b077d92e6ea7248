"""The gzip: the same bytes whatever the number of threads, read by everybody."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import shutil
import subprocess
import sys

import pytest

from jupyter_mlpack.oci.compress import BLOCK, Compressed, Compressor
from jupyter_mlpack.oci.gunzip import open_gzip

RANDOM = random.Random(1)
NOISE = RANDOM.randbytes(BLOCK)
DATA = {
    "empty": b"",
    "one-byte": b"x",
    "exactly-one-block": NOISE,
    "one-byte-more": NOISE + b"x",
    "many-blocks": (NOISE[: BLOCK // 2] + bytes(BLOCK)) * 5 + b"end",
}


def compressed(data: bytes, threads: int, piece: int = 100_003) -> tuple[Compressed, bytes]:
    out = io.BytesIO()
    with Compressor(out, threads) as stream:
        for start in range(0, len(data), piece):
            stream.write(data[start : start + piece])
        made = stream.finish()
    return made, out.getvalue()


@pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
def test_compressor__any_data__digests_and_content_are_right(data: bytes) -> None:
    made, blob = compressed(data, 2)
    assert gzip.decompress(blob) == data
    assert open_gzip(io.BytesIO(blob)).read() == data
    assert made == Compressed(
        f"sha256:{hashlib.sha256(data).hexdigest()}", f"sha256:{hashlib.sha256(blob).hexdigest()}", len(blob)
    )


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_compressor__other_thread_counts_and_writes__same_bytes(threads: int) -> None:
    data = DATA["many-blocks"]
    assert compressed(data, threads, piece=7 * BLOCK // 3) == compressed(data, 2)


def test_compressor__gzip_tool__reads_all_members() -> None:
    if shutil.which("gzip") is None:
        pytest.skip("NOT READ BY gzip: no gzip here")
    _, blob = compressed(DATA["many-blocks"], 2)
    assert subprocess.run(["gzip", "-dc"], input=blob, capture_output=True, check=True).stdout == DATA["many-blocks"]


class Broken:
    def write(self, data: bytes) -> int:
        raise OSError(28, "No space left on device")


def test_compressor__full_disk__passes_the_error_on() -> None:
    with pytest.raises(OSError, match="No space left"):
        Compressor(Broken(), 1).finish()


def test_compressor__many_times_in_many_threads__same_bytes() -> None:
    """igzip as it was called before failed here now and then (docs/decisions/0007-gzip.md)."""
    data = b"".join(random.Random(seed).randbytes(40) * random.Random(seed).randrange(1, 60) for seed in range(6000))
    assert len({compressed(data, threads)[0].digest for threads in (1, 2, 8) for _ in range(8)}) == 1


def test_compressor__without_isal__zlib_makes_members_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    made, blob = compressed(DATA["many-blocks"], 2)
    assert gzip.decompress(blob) == DATA["many-blocks"]
    assert made.digest == f"sha256:{hashlib.sha256(blob).hexdigest()}"
    assert blob != compressed_by_isal()


def compressed_by_isal() -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "isal", raising=False)
        return compressed(DATA["many-blocks"], 2)[1]
