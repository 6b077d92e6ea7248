"""What an environment needs of the system, told from the objects in its wheels."""

from __future__ import annotations

import re

import pytest


def needed(ran) -> dict[str, list[str]]:
    """Library -> project, file, holder, from the metadata of the environment."""
    value = re.search(r'needed = "(.*)"', ran.metadata("environment"))[1]
    return {entry.split()[0]: entry.split()[1:] for entry in value.split("|") if entry}


def test_build__objects_of_a_wheel__needs_but_for_its_own_and_the_c_library(bench, make_object) -> None:
    module = make_object(["libinner-1a2b.so.1", "libGL.so.1", "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"])
    inner = make_object(["libglib-2.0.so.0"], "libinner-1a2b.so.1")
    files = {"seeing/eye.abi3.so": module, "seeing.libs/libinner-1a2b.so.1": inner, "seeing/__init__.py": ""}
    bench.lock(packages=[bench.wheel("seeing", files)])
    ran = bench.build()
    assert ran.status == 0, ran.log
    assert needed(ran) == {
        "libGL.so.1": ["seeing", "seeing/eye.abi3.so"],
        "libglib-2.0.so.0": ["seeing", "seeing.libs/libinner-1a2b.so.1"],
    }
    assert "Needs of the system: libGL.so.1, libglib-2.0.so.0" in ran.log


def test_build__plug_ins_and_what_serves_them_alone__are_not_asked_for(bench, make_object) -> None:
    files = {
        "view/core.cpython-311-x86_64-linux-gnu.so": make_object(["libCore.so.5"]),
        "view/qt/plugins/platforms/libqxcb.so": make_object(["libXcb.so.5", "libCore.so.5", "libxcb.so.1"]),
        "view.libs/libXcb.so.5": make_object(["libX11.so.6"], "libXcb.so.5"),
        "view.libs/libCore.so.5": make_object(["libz.so.1"], "libCore.so.5"),
    }
    bench.lock(packages=[bench.wheel("view", files)])
    assert set(needed(bench.build())) == {"libz.so.1"}


def test_build__library_loaded_by_code__counts(bench, make_object) -> None:
    bench.lock(packages=[bench.wheel("boost", {"boost/lib/lib_boost.so": make_object(["libgomp.so.1"])})])
    assert set(needed(bench.build())) == {"libgomp.so.1"}


def test_build__library_of_another_wheel__its_holder_is_named(bench, make_object) -> None:
    card = bench.wheel("card", {"nvidia/blas/lib/libcublas.so.12": make_object([], "libcublas.so.12")})
    user = bench.wheel("torchlike", {"torchlike/lib/libt.so": make_object(["libcublas.so.12", "libcuda.so.1"])})
    bench.lock(one=[card], packages=[user])
    found = needed(bench.build())
    assert found["libcublas.so.12"][-1] == "card"
    assert found["libcuda.so.1"] == ["torchlike", "torchlike/lib/libt.so"]


@pytest.mark.parametrize("foreign", ["machine", "musl"])
def test_build__objects_for_other_systems__are_passed_over(bench, make_object, foreign) -> None:
    data = (
        make_object(["libEGL.so.1"], machine=183)
        if foreign == "machine"
        else make_object(["libc.musl-x86_64.so.1", "libEGL.so.1"])
    )
    bench.lock(packages=[bench.wheel("many", {"many/attach.so": data, "many/other.so": b"\x7fELF but no more"})])
    assert needed(bench.build()) == {}


def test_build__nothing_changed__needs_are_kept_without_a_look_at_wheels(bench, make_object) -> None:
    bench.lock(packages=[bench.wheel("seeing", {"seeing/eye.abi3.so": make_object(["libGL.so.1"])})])
    first = bench.build()
    for wheel in bench.wheels.iterdir():
        wheel.unlink()
    again = bench.build(restored=first)
    assert again.status == 0, again.log
    assert again.metadata("environment") == first.metadata("environment")


def test_build__previous_image_from_before_needs_were_told__environment_is_made_once(bench, make_object) -> None:
    bench.lock(packages=[bench.wheel("seeing", {"seeing/eye.abi3.so": make_object(["libGL.so.1"])})])
    first = bench.build()
    path = first.layers / "environment.toml"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "needed" not in line))
    again = bench.build(restored=first)
    assert set(needed(again)) == {"libGL.so.1"}
    assert not (again.layers / "packages").exists()
