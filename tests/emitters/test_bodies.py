"""The bodies that are printed for services elsewhere: whole, and judged by those who know the services."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.emitters.skypilot import as_yaml, sky_task
from jupyter_mlpack.engines.engine import open_engine
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.submission.targets import read_target
from jupyter_mlpack.values import Resources, Task

Judge = Callable[[str, dict[str, Any]], "subprocess.CompletedProcess[str]"]
IMAGE = "registry.example.com/team/train@sha256:" + "1" * 64
TASK = Task(
    "mlpack-ana-0123456789abcdef01",
    "train:training",
    ("-p", "lr=0.1", "-p", 'name="it\'s"', "-p", "deep=true"),
    (("LEVEL", "info"), ("API_TOKEN", "hunter2")),
    Path("/nowhere"),
    secrets=(("HF_TOKEN", "hunter2"),),
    resources=Resources(gpus=2, cpus=4, memory=16 * 10**9, seconds=7200, accelerator="cuda12"),
    reference=IMAGE,
)
TARGETS: dict[str, dict[str, Any]] = {
    "sagemaker": {
        "role": "arn:aws:iam::123456789012:role/training",
        "instance_type": "ml.g5.xlarge",
        "output": "s3://bucket/runs",
        "subnets": ["subnet-1"],
        "security_groups": ["sg-1"],
    },
    "vertex": {
        "machine_type": "g2-standard-24",
        "accelerator_type": "NVIDIA_L4",
        "output": "gs://bucket/runs",
        "service_account": "training@project.iam.gserviceaccount.com",
    },
    "skypilot": {"accelerator": "L4", "infra": "gcp/us-central1", "output": "gs://bucket/runs", "spot": True},
}


def body(engine: str, task: Task = TASK, **changed: object) -> dict[str, Any]:
    target = read_target("cloud", {"engine": engine, **TARGETS[engine], **changed})
    made = open_engine(engine, Store(Path("/nowhere")), None, dict(target.options))
    request = made.prepare(task)
    assert json.loads(json.dumps(request.to_json())) == request.to_json()
    written: dict[str, Any] = dict(request.options)["body"]  # type: ignore[assignment]
    return written


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """``judge(service, request)``: what the service's own library says."""
    python = Path(__file__).parents[2] / ".venv/clouds/bin/python"
    if not python.exists():
        pytest.skip("NOT TESTED: no libraries of Vertex AI and SkyPilot here (.ci/test installs them)")
    environment = {**os.environ, "HOME": str(tmp_path), "SKYPILOT_DISABLE_USAGE_COLLECTION": "1"}
    program = Path(__file__).with_name("judges.py")

    def ask(service: str, request: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, program, service],
            input=json.dumps(request), capture_output=True, text=True, env=environment, check=False,
        )  # fmt: skip

    return ask


def test_sagemaker__request__is_one_for_its_own_service_model() -> None:
    loaders = pytest.importorskip("botocore.loaders", reason="NOT TESTED: no botocore here (pip install botocore)")
    from botocore.model import ServiceModel
    from botocore.validate import ParamValidator

    model = ServiceModel(loaders.Loader().load_service_model("sagemaker", "service-2"))
    shape = model.operation_model("CreateTrainingJob").input_shape
    assert shape is not None
    written = body("sagemaker")
    assert not ParamValidator().validate(written, shape).has_errors()
    assert ParamValidator().validate({**written, "ResourceConfig": {"InstanceCount": "1"}}, shape).has_errors()
    assert written["HyperParameters"] == {"lr": "0.1", "name": "it's", "deep": "true"}
    assert written["StoppingCondition"] == {"MaxRuntimeInSeconds": 7200}
    assert written["AlgorithmSpecification"]["TrainingImage"] == IMAGE


