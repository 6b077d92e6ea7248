"""The gzip: one member, the same bytes whatever the number of threads, read by everybody."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import shutil
import subprocess

import pytest

from jupyter_mlpack.oci.compress import BLOCK, Compressed, Compressor, open_gzip

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


def test_compressor__gzip_tool__reads_it_as_one_member() -> None:
    if shutil.which("gzip") is None:
        pytest.skip("NOT READ BY gzip: no gzip here")
    _, blob = compressed(DATA["many-blocks"], 2)
    assert subprocess.run(["gzip", "-dc"], input=blob, capture_output=True, check=True).stdout == DATA["many-blocks"]


class Broken:
    def write(self, data: bytes) -> int:
        raise OSError(28, "No space left on device")


def test_compressor__full_disk__passes_the_error_on() -> None:
    with pytest.raises(OSError, match="No space left"):
        Compressor(Broken(), 1).write(b"x")


def test_compressor__many_times_in_many_threads__same_bytes() -> None:
    """igzip's other levels failed here now and then: memory that another block had used changed what came out."""
    data = b"".join(random.Random(seed).randbytes(40) * random.Random(seed).randrange(1, 60) for seed in range(6000))
    assert len({compressed(data, threads)[0].digest for threads in (1, 2, 8) for _ in range(8)}) == 1
