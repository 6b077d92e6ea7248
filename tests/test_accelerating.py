"""Which hardware an image is made for, and what that adds to its plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.accelerating import aim, candidates, lock_for_hardware, wanted_arch
from jupyter_mlpack.events import Event, Noticed, ignore
from jupyter_mlpack.extend import Exposed
from jupyter_mlpack.hardware import with_hardware
from jupyter_mlpack.inspection.hardware.images import hardware_image, hardware_images
from jupyter_mlpack.oci import Store
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.values import (
    Buildpack,
    BuildPlan,
    Catalog,
    Cell,
    DeclaredHardware,
    Dependency,
    Evidence,
    Hardware,
    Inspection,
    Location,
    Lock,
    LockedPackage,
    Notebook,
    Purpose,
    Stack,
    Target,
)
from jupyter_mlpack.wishes import Wishes

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
STACK = Stack("old", "debian", "12", "old", "3.11", "glibc2.36", ("python3",), "mlpack", 1000, 1000)
CATALOG = Catalog((STACK,), (Buildpack("mlpack/hardware", "1", Path("hardware")),), ("mlpack/python@1",))
PLACE = Evidence("IMP1", Location("n.ipynb", 2, 1), "import it")


def notebook(*sources: str, accelerator: str = "") -> Notebook:
    cells = tuple(Cell(number, source, source) for number, source in enumerate(sources, 1))
    metadata = {"mlpack": {"hardware": {"accelerator": accelerator}}} if accelerator else {}
    return Notebook(Path("n.ipynb"), cells, "python", None, None, metadata, {})


def inspection(kind: str = "cpu", *, capability: str = "", needs: tuple[str, ...] = ()) -> Inspection:
    declared = DeclaredHardware("gpu", "nvidia", "T4", 1, 16, capability or None, "colab", (PLACE,))
    hardware = Hardware(declared if kind == "cuda" else DeclaredHardware(), accelerator=kind)
    found = tuple(Dependency(name, "", "install", (PLACE,)) for name in needs)
    return Inspection("n.ipynb", "python3", dependencies=found, hardware=hardware)


def plan(accelerator: str) -> BuildPlan:
    target = Target("linux", "amd64", "glibc2.36", "3.11", accelerator)
    return BuildPlan("n:training", Purpose.TRAINING, target, STACK, CATALOG.order, ())


def lock(*releases: str) -> Lock:
    pairs = (release.split("==") for release in releases)
    return Lock(tuple(LockedPackage(name, version, "0" * 64, 1) for name, version in pairs))


@pytest.mark.parametrize(
    ("kind", "capability", "needs", "wishes", "expected"),
    [
        pytest.param("cpu", "", (), {}, ["cpu"], id="cpu"),
        pytest.param("cuda", "", (), {}, ["cuda13", "cuda12"], id="gpu"),
        pytest.param("cuda", "7.5", (), {}, ["cuda13", "cuda12"], id="T4"),
        pytest.param("cuda", "7.0", (), {}, ["cuda12", "cuda13"], id="V100"),
        pytest.param("cuda", "6.0", (), {}, ["cuda12", "cuda13"], id="P100"),
        pytest.param("cuda", "9.0", ("cudf-cu12",), {}, ["cuda12", "cuda13"], id="package-of-a-line"),
        pytest.param("cuda", "9.0", (), {"required": ("jax[cuda12]",)}, ["cuda12", "cuda13"], id="extra-of-a-line"),
        pytest.param("cuda", "", (), {"allowed_indexes": ("cu126",)}, ["cuda12", "cuda13"], id="build-of-a-line"),
        pytest.param("cuda", "6.0", (), {"accelerator": "cuda13"}, ["cuda13"], id="named"),
        pytest.param("cuda", "", (), {"accelerator": "cpu"}, ["cpu"], id="cpu-named"),
        pytest.param("cpu", "", (), {"accelerator": "gpu"}, ["cuda13", "cuda12"], id="class-named"),
        pytest.param("rocm", "", (), {}, ["rocm"], id="rocm"),
        pytest.param("tpu", "", (), {}, ["tpu"], id="tpu"),
        pytest.param("neuron", "", (), {}, ["neuron"], id="neuron"),
        pytest.param("gaudi", "", (), {}, ["gaudi"], id="gaudi"),
    ],
)
def test_candidates__hardware_and_wishes__the_likeliest_first(
    kind: str, capability: str, needs: tuple[str, ...], wishes: dict[str, object], expected: list[str]
) -> None:
    said = inspection(kind, capability=capability, needs=needs)
    assert [image.name for image in candidates(notebook(), said, Wishes(**wishes))] == expected


def test_candidates__row_that_the_notebook_chose__alone() -> None:
    chosen = notebook(accelerator="cuda12")
    assert [image.name for image in candidates(chosen, inspection("cuda"), Wishes())] == ["cuda12"]


def test_candidates__no_such_accelerator__refused_with_all_there_are() -> None:
    with pytest.raises(errors.AcceleratorUnknown) as refused:
        list(candidates(notebook(), inspection(), Wishes(accelerator="abacus")))
    assert all(name in str(refused.value) for name in hardware_images())


def test_wanted_arch__a_mac__linux_on_arm_for_its_cpu() -> None:
    wishes = Wishes(arch="amd64", accelerator="apple")
    (image,) = candidates(notebook(), inspection(), wishes)
    assert (wanted_arch(notebook(), wishes), image.name) == ("arm64", "cpu")
    assert "no Metal" in image.note


def test_aim__architecture_without_wheels__refused() -> None:
    with pytest.raises(errors.ArchitectureUnfit):
        aim(Target("linux", "arm64", "glibc2.36", "3.11"), hardware_image("tpu"))


def test_lock_for_hardware__first_has_two_cudas__the_next_and_only_its_notices() -> None:
    def locked(target: Target, emit) -> Lock:
        emit(target.accelerator)
        if target.accelerator == "cuda13":
            raise errors.CudaLines(line="13", found="12", packages="x", advice="y")
        return lock("tensorflow==2.21.0")

    told: list[Event] = []
    images = candidates(notebook(), inspection("cuda"), Wishes())
    target, _ = lock_for_hardware(images, inspection("cuda"), TARGET, told.append, locked)
    assert (target.accelerator, told) == ("cuda12", ["cuda12"])


def test_lock_for_hardware__none_has_a_lock__what_the_first_said() -> None:
    def locked(target: Target, emit) -> Lock:
        raise errors.CudaLines(line=target.accelerator, found="12", packages="x", advice="y")

    images = candidates(notebook(), inspection("cuda"), Wishes())
    with pytest.raises(errors.CudaLines, match="CUDA cuda13"):
        lock_for_hardware(images, inspection("cuda"), TARGET, ignore, locked)


def test_lock_for_hardware__a_note_in_the_table__told() -> None:
    told: list[Event] = []
    images = candidates(notebook(), inspection("tpu"), Wishes())
    lock_for_hardware(images, inspection("tpu"), TARGET, told.append, lambda target, emit: lock())
    assert [event.notice.code for event in told if isinstance(event, Noticed)] == ["hardware-note"]


def test_with_hardware__cpu__plan_as_it_was() -> None:
    planned = plan("cpu")
    assert with_hardware(planned, notebook("import torch"), inspection(), lock("torch==2.15.0+cpu"), CATALOG) is planned


def test_with_hardware__gpu__floors_of_what_is_locked() -> None:
    held = lock("torch==2.15.0", "nvidia-cudnn-cu13==9.26.0")
    made = with_hardware(plan("cuda13"), notebook("import torch"), inspection("cuda", capability="7.5"), held, CATALOG)
    (file,) = made.files
    assert made.order == ("mlpack/hardware@1", "mlpack/python@1")
    assert file.path == ".mlpack/hardware.toml"
    for line in ('accelerator = "cuda13"', 'cuda" = "13"', 'cuda.driver" = "580"', 'cuda.capability" = "7.5"',
                 'accelerator.resource" = "nvidia.com/gpu"', 'accelerator.model" = "T4"'):  # fmt: skip
        assert line in file.text
    assert made.system == ()


@pytest.mark.parametrize(
    ("accelerator", "source", "needs", "packages"),
    [
        pytest.param("cuda13", "torch.compile(net)", (), ["gcc", "libc6-dev", "libpython3.11-dev"], id="torch.compile"),
        pytest.param("cuda13", "@triton.jit\ndef f(): ...", (), ["gcc", "libc6-dev", "libpython3.11-dev"], id="triton"),
        pytest.param("cuda12", "x", ("unsloth",), ["gcc", "libc6-dev", "libpython3.11-dev"], id="a-package-that-does"),
        pytest.param("cpu", "torch.compile(net)", (), ["g++", "libpython3.11-dev"], id="on-a-cpu"),
        pytest.param("cuda13", "x = 1  # not torch.compile", (), [], id="a-remark"),
        pytest.param("cuda13", "my.torch.compiler", (), [], id="another-name"),
        pytest.param("tpu", "x = 1", (), [], id="nothing"),
    ],
)
def test_with_hardware__what_compiles_at_run_time__its_compiler(
    accelerator: str, source: str, needs: tuple[str, ...], packages: list[str]
) -> None:
    made = with_hardware(plan(accelerator), notebook(source), inspection(needs=needs), lock(), CATALOG)
    assert [package.name for package in made.system] == packages
    assert all(package.evidence[0].rule == "SYS1" for package in made.system)  # asked for, not just in an install line


@pytest.mark.parametrize(
    ("accelerator", "own", "expected"),
    [
        ("cpu", {}, {}),
        ("tpu", {}, {}),
        ("cuda13", {}, {"NVIDIA_DRIVER_CAPABILITIES": "compute,utility", "NVIDIA_VISIBLE_DEVICES": "all"}),
        (
            "cuda12",
            {"NVIDIA_VISIBLE_DEVICES": "0"},
            {"NVIDIA_VISIBLE_DEVICES": "0", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"},
        ),
    ],
    ids=["cpu", "other-hardware", "nvidia", "run-image-says-it"],
)
def test_exposed__what_the_container_runtime_reads__in_the_configuration(
    accelerator: str, own: dict[str, str], expected: dict[str, str], tmp_path: Path
) -> None:
    env = {"PATH": "/bin", **own}
    base = Store(tmp_path).add_image(ImageConfig("amd64", "linux", (), env=tuple(env.items())), [])
    assert dict(Exposed(lambda records: base, accelerator)(()).config.env) == {"PATH": "/bin", **expected}
