"""What a hostile container may put into the archive of its outputs, and what of it reaches the folder."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from jupyter_mlpack.engines.outputs import IterStream, extract_outputs, list_outputs

Entry = tuple[str, bytes, str]


def archive(*entries: Entry) -> IterStream:
    """A tar of (name, type, link target or text), in odd pieces as a network gives them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, 0o6755
            if kind == tarfile.REGTYPE:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content.encode()))
            else:
                entry.linkname = content
                tar.addfile(entry)
    data = out.getvalue()
    return IterStream(data[at : at + 777] for at in range(0, len(data), 777))


FILE, FOLDER, LINK, HARD, PIPE = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE
TOP: Entry = ("output/", FOLDER, "")
HOSTILE: dict[str, tuple[Entry, ...]] = {
    "climbing name": (("output/../escaped", FILE, "x"),),
    "climbing from below": (("output/a/../../escaped", FILE, "x"),),
    "file through an absolute link": (("output/way", LINK, "{outside}"), ("output/way/escaped", FILE, "x")),
    "file through a climbing link": (("output/way", LINK, ".."), ("output/way/escaped", FILE, "x")),
    "file through a kept link": (
        ("output/in", FOLDER, ""),
        ("output/way", LINK, "in"),
        ("output/way/escaped", FILE, "x"),
    ),
    "file over a link": (("output/way", LINK, "in"), ("output/way", FILE, "x")),
    "link that climbs after a name": (("output/a", LINK, "b/.."),),
    "link that climbs too far": (("output/a/b", LINK, "../../escaped"),),
    "hard link": (("output/hard", HARD, "{outside}/secret"),),
    "pipe": (("output/pipe", PIPE, ""),),
    "folder over a file": (("output/a", FILE, "x"), ("output/a", FOLDER, "")),
}


@pytest.mark.parametrize("entries", HOSTILE.values(), ids=HOSTILE)
def test_extract_outputs__hostile_entry__is_left_out(tmp_path: Path, entries: tuple[Entry, ...]) -> None:
    folder, outside = tmp_path / "output", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("hunter2")
    filled = [(name, kind, content.format(outside=outside)) for name, kind, content in entries]
    left_out = extract_outputs(archive(TOP, *filled, ("output/last", FILE, "kept")), folder)
    assert left_out
    # A folder made in place of a link that was left out is an ordinary one.
    assert {path.parent for path in tmp_path.rglob("escaped")} <= {folder / "way"}
    assert not any(path.is_symlink() and any(path.glob("*")) for path in folder.iterdir())
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    assert (outside / "secret").read_text() == "hunter2"
    assert (folder / "last").read_text() == "kept"


def test_extract_outputs__top_folder_without_a_name__comes_whole(tmp_path: Path) -> None:
    """As Podman sends it."""
    entries: tuple[Entry, ...] = (("/", FOLDER, ""), ("/models", FOLDER, ""), ("/models/w.bin", FILE, "x"))
    assert extract_outputs(archive(*entries, ("/../escaped", FILE, "x")), tmp_path) == ("/../escaped",)
    assert list_outputs(tmp_path) == ("models/w.bin",)


def test_extract_outputs__ordinary_tree__comes_whole(tmp_path: Path) -> None:
    big = "0123456789" * 50_000
    left_out = extract_outputs(
        archive(
            TOP,
            ("output/models/w.bin", FILE, big),
            ("output/latest", LINK, "models/w.bin"),
            ("output/a/up", LINK, "../models"),
        ),
        tmp_path,
    )
    assert left_out == ()
    assert (tmp_path / "latest").read_text() == big
    assert (tmp_path / "a/up/w.bin").read_text() == big
    assert (tmp_path / "models/w.bin").stat().st_mode & 0o7777 == 0o755
    assert list_outputs(tmp_path) == ("models/w.bin",)
