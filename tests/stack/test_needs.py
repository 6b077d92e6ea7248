"""From what buildpacks wrote to packages and notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.stack.contents import libraries_of, render
from jupyter_mlpack.stack.libraries import Libraries
from jupyter_mlpack.stack.needs import LibraryNeed, choose_packages, libraries_in, read_needs
from jupyter_mlpack.stack.recipe import read_stack

STACKS = Path(__file__).parents[2] / "stacks"
STACK = read_stack(STACKS / "bookworm")
TABLE = {"libGL.so.1": "libgl1", "libhwloc.so.15": "libhwloc15", "libcuda.so.1": "never"}


def test_read_needs__entries__of_two_to_four_words() -> None:
    text = "libGL.so.1 opencv-python cv2/cv2.abi3.so|libA.so.1 a -|libB.so.2 b b.so other|alone|a b c d e|../x y z|"
    assert read_needs(text) == (
        LibraryNeed("libGL.so.1", "opencv-python", "cv2/cv2.abi3.so"),
        LibraryNeed("libA.so.1", "a", "-"),
        LibraryNeed("libB.so.2", "b", "b.so", "other"),
    )


@pytest.mark.parametrize(
    "value", [None, 3, "", "|||", ["libGL.so.1 a b"]], ids=["none", "number", "empty", "bars", "list"]
)
def test_read_needs__something_else__nothing(value: object) -> None:
    assert read_needs(value) == ()


@pytest.mark.parametrize(
    ("need", "packages", "told"),
    [
        (LibraryNeed("libGL.so.1", "a"), ("libgl1",), 0),
        (LibraryNeed("libz.so.1", "a"), (), 0),
        (LibraryNeed("libcuda.so.1", "a"), (), 0),
        (LibraryNeed("libnvidia-ml.so.1", "a"), (), 0),
        (LibraryNeed("libhwloc.so.15", "a", "-", "b"), ("libhwloc15",), 0),
        (LibraryNeed("libcublas.so.12", "a", "-", "nvidia-cublas"), (), 0),
        (LibraryNeed("libnvinfer.so.10", "a", "a/x.so"), (), 1),
    ],
    ids=["of-the-stack", "in-the-image", "driver", "driver-tool", "in-another-wheel-too", "only-there", "nowhere"],
)
def test_choose_packages__one_library__package_or_notice(
    need: LibraryNeed, packages: tuple[str, ...], told: int
) -> None:
    choice = choose_packages([need], frozenset({"libz.so.1"}), TABLE, STACK)
    assert (choice.packages, len(choice.notices)) == (packages, told)
    assert all(word in notice.text for notice in choice.notices for word in (need.library, need.project, need.file))


@pytest.mark.parametrize("name", ["bookworm", "trixie"])
@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_libraries__shipped_table__knows_what_wheels_ask_for(name: str, arch: str) -> None:
    table = Libraries(STACKS / name / "libraries.txt", arch)
    assert table["libGL.so.1"] == "libgl1"
    assert table["libglib-2.0.so.0"] == {"bookworm": "libglib2.0-0", "trixie": "libglib2.0-0t64"}[name]
    assert table["libblas.so.3"] == "libblas3"
    assert ("ld-linux-x86-64.so.2" in table) == (arch == "amd64")
    assert "libGL.so.1.7.0" not in table
    whole = dict(Libraries(STACKS / name / "libraries.txt", arch))
    some = [library for number, library in enumerate(sorted(whole)) if number % 23 == 0]
    assert {library: table[library] for library in some} == {library: whole[library] for library in some}


def test_libraries__no_file__knows_nothing(tmp_path: Path) -> None:
    assert dict(Libraries(tmp_path / "libraries.txt", "amd64")) == {}
    assert dict(Libraries(None, "amd64")) == {}


def test_libraries_of__contents__public_folders_shortest_package_no_files_of_versions(tmp_path: Path) -> None:
    lines = [
        "usr/lib/x86_64-linux-gnu/libav.so.59   libs/libavcodec-extra59,libs/libavcodec59\n",
        "usr/lib/x86_64-linux-gnu/libav.so.59.1.100   libs/libavcodec-extra59,libs/libavcodec59\n",
        "usr/lib/x86_64-linux-gnu/libav.so   libdevel/libavcodec-dev\n",
        "usr/lib/x86_64-linux-gnu/dri/card_dri.so   libs/libgl1-mesa-dri\n",
        "usr/lib/aarch64-linux-gnu/libarm.so.1   libs/libarm1\n",
        "usr/lib/libold.so.2   oldlibs/libold2\n",
    ]
    made = libraries_of(lines, "amd64")
    assert {name: made[name] for name in made if not name.startswith(("libblas", "liblapack", "libopenblas"))} == {
        "libav.so.59": "libavcodec59", "libold.so.2": "libold2",
    }  # fmt: skip
    (tmp_path / "libraries.txt").write_text(render({"amd64": made, "arm64": {**made, "libold.so.2": "libold2t64"}}))
    assert Libraries(tmp_path / "libraries.txt", "arm64")["libold.so.2"] == "libold2t64"
    assert dict(Libraries(tmp_path / "libraries.txt", "amd64")) == made


def test_libraries_in__unpacked_image__public_folders_links_included(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/x86_64-linux-gnu"
    (folder / "private").mkdir(parents=True)
    (folder / "liba.so.1.2").touch()
    (folder / "liba.so.1").symlink_to("liba.so.1.2")
    (folder / "private/libb.so.1").touch()
    (tmp_path / "usr/lib/libc.so.2").touch()
    assert libraries_in(tmp_path) == {"liba.so.1", "liba.so.1.2", "libc.so.2"}
