"""SageMaker's own SDK trains with our image, in its local mode, offline."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from .conftest import SageMaker

pytestmark = [pytest.mark.docker, pytest.mark.network]

FIT = """
import os
os.mkdir(folder + "/data")
open(folder + "/data/table.csv", "w").write("a,b\\n")
estimator = Estimator(
    image, role=ROLE, instance_count=1, instance_type="local", output_path="file://" + folder + "/results",
    sagemaker_session=session, hyperparameters=values,
)
estimator.fit({"training": "file://" + folder + "/data"})
"""


def contents(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {member.name: archive.extractfile(member).read().decode() for member in files}  # type: ignore[union-attr]


def test_fit__texts_as_values__typed_back_and_results_collected(
    sagemaker: SageMaker, training_image: str, tmp_path: Path
) -> None:
    values = {"lr": 1, "epochs": "3", "name": "12", "sizes": [3, 4], "fast": True}
    ran = sagemaker.run(FIT, training_image, tmp_path, arguments={"values": values})
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    model = contents(tmp_path / "results/model.tar.gz")
    outputs = contents(tmp_path / "results/output.tar.gz")
    assert set(model) == {"model-0.json"}
    assert set(outputs) == {"data/model-0.json", "data/probe.ipynb", "data/metrics.jsonl"}
    facts = json.loads(model["model-0.json"])
    assert facts["values"] == {"lr": 1.0, "epochs": 3, "name": "12", "sizes": [3, 4], "fast": True}
    assert facts["environment"]["SM_CHANNEL_TRAINING"] == "/opt/ml/input/data/training"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mode": "fail"}, "cell 4 failed (cell 5 of the notebook): ValueError: no such mode\nline 4: check(mode)\n"),
        ({"lr": "high"}, "hyperparameter lr=high: the notebook's default is 0.5, so a float is needed\n"),
    ],
    ids=["cell", "value"],
)
def test_fit__it_fails__so_does_the_job_and_the_failure_file_says_why(
    sagemaker: SageMaker, training_image: str, tmp_path: Path, values: dict[str, object], said: str
) -> None:
    ran = sagemaker.run(FIT, training_image, tmp_path, arguments={"values": values})
    assert ran.returncode != 0
    assert contents(tmp_path / "results/output.tar.gz")["failure"].startswith(said)


def test_fit__folders_of_root_and_another_user__says_what_to_set(
    sagemaker: SageMaker, training_image: str, tmp_path: Path
) -> None:
    ran = sagemaker.run(FIT, training_image, tmp_path, user="", arguments={"values": {}})
    assert ran.returncode != 0
    assert (
        'by user 1000: start the container as the owner of /opt/ml; in local mode by local.container_config = {"u'
        in (ran.stdout)
    )
