"""Buildpacks that are not ours, where the image is for another architecture than this machine's."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.lifecycle.descriptor import Descriptor
from jupyter_mlpack.lifecycle.identity import check_architecture


def pack(name: str, *, relocatable: bool) -> Descriptor:
    return Descriptor(Path("packs", name), "0.10", f"example.org/{name}", "1.0", relocatable=relocatable)


OURS, THEIRS = pack("ours", relocatable=True), pack("theirs", relocatable=False)


@pytest.mark.parametrize(
    ("packs", "arch"),
    [((OURS, THEIRS), "amd64"), ((OURS,), "arm64"), ((), "arm64")],
    ids=["this machine's", "only what promises it", "none at all"],
)
def test_check_architecture__may_be_built_here__passes(packs: tuple[Descriptor, ...], arch: str) -> None:
    check_architecture(packs, arch, "amd64")


def test_check_architecture__theirs_for_another__refused_by_name_with_the_reason() -> None:
    with pytest.raises(errors.BuildpackNeedsArchitecture) as caught:
        check_architecture((OURS, THEIRS), "arm64", "amd64")
    assert "example.org/theirs@1.0 cannot build for linux/arm64" in str(caught.value)
    assert "linux/amd64" in (caught.value.sentence("why") or "")
