"""The canonical tar: what goes in comes out again by Python's reader, and what changes meanwhile is told."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.errors import FileChanged, FileUnreadable
from jupyter_mlpack.oci.tar import TarEntry, parent_entries, tree_entries, write_tar

PARTS = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=90)
NAMES = st.lists(PARTS.filter(lambda part: part not in (".", "..")), min_size=1, max_size=6).map(
    lambda parts: "/" + "/".join(parts)
)
IDS = st.integers(0, 2**31 - 2)
MODES = st.integers(0, 0o7777)


@st.composite
def entries(draw: st.DrawFn) -> TarEntry:
    kind = draw(st.sampled_from(["directory", "file", "symlink", "fifo"]))
    link = draw(NAMES) if kind == "symlink" else ""
    data = draw(st.binary(max_size=1500)) if kind == "file" else None
    return TarEntry(draw(NAMES), kind, draw(MODES), draw(IDS), draw(IDS), link=link, data=data)


def written(rows: list[TarEntry]) -> bytes:
    out = io.BytesIO()
    write_tar(out, rows)
    return out.getvalue()


def read_back(data: bytes) -> list[TarEntry]:
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as members:
        for member in members:
            kind = {b"5": "directory", b"0": "file", b"2": "symlink", b"6": "fifo"}[member.type]
            content = members.extractfile(member).read() if kind == "file" else None
            assert member.mtime == 315532801
            assert (member.uname, member.gname) == ("", "")
            found.append(
                TarEntry(member.name, kind, member.mode, member.uid, member.gid, link=member.linkname, data=content)
            )
    return found


@given(st.lists(entries(), max_size=5))
def test_write_tar__any_entries__python_reads_them_back(rows: list[TarEntry]) -> None:
    assert read_back(written(rows)) == rows


def test_write_tar__nothing__two_zero_blocks() -> None:
    assert written([]) == bytes(1024)


def test_write_tar__name_that_is_no_utf8__keeps_its_bytes() -> None:
    name = "/" + os.fsdecode(b"latin-\xe9")
    assert [entry.name for entry in read_back(written([TarEntry(name, "directory", 0o755, 0, 0)]))] == [name]


CHUNK = 1 << 20  # what is read at a time
CHANGES = {
    "shorter": (5, 3),
    "longer": (5, 7),
    "empty-and-grown": (0, 1),
    "emptied": (1, 0),
    "a-chunk-shorter": (CHUNK, CHUNK - 1),
    "a-chunk-longer": (CHUNK, CHUNK + 1),
    "chunks-longer": (2 * CHUNK, 3 * CHUNK),
}


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_write_tar__file_of_any_size__is_there_byte_for_byte(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)
    whole = written(list(tree_entries(tmp_path / "file", "/x", 0, 0)))
    assert whole[512 : 512 + size] == data
    assert len(whole) == 512 + size + -size % 512 + 1024


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES.keys())
def test_write_tar__file_changed_since_it_was_listed__is_told(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / "growing"
    path.write_bytes(bytes(before))
    rows = list(tree_entries(tmp_path, "/x", 0, 0))
    path.write_bytes(bytes(after))
    with pytest.raises(FileChanged, match="growing"):
        written(rows)


@pytest.mark.parametrize("swap", ["gone", "link", "pipe"])
def test_write_tar__file_swapped_since_it_was_listed__is_not_followed(tmp_path: Path, swap: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    rows = list(tree_entries(tmp_path, "/x", 0, 0))
    path.unlink()
    if swap == "link":
        path.symlink_to("/etc/passwd")
    elif swap == "pipe":
        os.mkfifo(path)
    with pytest.raises(FileUnreadable):
        written(rows)


@pytest.fixture
def deep_tree(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Folders in folders, deeper than Python's own functions go; so it is removed by hand."""
    depth = 1200
    handles = [os.open(tmp_path, os.O_RDONLY)]
    for _ in range(depth):
        os.mkdir("d", dir_fd=handles[-1])
        handles.append(os.open("d", os.O_RDONLY, dir_fd=handles[-1]))
        if len(handles) > 2:
            os.close(handles.pop(1))
    os.close(handles.pop())
    os.close(handles.pop())
    yield tmp_path, depth
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


def test_tree_entries__very_deep_tree__is_walked(deep_tree: tuple[Path, int]) -> None:
    root, depth = deep_tree
    assert len(list(tree_entries(root, "/x", 0, 0))) == depth + 1


def test_tree_entries__missing_folder__is_told(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        list(tree_entries(tmp_path / "missing", "/x", 0, 0))


def test_parent_entries__nested_place__folders_above_it_from_the_top() -> None:
    assert [entry.name for entry in parent_entries("/layers/a/b")] == ["/layers", "/layers/a"]
    assert list(parent_entries("/layers")) == []
