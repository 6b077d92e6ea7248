"""Archives of this machine and of the web: unpacked once by their hash, and never anywhere else."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.fetching import Fetcher, read_path
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access


def write_archive(path: Path, folder: Path, top: str = "", mode: str = "w:gz") -> str:
    """A tar of ``folder``, below ``top``; its hash."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        archive.add(folder, top or ".")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def own(tmp_path: Path, write_buildpack: Callable[..., Path]) -> Path:
    return write_buildpack(tmp_path / "own")


FORMS = {"gzip": ("own.tgz", "", "w:gz"), "plain": ("own.tar", "", "w"), "in a folder": ("x.tar.gz", "own-1", "w:gz")}


@pytest.mark.parametrize(("name", "top", "mode"), FORMS.values(), ids=FORMS)
def test_archive__of_a_buildpack__its_folder(name: str, top: str, mode: str, own: Path, desk: Any) -> None:
    write_archive(own.parent / name, own, top, mode)
    folder = desk.fetch(name, own.parent).folder
    assert (folder / "bin" / "build").stat().st_mode & 0o111
    assert folder.is_relative_to(desk.fetcher.store.root / "sources")


def test_archive__that_changed__its_new_files(own: Path, desk: Any) -> None:
    write_archive(own.parent / "own.tgz", own)
    before = desk.fetch("own.tgz", own.parent).folder
    (own / "new").write_text("x")
    write_archive(own.parent / "own.tgz", own)
    after = desk.fetch("own.tgz", own.parent).folder
    assert (after / "new").exists()
    assert not (before / "new").exists()


def hostile(name: str, link: str = "") -> bytes:
    """A tar of one entry."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        if link:
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            archive.addfile(entry)
            entry = tarfile.TarInfo(f"{name}/canary")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    return out.getvalue()


BROKEN = {
    "no archive": b"hello\n",
    "nothing": b"",
    "cut off": hostile("a")[:600],
    "zstd": b"\x28\xb5\x2f\xfd" + bytes(100),
    "a name that climbs": hostile("../canary"),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_archive__broken__error_and_nothing_is_kept(data: bytes, desk: Any, tmp_path: Path) -> None:
    (tmp_path / "own.tgz").write_bytes(data)
    with pytest.raises(errors.SourceUnusable):
        desk.fetch("own.tgz", tmp_path)
    assert not list(desk.fetcher.store.root.rglob("canary"))
    assert not list(desk.fetcher.store.root.glob("sources/*"))


def test_archive__link_out_and_a_name_below__stays_inside(desk: Any, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "own.tar").write_bytes(hostile("a", str(tmp_path / "outside")))
    desk.fetch("own.tar", tmp_path)
    assert not list((tmp_path / "outside").iterdir())


# --- of the web -------------------------------------------------------------------------------------------------


def test_web__archive_with_its_hash__fetched_once(own: Path, desk: Any, serve: Callable[..., Any]) -> None:
    sha256 = write_archive(own.parent / "own.tgz", own)
    site = serve("files", own.parent)
    word = f"{site.url}/own.tgz#sha256={sha256}"
    first = desk.fetch(word)
    assert desk.fetch(word) == first
    assert site.asked == ["/own.tgz"]
    assert (first.folder / "buildpack.toml").is_file()
    assert desk.notices == []


def test_web__archive_without_a_hash__told(own: Path, desk: Any, serve: Callable[..., Any]) -> None:
    sha256 = write_archive(own.parent / "own.tgz", own)
    site = serve("files", own.parent)
    assert desk.fetch(f"{site.url}/own.tgz").origin == f"{site.url}/own.tgz#sha256={sha256}"
    assert [sha256 in text for text in desk.notices] == [True]


def test_web__another_archive_than_its_hash_says__error_and_nothing_is_kept(
    own: Path, desk: Any, serve: Callable[..., Any]
) -> None:
    write_archive(own.parent / "own.tgz", own)
    with pytest.raises(errors.SourceDamaged):
        desk.fetch(f"{serve('files', own.parent).url}/own.tgz#sha256={'0' * 64}")
    assert not list(desk.fetcher.store.root.glob("sources/*"))


@pytest.mark.parametrize("address", ["{url}/none.tgz", "http://127.0.0.1:1/x.tgz"], ids=["not there", "nobody there"])
def test_web__cannot_be_had__error(address: str, desk: Any, tmp_path: Path, serve: Callable[..., Any]) -> None:
    with pytest.raises(errors.SourceUnreachable):
        desk.fetch(address.format(url=serve("files", tmp_path).url))


def test_web__plain_http_that_nobody_allowed__refused(tmp_path: Path) -> None:
    fetcher = Fetcher(Store(tmp_path / "store"), lambda host: Access(), lambda event: None)
    with pytest.raises(errors.PlainHttpRefused):
        fetcher.fetch(read_path("http://127.0.0.1:1/x.tgz", tmp_path, "here"), "here")
