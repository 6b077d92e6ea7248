"""Hardware to wheels: each accelerator's lock has its builds, one CUDA or none; or is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.hardware.images import hardware_images
from jupyter_mlpack.resolution import LockRequest, accelerator_settings, resolve
from jupyter_mlpack.resolution.accelerated import make_fitting
from jupyter_mlpack.resolution.cuda import cuda_lines, kernel_bounds
from jupyter_mlpack.resolution.fitting import Leave
from jupyter_mlpack.values import Lock, Target

from .conftest import write_wheel

DEFAULT = (
    ("torch", "2.15.0", "cuda-toolkit==13.2.2", "nvidia-nccl-cu13==2.30.7", "triton"),
    ("torch", "2.10.0", "nvidia-cublas-cu12", "nvidia-nccl-cu12", "triton"),
    ("torch", "2.7.1", "nvidia-cublas-cu12", "triton"),
    ("torch", "2.0.1", "nvidia-cublas-cu11"),
    ("torch_neuronx", "1.0"),
    ("neuronx_cc", "1.0"),
    ("torch_xla", "2.9.0", "libtpu ; extra == 'tpu'"),
    ("triton", "3.9.0"),
    ("tensorflow", "2.21.0", "nvidia-cublas-cu12 ; extra == 'and-cuda'"),
    ("tensorflow_cpu", "2.21.0"),
    ("xgboost", "3.2.0", "nvidia-nccl-cu12"),
    ("xgboost", "2.0.3", "nvidia-nccl-cu12"),
    ("xgboost_cpu", "3.2.0"),
    ("automl", "1.0", "xgboost<3.3"),
    (
        "jax", "0.10.2", "jax-cuda12-plugin ; extra == 'cuda12'", "jax-cuda13-plugin ; extra == 'cuda13'",
        "libtpu ; extra == 'tpu'", "jax-rocm7-plugin ; extra == 'rocm7-local'",
    ),
    ("jax_cuda12_plugin", "0.10.2", "nvidia-cublas-cu12"),
    ("jax_cuda13_plugin", "0.10.2", "nvidia-cublas>=13"),
    ("jax_rocm7_plugin", "0.10.2"),
    ("flax", "0.12.0", "jax"),
    ("libtpu", "0.0.42"),
    ("onnxruntime", "1.31.1"),
    ("onnxruntime", "1.26.0"),
    ("onnxruntime_gpu", "1.31.1", "nvidia-cudnn-cu13 ; extra == 'cudnn'"),
    ("onnxruntime_gpu", "1.26.0", "nvidia-cudnn-cu12 ; extra == 'cudnn'"),
    ("faiss_cpu", "1.15.1"),
    ("faiss_gpu_cu12", "1.14.1", "nvidia-cublas-cu12"),
    ("cudf_cu12", "26.10", "nvidia-cublas-cu12"),
    ("cudf_cu13", "26.10", "nvidia-cublas>=13"),
    ("cuda_toolkit", "13.2.2"),
    ("nvidia_cublas", "13.4.1"),
    ("nvidia_cublas_cu12", "12.8.4"),
    ("nvidia_cublas_cu11", "11.10.3"),
    ("nvidia_cudnn_cu12", "9.28.0"),
    ("nvidia_cudnn_cu13", "9.28.0"),
    ("nvidia_nccl_cu12", "2.32.3"),
    ("nvidia_nccl_cu13", "2.32.3"),
    ("nvidia_nccl_cu13", "2.30.7"),
    ("lightning", "2.6.0", "torch>=2.1"),
    ("helpers", "1.0"),
)  # fmt: skip
"""Releases with what they need, in the shape of today's: only ours is the size."""
OWN = (
    ("torch", "2.14.0+cpu"),
    ("torch_neuronx", "2.9.0", "neuronx-cc>=2", "torch"),
    ("neuronx_cc", "2.20"),
    ("habana_torch_plugin", "1.23"),
    ("helpers", "99.0"),
)
"""Of the indexes of accelerators, which also have what nobody asks them for."""
ROCM = (("torch", "2.14.0+rocm7.2", "pytorch-triton-rocm"), ("pytorch_triton_rocm", "3.8.0"))
"""Of a folder."""


