"""SageMaker's ``CreateTrainingJob``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mlpack.emitters.given import as_texts, needed, parameters
from jupyter_mlpack.values import Json, Task

OPTIONS: dict[str, tuple[type, str]] = {
    "role": (str, "ARN of the role as which the training runs"),
    "instance_type": (str, "what it runs on, e.g. ml.g5.xlarge"),
    "output": (str, "where model and outputs go, e.g. s3://bucket/folder"),
    "volume": (int, "GB of its disk (default: 50)"),
    "subnets": (list, "subnets of its network"),
    "security_groups": (list, "security groups of its network"),
}
SEND = "aws sagemaker create-training-job --cli-input-json file://REQUEST.json"
SECRETS = "SageMaker takes no secrets by name: let the role read them, or add them to Environment yourself"
DAY = 86_400


def training_job(task: Task, options: Mapping[str, Any]) -> dict[str, Json]:
    """The request's body. The image knows SageMaker's folders, and gets its parameters as hyperparameters.

    Raises ``EmitterOptionMissing``.
    """
    body: dict[str, Json] = {
        "TrainingJobName": task.name,
        "AlgorithmSpecification": {"TrainingImage": task.reference or task.image, "TrainingInputMode": "File"},
        "RoleArn": needed("SageMaker", options, "role", "arn:aws:iam::123456789012:role/training"),
        "OutputDataConfig": {"S3OutputPath": needed("SageMaker", options, "output", "s3://bucket/folder")},
        "ResourceConfig": {
            "InstanceType": needed("SageMaker", options, "instance_type", "ml.g5.xlarge"),
            "InstanceCount": task.resources.nodes,
            "VolumeSizeInGB": int(options.get("volume", 50)),
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": task.resources.seconds or DAY},
    }
    values = parameters(task)
    if values:
        body["HyperParameters"] = dict(as_texts(values))
    if task.environment:
        body["Environment"] = dict(task.environment)
    if options.get("subnets"):
        body["VpcConfig"] = {
            "Subnets": [str(name) for name in options["subnets"]],
            "SecurityGroupIds": [str(name) for name in options.get("security_groups", ())],
        }
    return body
