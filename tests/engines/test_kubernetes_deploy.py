"""Services on a true node, as people make them: deployed, asked, replaced, failing, listed, removed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
import yaml
from cluster import ADDRESS, Cluster
from submitted import claim

from jupyter_mlpack.engines.kubernetes_api import MERGE
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store

KSERVE = "github.com/kserve/kserve@v0.15.2"
CANARY = "canary-91c4-word"
SUMS = "def predict(x: list[float]) -> float:\n    return factor * sum(x)"
LOOKS = "import os\ndef predict(name: str) -> str:\n    return os.environ.get(name, '') or open(name).read()"
BROKEN = (
    "import os\ndef load():\n    print('looking for weights with', os.environ.get('TOKEN'))\n"
    "    raise ValueError('weights are damaged')",
    "model = load()",
    "def predict(x: float) -> float:\n    return model * x",
)
NOTEBOOKS = {"sums": ("factor = 2", SUMS), "triples": ("factor = 3", SUMS), "looks": (LOOKS,), "broken": BROKEN}

pytestmark = [pytest.mark.kubernetes, pytest.mark.network]


@dataclass
class Site:
    """A cluster, a store with inference images, and the configuration that makes the cluster a target."""

    cluster: Cluster
    home: Path
    folder: Path
    host: str
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        config = self.folder / f"{uuid.uuid4().hex}.py"
        config.write_text(f"c.TargetsMixin.targets = {self.targets!r}\n")
        command = [sys.executable, "-m", "jupyter_mlpack", *words, "--home", str(self.home), "--config", str(config)]
        pipe = subprocess.PIPE
        own = {**os.environ, "JUPYTERHUB_USER": "jane", **environment}
        return subprocess.Popen([*command, "--format", "json"], stdout=pipe, stderr=pipe, text=True, env=own)

    def run(self, *words: str, expected: int = 0, **environment: str) -> list[dict[str, Any]]:
        """The lines of a command's answer."""
        process = self.start(*words, **environment)
        out, err = process.communicate()
        assert process.returncode == expected, out + err
        assert CANARY not in out + err
        return [json.loads(line) for line in out.splitlines()]

    def get(self, path: str) -> Any:
        answer = self.cluster.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pods(self, name: str) -> list[dict[str, Any]]:
        """Those that live."""
        items = self.get(f"/api/v1/namespaces/default/pods?labelSelector=app.kubernetes.io/instance={name}")["items"]
        return [pod for pod in items if not pod["metadata"].get("deletionTimestamp")]

    def ask(self, name: str, body: dict[str, Any]) -> list[Any]:
        """What each pod behind the service's endpoints answers: the node has no kube-proxy."""
        place = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
        slices = self.get(f"{place}?labelSelector=kubernetes.io/service-name={name}")["items"]
        answers = []
        for one in slices:
            for end in one["endpoints"] or ():
                if end["conditions"]["ready"]:
                    address = f"http://{end['addresses'][0]}:{one['ports'][0]['port']}/predict"
                    answers.append(httpx.post(address, json=body, trust_env=False, timeout=20).json())
        return answers

    def left(self, name: str) -> list[str]:
        """All that there still is of a service."""
        found = []
        selector = f"labelSelector=app.kubernetes.io/instance={name}"
        for path in ("/apis/apps/v1/namespaces/default/deployments", "/apis/apps/v1/namespaces/default/replicasets",
                     "/api/v1/namespaces/default/services", "/api/v1/namespaces/default/secrets",
                     "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/endpoints"):  # fmt: skip
            found += [f"{path} {one['metadata']['name']}" for one in self.get(f"{path}?{selector}")["items"]]
        return found


def until(question: Callable[[], bool]) -> None:
    """Wait until something is so; the cluster takes its time."""
    for _ in range(400):
        if question():
            return
        time.sleep(0.25)
    raise AssertionError("it never was so")