@pytest.fixture(scope="module")
def settings(accelerator_indexes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """uv's settings for the default index, which every machine has."""
    default, own = accelerator_indexes
    for releases, index in ((DEFAULT, default), (OWN, own)):
        for name, version, *needs in releases:
            index.add(name, version, *needs)
    for name, version, *needs in ROCM:
        write_wheel(own.folder.parent / "rocm", name, version, *needs)
    cache = tmp_path_factory.mktemp("cache")
    return {name: text for name, text in default.settings(cache).items() if not name.startswith("MLPACK")}


@pytest.fixture
def ask(settings: dict[str, str], accelerator_indexes, tmp_path: Path):
    """``ask("cuda13", "torch")`` -> the lock; ``own`` names the index of the accelerator's wheels."""

    def ask(accelerator: str, *lines: str, arch: str = "amd64", own: str = "default", **more: tuple[str, ...]) -> Lock:
        target = Target("linux", arch, "glibc2.36", "3.11", accelerator)
        places = {"own": f"{accelerator_indexes[1].url}/simple", "folder": str(accelerator_indexes[1].folder)}
        places["rocm"] = str(accelerator_indexes[1].folder.parent / "rocm")
        setting = hardware_images()[accelerator].setting
        named = {setting: places.get(own, own), "MLPACK_INDEX_CPU": places.get(own, own)} if own else {}
        return resolve(LockRequest(lines, more.get("constraints", ()), target, {**settings, **named}), tmp_path)

    return ask


def pins(lock: Lock) -> set[str]:
    return {f"{package.name}=={package.version}" for package in lock.packages}


@pytest.mark.parametrize(
    ("accelerator", "own", "asked", "expected"),
    [
        pytest.param("cpu", "own", "torch", ("torch==2.14.0+cpu", ""), id="cpu-torch-of-an-index"),
        pytest.param("cpu", "folder", "torch", ("torch==2.14.0+cpu", ""), id="cpu-torch-of-a-folder"),
        pytest.param("cpu", "own", "lightning", ("lightning==2.6.0 torch==2.14.0+cpu", ""), id="cpu-torch-of-others"),
        pytest.param("cpu", "own", "torch==2.14.0+cu130", ("torch==2.14.0+cpu", ""), id="cpu-another-build-is-named"),
        pytest.param(
            "cpu", "own", "torch helpers", ("torch==2.14.0+cpu helpers==1.0", ""), id="cpu-nothing-else-there"
        ),
        pytest.param("cpu", "", "xgboost", ("xgboost-cpu==3.2.0", ""), id="cpu-xgboost"),
        pytest.param("cpu", "", "automl", ("automl==1.0 xgboost-cpu==3.2.0", ""), id="cpu-xgboost-of-others"),
        pytest.param("cpu", "", "xgboost==2.0.3", ("xgboost==2.0.3", ""), id="cpu-xgboost-older-than-its-cpu-build"),
        pytest.param("cpu", "", "automl xgboost", ("automl==1.0 xgboost-cpu==3.2.0", ""), id="cpu-xgboost-of-both"),
        pytest.param("cpu", "", "tensorflow>=2", ("tensorflow-cpu==2.21.0", ""), id="cpu-tensorflow"),
        pytest.param("cpu", "", "tensorflow[and-cuda]", ("tensorflow-cpu==2.21.0", ""), id="cpu-tensorflow-with-cuda"),
        pytest.param("cpu", "", "jax[cuda12]", ("jax==0.10.2", ""), id="cpu-jax-with-cuda"),
        pytest.param("cpu", "", "onnxruntime-gpu", ("onnxruntime==1.31.1", ""), id="cpu-onnxruntime"),
        pytest.param("cpu", "", "faiss-gpu-cu12", ("faiss-cpu==1.15.1", ""), id="cpu-faiss"),
        pytest.param("cuda13", "", "torch", ("torch==2.15.0", "13"), id="cuda13-torch"),
        pytest.param("cuda13", "", "jax", ("jax-cuda13-plugin==0.10.2", "13"), id="cuda13-jax"),
        pytest.param("cuda13", "", "jax[cuda12]", ("jax-cuda13-plugin==0.10.2", "13"), id="cuda13-jax-of-cuda12"),
        pytest.param("cuda13", "", "flax", ("jax-cuda13-plugin==0.10.2", "13"), id="cuda13-jax-of-others"),
        pytest.param("cuda13", "", "torch jax", ("torch==2.15.0 jax-cuda13-plugin==0.10.2", "13"), id="cuda13-both"),
        pytest.param("cuda13", "", "torch xgboost", ("torch==2.15.0 xgboost==3.2.0", "13"), id="cuda13-torch-xgboost"),
        pytest.param("cuda13", "", "xgboost", ("nvidia-nccl-cu13==2.32.3", "13"), id="cuda13-xgboost-alone"),
        pytest.param("cuda13", "", "cudf-cu12", ("cudf-cu13==26.10", "13"), id="cuda13-cudf"),
        pytest.param("cuda13", "", "onnxruntime", ("onnxruntime-gpu==1.31.1", "13"), id="cuda13-onnxruntime"),
        pytest.param("cuda12", "", "torch", ("torch==2.10.0", "12"), id="cuda12-torch"),
        pytest.param("cuda12", "", "tensorflow", ("tensorflow==2.21.0", "12"), id="cuda12-tensorflow"),
        pytest.param("cuda12", "", "tensorflow-cpu", ("tensorflow==2.21.0", "12"), id="cuda12-tensorflow-cpu"),
        pytest.param("cuda12", "", "torch tensorflow", ("torch==2.10.0 tensorflow==2.21.0", "12"), id="cuda12-both"),
        pytest.param("cuda12", "", "torch xgboost", ("torch==2.10.0 xgboost==3.2.0", "12"), id="cuda12-torch-xgboost"),
        pytest.param("cuda12", "", "jax", ("jax-cuda12-plugin==0.10.2", "12"), id="cuda12-jax"),
        pytest.param("cuda12", "", "onnxruntime", ("onnxruntime-gpu==1.26.0", "12"), id="cuda12-onnxruntime"),
        pytest.param("tpu", "", "jax", ("jax==0.10.2 libtpu==0.0.42", ""), id="tpu-jax"),
        pytest.param("tpu", "own", "torch", ("torch==2.14.0+cpu torch-xla==2.9.0 libtpu==0.0.42", ""), id="tpu-torch"),
        pytest.param("rocm", "", "jax", ("jax-rocm7-plugin==0.10.2", ""), id="rocm-jax"),
        pytest.param("rocm", "rocm", "torch", ("torch==2.14.0+rocm7.2", ""), id="rocm-torch"),
        pytest.param(
            "neuron", "own", "torch-neuronx", ("torch-neuronx==2.9.0 neuronx-cc==2.20", ""), id="neuron-torch"
        ),
        pytest.param("neuron", "", "xgboost", ("xgboost-cpu==3.2.0", ""), id="neuron-nothing-of-it"),
        pytest.param("gaudi", "own", "torch", ("habana-torch-plugin==1.23", ""), id="gaudi-torch"),
    ],
)
def test_resolve__accelerator__has_its_builds_and_no_second_cuda(
    ask, accelerator: str, own: str, asked: str, expected: tuple[str, str]
) -> None:
    pinned, line = expected
    lock = ask(accelerator, *asked.split(), own=own)
    assert pins(lock) >= set(pinned.split())
    assert cuda_lines(lock) == ({line} if line else set())


@pytest.mark.parametrize(
    ("accelerator", "asked", "error", "says"),
    [
        pytest.param("cpu", "cudf-cu12", errors.CudaInImage, "nvidia-cublas-cu12", id="cpu-what-needs-a-card"),
        pytest.param("cuda13", "tensorflow", errors.CudaLines, "--accelerator cuda12", id="cuda13-tensorflow"),
        pytest.param("cuda12", "torch==2.15.0", errors.CudaLines, "--accelerator cuda13", id="cuda12-newer-torch"),
        pytest.param("neuron", "torch", errors.AcceleratorIndexMissing, "MLPACK_INDEX_NEURON", id="neuron-no-index"),
        pytest.param("gaudi", "torch", errors.AcceleratorIndexMissing, "MLPACK_INDEX_GAUDI", id="gaudi-no-index"),
        pytest.param("cpu", "no-such-package", errors.PackageUnknown, "Correct the name", id="no-package"),
    ],
)
def test_resolve__what_cannot_be__refused_with_the_next_step(
    ask, accelerator: str, asked: str, error: type[errors.MlpackError], says: str
) -> None:
    with pytest.raises(error) as refused:
        ask(accelerator, *asked.split(), own="" if accelerator in ("neuron", "gaudi") else "default")
    assert says in f"{refused.value} {refused.value.sentence('hint')}"


def test_resolve__index_of_the_accelerator_out_of_reach__refused_with_its_setting(ask) -> None:
    with pytest.raises(errors.AcceleratorIndexUnreachable) as refused:
        ask("cpu", "torch", own="http://127.0.0.1:1/simple")
    assert "MLPACK_INDEX_CPU" in refused.value.sentence("hint")
    assert "127.0.0.1:1" in str(refused.value)


def test_resolve__row_with_a_back_end_for_its_cuda__no_bound_of_the_default_index(settings: dict[str, str]) -> None:
    image = replace(hardware_images()["cuda12"], torch="cu126")
    target = Target("linux", "amd64", "glibc2.36", "3.11", "cuda12")
    request = make_fitting(LockRequest(("torch",), (), target, settings), image).fitted({}, Leave())
    assert (request.constraints, request.settings["UV_TORCH_BACKEND"]) == (("onnxruntime-gpu<1.27",), "cu126")


def test_resolve__index_out_of_reach_and_nothing_of_it_needed__not_asked(ask) -> None:
    assert pins(ask("cpu", "xgboost", own="http://127.0.0.1:1/simple")) == {"xgboost-cpu==3.2.0"}


@pytest.mark.parametrize(("asked", "pinned"), [("tensorflow", "tensorflow==2.21.0"), ("xgboost", "xgboost-cpu==3.2.0")])
def test_resolve__arm64__no_build_that_only_the_other_architecture_has(ask, asked: str, pinned: str) -> None:
    assert pins(ask("cpu", asked, arch="arm64")) == {pinned}


def test_resolve__versions_of_the_kernel__kept_in_the_builds_of_the_image(ask) -> None:
    lock = ask("cpu", "xgboost", "torch", own="own", constraints=("xgboost==3.2.0", "torch==2.14.0+cu130"))
    assert pins(lock) == {"xgboost-cpu==3.2.0", "torch==2.14.0+cpu"}


def test_resolve__same_request_again__no_index_is_asked(ask, accelerator_indexes) -> None:
    first = ask("cuda12", "torch", "tensorflow")
    accelerator_indexes[0].asked.clear()
    assert ask("cuda12", "torch", "tensorflow") == first
    assert accelerator_indexes[0].asked == []


@pytest.mark.parametrize(
    ("line", "capability", "bounds"),
    [
        pytest.param("", "", set(), id="no-cuda"),
        pytest.param("12", "", {"torch<2.11", "torch>=2.1"}, id="cuda12"),
        pytest.param("12", "7.0", {"torch<2.11", "torch>=2.1"}, id="V100"),
        pytest.param("12", "6.0", {"torch<2.8", "torch>=2.1"}, id="P100"),
        pytest.param("13", "7.5", set(), id="T4"),
    ],
)
def test_kernel_bounds__line_and_card__releases_with_code_for_them(
    line: str, capability: str, bounds: set[str]
) -> None:
    assert {bound for bound in kernel_bounds(line, capability) if bound.startswith("torch")} == bounds


@pytest.mark.parametrize(
    ("accelerator", "settings", "changed"),
    [
        pytest.param("cpu", {}, {"UV_TORCH_BACKEND": "cpu"}, id="uvs-back-end"),
        pytest.param("cpu", {"UV_TORCH_BACKEND": "cu128"}, {"UV_TORCH_BACKEND": "cpu"}, id="not-the-machines-card"),
        pytest.param("cuda12", {"UV_TORCH_BACKEND": "cu126"}, {"UV_TORCH_BACKEND": "cu126"}, id="a-fitting-build"),
        pytest.param("cuda13", {"UV_TORCH_BACKEND": "cu126"}, {}, id="a-build-of-another-line"),
        pytest.param("cpu", {"MLPACK_INDEX_CPU": "default"}, {}, id="at-hand"),
        pytest.param("cpu", {"MLPACK_INDEX_CPU": "/wheels"}, {"UV_FIND_LINKS": "/wheels"}, id="folder"),
        pytest.param(
            "cpu", {"MLPACK_INDEX_CPU": "https://a.test/cpu", "UV_INDEX": "https://b.test"},
            {"UV_INDEX": "https://b.test https://a.test/cpu", "UV_INDEX_STRATEGY": "unsafe-best-match"}, id="index",
        ),
    ],
)  # fmt: skip
def test_accelerator_settings__what_the_install_needs_to_find_the_locked_wheels(
    accelerator: str, settings: dict[str, str], changed: dict[str, str]
) -> None:
    target = Target("linux", "amd64", "glibc2.36", "3.11", accelerator)
    assert accelerator_settings({"UV_OFFLINE": "1", **settings}, target) == {"UV_OFFLINE": "1", **changed}
