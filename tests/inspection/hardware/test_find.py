"""What is declared against what the code needs: the contradictions of real notebooks, and which side is followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.values import Conflict, Inspection

from .conftest import arn, inspect

T4 = {"accelerator": "GPU", "colab": {"gpuType": "T4"}}
A100 = {"accelerator": "GPU", "colab": {"gpuType": "A100"}}
KAGGLE_NONE = {"kaggle": {"accelerator": "none", "isGpuEnabled": False}}
KAGGLE_T4 = {"kaggle": {"accelerator": "nvidiaTeslaT4", "isGpuEnabled": True}}
DRIVES_AN_SDK = """
import sagemaker
from sagemaker.huggingface import HuggingFace
estimator = HuggingFace(entry_point="train.py", instance_type="ml.p3.2xlarge", instance_count=1)
estimator.fit({"training": "s3://bucket"})
predictor = estimator.deploy(1, instance_type="ml.g5.xlarge")
"""


def hardware_conflicts(inspection: Inspection) -> list[list[tuple[str, str]]]:
    conflicts: list[Conflict] = [entry for entry in inspection.conflicts if entry.subject == "hardware"]
    return [[(claim.source, claim.says) for claim in conflict.claims] for conflict in conflicts]


def test_find_hardware__gpu_declared_but_no_code_needs_one__both_shown_declaration_followed(tmp_path: Path) -> None:
    found = inspect(tmp_path, KAGGLE_T4, "from sklearn.svm import SVC\nSVC().fit([[1]], [1])")
    assert found.hardware.accelerator == "cuda"
    assert found.hardware.needed.kind == "cpu"
    assert "nothing in the code" in found.hardware.reason
    assert hardware_conflicts(found) == [[("kaggle", "2 x T4"), ("code", "cpu")]]


def test_find_hardware__none_declared_but_4_bit_training__both_shown(tmp_path: Path) -> None:
    code = "from transformers import BitsAndBytesConfig\nconfig = BitsAndBytesConfig(load_in_4bit=True)"
    found = inspect(tmp_path, KAGGLE_NONE, code)
    assert found.hardware.declared.class_ == "cpu"
    assert (found.hardware.needed.kind, found.hardware.needed.optional) == ("cuda", False)
    assert hardware_conflicts(found) == [[("kaggle", "cpu"), ("code", "cuda")]]
    assert found.hardware.needed.evidence[0].location.cell == 1


def test_find_hardware__nothing_declared_unconditional_cuda__code_picks_the_image(tmp_path: Path) -> None:
    found = inspect(tmp_path, {"colab": {}}, "import torch", 'model.to("cuda")')
    assert found.hardware.declared.class_ == "none"
    assert found.hardware.accelerator == "cuda"
    assert "cell 2" in found.hardware.reason
    assert hardware_conflicts(found) == []


def test_find_hardware__accelerators_of_a_remote_job__never_pick_the_image(tmp_path: Path) -> None:
    found = inspect(tmp_path, {"instance_type": "ml.t3.medium"}, DRIVES_AN_SDK)
    assert found.hardware.declared.class_ == "cpu"
    assert found.hardware.accelerator == "cpu"
    assert found.hardware.needed.remote
    assert hardware_conflicts(found) == []


def test_find_hardware__remote_job_alone__cpu_and_said_why(tmp_path: Path) -> None:
    found = inspect(tmp_path, {}, DRIVES_AN_SDK)
    assert (found.hardware.accelerator, found.hardware.needed.kind) == ("cpu", "cpu")
    assert "elsewhere" in found.hardware.reason


def test_find_hardware__other_editions_metadata__amd_build_and_nvidia_card_both_shown(tmp_path: Path) -> None:
    install = "!pip install torch --index-url https://example.org/whl/rocm6.4"
    found = inspect(tmp_path, A100, install, "import torch\nmodel.cuda()")
    assert found.hardware.declared.model == "A100"
    assert found.hardware.needed.kind == "rocm"
    assert hardware_conflicts(found) == [[("colab", "A100"), ("code", "rocm")]]


def test_find_hardware__instance_and_image_disagree__instance_followed(tmp_path: Path) -> None:
    metadata = {"instance_type": "ml.g4dn.xlarge", "kernelspec": {"name": arn("pytorch-1.10-cpu-py38")}}
    found = inspect(tmp_path, metadata, "import torch\nx.cuda()")
    assert (found.hardware.declared.class_, found.hardware.declared.model) == ("gpu", "T4")
    assert hardware_conflicts(found) == [[("sagemaker-studio", "T4"), ("sagemaker-studio", "cpu")]]


def test_find_hardware__kernel_name_and_display_name_disagree__name_followed(tmp_path: Path) -> None:
    spec = {"name": arn("pytorch-1.12-gpu-py38"), "display_name": "Python 3 (PyTorch 1.12 CPU Optimized)"}
    found = inspect(tmp_path, {"kernelspec": spec}, "import torch\nx.cuda()")
    assert found.hardware.declared.class_ == "gpu"
    assert hardware_conflicts(found) == [[("sagemaker-studio", "gpu"), ("sagemaker-studio", "cpu")]]


def test_find_hardware__colab_and_kaggle_agree_on_the_card__kaggles_count_no_conflict(tmp_path: Path) -> None:
    found = inspect(tmp_path, {**T4, **KAGGLE_T4}, "import torch\nx.cuda()")
    assert (found.hardware.declared.provider, found.hardware.declared.count) == ("kaggle", 2)
    assert hardware_conflicts(found) == []


def test_find_hardware__colab_gpu_and_kaggle_none__conflict_is_told(tmp_path: Path) -> None:
    found = inspect(tmp_path, {**T4, **KAGGLE_NONE}, "import torch")
    assert hardware_conflicts(found) == [[("kaggle", "cpu"), ("colab", "T4")]]


def test_find_hardware__side_file_and_metadata_disagree__side_file_followed(tmp_path: Path) -> None:
    beside = {"kernel-metadata.json": json.dumps({"machine_shape": "NvidiaTeslaP100"})}
    found = inspect(tmp_path, KAGGLE_T4, "import torch\nx.cuda()", files=beside)
    assert found.hardware.declared.model == "P100"
    assert found.hardware.declared.evidence[0].rule == "HW1"
    assert hardware_conflicts(found) == [[("kaggle", "P100"), ("kaggle", "2 x T4")]]


def test_find_hardware__own_key__beats_all(tmp_path: Path) -> None:
    own = {"mlpack": {"hardware": {"accelerator": "L4"}}}
    found = inspect(tmp_path, {**own, **T4}, "x.cuda()")
    assert found.hardware.declared.model == "L4"
    assert found.hardware.declared.evidence[0].rule == "HW0"


def test_find_hardware__guarded_use__optional_and_a_cpu_by_default(tmp_path: Path) -> None:
    found = inspect(tmp_path, {}, 'import torch\ndevice = "cuda" if torch.cuda.is_available() else "cpu"\nx.to(device)')
    assert (found.hardware.needed.kind, found.hardware.needed.optional) == ("cuda", True)
    assert found.hardware.accelerator == "cpu"
    assert "also runs on a CPU" in found.hardware.reason


def test_find_hardware__guarded_use_on_a_declared_gpu__no_conflict(tmp_path: Path) -> None:
    found = inspect(tmp_path, T4, 'device = "cuda" if torch.cuda.is_available() else "cpu"')
    assert found.hardware.accelerator == "cuda"
    assert hardware_conflicts(found) == []


def test_find_hardware__neuron_through_torch_xla__neuron(tmp_path: Path) -> None:
    found = inspect(tmp_path, {}, "import torch_neuronx\nimport torch_xla.core.xla_model as xm\nxm.xla_device()")
    assert found.hardware.accelerator == "neuron"


def test_find_hardware__apple_gpu__cpu_image_and_a_notice(tmp_path: Path) -> None:
    found = inspect(tmp_path, {}, "import mlx.core as mx")
    assert (found.hardware.needed.kind, found.hardware.accelerator) == ("mps", "cpu")
    assert "hardware-mps" in {notice.code for notice in found.notices}


def test_find_hardware__nothing_at_all__cpu(tmp_path: Path) -> None:
    found = inspect(tmp_path, {}, "import pandas as pd")
    assert (found.hardware.accelerator, found.hardware.needed.kind, found.hardware.needed.optional) == (
        "cpu",
        "cpu",
        False,
    )


@pytest.mark.parametrize(
    "metadata",
    [
        {"accelerator": {"a": 1}, "colab": 3, "kaggle": 4, "instance_type": [], "environment": "x"},
        {"kernelspec": "python3", "availableInstances": {}, "kubeflow_notebook": 1, "mlpack": 2},
        {"application/vnd.databricks.v1+notebook": [], "deepnote_environment": 1, "microsoft": 1},
        {"instance_type": "ml.g5.xlarge", "availableInstances": [1, None, {"name": 4}, {"name": "ml.g5.xlarge"}]},
        {"kaggle": {"accelerator": "x" * 100_000}, "mlpack": {"hardware": {"accelerator": "gpu", "count": "9" * 5000}}},
    ],
    ids=["colab", "kernelspec", "databricks", "instances", "long"],
)
def test_find_hardware__hostile_metadata__an_answer(tmp_path: Path, metadata: dict[str, Any]) -> None:
    assert inspect(tmp_path, metadata).hardware.declared.class_ in ("none", "gpu", "cpu")
