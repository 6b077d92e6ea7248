"""The Dockerfiles of stacks, really built: on bases of the distribution's packages, and then notebooks on them.

Two stacks, one with a shell and one without, of different releases. ``make stacks`` builds all (``MLPACK_ALL_STACKS``).
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack import StackSettings, read_stack
from jupyter_mlpack.stack.dockerfile import dockerfile
from jupyter_mlpack.stack.mixins import MIXINS
from jupyter_mlpack.stack.sources import find_archive
from jupyter_mlpack.values import Stack

pytestmark = [pytest.mark.docker, pytest.mark.network]

ROOT = Path(__file__).parents[2]
STACKS = ROOT / "stacks"
NAMES = ["bookworm", "trixie-minimal"]
if os.environ.get("MLPACK_ALL_STACKS"):
    NAMES = sorted(path.parent.name for path in STACKS.glob("*/stack.toml"))
CLIENTS = ("/usr/bin/docker", "docker")
"""Debian's client has BuildKit inside; newer ones want a plug-in for it."""
WITHOUT = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man")]
"""What the distribution's own slim images leave out."""
LIBRARY = """
import ctypes.util, json, lzma, os, platform, sqlite3, ssl, zoneinfo
json.dump([os.getuid(), os.getgid(), platform.python_version(), len(ssl.create_default_context().get_ca_certs()) > 50,
           zoneinfo.ZoneInfo("Europe/Paris").key, ctypes.util.find_library("gomp"), os.access("/workspace", os.W_OK),
           os.access("/etc", os.W_OK), os.path.exists("/bin/sh")], __import__("sys").stdout)
"""
TOOLS = "uv --version && git --version && apt-get --version && xz --version && test -w /workspace && env"


def run(words: Sequence[str]) -> str:
    """A command's output; the test fails with all that it said."""
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def docker() -> Callable[..., str]:
    """``docker("run", ...)``; skips without a daemon that answers, and a client that builds with secrets."""
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    for client in filter(None, map(shutil.which, CLIENTS)):
        said = subprocess.run([client, "build", "--help"], capture_output=True, text=True, env=environment, check=False)
        if (
            "--secret" in said.stdout
            and not subprocess.run([client, "version"], capture_output=True, check=False).returncode
        ):
            return functools.partial(call, client)
    pytest.skip("NO DOCKER WITH BUILDKIT: Dockerfiles of stacks are not built")


def call(client: str, *words: str) -> str:
    """A command of the Docker client."""
    return run([client, *words])


@pytest.fixture(scope="module")
def base(docker, tmp_path_factory) -> Iterator[Callable[[Stack], str]]:
    """``base(stack)``: an image of the release, as little as a slim one is; made once, by Debian's own tool."""
    if shutil.which("mmdebstrap") is None or os.geteuid() != 0:
        pytest.skip("NO BASE IMAGE: mmdebstrap makes it, as root (`bash .ci/test` installs it on Debian)")
    made: dict[str, str] = {}

    def make(stack: Stack) -> str:
        name = f"mlpack-test-base:{stack.suite}"
        if name not in made:
            archive = find_archive(stack, StackSettings())
            places = [(archive.mirror, stack.suite), (archive.mirror, f"{stack.suite}-updates")]
            places += [(archive.security, f"{stack.suite}-security")] if archive.security else []
            lines = [f"deb {place} {suite} main" for place, suite in places]
            tarball = tmp_path_factory.mktemp("base") / "base.tar"
            quick = ["--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
            run(["mmdebstrap", *quick, *WITHOUT, stack.suite, str(tarball), *lines])
            made[name] = docker("import", str(tarball), name)
            tarball.unlink()
        return name

    yield make
    for name in made:
        docker("rmi", "--force", name)


@pytest.fixture(scope="module")
def build(docker, base, tmp_path_factory) -> Iterator[Callable[[Stack, str, str], str]]:
    """``build(stack, target, name)``: the image of one target of the Dockerfile; its name."""
    made: list[str] = []

    def make(stack: Stack, target: str, name: str) -> str:
        folder = tmp_path_factory.mktemp("context")
        (folder / "Dockerfile").write_text(dockerfile(stack))
        words = ["--quiet", "--network", "host", "--target", target, "--tag", name]
        words += ["--build-arg", f"BASE={base(stack)}"]
        if index := os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL"):
            words += ["--build-arg", f"PIP_INDEX_URL={index}"]
        if authorities := os.environ.get("SSL_CERT_FILE"):
            words += ["--secret", f"id=ca,src={authorities}"]
        docker("build", *words, str(folder))
        made.append(name)
        return name

    yield make
    for name in made:
        docker("rmi", "--force", name)


def labels(docker: Callable[..., str], name: str) -> dict[str, str]:
    """An image's labels."""
    said: dict[str, str] = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", name))
    return said


@pytest.mark.parametrize("name", NAMES)
def test_docker_build__run__python_whole_and_nobody_is_root(docker, build, name):
    stack = read_stack(STACKS / name)
    image = build(stack, "run", f"mlpack-test-run:{name}")
    uid, gid, version, *facts = json.loads(docker("run", "--rm", image, "/usr/bin/python3", "-c", LIBRARY))
    assert (uid, gid, version.rpartition(".")[0]) == (stack.uid, stack.gid, stack.python)
    assert facts == [True, "Europe/Paris", "libgomp.so.1", True, False, stack.shell]
    assert json.loads(labels(docker, image)[MIXINS]) == sorted(stack.packages)


@pytest.mark.parametrize("name", NAMES)
def test_docker_build__build__has_what_buildpacks_need(docker, build, name):
    stack = read_stack(STACKS / name)
    image = build(stack, "build", f"mlpack-test-build:{name}")
    said = docker("run", "--rm", image, "bash", "-ec", TOOLS).splitlines()
    assert {f"CNB_USER_ID={stack.uid}", f"CNB_GROUP_ID={stack.gid}", f"CNB_STACK_ID=mlpack.stacks.{name}"} <= {*said}
    promised = json.loads(labels(docker, image)[MIXINS])
    assert {*stack.packages, *(f"build:{one}" for one in {*stack.build} - {*stack.packages})} == {*promised}


def test_docker_build__stack_of_a_team__digits_trains_on_it(
    docker, build, shared_registry, machine_store: Store, tmp_path: Path
) -> None:
    # a name of its own: the session's run image of this stack stays what it is
    shutil.copytree(STACKS / "bookworm", tmp_path / "stacks" / "team")
    recipe = tmp_path / "stacks" / "team" / "stack.toml"
    recipe.write_text(recipe.read_text().replace('name = "bookworm"', 'name = "team"'))
    base = build(read_stack(recipe.parent), "run", f"{shared_registry.host}/team/run:1")
    docker("push", "--quiet", base)
    words = ["build", str(ROOT / "examples" / "digits" / "digits.ipynb"), "--home", str(machine_store.root), "--load"]
    words += ["--stacks", str(tmp_path / "stacks"), "--run-image", base, "--insecure", "--name", "digits:on-dockers"]
    run([sys.executable, "-m", "jupyter_mlpack", *words])
    try:
        assert "accuracy" in docker("run", "--rm", "digits:on-dockers")
        told = labels(docker, "digits:on-dockers")
        assert told["io.buildpacks.stack.id"] == "mlpack.stacks.team"
        assert json.loads(told["io.buildpacks.lifecycle.metadata"])["runImage"]["image"] == base
    finally:
        docker("rmi", "--force", "digits:on-dockers")
        machine_store.untag("digits:on-dockers")
