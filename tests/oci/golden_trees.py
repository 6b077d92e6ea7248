"""The trees of the golden vectors: the same on every machine, each awkward in its own way."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

Make = Callable[["Builder"], None]


class Builder:
    """Makes files below a folder; modes are set last, because a change of owner clears set-id bits."""

    def __init__(self, root: Path, uid: int, gid: int) -> None:
        self.root, self.ids = root, (uid, gid)
        self.folder("", 0o755)

    def folder(self, name: str, mode: int = 0o755) -> None:
        path = self.root / name if name else self.root
        path.mkdir(parents=True, exist_ok=True)
        self._own_parents(path)
        self.own(path, mode)

    def file(self, name: str, data: bytes | None = None, mode: int = 0o644) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._own_parents(path)
        path.write_bytes(name.encode() if data is None else data)
        self.own(path, mode)

    def link(self, name: str, target: str) -> None:
        (self.root / name).symlink_to(target)
        if os.geteuid() == 0:
            os.lchown(self.root / name, *self.ids)

    def _own_parents(self, path: Path) -> None:
        for parent in path.relative_to(self.root).parents:
            self.own(self.root / parent, 0o755)

    def own(self, path: Path, mode: int) -> None:
        if os.geteuid() == 0:
            os.chown(path, *self.ids)
        path.chmod(mode)


def plain(make: Builder) -> None:
    make.file("a.txt", b"")
    make.file("b/c/d.py", b"print(1)\n" * 100)
    make.file("exact", bytes(512))
    make.file("one more", bytes(513), 0o600)
    make.folder("empty/deeper")


def trickily_sorted(make: Builder) -> None:
    for name in (
        "dir/c",
        "dir-x",
        "dir.y/z",
        "dir0",
        "Dir",
        "_",
        "é",
        "\u00e9\u0301",
        "z",
        "~",
        "dir a",
        "dir\x7f",
        "\U0001f4d3",
    ):
        make.file(name)


def modes(make: Builder) -> None:
    for mode in (0o4755, 0o2755, 0o6711, 0o1644, 0o444, 0o777, 0o700):
        make.file(f"file-{mode:o}", mode=mode)
        make.folder(f"folder-{mode:o}", mode | 0o700)


def links(make: Builder) -> None:
    make.file("target", b"content")
    make.link("to-file", "target")
    make.link("to-folder", "..")
    make.link("dangling", "/nowhere/at all")
    make.link("unicode", "zi\u00e9l")
    make.link("long", "t/" * 60 + "end")
    make.link("exactly-100", "x" * 100)
    make.link("just-over", "x" * 101)
    os.link(make.root / "target", make.root / "zz-hard")
    make.folder("hard")
    os.link(make.root / "target", make.root / "hard" / "link")


def odd_kinds(make: Builder) -> None:
    make.file("file")
    os.mkfifo(make.root / "pipe")
    make.own(make.root / "pipe", 0o640)
    before = os.getcwd()
    os.chdir(make.root)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket")
    finally:
        os.chdir(before)


def long_names(make: Builder) -> None:
    make.file("s" * 20 + "/" + "n" * 95)
    for length in range(96, 103):
        make.file("n" * length)
    for depth in (40, 60, 70, 71, 72, 73, 74, 75, 80, 120):
        make.file("d/" * depth + f"file-{depth}")
    make.file("p" * 120 + "/" + "s" * 90)
    make.file("p" * 160 + "/" + "s" * 90)
    make.file("e/" + "é" * 60)
    make.file("slash-cut/" + "é/" * 20 + "abc/" * 20 + "end")
    for width in range(20, 60):
        make.file("w" * width + "/é/é/é/" + "x" * 40 + "/y")
    make.folder("folder-" + "f" * 110)
    make.folder("unicode-folder-ü")


def application(make: Builder) -> None:
    for name in (
        "train.ipynb",
        "data/a.csv",
        "data/b.csv",
        "data/deep/c.csv",
        "src/x.py",
        "src/y.py",
        "src-x",
        "src.txt",
    ):
        make.file(name)
    make.file("[odd]*name")
    make.file("only/child/here")
    make.folder("empty")
    make.link("latest", "data/b.csv")


def nothing(make: Builder) -> None:
    pass


TREES: dict[str, Make] = {
    "plain": plain,
    "trickily-sorted": trickily_sorted,
    "modes": modes,
    "links": links,
    "odd-kinds": odd_kinds,
    "long-names": long_names,
    "application": application,
    "nothing": nothing,
}
SLICES: dict[str, list[list[str]]] = {
    "none": [],
    "one-file": [["train.ipynb"]],
    "folder": [["data"]],
    "folder-with-slash": [["./data/"]],
    "star": [["data/*.csv"], ["src/*"]],
    "everything": [["*"]],
    "everything-twice": [["*"], ["*"]],
    "overlapping": [["data/a.csv", "src"], ["data", "src/x.py"], ["*.txt"]],
    "no-match": [["missing", "data/*/*/*"], []],
    "child-then-parent": [["only/child/here"], ["only/child"], ["only"]],
    "parts-of-all": [["src/x.py"], ["src/y.py"], ["s*"]],
    "classes": [["src[\\-.]*"], ["[^a-m]*"], ["\\[odd\\]\\*name"]],
    "question-marks": [["data/?.csv", "src?x.py"], ["?????"]],
    "link": [["latest"], ["data/b.csv"]],
    "root-and-outside": [[".", "..", "/data", "../data"]],
    "empty-folder": [["empty", "only/*"]],
}
IDS = {"usual": (1000, 1000), "root-group": (1001, 0), "large": (3000000, 2097152), "largest-octal": (2097151, 2097151)}
