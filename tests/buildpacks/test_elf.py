"""The reader of shared objects: against those of the machine, against made ones, against bytes that mean harm."""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SOURCE = Path(__file__).parents[2] / "buildpacks/packages/lib/elf.py"
MOST_READ = 1 << 26
"""Bytes that the reader may take from a file, whatever the file says."""


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mlpack_test_elf", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


elf = load()


def read(data: bytes, arch: str = "amd64") -> object:
    try:
        return elf.read_object(io.BytesIO(data), arch)
    except (elf.struct.error, OverflowError):
        return None


def machine_objects() -> list[Path]:
    folders = [*Path("/usr/lib").glob("*-linux-gnu"), Path("/usr/lib64"), Path("/usr/bin")]
    files = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    return [path for path in files if path.is_file() and not path.is_symlink()][:400]


def test_read_dynamic__objects_of_this_machine__as_pyelftools_reads_them() -> None:
    from elftools.elf.elffile import ELFFile

    compared = 0
    for path in machine_objects():
        with path.open("rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
            other = ELFFile(file)
            arch = {"EM_X86_64": "amd64", "EM_AARCH64": "arm64"}.get(other.header.e_machine, "")
            section = other.get_section_by_name(".dynamic") if arch else None
            if section is None:
                continue
            needed = tuple(dict.fromkeys(tag.needed for tag in section.iter_tags("DT_NEEDED")))
            sonames = [tag.soname for tag in section.iter_tags("DT_SONAME")]
        found = elf.read_dynamic(path, arch)
        assert (found.needed, found.soname) == (needed, sonames[0] if sonames else ""), path
        compared += 1
    if compared < 20:
        pytest.skip("NO ELF OBJECTS HERE: the reader was not compared with the machine's libraries")


@pytest.mark.skipif(not shutil.which("gcc"), reason="NO COMPILER: the reader was not tried on a fresh object")
@pytest.mark.parametrize(
    "options", [[], ["-s"], ["-Wl,-z,norelro", "-Wl,--hash-style=gnu"]], ids=["plain", "stripped", "bare"]
)
def test_read_dynamic__compiled_object__names_and_own_name(options: list[str], tmp_path: Path) -> None:
    source = tmp_path / "it.c"
    source.write_text("#include <math.h>\ndouble f(double x) { return cos(x); }\n")
    library = tmp_path / "libit.so.3"
    words = ["gcc", "-shared", "-fPIC", "-Wl,-soname,libit.so.3", "-Wl,--no-as-needed", *options]
    subprocess.run([*words, "-o", str(library), str(source), "-lm"], check=True)
    found = elf.read_dynamic(library, "")
    assert found.soname == "libit.so.3"
    assert {"libm.so.6", "libc.so.6"} <= set(found.needed)


@pytest.mark.parametrize(
    ("machine", "arch", "read_it"),
    [(62, "amd64", True), (183, "arm64", True), (62, "arm64", False), (3, "amd64", False)],
)
def test_read_object__processor__only_the_targets(
    make_object: Callable[..., bytes], machine: int, arch: str, read_it: bool
) -> None:
    assert (read(make_object(["libz.so.1"], machine=machine), arch) is not None) == read_it


@pytest.mark.parametrize("name", ["../../etc/passwd", "lib|x.so", 'lib"x.so', "lib x.so", "libä.so", "l" * 300])
def test_read_object__names_that_are_no_files__are_left_out(make_object: Callable[..., bytes], name: str) -> None:
    assert read(make_object([name, "libz.so.1"])).needed == ("libz.so.1",)


class Counted(io.BytesIO):
    """A file that counts what is read of it, and is not asked for more than there is sense in."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 <= size <= MOST_READ
        data = super().read(size)
        self.taken += len(data)
        return data


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_read_object__bytes_turned__an_answer_or_none_and_bounded(
    data: st.DataObject, make_object: Callable[..., bytes]
) -> None:
    bytes_ = bytearray(make_object(["libz.so.1", "libGL.so.1"], "libit.so.3"))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(bytes_) - 1))
        bytes_[at] = data.draw(st.integers(0, 255))
    file = Counted(bytes(bytes_[: data.draw(st.integers(0, len(bytes_)))]))
    try:
        found = elf.read_object(file, "amd64")
    except (elf.struct.error, OverflowError):
        found = None
    assert found is None or all("/" not in name and "|" not in name for name in found.needed)
    assert file.taken <= 8 * len(bytes_)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_read_object__noise_behind_the_magic__an_answer_or_none(noise: bytes) -> None:
    read(b"\x7fELF\2\1\1" + noise)
    read(b"\x7fELF\1\2\1" + noise, "")


def test_read_dynamic__missing_file_and_text__none(tmp_path: Path) -> None:
    (tmp_path / "script.so").write_text("GROUP ( libc.so.6 )")
    assert elf.read_dynamic(tmp_path / "script.so", "amd64") is None
    assert elf.read_dynamic(tmp_path / "nothing", "amd64") is None
