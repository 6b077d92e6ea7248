"""The train process: who may give parameters, and what it makes of each platform's files and variables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Runner = Callable[[str], ModuleType]
KNOWN = {"lr": 0.5, "epochs": 2, "name": "a", "sizes": [1], "fast": False, "options": {"a": 1}, "seed": None}
TORCHRUN = {"PET_NNODES": "2", "PET_NPROC_PER_NODE": "1", "PET_MASTER_ADDR": "j-0.j", "PET_MASTER_PORT": "29500"}
CLUSTER = {"workerpool0": ["chief:2222"], "workerpool1": ["w0:2222", "w1:2222"]}


# --- parameters -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", "1", 1.0), ("lr", "1e-3", 0.001), ("lr", '"0.1"', 0.1), ("lr", "-inf", float("-inf")),
        ("epochs", "3", 3), ("epochs", "3.0", 3), ("epochs", "0.5", 0.5), ("name", "12", "12"), ("name", "", ""),
        ("name", '"b c"', "b c"), ("name", "null", "null"), ("lr", "None", None), ("fast", "True", True),
        ("fast", "0", False), ("sizes", "[3, 4]", [3, 4]), ("sizes", "(3, 4)", [3, 4]), ("sizes", "['x']", ["x"]),
        ("options", "{'b': True}", {"b": True}), ("options", '{"b": null}', {"b": None}), ("seed", "7", 7),
        ("seed", "x", "x"),
    ],
)  # fmt: skip
def test_typed_like__text_of_a_platform__has_the_type_of_the_default(
    runner: Runner, name: str, text: str, value: object
) -> None:
    result = runner("typed").typed_like(KNOWN[name], name, text)
    assert (result, type(result)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text"),
    [("lr", "fast"), ("epochs", "[1]"), ("fast", "2"), ("sizes", "3"), ("sizes", "[3"), ("options", "[]")],
)  # fmt: skip
def test_typed_like__text_of_another_type__is_refused_with_the_default(runner: Runner, name: str, text: str) -> None:
    typed = runner("typed")
    with pytest.raises(typed.ParameterError, match=f"{name}=.*default is"):
        typed.typed_like(KNOWN[name], name, text)


def test_read_parameters__all_who_may_give_one__the_nearest_wins(runner: Runner, tmp_path: Path) -> None:
    read = runner("parameters").read_parameters
    (tmp_path / "values.yaml").write_text("lr: 4\nsizes: [4]\n")
    platform = {"lr": "1", "epochs": "1", "name": "p", "sizes": "[1]", "seed": "1", "sagemaker_program": '"x"'}
    environment = {
        "MLPACK_PARAMETERS": '{"lr": 2, "epochs": 2, "sizes": [2], "name": "j"}', "MLPACK_PARAM_lr": "3",
        "MLPACK_PARAM_EPOCHS": "3", "MLPACK_PARAM_sizes": "[3]",
    }  # fmt: skip
    values = read(["train", "-f", str(tmp_path / "values.yaml"), "-p", "lr", "5"], environment, KNOWN, platform)
    assert values == {"lr": 5, "sizes": [4], "epochs": 3, "name": "j", "seed": 1}


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["train"], {}),
        (["-p", "lr", "-1"], {"lr": -1}),
        (["-plr=1", "-p", "lr=2"], {"lr": 2}),
        (["--lr=0.1", "--epochs", "3"], {"lr": 0.1, "epochs": 3}),
        (["train", "-p", "name=train"], {"name": "train"}),
    ],
    ids=["name of the process", "two words", "last wins", "as tuners write", "only the first word"],
)
def test_read_parameters__forms_of_arguments__all_mean_the_same(
    runner: Runner, words: list[str], values: dict[str, object]
) -> None:
    assert runner("parameters").read_parameters(words, {}, KNOWN) == values


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "cannot be read"), ("[1]", "no names with"), ("a: [", "neither JSON nor YAML"), ("speed: 1", "unknown")],
    ids=["missing", "a list", "broken", "no such parameter"],
)  # fmt: skip
def test_read_parameters__wrong_file__is_named(runner: Runner, tmp_path: Path, text: str | None, said: str) -> None:
    parameters = runner("parameters")
    if text is not None:
        (tmp_path / "values").write_text(text)
    with pytest.raises(parameters.ParameterError, match=said):
        parameters.read_parameters(["-f", str(tmp_path / "values")], {}, KNOWN)


# --- those that train together ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (False, 0, 1, 1, "")),
        ({**TORCHRUN, "PET_NODE_RANK": "1"}, (True, 1, 2, 1, "j-0.j")),
        ({**TORCHRUN, "PET_NNODES": "1", "PET_NPROC_PER_NODE": "4"}, (True, 0, 4, 4, "j-0.j")),
        ({**TORCHRUN, "PET_NPROC_PER_NODE": "cpu"}, (True, 0, 2, 1, "j-0.j")),
        ({**TORCHRUN, "PET_NODE_RANK": "1", "RANK": "5", "WORLD_SIZE": "9"}, (True, 1, 2, 1, "j-0.j")),
        ({"RANK": "1", "WORLD_SIZE": "3", "MASTER_ADDR": "m"}, (True, 1, 3, 1, "m")),
        ({"MLPACK_PROCESSES": "2"}, (True, 0, 2, 2, "")),
        ({"JAX_PROCESS_ID": "1", "JAX_NUM_PROCESSES": "2", "JAX_COORDINATOR_ADDRESS": "c:6666"}, (True, 1, 2, 1, "c")),
        ({"DMLC_TASK_ID": "1", "DMLC_NUM_WORKER": "2", "DMLC_TRACKER_URI": "t"}, (True, 1, 2, 1, "t")),
        ({"CLUSTER_SPEC": json.dumps({"cluster": CLUSTER, "task": {"type": "workerpool1", "index": 1}})},
         (True, 2, 3, 1, "chief")),
        ({"CLUSTER_SPEC": json.dumps({"cluster": {"chief": ["a:1"]}, "task": {"type": "chief", "index": 0}})},
         (False, 0, 1, 1, "")),
        ({"CLUSTER_SPEC": "{"}, (False, 0, 1, 1, "")),
    ],
    ids=["nobody", "trainer", "processes of a node", "processors are no processes", "torchrun's win", "operator",
         "our own", "jax", "xgboost", "vertex", "vertex alone", "broken"],
)  # fmt: skip
def test_read_platform__variables_of_a_platform__rank_and_size(
    runner: Runner, tmp_path: Path, environment: dict[str, str], expected: tuple[object, ...]
) -> None:
    world = runner("platform").read_platform(environment, tmp_path).world
    assert (world.declared, world.rank, world.size, world.processes, world.address) == expected
    assert set(world.variables()) >= ({"RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR"} if world.declared else set())


@pytest.mark.parametrize(
    "environment",
    [{**TORCHRUN, "PET_NODE_RANK": "2"}, {**TORCHRUN, "PET_NPROC_PER_NODE": "0"}, {"RANK": "x", "WORLD_SIZE": "2"}],
    ids=["rank too high", "no process", "no number"],
)
def test_read_platform__numbers_without_sense__are_refused(
    runner: Runner, tmp_path: Path, environment: dict[str, str]
) -> None:
    with pytest.raises(runner("world").WorldError):
        runner("platform").read_platform(environment, tmp_path)


@pytest.mark.parametrize(
    ("environment", "output", "model"),
    [
        ({}, "/output", "/output"),
        ({"MLPACK_OUTPUT_DIR": "/data"}, "/data", "/data"),
        ({"JOB_COMPLETION_INDEX": "3"}, "/output/3", "/output/3"),
        ({"JOB_COMPLETION_INDEX": "1", **TORCHRUN, "PET_NODE_RANK": "1"}, "/output/node-1", "/output"),
        ({"CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_TASK_COUNT": "1"}, "/output", "/output"),
        ({"CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_TASK_COUNT": "2"}, "/output/0", "/output/0"),
        ({"AIP_MODEL_DIR": "gs://elsewhere/m"}, "/output", "/output"),
    ],
    ids=["docker", "named", "indexed job", "indexed and together", "cloud run task", "cloud run tasks", "no mount"],
)
def test_read_platform__where_it_runs__folders_that_nobody_else_writes_to(
    runner: Runner, tmp_path: Path, environment: dict[str, str], output: str, model: str
) -> None:
    platform = runner("platform").read_platform(environment, tmp_path)
    assert (str(platform.output), platform.environment["MLPACK_MODEL_DIR"]) == (output, model)


def test_read_platform__bucket_is_mounted__results_go_there(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "gcs/b").mkdir(parents=True)
    environment = {"AIP_MODEL_DIR": "gs://b/jobs/7/model/", "AIP_CHECKPOINT_DIR": "gs://b/jobs/7/checkpoints/"}
    platform = runner("platform").read_platform(environment, tmp_path)
    base = tmp_path / "gcs/b/jobs/7"
    assert (platform.model, platform.deliver) == (base / "model", base / "output")
    assert platform.environment["MLPACK_CHECKPOINT_DIR"] == str(base / "checkpoints")


# --- SageMaker --------------------------------------------------------------------------------------------------------


def opt_ml(root: Path, **files: Mapping[str, Any] | str) -> Path:
    """``/opt/ml`` as the platform makes it."""
    config = root / "opt/ml/input/config"
    config.mkdir(parents=True)
    (root / "opt/ml/output/data").mkdir(parents=True)
    for name, content in files.items():
        (config / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def test_read_platform__sagemaker__folders_values_and_variables(runner: Runner, tmp_path: Path) -> None:
    hosts = [f"algo-{number}" for number in range(1, 12)]
    root = opt_ml(
        tmp_path,
        hyperparameters={"lr": "0.1", "batch-size": '"32"'},
        inputdataconfig={"training": {"TrainingInputMode": "File"}, "eval": {}},
        resourceconfig={"current_host": "algo-10", "hosts": sorted(hosts), "current_instance_type": "ml.m5.large"},
    )
    platform = runner("platform").read_platform({}, root)
    top = root / "opt/ml"
    assert platform.hyperparameters == {"lr": "0.1", "batch-size": '"32"'}
    assert platform.output == top / "output/data/node-9"
    assert (platform.model, platform.failures) == (top / "model", (top / "output/failure",))
    assert (platform.world.rank, platform.world.size, platform.world.address) == (9, 11, "algo-1")
    expected = {
        "SM_MODEL_DIR": f"{top}/model", "SM_OUTPUT_DATA_DIR": f"{top}/output/data",
        "SM_CHANNELS": '["eval","training"]', "SM_CHANNEL_TRAINING": f"{top}/input/data/training",
        "SM_HPS": '{"batch-size":"32","lr":0.1}', "SM_HP_LR": "0.1", "SM_HOST_COUNT": "11",
        "SM_CURRENT_HOST_RANK": "9", "SM_CURRENT_INSTANCE_TYPE": "ml.m5.large", "SM_MASTER_ADDR": "algo-1",
    }  # fmt: skip
    assert {name: platform.environment.get(name) for name in expected} == expected


@pytest.mark.parametrize("content", ["{", "[1]"], ids=["no JSON", "no object"])
def test_read_platform__sagemakers_file_is_broken__says_which(runner: Runner, tmp_path: Path, content: str) -> None:
    root = opt_ml(tmp_path, hyperparameters=content)
    with pytest.raises(runner("sagemaker").PlatformError, match=r"hyperparameters\.json"):
        runner("platform").read_platform({}, root)


# --- failures ---------------------------------------------------------------------------------------------------------


def test_write_report__two_processes_fail__the_first_is_heard_and_it_is_short(runner: Runner, tmp_path: Path) -> None:
    failure = runner("failure")
    traceback = "Cell In[5], line 2\n----> 2 check()\n" + "x" * 9000 + "\nValueError: first"
    first = failure.Failure(4, 5, "ValueError", "first\nsecond", traceback, "def check(): ...\n  check()")
    (tmp_path / "empty").touch()
    paths = [tmp_path / "new", tmp_path / "empty", tmp_path / "no folder" / "file"]
    failure.write_report(paths, first.report())
    failure.write_report(paths, "another")
    texts = [path.read_text() for path in paths[:2]]
    assert texts[0] == texts[1]
    assert texts[0].splitlines()[:2] == ["cell 4 failed (cell 5 of the notebook): ValueError: first", "line 2: check()"]
    assert texts[0].endswith("\nValueError: first\n")
    assert len(texts[0]) <= 4096
