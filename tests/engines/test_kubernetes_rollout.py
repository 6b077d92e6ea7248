"""What a service is asked as, and what a Deployment, an InferenceService and their pods say, as rows of documents."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.kubernetes_deploy import laid_over, objects_of
from jupyter_mlpack.engines.kubernetes_rollout import Stage, read_deployed, stage_of, warning_of
from jupyter_mlpack.engines.kubernetes_service import (
    Claim,
    Wanted,
    deployment_of,
    grace,
    inference_of,
    printable,
    secrets_of,
    service_of,
)
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.values import Resources

REFERENCE = "registry.example.com/team/digits@sha256:" + 64 * "a"
WANTED = Wanted("digits", "jane", "digits:inference", REFERENCE)
CONFIG = ImageConfig("arm64", "linux", (), (), (), ("/cnb/process/serve",), (), "/workspace", "", ())
OLD, NEW = "old", "new"


def deployment(wished: int = 2, seen: int = 3, notes: tuple[dict[str, Any], ...] = (), **status: int) -> Any:
    about = {"name": "digits", "generation": 3, "annotations": {"deployment.kubernetes.io/revision": "2"}}
    told = {"observedGeneration": seen, "conditions": list(notes), **status}
    return {"kind": "Deployment", "metadata": about, "spec": {"replicas": wished}, "status": told}


def sets(ready: int) -> list[dict[str, Any]]:
    """An earlier ReplicaSet, and the one of now."""
    found = []
    for revision, name, count in (("1", OLD, 2), ("2", NEW, ready)):
        notes = {"deployment.kubernetes.io/revision": revision}
        about = {"name": name, "annotations": notes, "labels": {"pod-template-hash": name}}
        found.append({"metadata": about, "status": {"readyReplicas": count}})
    return found


def pod(
    state: dict[str, Any], of: str = NEW, restarts: int = 0, last: dict[str, Any] | None = None, **about: Any
) -> Any:
    status = {"name": "service", "state": state, "restartCount": restarts, "lastState": last or {}}
    labels = {"pod-template-hash": of}
    container = {"name": "service", "image": REFERENCE}
    return {
        "metadata": {"name": f"digits-{of}", "labels": labels, **about},
        "spec": {"containers": [container]},
        "status": {"containerStatuses": [status], "conditions": []},
    }


ENDED = {"terminated": {"exitCode": 1, "reason": "Error", "message": "[mlpack] cell 2 failed\n"}}
KILLED = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}
UNPULLED = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
REFUSED = {"type": "ReplicaFailure", "status": "True", "message": 'pods "x" is forbidden: violates PodSecurity'}
QUOTA = {"type": "ReplicaFailure", "status": "True", "message": 'pods "x" is forbidden: exceeded quota: team'}
QUIET = (0, False, False, "")
STARTS: dict[str, Any] = {"running": {}}

STAGES: dict[str, tuple[Any, int, list[Any], tuple[int, bool, bool, str]]] = {
    "all are new and ready": (
        deployment(updatedReplicas=2, availableReplicas=2, replicas=2), 2, [], (2, True, False, ""),
    ),
    "an earlier status": (deployment(seen=2, updatedReplicas=2, availableReplicas=2, replicas=2), 2, [], QUIET),
    "ready are the old ones": (deployment(updatedReplicas=1, availableReplicas=2, replicas=3), 0, [], QUIET),
    "old ones still end": (
        deployment(updatedReplicas=2, availableReplicas=2, replicas=3), 2, [],
        (2, False, False, "1 of an earlier deployment still end."),
    ),
    "none was wished": (deployment(wished=0), 0, [], (0, True, False, "")),
    "ended once": (
        deployment(updatedReplicas=1, replicas=3), 0, [pod(STARTS, restarts=1, last=ENDED)],
        (0, False, False, "Its container ended with exit status 1; the node starts it again."),
    ),
    "ended twice": (
        deployment(updatedReplicas=1, replicas=3), 0, [pod(BACK_OFF, restarts=1, last=ENDED)],
        (0, False, True, "Its container ended with exit status 1; the node starts it again."),
    ),
    "memory": (
        deployment(updatedReplicas=1, replicas=3), 0, [pod(KILLED, restarts=1)],
        (0, False, True, "exit status 137 (it needed more memory than it was given); the node"),
    ),
    "an old pod crashes": (deployment(updatedReplicas=1, replicas=3), 0, [pod(BACK_OFF, OLD, 9, ENDED)], QUIET),
    "a pod that was ended": (
        deployment(updatedReplicas=1, replicas=3), 0, [pod(KILLED, restarts=3, deletionTimestamp="2026")],
        QUIET,
    ),
    "image": (
        deployment(updatedReplicas=1, replicas=3), 0, [pod(UNPULLED)],
        (0, False, False, "The node cannot pull the image: Back-off pulling image."),
    ),
    "policy": (deployment(notes=(REFUSED,)), 0, [], (0, False, True, "The cluster refuses its pods: ")),
    "quota may pass": (deployment(notes=(QUOTA,)), 0, [], (0, False, False, "exceeded quota")),
}  # fmt: skip


@pytest.mark.parametrize(("document", "ready", "pods", "expected"), STAGES.values(), ids=STAGES)
def test_stage_of__deployment(
    document: Any, ready: int, pods: list[Any], expected: tuple[int, bool, bool, str]
) -> None:
    stage = stage_of(document, sets(ready), pods, 60)
    assert (stage.ready, stage.done, stage.sure) == expected[:3]
    assert expected[3] in stage.reason
    assert bool(stage.reason) == bool(expected[3])


def test_stage_of__crash__has_the_last_lines_and_where_they_are() -> None:
    crash = stage_of(deployment(), sets(0), [pod(BACK_OFF, restarts=1, last=ENDED)], 60).crash
    assert crash is not None
    assert (crash.pod, crash.times, crash.status, crash.lines, crash.again) == (
        "digits-new", 2, 1, "[mlpack] cell 2 failed", False,
    )  # fmt: skip


def test_stage_of__unpulled__is_the_error_that_a_job_has() -> None:
    stage = stage_of(deployment(), sets(0), [pod(UNPULLED)], 60)
    assert isinstance(stage.unpulled, errors.PodImageNotPulled)


def warned(pod: str, reason: str, message: str) -> dict[str, Any]:
    return {"involvedObject": {"name": pod}, "reason": reason, "message": message}


EVENTS = [
    warned("digits-new", "FailedMount", "no such folder"),
    warned("digits-new", "Unhealthy", "Startup probe failed"),
    warned("other", "FailedMount", "of another"),
]


@pytest.mark.parametrize(
    ("state", "said"),
    [({}, "The node cannot start its pod yet: no such folder."), (STARTS, "")],
    ids=["not started", "runs"],
)
def test_warning_of__only_of_pods_that_have_not_started(state: dict[str, Any], said: str) -> None:
    assert warning_of(EVENTS, [pod(state)]) == said


def inference(seen: int, ready: str = "", message: str = "") -> dict[str, Any]:
    document: dict[str, Any] = inference_of(replace(WANTED, replicas=2), {"serving": "kserve"}, "")
    document["metadata"]["generation"] = 2
    conditions = [{"type": "Ready", "status": ready, "message": message}] if ready else []
    document["status"] = {"observedGeneration": seen, "conditions": conditions, "url": "http://digits.example"}
    return document


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (inference(2, "True"), Stage(0, 2, done=True)),
        (inference(1, "True"), Stage(0, 2)),
        (inference(2, "False", "Predictor is not ready"), Stage(0, 2, reason="KServe: Predictor is not ready.")),
        (inference(2), Stage(0, 2)),
    ],
    ids=["ready", "earlier", "not ready", "nothing said"],
)
def test_stage_of__inference_service(document: Any, expected: Stage) -> None:
    assert stage_of(document, (), (), 60) == expected


def test_read_deployed__kserve__knows_its_address() -> None:
    deployed = read_deployed(inference(2, "True"), "ml")
    assert (deployed.ready, deployed.wanted, deployed.address, deployed.service, deployed.digest) == (
        2, 2, "http://digits.example", "digits-predictor", "sha256:" + 64 * "a",
    )  # fmt: skip


OPTIONS = {
    "pull_secret": "login", "service_account": "server", "nodes_with": {"disk": "fast"}, "priority": "high",
    "tolerations": [{"key": "team", "operator": "Exists"}],
}  # fmt: skip


@pytest.mark.parametrize("serving", ["", "kserve"])
def test_objects_of__target_and_image__are_in_the_pod(serving: str) -> None:
    wanted = replace(
        WANTED,
        resources=Resources(gpus=2, cpus=0.5, memory=1 << 30, accelerator="cuda12"),
        claims=(Claim("models", "a", "/mnt/models"), Claim("models", "b", "/data"), Claim("more", "", "/more")),
    )
    main, *others = objects_of(wanted, {**OPTIONS, "serving": serving}, "", CONFIG)
    assert [one["kind"] for one in others] == ([] if serving else ["Service"])
    spec = main["spec"]["predictor"] if serving else main["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["resources"]["limits"] == {"cpu": "500m", "memory": str(1 << 30), "nvidia.com/gpu": "2"}
    assert spec["nodeSelector"] == {"disk": "fast", "kubernetes.io/arch": "arm64"}
    assert spec["imagePullSecrets"] == [{"name": "login"}]
    assert (spec["serviceAccountName"], spec["priorityClassName"]) == ("server", "high")
    assert [one["key"] for one in spec["tolerations"]] == ["team", "nvidia.com/gpu"]
    # An image without a user would be root.
    assert spec["securityContext"]["runAsUser"] == 1000
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert "envFrom" not in container
    assert "restartPolicy" not in spec
    mounts = {one["mountPath"]: (one["name"], one.get("subPath")) for one in container["volumeMounts"]}
    assert mounts["/mnt/models"] == ("claim-0", "a")
    assert mounts["/data"] == ("claim-0", "b")
    assert mounts["/more"] == ("claim-1", None)
    assert [one["name"] for one in spec["volumes"]] == ["tmp", "memory", "claim-0", "claim-1"]


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, 35),
        ({"MLPACK_DRAIN": "120"}, 130),
        ({"MLPACK_LINGER": "0", "MLPACK_DRAIN": "1"}, 6),
        ({"MLPACK_DRAIN": "long"}, 35),
    ],
    ids=["usual", "longer", "shorter", "no number"],
)
def test_grace__is_as_long_as_the_server_takes(environment: dict[str, str], seconds: float) -> None:
    assert grace(environment) == seconds


def test_service_of__selects_what_the_deployment_makes() -> None:
    made: Any = deployment_of(WANTED, {}, "")
    service: Any = service_of(WANTED)
    labels = made["spec"]["template"]["metadata"]["labels"]
    assert made["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_printable__secrets_are_stars_and_the_object_itself_stays() -> None:
    wanted = replace(WANTED, secrets=(("TOKEN", "hunter2"),), variables=(("API_KEY", "hunter2"), ("COLOUR", "red")))
    made = [secrets_of(wanted, "s"), deployment_of(wanted, {}, "s"), inference_of(wanted, {}, "s")]
    shown = [printable(one) for one in made]
    assert "hunter2" not in str(shown)
    assert "red" in str(shown)
    assert str(made).count("hunter2") == 3


def test_laid_over__keeps_identity_notes_of_others_and_the_number_of_pods() -> None:
    there = {
        "metadata": {"name": "digits", "uid": "u", "resourceVersion": "7", "labels": {"team": "blue"},
                     "annotations": {"deployment.kubernetes.io/revision": "4"}, "creationTimestamp": "2026"},
        "spec": {"replicas": 5, "paused": True},
    }  # fmt: skip
    written = laid_over(there, dict(deployment_of(WANTED, {}, "")))
    assert written["metadata"]["uid"] == "u"
    assert written["metadata"]["resourceVersion"] == "7"
    assert written["metadata"]["labels"]["team"] == "blue"
    assert written["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "4"
    assert written["spec"]["replicas"] == 5
    assert "paused" not in written["spec"]
    assert laid_over(there, dict(deployment_of(replace(WANTED, replicas=1), {}, "")))["spec"]["replicas"] == 1
