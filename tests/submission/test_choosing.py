"""The target for a job: what fits is taken, what cannot be is refused before anything is built."""

from __future__ import annotations

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.submission.choosing import choose_target
from jupyter_mlpack.submission.notebooks import row_of
from jupyter_mlpack.values import JobTarget, Resources

TARGETS = {
    target.name: target
    for target in (
        JobTarget("small", "docker", cpus=4, memory=8 * 10**9),
        JobTarget("gpus", "docker", ("cuda12",), gpus=4, seconds=3600),
        JobTarget("arm", "docker", platforms=("linux/arm64",)),
        JobTarget("two", "docker", ("cuda13", "cuda12"), gpus=1, nodes=2),
    )
}


@pytest.mark.parametrize(
    ("needs", "platform", "chosen"),
    [
        (Resources(), "linux/amd64", "small"),
        (Resources(), "linux/arm64", "arm"),
        (Resources(gpus=2, accelerator="cuda12"), "linux/amd64", "gpus"),
        (Resources(gpus=1, accelerator="cuda"), "linux/amd64", "gpus"),
        (Resources(gpus=1, accelerator="cuda13"), "linux/amd64", "two"),
        (Resources(nodes=2), "linux/amd64", "two"),
        (Resources(memory=9 * 10**9), "linux/amd64", "gpus"),
    ],
    ids=["any", "arm", "row", "kind", "other-row", "nodes", "memory"],
)
def test_choose__no_name__the_first_that_fits(needs: Resources, platform: str, chosen: str) -> None:
    assert choose_target(TARGETS, "", needs, platform).name == chosen


@pytest.mark.parametrize(
    ("named", "needs", "platform", "said"),
    [
        ("small", Resources(gpus=1), "linux/amd64", "it has no GPUs"),
        ("small", Resources(cpus=8), "linux/amd64", "8 CPUs are wished, it gives 4 to a job at most"),
        ("gpus", Resources(seconds=7200), "linux/amd64", "7200 seconds are wished, it gives 3600"),
        ("gpus", Resources(accelerator="rocm", gpus=1), "linux/amd64", "the image is for rocm, it offers cuda12"),
        ("gpus", Resources(), "linux/arm64", "the image is for linux/arm64, it runs linux/amd64"),
    ],
    ids=["gpus", "cpus", "time", "accelerator", "platform"],
)
def test_choose__named_one_is_unfit__says_what_is_too_much(
    named: str, needs: Resources, platform: str, said: str
) -> None:
    with pytest.raises(errors.TargetUnfit) as caught:
        choose_target(TARGETS, named, needs, platform)
    assert said in str(caught.value)


def test_choose__none_fits__names_the_reason_of_each() -> None:
    with pytest.raises(errors.NoTargetFits) as caught:
        choose_target(TARGETS, "", Resources(gpus=64), "linux/amd64")
    refusals = caught.value.sentence("why")
    assert [line.partition(":")[0] for line in refusals.splitlines()] == list(TARGETS)


def test_choose__unknown__names_those_there_are() -> None:
    with pytest.raises(errors.TargetUnknown) as caught:
        choose_target(TARGETS, "moon", Resources(), "linux/amd64")
    assert "small, gpus, arm, two" in caught.value.sentence("why")


def test_choose__misspelt__says_which_is_meant() -> None:
    with pytest.raises(errors.TargetUnknown) as caught:
        choose_target(TARGETS, "smal", Resources(), "linux/amd64")
    assert "small (perhaps that one), gpus" in caught.value.sentence("why")


@pytest.mark.parametrize(
    ("accelerator", "row"), [("cuda", "cuda13"), ("cuda12", ""), ("cpu", ""), ("rocm", "")], ids=str
)
def test_row_of__kind__the_row_that_the_target_names_first(accelerator: str, row: str) -> None:
    assert row_of(TARGETS["two"], accelerator) == row
