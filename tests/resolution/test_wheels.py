"""The one wheel that a target takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename

from jupyter_mlpack.errors import NoWheelForTarget
from jupyter_mlpack.resolution.wheels import parse_pylock, target_tags, wheel_rank
from jupyter_mlpack.values import LockedPackage, Target

BOOKWORM = Target("linux", "amd64", "glibc2.36", "3.11")
TRIXIE_ARM = Target("linux", "arm64", "glibc2.41", "3.13")

CASES = {
    "pure": (BOOKWORM, ["py2.py3-none-any"], "py2.py3-none-any"),
    "binary beats pure": (
        BOOKWORM,
        ["py3-none-any", "cp311-cp311-manylinux_2_17_x86_64"],
        "cp311-cp311-manylinux_2_17_x86_64",
    ),
    "newest libc that fits": (
        BOOKWORM,
        ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux_2_28_x86_64",
         "cp311-cp311-manylinux_2_39_x86_64"],
        "cp311-cp311-manylinux_2_28_x86_64",
    ),
    "old name of a platform": (BOOKWORM, ["cp311-cp311-manylinux2014_x86_64"], "cp311-cp311-manylinux2014_x86_64"),
    "stable ABI": (BOOKWORM, ["cp37-abi3-manylinux_2_17_x86_64"], "cp37-abi3-manylinux_2_17_x86_64"),
    "other architecture": (TRIXIE_ARM, ["cp313-cp313-manylinux_2_17_x86_64"], None),
    "arm": (TRIXIE_ARM, ["cp313-cp313-manylinux_2_17_aarch64"], "cp313-cp313-manylinux_2_17_aarch64"),
    "libc too new": (BOOKWORM, ["cp311-cp311-manylinux_2_39_x86_64"], None),
    "musl": (BOOKWORM, ["cp311-cp311-musllinux_1_2_x86_64"], None),
    "free-threaded": (TRIXIE_ARM, ["cp313-cp313t-manylinux_2_17_aarch64"], None),
    "no wheel at all": (BOOKWORM, [], None),
}  # fmt: skip


@pytest.mark.parametrize("python", ["3.9", "3.10", "3.11", "3.13"])
@pytest.mark.parametrize("target", [BOOKWORM, TRIXIE_ARM], ids=["amd64", "arm64"])
def test_target_tags__order__is_that_of_packaging(target: Target, python: str) -> None:
    ranks = target_tags(replace(target, python=python))
    platforms = list(dict.fromkeys(tag.split("-")[2] for tag in ranks if not tag.endswith("-any")))
    version, own = tuple(map(int, python.split("."))), f"cp{python.replace('.', '')}"
    tags = [*cpython_tags(version, [own], platforms), *compatible_tags(version, own, platforms)]
    assert list(ranks) == list(dict.fromkeys(map(str, tags)))


@pytest.mark.parametrize(
    "name", ["six-1-py3-none-any.zip", "six-1-py3-none.whl", "six.whl", "a-b-1-1-py3-none-any.whl"]
)
def test_wheel_rank__no_wheel__is_refused(name: str) -> None:
    with pytest.raises(InvalidWheelFilename):
        wheel_rank(name, target_tags(BOOKWORM))


def pylock(wheels: list[str]) -> str:
    rows = ", ".join(
        f'{{ url = "https://files.example/six-1-{tag}.whl", size = {number}, hashes = {{ sha256 = "{tag}" }} }}'
        for number, tag in enumerate(wheels)
    )
    return f'lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1"\nwheels = [{rows}]\n'


@pytest.mark.parametrize(("target", "wheels", "expected"), CASES.values(), ids=CASES)
def test_parse_pylock(target: Target, wheels: list[str], expected: str | None) -> None:
    if expected is None:
        with pytest.raises(NoWheelForTarget) as refusal:
            list(parse_pylock(pylock(wheels), target))
        assert refusal.value.data == {"release": "six 1", "python": target.python, "arch": target.arch}
    else:
        name = f"six-1-{expected}.whl"
        assert list(parse_pylock(pylock(wheels), target)) == [
            LockedPackage("six", "1", expected, wheels.index(expected), name, f"https://files.example/{name}")
        ]
