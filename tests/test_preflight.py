"""What is told before the build about wheels and hardware that do not fit."""

from __future__ import annotations

import pytest

from jupyter_mlpack.errors import NoKernelsForCard
from jupyter_mlpack.inspection.hardware.facts import accelerators, described, kernels_table
from jupyter_mlpack.preflight import check_hardware, cuda_lines
from jupyter_mlpack.values import (
    DeclaredHardware,
    Evidence,
    Hardware,
    Location,
    Lock,
    LockedPackage,
    NeededHardware,
    Target,
)

CPU = Target("linux", "amd64", "glibc2.36", "3.11")
CUDA = Target("linux", "amd64", "glibc2.36", "3.11", "cuda13")
LINE_13 = ("cuda-toolkit==13.2.2", "nvidia-cublas==13.4.1.3", "nvidia-cudnn-cu13==9.26.0.51")
LINE_12 = ("nvidia-cublas-cu12==12.8.4.1", "nvidia-cudnn-cu12==9.10.2.21")
NEEDS_CUDA = NeededHardware("cuda")


def lock(*releases: str) -> Lock:
    pairs = (release.split("==") for release in releases)
    return Lock(tuple(LockedPackage(name, version, "0" * 64, 10_000_000) for name, version in pairs))


def on(model: str, needed: NeededHardware = NEEDS_CUDA) -> Hardware:
    said = (Evidence("HW2", Location("n.ipynb"), f"accelerator={model}"),)
    declared = DeclaredHardware(model=model, provider="kaggle", evidence=said)
    return Hardware(described(declared), needed, "cuda", "declared")


def codes(hardware: Hardware, *releases: str, target: Target = CPU) -> list[str]:
    return [notice.code for notice in check_hardware(hardware, lock(*releases), target)]


@pytest.mark.parametrize(
    ("card", "releases", "expected"),
    [
        ("P100", ("torch==2.15.0", *LINE_13), ["no-kernels", "driver-floor"]),
        ("V100", ("torch==2.15.0", *LINE_13), ["no-kernels", "driver-floor"]),
        ("T4", ("torch==2.15.0", *LINE_13), ["driver-floor"]),
        ("P100", ("torch==2.8.0", *LINE_12), ["no-kernels", "driver-floor"]),
        ("V100", ("torch==2.10.0", *LINE_12), ["driver-floor"]),
        ("P100", ("torch==2.7.1", *LINE_12), ["driver-floor"]),
        ("P100", ("torch==2.11.0+cu126", *LINE_12), ["driver-floor"]),
        ("V100", ("torch==2.11.0+cu128", *LINE_12), ["no-kernels", "driver-floor"]),
        ("B200", ("torch==2.6.0", *LINE_12), ["no-kernels", "driver-floor"]),
        ("B200", ("torch==2.9.0", *LINE_12), ["driver-floor"]),
        ("H100", ("torch==2.0.1", "nvidia-cublas-cu11==11.10.3.66"), ["no-kernels", "driver-floor"]),
        ("P100", ("jax==0.10.2", "jax-cuda13-plugin==0.10.2", *LINE_13), ["no-kernels", "driver-floor"]),
        ("P100", ("jax==0.10.2", "jax-cuda12-plugin==0.10.2", *LINE_12), ["driver-floor"]),
        ("P100", ("tensorflow==2.21.0", *LINE_12), ["driver-floor"]),
        ("K80", ("tensorflow==2.21.0", *LINE_12), ["no-kernels", "driver-floor"]),
        ("P100", ("cudf-cu12==26.10.2",), ["no-kernels", "driver-floor"]),
        ("T4", ("flash-attn==2.8.3",), ["no-kernels"]),
        ("P100", ("onnxruntime-gpu==1.31.1",), ["no-kernels"]),
        ("P100", ("onnxruntime-gpu==1.26.0",), []),
        ("T4", ("tensorflow==2.21.0",), ["cuda-missing"]),
        ("T4", ("jax==0.10.2", "jaxlib==0.10.2"), ["cuda-missing"]),
        ("T4", ("torch==2.15.0+cpu",), ["cuda-missing"]),
        ("T4", ("onnxruntime==1.31.1",), ["cuda-missing"]),
        ("T4", ("pandas==2.2.3",), []),
    ],
)
def test_check_hardware__card_and_lock__notices(card: str, releases: tuple[str, ...], expected: list[str]) -> None:
    assert codes(on(card), *releases) == expected


