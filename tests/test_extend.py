"""What is asked of the system and cannot be had is told, and the build goes on."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from jupyter_mlpack.events import Event, Noticed, PhaseStarted
from jupyter_mlpack.extend import Extender
from jupyter_mlpack.lifecycle.records import BuildpackRecord, LayerRecord
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.stack.assembling import run_config
from jupyter_mlpack.stack.recipe import StackSettings, read_stack
from jupyter_mlpack.stack.run_image import Assembly
from jupyter_mlpack.values import Catalog, Evidence, Location, SystemPackage

STACKS = Path(__file__).parents[1] / "stacks"
STACK = read_stack(STACKS / "bookworm")
HERE = Location("n.ipynb", 2, 1)


def asked(name: str, rule: str = "APT1") -> SystemPackage:
    return SystemPackage(name, (Evidence(rule, HERE, name),))


def records(needed: str) -> tuple[BuildpackRecord, ...]:
    return (BuildpackRecord("some/buildpack", "1", {"environment": LayerRecord(True, metadata={"needed": needed})}),)


class Bench:
    """A store with a run image of one library, on a machine without apt."""

    def __init__(self, folder: Path, codename: str) -> None:
        self.events: list[Event] = []
        store = Store(folder)
        files = {"/usr/lib/libz.so.1": b"", "/etc/os-release": f"ID=debian\nVERSION_CODENAME={codename}\n".encode()}
        entries = [TarEntry(name, "directory", 0o755, 0, 0) for name in ("/etc", "/usr", "/usr/lib")]
        entries += [TarEntry(name, "file", 0o644, 0, 0, size=len(data), data=data) for name, data in files.items()]
        layer = store.add_layer(functools.partial(write_tar, entries=entries))
        self.base = store.add_image(run_config(STACK, "amd64", layer, "0" * 64), [layer])
        self.assembly = Assembly(STACK, "amd64", store, StackSettings(), self.events.append)

    def extend(self, needed: str, *packages: SystemPackage) -> list[str]:
        """The codes of what is told; the image is the run image."""
        self.events.clear()
        catalog = Catalog((STACK,), (), (), STACKS)
        assert Extender(self.assembly, self.base, catalog, packages)(records(needed)) == self.base
        return [event.notice.code for event in self.events if isinstance(event, Noticed)]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("PATH", "/nowhere")
    return Bench(tmp_path, "bookworm")


@pytest.mark.parametrize(
    "needed", ["", "libz.so.1 numpy -", "libcuda.so.1 torch -"], ids=["nothing", "there", "driver"]
)
def test_extender__nothing_missing__no_phase_and_no_word(bench: Bench, needed: str) -> None:
    assert bench.extend(needed) == []
    assert bench.events == []


def test_extender__no_apt__told_and_built_without(bench: Bench) -> None:
    assert bench.extend("libGL.so.1 opencv-python -") == ["system-packages-unavailable"]
    assert [event.phase for event in bench.events if isinstance(event, PhaseStarted)] == ["extend"]


def test_extender__library_that_nobody_has__told_without_a_phase(bench: Bench) -> None:
    assert bench.extend("libnvinfer.so.10 onnxruntime-gpu onnxruntime/x.so") == ["system-library-unknown"]
    assert not any(isinstance(event, PhaseStarted) for event in bench.events)


@pytest.mark.parametrize("name", ["build-essential", "python3-dev", "libfoo-dev", "g++-9", "python3.11-venv", "cmake"])
def test_extender__tools_that_install_others__are_left_out_and_told(bench: Bench, name: str) -> None:
    assert bench.extend("", asked(name)) == ["system-package-left-out"]


@pytest.mark.parametrize("name", ["--option", "../x", "A b", "x;reboot", ""])
def test_extender__names_that_are_no_packages__never_reach_apt(bench: Bench, name: str) -> None:
    assert bench.extend("", asked(name)) == ["system-package-missing"]


def test_extender__compiler_that_a_package_uses_at_run_time__is_wanted(bench: Bench) -> None:
    assert bench.extend("", asked("g++", "SYS1")) == ["system-packages-unavailable"]


def test_extender__run_image_of_another_release__is_not_mixed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "noble")
    assert bench.extend("libGL.so.1 opencv-python -") == ["system-packages-unavailable"]
    assert not any(isinstance(event, PhaseStarted) for event in bench.events)
