"""What is refused before a cluster is asked, and what would be made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.kubernetes_service import Claim
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.submission.deploying import (
    Offer,
    clusters,
    deploy_image,
    name_of,
    objects_of,
    one_cluster,
    read_claims,
)
from jupyter_mlpack.submission.submitting import Order, wish_of
from jupyter_mlpack.submission.targets import read_targets

MOUNTS = '[{"path": "/workspace/lake", "required": true}, {"path": "/more", "required": false}]'
PROD = {"engine": "kubernetes", "registry": "registry.example.com/team", "kubeconfig": "/nowhere"}


@pytest.fixture
def images(tmp_path: Path) -> Store:
    """A training image, an inference image, and one that needs a folder."""
    store = Store(tmp_path / "home")
    for name, process, labels in (
        ("churn:training", "train", ()),
        ("churn:inference", "serve", ()),
        ("lake:inference", "serve", (("org.jupyter-mlpack.mounts", MOUNTS),)),
    ):
        config = ImageConfig(
            "amd64", "linux", (), (), (), (f"/cnb/process/{process}",), (), "/workspace", "1000", labels
        )
        store.tag(name, store.add_image(config, ()).descriptor)
    return store


def order(on: str = "prod", **more: Any) -> Order:
    return Order(Path(), on, **more)


REFUSED: dict[str, tuple[str, dict[str, Any], Order, Offer, type[errors.MlpackError]]] = {
    "training": ("churn:training", PROD, order(), Offer(), errors.ImageWithoutService),
    "engine": ("churn:inference", PROD, order("docker"), Offer(), errors.DeployEngineWrong),
    "no cluster": ("churn:inference", {"engine": "slurm"}, order(""), Offer(), errors.DeployNoTarget),
    "target": ("churn:inference", PROD, order("prd"), Offer(), errors.TargetUnknown),
    "name": ("churn:inference", PROD, order(), Offer("Churn_1"), errors.DeployNameWrong),
    "long name": ("churn:inference", PROD, order(), Offer("a" * 51), errors.DeployNameWrong),
    "mount": ("lake:inference", PROD, order(), Offer(), errors.DeployMountMissing),
    "claim": ("churn:inference", PROD, order(), Offer(claims=("models",)), errors.DeployClaimWrong),
    "claim leads out": ("churn:inference", PROD, order(), Offer(claims=("m/../x:/a",)), errors.DeployClaimWrong),
    "registry": ("churn:inference", {"engine": "kubernetes"}, order(), Offer(), errors.TargetWithoutRegistry),
    "serving": ("churn:inference", {**PROD, "serving": "seldon"}, order(), Offer(), errors.TargetWrong),
    "cluster": ("churn:inference", PROD, order(), Offer(claims=("m:/a",)), errors.KubernetesNotConfigured),
}


@pytest.mark.parametrize(("image", "target", "ordered", "offer", "refusal"), REFUSED.values(), ids=REFUSED)
def test_deploy_image__cannot_be__is_refused_before_the_push(
    images: Store,
    image: str,
    target: dict[str, Any],
    ordered: Order,
    offer: Offer,
    *,
    refusal: type[errors.MlpackError],
) -> None:
    told: list[Any] = []
    with pytest.raises(refusal):
        deploy_image(image, read_targets({"prod": target}), ordered, offer, images, emit=told.append)
    assert told == []


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("churn:inference", "churn"),
        ("team/Digits_2:v1".lower(), "digits-2"),
        ("registry.example.com:5000/a/b@sha256:" + 64 * "0", "b"),
        ("x" * 60, "x" * 50),
    ],
    ids=["usual", "letters", "registry", "long"],
)
def test_name_of__image__is_a_dns_label(image: str, name: str) -> None:
    assert name_of(image) == name


def test_read_claims__folders_and_relative_paths() -> None:
    assert list(read_claims(("lake:lake", "models/a/b/:/mnt/models"), "/workspace")) == [
        Claim("lake", "", "/workspace/lake"),
        Claim("models", "a/b", "/mnt/models"),
    ]


def test_objects_of__claims_of_the_target_and_the_command(images: Store) -> None:
    targets = read_targets({"prod": {**PROD, "claims": {"lake": "lake", "old": "/more"}}})
    wish = wish_of("lake:inference", clusters(targets, "prod"), order(secrets=(("TOKEN", "hunter2"),)), images)
    secret, deployment, service = objects_of(wish, Offer(claims=("new/deep:/more",)), images)
    assert (secret["kind"], deployment["kind"], service["kind"]) == ("Secret", "Deployment", "Service")
    assert "hunter2" not in str([secret, deployment])
    spec: Any = deployment["spec"]
    pod = spec["template"]["spec"]
    mounts = [one for one in pod["containers"][0]["volumeMounts"] if one.get("readOnly")]
    assert [(one["mountPath"], one.get("subPath")) for one in mounts] == [("/more", "deep"), ("/workspace/lake", None)]
    assert [one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"][2:]] == ["new", "lake"]
    assert pod["containers"][0]["image"].startswith("registry.example.com/team/lake@sha256:")
    assert "replicas" not in spec


def test_one_cluster__several_and_none_named__asks_which() -> None:
    targets = read_targets({"a": PROD, "b": PROD})
    assert one_cluster(targets, "b").name == "b"
    assert one_cluster(read_targets({"a": PROD}), "").name == "a"
    with pytest.raises(errors.DeployTargetOpen):
        one_cluster(targets, "")


def test_one_cluster__name_with_a_slip__says_which_is_near() -> None:
    with pytest.raises(errors.TargetUnknown) as caught:
        one_cluster(read_targets({"prod": PROD, "edge": PROD}), "pord")
    assert "prod (perhaps that one), edge" in caught.value.sentence("why")