def test_check_hardware__no_kernels__names_card_reason_and_next_step() -> None:
    text = check_hardware(on("P100"), lock("torch==2.15.0", *LINE_13), CPU)[0].text
    for part in ("torch 2.15.0", "CUDA 13", "P100", "compute capability 6.0", "Kaggle", "torch<2.8"):
        assert part in text


def test_check_hardware__card_too_new__asks_for_a_newer_release() -> None:
    assert "torch>=2.11" in check_hardware(on("B200"), lock("torch==2.6.0", *LINE_12), CPU)[0].text


def test_check_hardware__no_release_will_do__asks_for_the_other_package() -> None:
    text = check_hardware(on("P100"), lock("jax==0.10.2", "jax-cuda13-plugin==0.10.2", *LINE_13), CPU)[0].text
    assert "jax[cuda12]" in text


def test_check_hardware__driver_floor__of_the_newest_line() -> None:
    text = check_hardware(on("T4"), lock("torch==2.15.0", *LINE_13, *LINE_12), CPU)[0].text
    assert "CUDA 13" in text
    assert "580" in text


def test_check_hardware__cuda_target_and_code_that_needs_it__refused() -> None:
    with pytest.raises(NoKernelsForCard) as caught:
        check_hardware(on("P100"), lock("torch==2.15.0", *LINE_13), CUDA)
    assert "torch<2.8" in caught.value.sentence("hint")


@pytest.mark.parametrize("needed", [NeededHardware("cuda", optional=True), NeededHardware()], ids=["optional", "cpu"])
def test_check_hardware__cuda_target_but_the_code_can_do_without__only_told(needed: NeededHardware) -> None:
    assert "no-kernels" in codes(on("P100", needed), "torch==2.15.0", *LINE_13, target=CUDA)


def test_check_hardware__card_not_known__nothing_about_kernels() -> None:
    hardware = Hardware(DeclaredHardware("gpu", "nvidia", provider="colab"), NEEDS_CUDA, "cuda", "declared")
    assert codes(hardware, "torch==2.15.0", *LINE_13) == ["driver-floor"]


def test_check_hardware__image_for_a_cpu__size_of_the_cuda_libraries_and_a_way_without() -> None:
    notices = check_hardware(Hardware(), lock("torch==2.15.0", "triton==3.9.0", *LINE_13), CPU)
    assert [notice.code for notice in notices] == ["cuda-unused"]
    assert "40 MB" in notices[0].text
    assert "CPU wheels" in notices[0].text


def test_check_hardware__declared_cpu_but_the_code_needs_a_gpu__its_cuda_is_not_called_unused() -> None:
    hardware = Hardware(DeclaredHardware("cpu", provider="kaggle"), NEEDS_CUDA, "cpu", "declared")
    assert codes(hardware, "torch==2.15.0", *LINE_13) == ["driver-floor"]


@pytest.mark.parametrize("releases", [("torch==2.15.0+cpu",), ("pandas==2.2.3",), ("nvidia-ml-py==13.615.71",)])
def test_check_hardware__image_for_a_cpu_without_cuda__silent(releases: tuple[str, ...]) -> None:
    assert codes(Hardware(), *releases) == []


@pytest.mark.parametrize(
    ("releases", "lines"),
    [
        (LINE_13, {"13"}),
        (LINE_12, {"12"}),
        (("nvidia-cuda-runtime==13.0.96",), {"13"}),
        (("jax-cuda12-plugin==0.10.2",), {"12"}),
        (("cupy-cuda13x==14.2.0",), {"13"}),
        (("pandas==2.2.3",), set()),
    ],
)
def test_cuda_lines__lock__major_versions(releases: tuple[str, ...], lines: set[str]) -> None:
    assert cuda_lines(lock(*releases)) == lines


def test_table__rows_of_kernels__a_release_after_from_is_before_below() -> None:
    def number(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.split("."))

    rows = [row for row in kernels_table()["build"] if "from" in row and "below" in row]
    assert rows
    assert all(number(row["from"]) < number(row["below"]) for row in rows)


def test_table__other_package_to_ask_for__only_where_a_row_may_refuse_one() -> None:
    assert set(kernels_table()["instead"]) <= {row["package"] for row in kernels_table()["build"]}
    assert {entry.capability for entry in accelerators().values()} >= {"6.0", "7.0", "7.5", "9.0", "12.0"}
