"""Layers that a buildpack lists: what a listing may say, and that a walk of the same folder says the same."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.lifecycle.listing import listed_entries
from jupyter_mlpack.lifecycle.toml import MalformedError
from jupyter_mlpack.oci.tar import TarEntry, tree_entries, write_tar

AT = "/layers/own/layer"
Document = dict[str, Any]


def document(**parts: object) -> Document:
    return {"format": 1, "trees": [], "links": [], "symlinks": {}, "texts": {}, **parts}


@pytest.fixture
def listed(tmp_path: Path) -> Callable[[Document], list[TarEntry]]:
    def read(content: Document) -> list[TarEntry]:
        path = tmp_path / "layer.json"
        path.write_text(json.dumps(content))
        return listed_entries(path, AT, 1000, 1001)

    return read


def plain(entry: TarEntry) -> tuple[object, ...]:
    data = Path(entry.source).read_bytes() if entry.source else entry.data or b""
    return entry.name, entry.kind, entry.mode, entry.uid, entry.gid, entry.link, entry.length, data


def test_listed_entries__equal_those_of_the_folder(listed, tmp_path: Path) -> None:
    wheel, folder = tmp_path / "wheel", tmp_path / "folder"
    names = ["a/x.txt", "a.b/x.txt", "a/b/y.txt", "a-b/x.txt", "ünï/z.txt", "top.txt"]
    for root in (wheel, folder / "site"):
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(name)
            (root / name).chmod(0o755 if name == "top.txt" else 0o644)
    (folder / "links").mkdir()
    (folder / "links/one").symlink_to("/layers/other/site/one")
    (folder / "python").symlink_to("/usr/bin/python3")
    (folder / "text.txt").write_text("said ü")
    for made in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        made.chmod(0o755)
    files = [[name, 0o755 if name == "top.txt" else 0o644, len(name.encode())] for name in names]
    content = document(
        trees=[["site", str(wheel), files]],
        links=[["links", "/layers/other/site", ["one"]]],
        symlinks={"python": "/usr/bin/python3"},
        texts={"text.txt": [0o644, "said ü"]},
    )
    assert [plain(entry) for entry in listed(content)] == [plain(one) for one in tree_entries(folder, AT, 1000, 1001)]


def test_listed_entries__nothing__is_the_folder_alone(listed) -> None:
    assert [(entry.name, entry.kind) for entry in listed(document())] == [(AT, "directory")]


def row(names: object, *, folder: str = "top", where: str = "links", digest: str | None = None) -> list[object]:
    told = digest or hashlib.sha256("\0".join(names if isinstance(names, list) else []).encode()).hexdigest()
    return [where, "/layers/other/site", folder, 3, told, names]


NAMES = ["top/a.py", "top/b-c.py", "top/b/c.py", "top/é.py"]


@pytest.mark.parametrize("place", ["inline", "file"])
def test_listed_entries__stretch__equals_the_same_links(listed, tmp_path: Path, place: str) -> None:
    told = row(NAMES)
    if place == "file":
        (tmp_path / "names.json").write_text(json.dumps({"top": NAMES}))
        told[-1] = {"file": str(tmp_path / "names.json"), "key": "top"}
    around = ["a.py", "top.py", "topx/y.py"]
    short = document(links=[["links", "/layers/other/site", around]], stretches=[told])
    plain = document(links=[["links", "/layers/other/site", [*NAMES, *around]]])
    written = [io.BytesIO(), io.BytesIO()]
    for out, content in zip(written, (short, plain), strict=True):
        write_tar(out, listed(content))
    assert written[0].getvalue() == written[1].getvalue()


LIES = {
    "another digest": row(NAMES, digest="0" * 64),
    "names outside": row(["top/a.py", "topx/a.py"]),
    "names above": row(["top/a.py", "top/../../a.py"]),
    "the folder itself": row(["top"]),
    "a name twice": row(["top/a.py", "top/a.py"]),
    "a file that is a folder": row(["top/a", "top/a/b"]),
    "no file": row({"file": "/absent.json", "key": "top"}, digest="0" * 64),
    "no names": row(7, digest="0" * 64),
}


@pytest.mark.parametrize("told", LIES.values(), ids=LIES)
def test_listed_entries__stretch_that_lies__is_refused_when_it_is_read(listed, told: list[object]) -> None:
    entries = listed(document(stretches=[told]))
    with pytest.raises(MalformedError):
        write_tar(io.BytesIO(), entries)


BAD = {
    "a stretch that climbs out": document(stretches=[row(NAMES, folder="../top")]),
    "a stretch elsewhere": document(stretches=[row(NAMES, where="..")]),
    "a stretch without a digest": document(stretches=[row(NAMES, digest="x")]),
    "a stretch that is none": document(stretches=[["links", "/x", "top"]]),
    "the same stretch twice": document(stretches=[row(NAMES), row(NAMES)]),
    "a stretch in a stretch": document(stretches=[row(NAMES), row(["top/in/a.py"], folder="top/in")]),
    "a path in a stretch": document(stretches=[row(NAMES)], texts={"links/top/x": [0o644, ""]}),
    "a path that is a stretch": document(stretches=[row(NAMES)], texts={"links/top": [0o644, ""]}),
    "another format": document(format=2),
    "no format": {},
    "no object": [],
    "a part is missing": {"format": 1, "trees": []},
    "climbs out": document(texts={"../x": [0o644, ""]}),
    "climbs out in the middle": document(symlinks={"a/../../x": "/"}),
    "climbs out by its place": document(links=[["..", "/x", ["a"]]]),
    "absolute": document(texts={"/etc/x": [0o644, ""]}),
    "not in its shortest form": document(texts={"a/./x": [0o644, ""]}),
    "a folder": document(texts={"a/": [0o644, ""]}),
    "empty": document(texts={"": [0o644, ""]}),
    "NUL": document(texts={"a\0b": [0o644, ""]}),
    "the same twice": document(texts={"a": [0o644, ""]}, symlinks={"a": "/b"}),
    "a file that is a folder": document(texts={"a": [0o644, ""], "a/b": [0o644, ""]}),
    "a name that is none": document(trees=[["site", "/x", [[1, 0o644, 1]]]]),
    "a mode that is none": document(texts={"a": ["rw", ""]}),
    "a text that is none": document(texts={"a": [0o644, 7]}),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_listed_entries__bad_listing__is_refused(listed, content: Document) -> None:
    with pytest.raises(MalformedError):
        listed(content)


def test_listed_entries__setuid__is_not_taken(listed) -> None:
    (_, entry) = listed(document(texts={"a": [0o4755, ""]}))
    assert entry.mode == 0o755
