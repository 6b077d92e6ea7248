"""All values of all dialects that occur in public notebooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.inspection.hardware.facts import accelerators, hardware_table
from jupyter_mlpack.values import DeclaredHardware

from .conftest import arn, inspect


def declared(folder: Path, metadata: dict[str, Any], **more: Any) -> DeclaredHardware:
    return inspect(folder, metadata, **more).hardware.declared


def short(found: DeclaredHardware) -> tuple[str, str | None, int | None]:
    return found.class_, found.model, found.count


def instance(name: str, **listed: Any) -> dict[str, Any]:
    available = {"availableInstances": [{"name": name, **listed}]} if listed else {}
    return {"instance_type": name, **available}


def databricks(**hardware: Any) -> dict[str, Any]:
    return {"application/vnd.databricks.v1+notebook": {"computePreferences": {"hardware": hardware}}}


def kernel(name: str, display: str = "") -> dict[str, Any]:
    return {"kernelspec": {"name": name, "display_name": display, "language": "python"}}


def workbench(**said: str) -> dict[str, Any]:
    return {"environment": {"type": "gcloud", **said}}


ROWS: list[tuple[str, dict[str, Any], tuple[str, str | None, int | None]]] = [
    ("colab-gpu", {"accelerator": "GPU", "colab": {}}, ("gpu", None, 1)),
    ("colab-tpu", {"accelerator": "TPU", "colab": {}}, ("tpu", None, None)),
    ("colab-cpu", {"accelerator": "CPU", "colab": {}}, ("cpu", None, None)),
    ("colab-lower-case", {"accelerator": "gpu"}, ("gpu", None, 1)),
    ("colab-silent", {"colab": {"provenance": []}}, ("none", None, None)),
    ("colab-null", {"accelerator": None, "colab": {"gpuType": "T4"}}, ("none", None, None)),
    ("colab-odd", {"accelerator": ["GPU"], "colab": "x"}, ("none", None, None)),
    ("colab-type-alone", {"colab": {"gpuType": "T4"}}, ("none", None, None)),
    ("colab-class-alone", {"gpuClass": "premium", "colab": {}}, ("none", None, None)),
    ("colab-shape-alone", {"colab": {"machine_shape": "hm"}}, ("none", None, None)),
    ("colab-premium", {"accelerator": "GPU", "gpuClass": "premium", "colab": {}}, ("gpu", None, 1)),
    ("colab-t4", {"accelerator": "GPU", "colab": {"gpuType": "T4"}}, ("gpu", "T4", 1)),
    ("colab-a100", {"accelerator": "GPU", "colab": {"gpuType": "A100"}}, ("gpu", "A100", 1)),
    ("colab-l4", {"accelerator": "GPU", "colab": {"gpuType": "L4"}}, ("gpu", "L4", 1)),
    ("colab-v100", {"accelerator": "GPU", "colab": {"gpuType": "V100"}}, ("gpu", "V100", 1)),
    ("colab-h100", {"accelerator": "GPU", "colab": {"gpuType": "H100"}}, ("gpu", "H100", 1)),
    ("colab-g4", {"accelerator": "GPU", "colab": {"gpuType": "G4"}}, ("gpu", "RTX PRO 6000", 1)),
    ("colab-new-card", {"accelerator": "GPU", "colab": {"gpuType": "Z9"}}, ("gpu", "Z9", 1)),
    ("colab-v28", {"accelerator": "TPU", "colab": {"gpuType": "V28"}}, ("tpu", "v2-8", None)),
    ("colab-v5e1", {"accelerator": "TPU", "colab": {"gpuType": "V5E1"}}, ("tpu", "v5e-1", None)),
    ("colab-v6e1", {"accelerator": "TPU", "colab": {"gpuType": "V6E1"}}, ("tpu", "v6e-1", None)),
    ("colab-stale-type", {"accelerator": "TPU", "colab": {"gpuType": "T4"}}, ("tpu", None, None)),
    ("kaggle-t4", {"kaggle": {"accelerator": "nvidiaTeslaT4", "isGpuEnabled": True}}, ("gpu", "T4", 2)),
    ("kaggle-legacy", {"kaggle": {"accelerator": "gpu", "isGpuEnabled": True}}, ("gpu", "P100", 1)),
    ("kaggle-none", {"kaggle": {"accelerator": "none", "isGpuEnabled": False}}, ("cpu", None, None)),
    ("kaggle-tpu", {"kaggle": {"accelerator": "tpu1vmV38", "isGpuEnabled": False}}, ("tpu", "v3-8", None)),
    ("kaggle-p100", {"kaggle": {"accelerator": "NvidiaTeslaP100"}}, ("gpu", "P100", 1)),
    ("kaggle-l4", {"kaggle": {"accelerator": "nvidiaL4"}}, ("gpu", "L4", 4)),
    ("kaggle-l4x1", {"kaggle": {"accelerator": "nvidiaL4X1"}}, ("gpu", "L4", 1)),
    ("kaggle-h100", {"kaggle": {"accelerator": "nvidiaH100"}}, ("gpu", "H100", 1)),
    ("kaggle-rtx", {"kaggle": {"accelerator": "nvidiaRtxPro6000"}}, ("gpu", "RTX PRO 6000", 1)),
    ("kaggle-v5e", {"kaggle": {"accelerator": "tpuV5E8"}}, ("tpu", "v5e-8", None)),
    ("kaggle-new-card", {"kaggle": {"accelerator": "nvidiaZ9"}}, ("gpu", None, None)),
    ("kaggle-flag-alone", {"kaggle": {"isGpuEnabled": True}}, ("gpu", "P100", 1)),
    ("kaggle-flag-off", {"kaggle": {"isGpuEnabled": False}}, ("cpu", None, None)),
    ("kaggle-odd", {"kaggle": ["nvidiaTeslaT4"]}, ("none", None, None)),
    ("studio-cpu", instance("ml.t3.medium"), ("cpu", None, None)),
    ("studio-m5", instance("ml.m5.8xlarge", gpuNum=0), ("cpu", None, None)),
    ("studio-geospatial", instance("ml.geospatial.interactive", gpuNum=0), ("cpu", None, None)),
    ("studio-g4dn", instance("ml.g4dn.xlarge"), ("gpu", "T4", 1)),
    ("studio-g4dn-12", instance("ml.g4dn.12xlarge"), ("gpu", "T4", 4)),
    ("studio-g4dn-16", instance("ml.g4dn.16xlarge"), ("gpu", "T4", 1)),
    ("studio-g5-24", instance("ml.g5.24xlarge"), ("gpu", "A10G", 4)),
    ("studio-g5-48", instance("ml.g5.48xlarge"), ("gpu", "A10G", 8)),
    ("studio-g6", instance("ml.g6.2xlarge"), ("gpu", "L4", 1)),
    ("studio-g6e", instance("ml.g6e.12xlarge"), ("gpu", "L40S", 4)),
    ("studio-p3", instance("ml.p3.8xlarge"), ("gpu", "V100", 4)),
    ("studio-p4d", instance("ml.p4d.24xlarge"), ("gpu", "A100", 8)),
    ("studio-p5", instance("ml.p5.48xlarge"), ("gpu", "H100", 8)),
    ("studio-p6", instance("ml.p6-b200.48xlarge"), ("gpu", "B200", 8)),
    ("studio-trn1", instance("ml.trn1.32xlarge", gpuNum=0), ("neuron", "Trainium", 16)),
    ("studio-inf2", instance("ml.inf2.xlarge"), ("neuron", "Inferentia2", 1)),
    ("studio-list-beats-table", instance("ml.g5.4xlarge", gpuNum=2), ("gpu", "A10G", 2)),
    ("studio-new-family", instance("ml.z9.4xlarge", gpuNum=2), ("gpu", None, 2)),
    ("studio-forced", {"forced_instance_type": "ml.t3.medium", **instance("ml.g5.xlarge")}, ("cpu", None, None)),
    ("studio-gpu-image", kernel(arn("pytorch-2.0.0-gpu-py310")), ("gpu", None, None)),
    ("studio-cpu-image", kernel(arn("pytorch-1.13-cpu-py39")), ("cpu", None, None)),
    ("studio-silent-image", kernel(arn("sagemaker-data-science-310-v1")), ("none", None, None)),
    ("studio-cuda-image", kernel(arn("tensorflow-2.10.1-py39-cu112-ubuntu20.04")), ("gpu", None, None)),
    ("display-name", kernel("python3", "Python 3 (PyTorch 2.0.0 Python 3.10 GPU Optimized)"), ("gpu", None, None)),
    ("display-name-free-text", kernel("python3", "Python (old gpu box)"), ("none", None, None)),
    ("conda", kernel("conda_pytorch_p39"), ("none", None, None)),
    ("neuron-kernel", kernel("aws_neuron_venv_pytorch"), ("neuron", None, None)),
    ("neuronx-kernel", kernel("aws_neuronx_venv_transformers_neuronx"), ("neuron", None, None)),
    ("gpu-kernel", kernel("reco_gpu"), ("gpu", None, None)),
    ("plain-kernel", kernel("python3", "Python 3 (ipykernel)"), ("none", None, None)),
    ("word-inside-a-word", kernel("gpustat_env", "tpuser"), ("none", None, None)),
    ("workbench-gpu", workbench(name="tf2-2-3-gpu.2-3.m55"), ("gpu", None, None)),
    ("workbench-cpu", workbench(name="common-cpu.m95"), ("cpu", None, None)),
    ("workbench-cuda-address", workbench(name="m123", uri="registry.example/x/base-cu113:latest"), ("gpu", None, None)),
    ("workbench-silent", workbench(name="workbench-notebooks.m123"), ("none", None, None)),
    ("databricks-a10", databricks(accelerator="GPU_1xA10"), ("gpu", "A10", 1)),
    ("databricks-h100", databricks(accelerator="GPU_8xH100"), ("gpu", "H100", 8)),
    ("databricks-null", databricks(accelerator=None, gpuPoolId=None), ("none", None, None)),
    ("deepnote", {"deepnote_notebook_id": "1"}, ("none", None, None)),
    (
        "deepnote-image",
        {"deepnote_environment": {"customImage": "tensorflow/tensorflow:2.15.0-gpu"}},
        ("gpu", None, None),
    ),
    ("azureml", {"microsoft": {"host": {"AzureML": {"notebookHasBeenCompleted": True}}}}, ("none", None, None)),
    ("kale-image", {"kubeflow_notebook": {"docker_image": "x/jupyter-pytorch-cuda:v1"}}, ("gpu", None, None)),
    ("own-model", {"mlpack": {"hardware": {"accelerator": "l4", "count": 4}}}, ("gpu", "L4", 4)),
    ("own-class", {"mlpack": {"hardware": {"accelerator": "cpu"}}}, ("cpu", None, None)),
    ("own-azure", {"mlpack": {"hardware": {"instance": "Standard_NC24s_v3"}}}, ("gpu", "V100", 4)),
    ("own-amazon", {"mlpack": {"hardware": {"instance": "p5.48xlarge"}}}, ("gpu", "H100", 8)),
    ("own-odd", {"mlpack": {"hardware": {"instance": "laptop"}}}, ("none", None, None)),
    ("nothing", {}, ("none", None, None)),
]


@pytest.mark.parametrize(("metadata", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_find_hardware__metadata__class_model_and_count(
    tmp_path: Path, metadata: dict[str, Any], expected: tuple[str, str | None, int | None]
) -> None:
    found = declared(tmp_path, metadata)
    assert short(found) == expected
    assert bool(found.evidence) == (found.class_ != "none")


@pytest.mark.parametrize(
    ("metadata", "provider"),
    [
        ({"colab": {}}, "colab"),
        ({"kaggle": {}, "colab": {}}, "kaggle"),
        ({"colab": {}, **kernel(arn("pytorch-1.13-cpu-py39"))}, "sagemaker-studio"),
        ({"colab": {}, **kernel("conda_python3")}, "sagemaker-notebook-instance"),
        ({"colab": {}, **workbench(name="tf2-2-3-gpu.2-3.m55")}, "vertex-workbench"),
        (kernel("python38-azureml"), "azureml"),
        (kernel("python310-sdkv2"), "azureml"),
        ({"application/vnd.databricks.v1+notebook": {}}, "databricks"),
        ({"deepnote_notebook_id": "1"}, "deepnote"),
        ({"kubeflow_notebook": {}}, "kubeflow"),
        ({}, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_find_hardware__metadata__provider_that_spoke(
    tmp_path: Path, metadata: dict[str, Any], provider: str | None
) -> None:
    assert declared(tmp_path, metadata).provider == provider


def test_find_hardware__known_model__memory_and_capability_from_the_table(tmp_path: Path) -> None:
    found = declared(tmp_path, {"kaggle": {"accelerator": "gpu"}})
    assert (found.vendor, found.memory, found.compute_capability) == ("nvidia", 16, "6.0")


def test_find_hardware__machine_with_the_larger_card__its_memory(tmp_path: Path) -> None:
    assert declared(tmp_path, instance("ml.p4de.24xlarge")).memory == 80


def test_find_hardware__kale_tags__largest_step_with_its_cell(tmp_path: Path) -> None:
    found = declared(tmp_path, {}, tags=["step:train", "limit:nvidia.com/gpu:1", "limit:nvidia.com/gpu:4"])
    assert (found.class_, found.vendor, found.count) == ("gpu", "nvidia", 4)
    assert found.evidence[0].location.cell == 1


@pytest.mark.parametrize("tag", ["limit:nvidia.com/gpu:0", "limit:cpu:4", "limit:nvidia.com/gpu:x", "limit:a:b:1"])
def test_find_hardware__other_tags__say_nothing(tmp_path: Path, tag: str) -> None:
    assert declared(tmp_path, {}, tags=[tag]).class_ == "none"


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        ({"machine_shape": "NvidiaTeslaT4", "enable_gpu": "true"}, ("gpu", "T4", 2)),
        ({"enable_gpu": "true"}, ("gpu", "T4", 2)),
        ({"enable_gpu": True, "enable_tpu": False}, ("gpu", "T4", 2)),
        ({"enable_tpu": "true", "enable_gpu": "false"}, ("tpu", "v3-8", None)),
        ({"enable_gpu": "false"}, ("cpu", None, None)),
        ({"machine_shape": "TpuV6E8"}, ("tpu", "v6e-8", None)),
        ({"accelerator": "GPU_T4X2"}, ("gpu", "T4", 2)),
        ({"machine_shape": "", "enable_gpu": "true"}, ("gpu", "T4", 2)),
        ({"title": "nothing"}, ("none", None, None)),
        ({"code_file": "other.ipynb", "enable_gpu": "true"}, ("none", None, None)),
        ({"code_file": "./n.ipynb", "enable_gpu": "true"}, ("gpu", "T4", 2)),
        ([], ("none", None, None)),
    ],
    ids=lambda value: str(value)[:50],
)
def test_find_hardware__kernel_metadata_beside__as_its_client_reads_it(
    tmp_path: Path, beside: Any, expected: tuple[str, str | None, int | None]
) -> None:
    found = declared(tmp_path, {}, files={"kernel-metadata.json": json.dumps(beside)})
    assert short(found) == expected


def test_find_hardware__broken_side_file__is_not_there(tmp_path: Path) -> None:
    assert declared(tmp_path, {}, files={"kernel-metadata.json": "{" * 5000}).class_ == "none"


def test_table__every_model_named_anywhere__is_described() -> None:
    table = hardware_table()
    rows = [*table["kaggle"].values(), *table["amazon"].values(), *table["azure"].values()]
    named = {row["model"] for row in rows if "model" in row} | set(table["colab"].values())
    assert named <= set(accelerators())
