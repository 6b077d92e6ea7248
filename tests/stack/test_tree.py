"""The merged tree: no path is decided twice, none runs through a link."""

from __future__ import annotations

import pytest

from jupyter_mlpack.errors import ArchiveUnsafe
from jupyter_mlpack.oci.tar import TarEntry
from jupyter_mlpack.stack.tree import Tree


def file(name, data=b"x"):
    return TarEntry(name, "file", 0o644, 0, 0, size=len(data), data=data)


def test_add__same_file_with_other_content__is_refused():
    tree = Tree()
    tree.add(file("/a"), "one")
    tree.add(file("/a"), "two")
    with pytest.raises(ArchiveUnsafe):
        tree.add(file("/a", b"y"), "three")


def test_add__folder_of_two_packages__first_one_decides():
    tree = Tree()
    tree.add(TarEntry("/a", "directory", 0o755, 0, 0), "one")
    tree.add(TarEntry("/a", "directory", 0o700, 0, 0), "two")
    assert tree["/a"].mode == 0o755


@pytest.mark.parametrize(
    "above", [TarEntry("/a", "symlink", 0o777, 0, 0, link="etc"), file("/a")], ids=["link", "file"]
)
def test_close__member_below_no_folder__is_refused(above):
    tree = Tree()
    tree.add(above, "one")
    tree.add(file("/a/b"), "two")
    with pytest.raises(ArchiveUnsafe):
        tree.close()


def test_iter__closed_tree__folders_come_first_in_byte_order():
    tree = Tree()
    for name in ("/b/c", "/a-b/x", "/a/z/y", "/a/b"):
        tree.add(file(name), "one")
    tree.close()
    assert [entry.name for entry in tree] == ["/a", "/a/b", "/a/z", "/a/z/y", "/a-b", "/a-b/x", "/b", "/b/c"]


def test_write__prefixes__only_those_land_on_disk(tmp_path):
    tree = Tree()
    tree.put_file("/usr/bin/tool", b"#!", 0o4755)
    tree.put_file("/etc/passwd", b"root")
    tree.link("/usr/bin/t", "tool")
    tree.close()
    tree.write(tmp_path, ("/usr/",))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["bin", "t", "tool", "usr"]
    assert (tmp_path / "usr/bin/tool").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "usr/bin/t").read_bytes() == b"#!"
