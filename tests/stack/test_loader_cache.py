"""The loader's cache: read back by glibc's own tool, and in glibc's own order."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from jupyter_mlpack.stack.loader_cache import compare, loader_cache

LDCONFIG = shutil.which("ldconfig", path="/usr/sbin:/sbin:/usr/bin")
HOST = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())


@pytest.mark.parametrize(
    ("first", "second", "sign"),
    [
        ("libz.so.1", "libz.so.1", 0), ("libz.so.2", "libz.so.10", -1), ("libz.so.1", "libz.so", 1),
        ("liba.so", "libb.so", -1), ("lib1.so", "liba.so", 1), ("libz-1.so.1", "libz.so.1", -1),
    ],
    ids=["same", "numbers", "longer", "letters", "digit-after-letter", "dash"],
)  # fmt: skip
def test_compare__as_the_loader_searches(first: str, second: str, sign: int) -> None:
    assert (compare(first, second), compare(second, first)) == (sign, -sign)


@pytest.mark.skipif(not LDCONFIG or not HOST, reason="NO ldconfig HERE: the cache was not read by glibc's own tool")
def test_loader_cache__read_by_ldconfig__all_entries_in_its_own_order(tmp_path: Path) -> None:
    assert LDCONFIG is not None
    assert HOST is not None
    printed = subprocess.run([LDCONFIG, "-p"], capture_output=True, text=True, check=True).stdout
    word = {"amd64": "libc6,x86-64", "arm64": "libc6,AArch64"}[HOST]
    lines = re.findall(rf"^\t(\S+) \({word}\) => (\S+)$", printed, re.MULTILINE)
    libraries: dict[str, str] = {}
    for name, path in lines:
        libraries.setdefault(name, path)
    if len(libraries) < 20:
        pytest.skip("NO CACHE ON THIS MACHINE: its order could not be compared")
    (tmp_path / "cache").write_bytes(loader_cache(libraries, HOST))
    again = subprocess.run([LDCONFIG, "-p", "-C", str(tmp_path / "cache")], capture_output=True, text=True, check=True)
    assert re.findall(rf"^\t(\S+) \({word}\) => (\S+)$", again.stdout, re.MULTILINE) == list(libraries.items())
