"""What is added by hand to a tiny tree."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlpack.stack.archive import Contents
from jupyter_mlpack.stack.recipe import read_stack
from jupyter_mlpack.stack.system import BUNDLE, add_package, finish
from jupyter_mlpack.stack.tree import Tree

STACK = read_stack(Path(__file__).parents[2] / "stacks" / "bookworm")


def tiny() -> Tree:
    tree = Tree()
    tree.put_file("/usr/bin/dash", b"\x7fELF", 0o755)
    tree.put_file("/usr/lib/x86_64-linux-gnu/libc.so.6", b"\x7fELF")
    tree.put_file("/usr/share/ca-certificates/mozilla/B.crt", b"second")
    tree.put_file("/usr/share/ca-certificates/mozilla/A.crt", b"first\n")
    finish(tree, STACK)
    return tree


def test_finish__accounts__root_nobody_and_the_user():
    lines = (tiny()["/etc/passwd"].data or b"").decode().splitlines()
    assert [line.split(":")[:3:2] for line in lines] == [["root", "0"], ["nobody", "65534"], ["mlpack", "1000"]]


def test_finish__folders__have_modes_and_owners():
    tree = tiny()
    names = ("/tmp", "/root", "/output", "/workspace")
    facts = {name: (tree[name].mode, tree[name].uid, tree[name].gid) for name in names}
    ours = (0o755, 1000, 1000)
    assert facts == {"/tmp": (0o1777, 0, 0), "/root": (0o700, 0, 0), "/output": ours, "/workspace": ours}


def test_finish__links__name_what_is_there():
    tree = tiny()
    links = {name: tree[name].link for name in ("/bin", "/lib", "/usr/bin/sh", "/usr/bin/python3")}
    assert links == {"/bin": "usr/bin", "/lib": "usr/lib", "/usr/bin/sh": "dash", "/usr/bin/python3": "python3.11"}
    assert "/lib64" not in tree
    assert "/usr/bin/awk" not in tree


def test_finish__certificates__one_bundle_in_order_of_paths():
    assert tiny()[BUNDLE].data == b"first\nsecond\n"


def test_add_package__sums__only_of_files_that_are_kept():
    tree = Tree()
    entry = tiny()["/usr/bin/dash"]
    sums = f"{'0' * 32}  bin/dash\n{'1' * 32}  usr/share/man/man1/dash.1.gz\n"
    add_package(tree, Contents("dash", "Package: dash\nVersion: 1\n\n", sums, (entry,)))
    assert tree["/var/lib/dpkg/status.d/dash"].data == b"Package: dash\nVersion: 1\n"
    assert tree["/var/lib/dpkg/status.d/dash.md5sums"].data == f"{'0' * 32}  bin/dash\n".encode()
