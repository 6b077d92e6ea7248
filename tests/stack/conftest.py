"""A Debian archive maker: an ``ar`` file with three members, as ``deb(5)`` describes it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

Member = tuple[tarfile.TarInfo, bytes]
CONTROL = b"Package: sample\nVersion: 1\nArchitecture: amd64\nMaintainer: Nobody\nDescription: sample\n"


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.size = kind, link, mode, len(data)
    return info, data


def packed(members: Sequence[Member]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def ar(parts: Sequence[tuple[str, bytes]]) -> bytes:
    out = b"!<arch>\n"
    for name, data in parts:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return out


@pytest.fixture
def make_deb(tmp_path: Path) -> Callable[..., tuple[Path, str]]:
    """``make_deb(*members)`` -> the archive's path and its SHA-256; a member is what ``make_deb.member(...)`` makes."""

    def make(*members: Member, sums: bytes = b"") -> tuple[Path, str]:
        control = packed([member("./control", CONTROL), member("./md5sums", sums)])
        data = ar([("debian-binary", b"2.0\n"), ("control.tar.xz", control), ("data.tar.xz", packed(members))])
        path = tmp_path / "sample_1_amd64.deb"
        path.write_bytes(data)
        return path, sha256(data).hexdigest()

    make.member = member  # type: ignore[attr-defined]
    return make