def test_vertex__request__is_whole() -> None:
    pool = {
        "machineSpec": {"machineType": "g2-standard-24", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 2},
        "replicaCount": 1,
        "containerSpec": {
            "imageUri": IMAGE,
            "args": list(TASK.arguments),
            "env": [{"name": "LEVEL", "value": "info"}, {"name": "API_TOKEN", "value": "********"}],
        },
        "diskSpec": {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 100},
    }
    assert body("vertex") == {
        "displayName": TASK.name,
        "labels": {"mlpack-job": TASK.name},
        "jobSpec": {
            "workerPoolSpecs": [pool],
            "baseOutputDirectory": {"outputUriPrefix": "gs://bucket/runs"},
            "scheduling": {"timeout": "7200s"},
            "serviceAccount": "training@project.iam.gserviceaccount.com",
        },
    }
    three = body("vertex", replace(TASK, resources=Resources(nodes=3)))["jobSpec"]["workerPoolSpecs"]
    assert [pool["replicaCount"] for pool in three] == [1, 2]


def test_vertex__request__is_one_for_googles_own_messages(judge: Judge) -> None:
    written = body("vertex")
    read = json.loads(judge("vertex", written).stdout)
    assert read["jobSpec"]["workerPoolSpecs"][0].pop("replicaCount") == "1"  # as a 64-bit number is written in JSON
    assert written["jobSpec"]["workerPoolSpecs"][0].pop("replicaCount") == 1
    assert read == written
    assert 'no field named "displayNam"' in judge("vertex", {**written, "displayNam": "x"}).stderr


def test_skypilot__task__is_whole_and_reads_as_yaml() -> None:
    written = body("skypilot")
    assert written == {
        "name": TASK.name,
        "num_nodes": 1,
        "resources": {
            "image_id": f"docker:{IMAGE}",
            "infra": "gcp/us-central1",
            "accelerators": "L4:2",
            "cpus": "4+",
            "memory": "15+",
            "use_spot": True,
        },
        "envs": {"LEVEL": "info", "API_TOKEN": "********"},
        "secrets": {"HF_TOKEN": None},
        "file_mounts": {"/output": {"source": "gs://bucket/runs", "mode": "MOUNT"}},
        "run": "/cnb/process/train -p lr=0.1 -p 'name=\"it'\"'\"'s\"' -p deep=true",
    }
    yaml = pytest.importorskip("yaml", reason="NOT TESTED: no PyYAML here")
    assert yaml.safe_load(as_yaml(sky_task(TASK, TARGETS["skypilot"])))["resources"] == written["resources"]


def test_skypilot__task__is_one_for_skypilot(judge: Judge) -> None:
    written = body("skypilot")
    read = json.loads(judge("skypilot", written).stdout)
    for name in ("name", "run", "envs"):
        assert read[name] == written[name]
    image = {"us-central1": written["resources"]["image_id"]}
    resources = {**written["resources"], "accelerators": {"L4": 2}, "image_id": image}
    assert {name: read["resources"][name] for name in resources} == resources
    assert read["file_mounts"] == {"/output": {**written["file_mounts"]["/output"], "persistent": True}}
    assert "did you mean 'resources'" in judge("skypilot", {**written, "resource": {}}).stderr


@pytest.mark.parametrize("engine", TARGETS)
def test_request__secrets__are_in_none(engine: str) -> None:
    assert "hunter2" not in json.dumps(body(engine))


@pytest.mark.parametrize(
    ("engine", "option"),
    [
        ("sagemaker", "role"),
        ("sagemaker", "instance_type"),
        ("vertex", "accelerator_type"),
        ("skypilot", "accelerator"),
    ],
)
def test_prepare__option_missing__says_which_with_an_example(engine: str, option: str) -> None:
    with pytest.raises(errors.EmitterOptionMissing) as caught:
        body(engine, **{option: ""})
    assert f'"{option}": "' in caught.value.sentence("hint")


@pytest.mark.parametrize("engine", TARGETS)
def test_probe__nothing_is_sent__says_what_to_do(engine: str) -> None:
    availability = open_engine(engine, Store(Path("/nowhere"))).probe()
    assert not availability.available
    assert "--dry-run" in availability.reason
