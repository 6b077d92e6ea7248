"""What others are asked for: kpack judges its ``Build`` by its own description, images are judged by what they hold."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.elsewhere.builds import Place, find_place
from jupyter_mlpack.elsewhere.kpack import end_of, exit_status, started
from jupyter_mlpack.elsewhere.request import kpack_build, places, ready_image, source_image
from jupyter_mlpack.errors import KpackElsewhere, TargetWithoutRegistry
from jupyter_mlpack.oci.manifest import ImageConfig, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.plan import make_target
from jupyter_mlpack.values import BuildPlan, JobTarget, PlannedFile, Purpose

KPACK = "github.com/pivotal/kpack@v0.17.2"
SITE = JobTarget("site", "kubernetes", registry="registry.example.com/team/")
SOURCE = f"registry.example.com/team/train-source@sha256:{'1' * 64}"
OPTIONS: dict[str, Any] = {
    "namespace": "ml",
    "pull_secret": "pull",
    "service_account": "builds",
    "nodes_with": {"pool": "builds"},
    "tolerations": [{"key": "pool", "operator": "Equal", "value": "builds", "effect": "NoSchedule"}],
}
FILES = (PlannedFile("bin/run.sh", text="#!/bin/sh\n", executable=True), PlannedFile("train.ipynb", text="{}"))


@pytest.fixture(scope="module")
def plan() -> BuildPlan:
    stack = read_catalog().stacks[0]
    return BuildPlan("Team/train:1".lower(), Purpose.TRAINING, make_target(stack, "amd64"), stack, (), FILES)


@pytest.fixture(scope="module")
def kpacks_build(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON schema of a ``Build`` in kpack's API description, which allows nothing that it does not name."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("NOT COMPARED with kpack: Go, which fetches its description, is not installed")
    words = [go, "mod", "download", "-json", KPACK]
    done = subprocess.run(words, cwd=tmp_path_factory.mktemp("go"), capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"NOT COMPARED with kpack: its module cannot be had: {done.stdout[-300:]}{done.stderr[-300:]}")
    text = (Path(json.loads(done.stdout)["Dir"]) / "api" / "openapi-spec" / "swagger.json").read_text()
    definitions = json.loads(text)["definitions"]
    for definition in definitions.values():
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    return {"$ref": "#/definitions/kpack.build.v1alpha2.Build", "definitions": definitions}


@pytest.mark.parametrize("options", [OPTIONS, {}], ids=["all-options", "none"])
def test_kpack_build__by_kpacks_own_description__valid(
    options: dict[str, Any], plan: BuildPlan, kpacks_build: dict[str, Any]
) -> None:
    document = kpack_build(plan, places(plan, SITE), SOURCE, {"UV_NO_CONFIG": "1"}, options)
    jsonschema.validate(document, kpacks_build)
    broken = {**document, "spec": {**document["spec"], "sources": []}}  # type: ignore[dict-item]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, kpacks_build)


def test_kpack_build__labels_that_kpack_sets_itself__left_out(plan: BuildPlan) -> None:
    nodes = {"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "pool": "builds"}
    document = kpack_build(plan, places(plan, SITE), SOURCE, {}, {"nodes_with": nodes})
    assert document["spec"]["nodeSelector"] == {"pool": "builds"}  # type: ignore[index,call-overload]


def test_places__prefix_of_the_target__each_thing_by_its_name(plan: BuildPlan) -> None:
    at = places(plan, SITE)
    assert at.image == "registry.example.com/team/team/train:1"
    assert at.source == "registry.example.com/team/team/train-source:1"
    assert at.run.startswith("registry.example.com/team/mlpack-run:bookworm-amd64")


def members(store: Store, image: StoredImage) -> dict[str, tuple[int, int, int]]:
    data = gzip.decompress(store.read(image.layers[-1].descriptor.digest))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {one.name.lstrip("/"): (one.mode, one.uid, one.gid) for one in archive}


def test_source_image__files_at_the_root_and_the_same_each_time(plan: BuildPlan, tmp_path: Path) -> None:
    store = Store(tmp_path)
    image = source_image(plan, store)
    assert members(store, image) == {"bin": (0o755, 0, 0), "bin/run.sh": (0o755, 0, 0), "train.ipynb": (0o644, 0, 0)}
    assert source_image(plan, store) == image


def test_ready_image__builder_with_application_and_settings__starts_the_creator(
    plan: BuildPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    store = Store(tmp_path)
    builder = store.add_image(ImageConfig("amd64", "linux", (), env=(("CNB_USER_ID", "1000"),)), [])
    image = ready_image(plan, builder, {"UV_NO_CONFIG": "1"}, (1000, 1001), store)
    assert image.config.entrypoint == ("/cnb/lifecycle/creator",)
    found = members(store, image)
    assert found["workspace/train.ipynb"] == (0o644, 1000, 1001)
    assert found["platform/env/UV_NO_CONFIG"] == (0o600, 1000, 1001)
    assert "workspace" not in found


@pytest.mark.parametrize(
    ("place", "on", "targets", "error"),
    [
        pytest.param(Place(kpack=True), "docker", {}, KpackElsewhere, id="kpack-on-docker"),
        pytest.param(
            Place(kpack=True), "box", {"box": JobTarget("box", "docker", registry="r")}, KpackElsewhere, id="engine"
        ),
        pytest.param(Place(), "site", {"site": JobTarget("site", "kubernetes")}, TargetWithoutRegistry, id="registry"),
    ],
)
def test_find_place__what_cannot_be__refused_before_anything(
    place: Place, on: str, targets: dict[str, JobTarget], error: type[Exception]
) -> None:
    with pytest.raises(error):
        find_place(place, on, targets)


POD = {
    "status": {
        "initContainerStatuses": [
            {"name": "detect", "state": {"terminated": {"exitCode": 20}}},
            {"name": "prepare", "state": {"terminated": {"exitCode": 0}}},
            {"name": "restore", "state": {"waiting": {"reason": "PodInitializing"}}},
            {"name": "analyze", "state": {"running": {}}},
        ],
        "containerStatuses": [{"name": "completion", "state": {"waiting": {}}}],
    }
}


def test_pod__phases_that_began_in_their_order_and_the_one_that_failed() -> None:
    assert list(started(POD)) == [("prepare", True), ("analyze", False), ("detect", True)]
    assert exit_status(POD) == 20
    assert list(started({})) == []


@pytest.mark.parametrize(
    ("condition", "ended"),
    [
        pytest.param({}, (None, ""), id="none"),
        pytest.param({"type": "Succeeded", "status": "Unknown"}, (None, ""), id="runs"),
        pytest.param({"type": "Succeeded", "status": "True", "reason": "done"}, (True, "done"), id="well"),
        pytest.param({"type": "Succeeded", "status": "False", "message": "none"}, (False, "none"), id="badly"),
    ],
)
def test_end_of__condition__whether_and_why(condition: dict[str, str], ended: tuple[bool | None, str]) -> None:
    assert end_of({"status": {"conditions": [condition]}}) == ended
