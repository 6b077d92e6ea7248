"""Who made what stands in a daemon, and whether it is still there."""

from __future__ import annotations

import subprocess

import pytest

from jupyter_mlpack.elsewhere.left import is_left, maker


def test_is_left__a_process_that_ended__yes() -> None:
    process = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    said = maker(process.pid)
    assert said
    assert not is_left(said)
    process.communicate()
    assert is_left(said)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(maker(), id="this-process"),
        pytest.param("another-boot/1/1", id="another-machine"),
        pytest.param(f"{maker().partition('/')[0]}/x/1", id="no-number"),
        pytest.param("", id="nothing"),
    ],
)
def test_is_left__others__no(said: str) -> None:
    assert not is_left(said)
