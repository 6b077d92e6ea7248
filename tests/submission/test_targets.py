"""Targets of the configuration: what is read, and the sentence for each thing that is wrong."""

from __future__ import annotations

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.submission.targets import DOCKER, offer, read_memory, read_target, read_targets, read_time


def test_read_target__all_fields__as_a_value() -> None:
    target = read_target(
        "gpu",
        {"engine": "docker", "accelerators": "cuda12", "gpus": 4, "cpus": 8, "memory": "64GB", "seconds": "2h",
         "registry": "registry.example.com/team", "nodes": 2},
    )  # fmt: skip
    assert (target.accelerators, target.gpus, target.cpus, target.nodes) == (("cuda12",), 4, 8.0, 2)
    assert (target.memory, target.seconds, target.registry) == (64 * 10**9, 7200, "registry.example.com/team")
    assert offer(target) == "cuda12; up to 4 GPUs; up to 8 CPUs; up to 64 GB; up to 2 hours; up to 2 nodes"


def test_read_targets__none_configured__docker_is_there() -> None:
    assert read_targets({}) == {"docker": DOCKER}


def test_read_targets__docker_configured__is_what_was_said() -> None:
    assert read_targets({"docker": {"engine": "docker", "gpus": 1}})["docker"].gpus == 1


@pytest.mark.parametrize(
    ("entry", "error", "said"),
    [
        ({}, errors.TargetWrong, "at least an engine"),
        ("kubernetes", errors.TargetWrong, "at least an engine"),
        ({"engine": "moon"}, errors.TargetWrong, "no engine 'moon'"),
        ({"engine": "process"}, errors.TargetWrong, "no engine 'process'"),
        ({"engine": "docker", "memory": "much"}, errors.TargetWrong, "memory cannot be 'much'"),
        ({"engine": "docker", "gpus": "x"}, errors.TargetWrong, "gpus cannot be 'x'"),
        ({"engine": "docker", "accelerators": ["cuda99"]}, errors.TargetWrong, "no accelerator is called 'cuda99'"),
        ({"engine": "docker", "no_such_option": 1}, errors.TargetWrong, "has no option no_such_option"),
        ({"engine": "docker", "api_token": "hunter2"}, errors.TargetHoldsSecret, "api_token"),
    ],
    ids=["empty", "text", "engine", "process", "memory", "gpus", "accelerator", "option", "secret"],
)
def test_read_target__wrong__one_clear_sentence(entry: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        read_target("cluster", entry)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "size"),
    [("16GB", 16 * 10**9), ("16Gi", 16 * 2**30), ("500M", 5 * 10**8), ("1024", 1024), ("1.5 g", 15 * 10**8)],
)
def test_read_memory__bytes(text: str, size: int) -> None:
    assert read_memory(text) == size


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("30m", 1800), ("2h", 7200), ("1.5d", 129_600)])
def test_read_time__seconds(text: str, seconds: int) -> None:
    assert read_time(text) == seconds


@pytest.mark.parametrize("text", ["", "GB", "-1", "1e9", "12 parsecs"])
def test_read_memory__nonsense__is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^.*$"):
        read_memory(text)
