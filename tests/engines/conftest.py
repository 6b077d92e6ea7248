"""A small training image, and the engines that can run it here."""

from __future__ import annotations

import contextlib
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from jupyter_mlpack.engines.docker import DockerEngine
from jupyter_mlpack.engines.engine import Engine, Handle
from jupyter_mlpack.engines.process import ProcessEngine
from jupyter_mlpack.engines.slurm import SlurmEngine
from jupyter_mlpack.oci.store import Store

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "kubernetes"))

from cluster import ADDRESS, Cluster
from slurm_site import SlurmSite, slurm_site
from submitted import Submitted, cluster_with_volume, engine_over
from training_image import add_images

LOCAL = ("process", pytest.param("docker", marks=pytest.mark.docker))


@pytest.fixture(scope="session")
def entered_by_all(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Other users of this machine may enter the folders of the tests, of which pytest-xdist makes one more."""
    base = tmp_path_factory.getbasetemp()
    for folder in (base, *(parent for parent in base.parents if parent.name.startswith("pytest-"))):
        folder.chmod(folder.stat().st_mode | 0o055)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, entered_by_all: None) -> Store:
    folder = tmp_path_factory.mktemp("images")
    folder.chmod(folder.stat().st_mode | 0o055)
    store = Store(folder / "store")
    add_images(store)
    return store


def skip_unless_available(engine: Engine) -> None:
    availability = engine.probe()
    if not availability.available:
        pytest.skip(f"NOT TESTED: {availability.reason}")


@pytest.fixture
def process_engine(store: Store) -> ProcessEngine:
    engine = ProcessEngine(store, grace=1)
    skip_unless_available(engine)
    return engine


@pytest.fixture(scope="session")
def docker_engine(store: Store) -> Iterator[DockerEngine]:
    engine = DockerEngine(store, grace=1)
    skip_unless_available(engine)
    yield engine
    for id in engine.runs:
        engine.release(Handle(engine.name, id))
    client = docker.from_env()
    for image in store.images():
        with contextlib.suppress(docker.errors.APIError):  # not there, or another test uses it
            client.images.remove(image.manifest.config.digest, force=True)


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmSite]:
    """A true Slurm; whatever is submitted meanwhile goes there."""
    with slurm_site(tmp_path_factory.mktemp("slurm")) as site:
        yield site


@pytest.fixture(scope="session")
def slurm_docker_engine(store: Store, slurm: SlurmSite, docker_engine: DockerEngine) -> SlurmEngine:
    """Slurm, on whose node Docker runs containers; what is loaded there, ``docker_engine`` removes."""
    del docker_engine
    return SlurmEngine(store, grace=1, options={"shared": str(slurm.folder / "jobs"), "runtime": "docker"})


@pytest.fixture(scope="session")
def slurm_process_engine(store: Store, slurm: SlurmSite) -> SlurmEngine:
    """Slurm, on whose node there is nothing but a kernel with namespaces."""
    skip_unless_available(ProcessEngine(store))
    return SlurmEngine(store, grace=1, options={"shared": str(slurm.folder / "own"), "runtime": "process"})


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Kubernetes cluster of one node; ``MLPACK_NODE`` names its binary."""
    with cluster_with_volume() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kubernetes_engine(store: Store, cluster: Cluster, registry_at: Callable[[str], Any]) -> Iterator[Submitted]:
    with engine_over(cluster, store, registry_at(ADDRESS).host) as engine:
        skip_unless_available(engine)
        yield engine


@pytest.fixture
def full_namespace(cluster: Cluster) -> Iterator[str]:
    """Of its own, in which no more than half a processor is given away."""
    name = f"full-{uuid.uuid4().hex[:8]}"
    cluster.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    quota = {"metadata": {"name": "small"}, "spec": {"hard": {"requests.cpu": "500m"}}}
    assert cluster.ask("POST", f"/api/v1/namespaces/{name}/resourcequotas", quota).status_code == 201
    yield name
    cluster.ask("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture(params=[*LOCAL, "slurm_process", pytest.param("kubernetes", marks=pytest.mark.kubernetes)])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.getfixturevalue(f"{request.param}_engine")
