"""One image for all platforms, in Docker; and the platforms' own clients in environments of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.resolution import find_uv

ROOT = "0:0"
CELLS = (
    "lr = 0.5\nepochs = 2\nname = 'a'\nsizes = [1, 2]\nfast = False\nmode = 'train'",
    "import json, os, signal, sys, time\n"
    "for epoch in range(1, epochs + 1):\n    print(f'epoch {epoch} loss={lr / epoch}')",
    "def save(*_):\n"
    "    open('checkpoint.txt', 'w').write('saved')\n"
    "    sys.exit(0)\n"
    "if mode == 'wait':\n"
    "    signal.signal(signal.SIGTERM, save)\n"
    "    print('waiting', flush=True)\n"
    "    time.sleep(100)",
    "def check(mode):\n    if mode == 'fail':\n        raise ValueError('no such mode')\ncheck(mode)",
    "facts = {'lr': lr, 'epochs': epochs, 'name': name, 'sizes': sizes, 'fast': fast}\n"
    "rank = os.environ.get('RANK', '0')\n"
    "with open(f'model-{rank}.json', 'w') as file:\n"
    "    json.dump({'values': facts, 'environment': dict(os.environ)}, file)",
)
"""A notebook that trains nothing: it writes down what it was given."""


@pytest.fixture(scope="session")
def docker() -> str:
    """The Docker client; skips where no daemon answers."""
    program = shutil.which("docker")
    if program is None or subprocess.run([program, "version"], capture_output=True, check=False).returncode:
        pytest.skip("NOT TESTED: platforms start containers, and no Docker daemon answers here")
    return program


BuildImage = Callable[..., str]


@pytest.fixture(scope="session")
def build_image(
    docker: str,
    machine_store: Store,
    run_image: Callable[..., StoredImage],
    base_and_locks: Callable[[Path, Path], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[BuildImage]:
    """``build_image(notebook, *options)`` builds with the command line and gives Docker the image; its name there."""
    run_image("bookworm")
    home = tmp_path_factory.mktemp("platforms") / "home"
    base_and_locks(machine_store.root, home)
    made: list[str] = []

    def make(notebook: Path, *options: str) -> str:
        name = f"test-platforms-{len(made)}-{os.getpid()}:{notebook.stem}"
        for words in (["build", str(notebook), "--name", name, *options], ["images", name, "--load"]):
            command = [sys.executable, "-m", "jupyter_mlpack", *words, "--home", str(home)]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stdout + ran.stderr
        made.append(name)
        return name

    yield make
    for name in made:
        subprocess.run([docker, "rmi", "--force", name], capture_output=True, check=False)


@pytest.fixture(scope="session")
def training_image(build_image: BuildImage, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of the notebook above."""
    v4 = nbformat.v4
    cells = [v4.new_code_cell(source) for source in CELLS]
    cells[0].metadata["tags"] = ["parameters"]
    path = tmp_path_factory.mktemp("notebook") / "probe.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("# Probe"), *cells]), path)
    return build_image(path)


@dataclass(frozen=True)
class SageMaker:
    """SDK v2 in local mode, offline: ``script`` sees ``session``, ``image``, ``folder`` and ``ROLE``."""

    python: Path
    docker: str

    def run(
        self, script: str, image: str, folder: Path, user: str = ROOT, arguments: Mapping[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``script`` after the prelude; ``arguments`` are further names. ``user`` owns the container."""
        (folder / "root").mkdir()
        names = {"image": image, "folder": str(folder), "user": user, **(arguments or {})}
        prelude = f"globals().update(json.loads({json.dumps(json.dumps(names))}))"
        environment = {
            **os.environ, "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
        }  # fmt: skip
        return subprocess.run(
            [str(self.python), "-c", f"import json\n{prelude}\n{PRELUDE}\n{script}"],
            capture_output=True, text=True, check=False, env=environment, timeout=300, cwd=folder,
        )  # fmt: skip

    def clean(self) -> None:
        """Local mode leaves its containers and its network behind."""
        listed = [self.docker, "ps", "--all", "--quiet", "--filter", "network=sagemaker-local"]
        containers = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
        self.docker_do(["rm", "--force", *containers] if containers else [])
        self.docker_do(["network", "rm", "sagemaker-local"])

    def docker_do(self, words: Sequence[str]) -> None:
        if words:
            subprocess.run([self.docker, *words], capture_output=True, check=False)


PRELUDE = """
import boto3
from sagemaker.estimator import Estimator
from sagemaker.local import LocalSession
ROLE = "arn:aws:iam::111111111111:role/test"
session = LocalSession(boto3.Session(region_name="eu-west-1"))
session.config = {"local": {"local_code": True, "container_root": folder + "/root"}}
session.sagemaker_config = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}
if user:
    session.config["local"]["container_config"] = {"user": user}
"""


@pytest.fixture(scope="session")
def sagemaker(docker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SageMaker]:
    """The SDK in an environment of its own: it wants other versions than we do."""
    if not shutil.which("docker-compose"):
        pytest.skip("NOT TESTED: SageMaker's local mode needs docker-compose (Debian: apt-get install docker-compose)")
    folder = tmp_path_factory.mktemp("sagemaker") / "venv"
    uv = str(find_uv())
    for words in (["venv", str(folder)], ["pip", "install", "--python", str(folder), "sagemaker[local]>=2.200,<3"]):
        made = subprocess.run([uv, *words], capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"NOT TESTED: SageMaker's SDK cannot be installed here: {made.stderr[-300:]}")
    client = SageMaker(folder / "bin/python", docker)
    yield client
    client.clean()