@pytest.fixture(scope="module")
def images(
    machine_store: Store, run_image: Callable[..., StoredImage], tmp_path_factory: pytest.TempPathFactory
) -> Store:
    """Inference images of small notebooks, and one for training."""
    run_image("bookworm")
    folder = tmp_path_factory.mktemp("notebooks")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for name, cells in NOTEBOOKS.items():
        made = [nbformat.v4.new_code_cell(cell, id=f"c{number}") for number, cell in enumerate(cells)]
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), folder / f"{name}.ipynb")
    for name, purpose in (*((name, "inference") for name in NOTEBOOKS), ("sums", "training")):
        words = ("build", f"{folder}/{name}.ipynb", "--purpose", purpose, "--python", "3.11")
        command = [sys.executable, "-m", "jupyter_mlpack", *words, "--home", str(machine_store.root)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    return machine_store


@pytest.fixture
def site(cluster: Cluster, images: Store, registry_at: Callable[[str], Any], tmp_path: Path) -> Iterator[Site]:
    host = registry_at(ADDRESS).host
    cluster.trust_registry(host)
    target = {"engine": "kubernetes", "kubeconfig": str(cluster.kubeconfig), "registry": f"{host}/team",
              "insecure": True, "patience": 120}  # fmt: skip
    site = Site(cluster, images.root, tmp_path, host, {"node": dict(target)})
    yield site
    site.targets = {"node": target}
    for deployed in site.run("deployments")[-1]["deployments"]:
        site.run("undeploy", deployed["name"], "--on", deployed["target"], JUPYTERHUB_USER=deployed["owner"])


def test_deploy__answers__is_replaced_without_a_gap__and_undeploy_leaves_nothing(site: Site) -> None:
    deployed = site.run("deploy", "sums:inference", "--name", "calc", "--replicas", "2")[-1]["deployment"]
    assert (deployed["ready"], deployed["wanted"], deployed["address"]) == (2, 2, "http://calc.default.svc")
    assert deployed["forward"].endswith("--namespace default port-forward service/calc 8080:80")
    until(lambda: site.ask("calc", {"x": [1, 2]}) == [6.0, 6.0])
    for pod in site.pods("calc"):
        assert pod["spec"]["containers"][0]["image"].endswith(f"/team/sums@{deployed['digest']}")

    # Whoever asks meanwhile, as a load balancer does, always gets an answer.
    process, answers = site.start("deploy", "triples:inference", "--name", "calc"), []
    while process.poll() is None:
        answers += site.ask("calc", {"x": [1, 2]})
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    replaced = json.loads(out.splitlines()[-1])["deployment"]
    assert (replaced["ready"], replaced["wanted"]) == (2, 2)
    assert replaced["digest"] != deployed["digest"]
    assert set(answers) <= {6.0, 9.0}
    until(lambda: site.ask("calc", {"x": [1, 2]}) == [9.0, 9.0])

    listed = site.run("deployments", "--on", "node")[-1]["deployments"]
    assert [(one["name"], one["owner"], one["digest"], one["ready"]) for one in listed] == [
        ("calc", "jane", replaced["digest"], 2)
    ]
    removed = site.run("undeploy", "calc")[-1]["removed"]
    assert removed == ["Deployment calc", "Service calc"]
    until(lambda: not site.left("calc"))
    assert site.run("undeploy", "calc")[-1]["removed"] == []


def test_deploy__secrets_claims_and_variables__are_there_and_an_old_secret_goes(site: Site) -> None:
    weights = site.cluster.folder / "volumes/outputs/digits"
    weights.mkdir(exist_ok=True)
    (weights / "weights.txt").write_text("0.25")
    words = ("deploy", "looks:inference", "--secret", "TOKEN", "--set", "COLOUR=red", "--volume",
             "outputs/digits:/mnt/models", "--memory", "300Mi", "--cpus", "0.2")  # fmt: skip
    site.run(*words, TOKEN=CANARY)
    for name, value in (("TOKEN", CANARY), ("COLOUR", "red"), ("/mnt/models/weights.txt", "0.25")):
        until(lambda name=name, value=value: site.ask("looks", {"name": name}) == [value])  # type: ignore[misc]
    secrets = [line for line in site.left("looks") if "/secrets " in line]
    site.run(*words, TOKEN=CANARY)
    assert [line for line in site.left("looks") if "/secrets " in line] == secrets
    assert len(site.get("/apis/apps/v1/namespaces/default/replicasets?labelSelector=app.kubernetes.io/instance=looks")
               ["items"]) == 1  # fmt: skip
    for number in range(5):
        site.run(*words, TOKEN=f"{CANARY}-{number}")
    until(lambda: site.ask("looks", {"name": "TOKEN"}) == [f"{CANARY}-4"])
    # The last one's, and those of the three before it, which the cluster could bring back.
    assert len([line for line in site.left("looks") if "/secrets " in line]) == 4
    site.run("undeploy", "looks")
    until(lambda: not site.left("looks"))


def test_deploy__image_fails__tells_its_last_lines__and_the_old_one_still_answers(site: Site) -> None:
    site.run("deploy", "sums:inference", "--name", "calc")
    until(lambda: site.ask("calc", {"x": [2]}) == [4.0])
    failed = site.run("deploy", "broken:inference", "--name", "calc", "--secret", "TOKEN", TOKEN=CANARY, expected=8)[-1]
    assert (failed["code"], failed["event"]) == ("deploy-crashed", "Failed")
    assert "exit status 1" in failed["what"]
    assert "weights are damaged" in failed["why"]
    assert "looking for weights with ********" in failed["why"]
    assert site.ask("calc", {"x": [2]}) == [4.0]
    site.run("deploy", "triples:inference", "--name", "calc")
    until(lambda: site.ask("calc", {"x": [2]}) == [6.0])


@pytest.mark.parametrize(
    ("words", "change", "code", "said"),
    [
        (("--cpus", "4000"), {"patience": 4}, "deploy-not-ready", "Insufficient cpu"),
        (("--volume", "nowhere:/data"), {"patience": 4}, "deploy-not-ready", "nowhere"),
        (("--volume", "broken:/data"), {"patience": 8}, "deploy-not-ready", "MountVolume.SetUp failed"),
        ((), {"patience": 15, "registry": "unpulled"}, "pod-image-not-pulled", "/unpulled/sums@sha256:"),
    ],
    ids=["no room", "no claim", "folder", "image"],
)
def test_deploy__cannot_get_ready__says_why(
    site: Site, words: tuple[str, ...], change: dict[str, Any], code: str, said: str
) -> None:
    if "registry" in change:
        # The registry that we push to is there; what nodes are told about it is not.
        nothing = f"{ADDRESS}:1"
        text = f'server = "http://{nothing}"\n[host."http://{nothing}"]\ncapabilities = ["pull", "resolve"]\n'
        site.cluster.folder.joinpath("registries", site.host, "hosts.toml").write_text(text)
        change = {**change, "registry": f"{site.host}/{change['registry']}"}
    site.targets["node"] |= change
    for path, document in claim("broken", Path("/nowhere/of/this/machine")):
        if document["kind"] == "PersistentVolume":
            document["spec"]["hostPath"]["type"] = "Directory"
        site.cluster.ask("POST", path, document)
    try:
        failed = site.run("deploy", "sums:inference", *words, expected=8)[-1]
        assert failed["code"] == code
        assert said in failed["why"] or said in failed["what"]
    finally:
        site.cluster.trust_registry(site.host)


def test_deploy__ctrl_c_while_it_waits__leaves_it_and_says_how_to_look(site: Site) -> None:
    process = site.start("deploy", "sums:inference", "--cpus", "4000")
    assert process.stdout is not None
    for line in process.stdout:
        if "Insufficient cpu" in line:
            process.send_signal(signal.SIGINT)
            break
    last = json.loads(process.stdout.readlines()[-1])
    assert process.wait() == 130
    assert last["code"] == "deploy-left"
    assert "jupyter mlpack deployments --on node" in last["hint"]
    listed = site.run("deployments")[-1]["deployments"]
    assert [(one["name"], one["ready"], one["wanted"]) for one in listed] == [("sums", 0, 1)]


def test_deploy__training_image__is_refused_before_anything_is_asked(site: Site) -> None:
    site.targets["node"] |= {"registry": f"{ADDRESS}:1/nowhere", "kubeconfig": "/nowhere"}
    assert site.run("deploy", "sums:training", expected=2)[-1]["code"] == "deploy-image-without-service"


def test_deploy__name_is_not_ours__is_refused_before_the_push_and_not_removed(site: Site) -> None:
    service = {"metadata": {"name": "calc"}, "spec": {"ports": [{"port": 80}]}}
    place = "/api/v1/namespaces/default/services"
    assert site.cluster.ask("POST", place, service).status_code == 201
    site.targets["node"]["registry"] = f"{ADDRESS}:1/nowhere"
    try:
        failed = site.run("deploy", "sums:inference", "--name", "calc", expected=2)[-1]
        assert failed["code"] == "deploy-taken"
        assert "not made by jupyter-mlpack" in failed["what"]
        assert site.run("undeploy", "calc")[-1]["removed"] == []
        assert site.cluster.ask("GET", f"{place}/calc").status_code == 200
    finally:
        site.cluster.ask("DELETE", f"{place}/calc")


def test_deploy__somebody_elses__is_neither_changed_nor_removed(site: Site) -> None:
    site.run("deploy", "sums:inference")
    for words in (("deploy", "triples:inference", "--name", "sums"), ("undeploy", "sums")):
        failed = site.run(*words, JUPYTERHUB_USER="john", expected=2)[-1]
        assert failed["code"] == "deploy-taken"
        assert "it is jane's" in failed["what"]
    assert site.ask("sums", {"x": [2]}) == [4.0]


def test_deploy__no_kserve_there__says_so_before_the_push(site: Site) -> None:
    site.targets["node"] |= {"serving": "kserve", "registry": f"{ADDRESS}:1/nowhere"}
    assert site.run("deploy", "sums:inference", expected=8)[-1]["code"] == "kserve-missing"


@pytest.fixture
def kserve(cluster: Cluster) -> Iterator[None]:
    """KServe's InferenceService on the API server, as its project defines it; KServe itself does not run."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("NOT TESTED: no Go here, with which KServe's definitions are fetched")
    answer = subprocess.run([go, "mod", "download", "-json", KSERVE], capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip(f"NOT TESTED: KServe's definitions cannot be had: {answer.stdout[-300:]}{answer.stderr[-300:]}")
    file = Path(json.loads(answer.stdout)["Dir"]) / "config/crd/full/serving.kserve.io_inferenceservices.yaml"
    definition = yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    place = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    answer = cluster.ask("POST", place, definition)
    assert answer.status_code == 201, answer.text
    until(lambda: cluster.ask("GET", "/apis/serving.kserve.io/v1beta1/inferenceservices").status_code == 200)
    yield
    cluster.ask("DELETE", f"{place}/{definition['metadata']['name']}")


def test_deploy__kserve__its_schema_takes_the_object_and_keeps_all_of_it(site: Site, kserve: None) -> None:
    del kserve
    site.targets["node"] |= {"serving": "kserve", "patience": 60}
    words = ("deploy", "sums:inference", "--replicas", "2", "--secret", "TOKEN", "--volume", "outputs:/mnt/models")
    shown = site.run(*words, "--dry-run", TOKEN=CANARY)[-1]["objects"]
    process = site.start(*words, TOKEN=CANARY)
    place = "/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices/sums"
    until(lambda: site.cluster.ask("GET", place).status_code == 200)
    made = site.get(place)
    wished = shown[1]
    secret = made["spec"]["predictor"]["containers"][0]["envFrom"][0]["secretRef"]["name"]
    wished["spec"]["predictor"]["containers"][0]["envFrom"][0]["secretRef"]["name"] = secret
    assert made["spec"] == wished["spec"]
    assert site.cluster.ask("GET", f"/api/v1/namespaces/default/secrets/{secret}").status_code == 200
    # What KServe's controller would say once its Deployment is ready.
    status = {"status": {"observedGeneration": made["metadata"]["generation"], "url": "http://sums.example",
              "conditions": [{"type": "Ready", "status": "True"}]}}  # fmt: skip
    answer = site.cluster.ask("PATCH", f"{place}/status", status, MERGE)
    assert answer.status_code == 200, answer.text
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    deployed = json.loads(out.splitlines()[-1])["deployment"]
    assert (deployed["kind"], deployed["address"], deployed["service"]) == (
        "InferenceService", "http://sums.example", "sums-predictor",
    )  # fmt: skip
    site.targets["node"].pop("serving")
    refused = site.run("deploy", "sums:inference", expected=2)[-1]
    assert refused["code"] == "deploy-other-kind"
    assert site.run("undeploy", "sums")[-1]["removed"] == ["InferenceService sums", f"Secret {secret}"]
    assert site.cluster.ask("GET", place).status_code == 404
