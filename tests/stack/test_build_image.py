"""Build images, assembled from the machine's mirror: on the run image's layers, with what buildpacks need."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jupyter_mlpack.events import ignore
from jupyter_mlpack.oci.archive import write_docker_archive
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack import StackSettings, read_stack, run_root
from jupyter_mlpack.stack.build_image import ensure_build_image
from jupyter_mlpack.stack.sources import stanzas

pytestmark = pytest.mark.network
HOST = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "amd64")
STACKS = Path(__file__).parents[2] / "stacks"
NAME = "bookworm-minimal"


@pytest.fixture(scope="module")
def built(machine_store, run_image):
    """The build image of the stack that has least, so that all it needs must come from the packages for building."""
    run_image(NAME, HOST)
    return ensure_build_image(read_stack(STACKS / NAME), HOST, machine_store, StackSettings(), ignore)


def test_ensure_build_image__on_the_run_image__same_layers_below(built, run_image):
    base = run_image(NAME, HOST)
    assert built.config.diff_ids[: len(base.config.diff_ids)] == base.config.diff_ids
    assert len(built.config.diff_ids) == len(base.config.diff_ids) + 2


def test_ensure_build_image__configuration__what_the_specification_asks(built):
    assert built.config.user == "1000:1000"
    environment, labels = dict(built.config.env), dict(built.config.labels)
    assert labels["io.buildpacks.stack.id"] == environment["CNB_STACK_ID"] == f"mlpack.stacks.{NAME}"
    assert (environment["CNB_USER_ID"], environment["CNB_GROUP_ID"]) == ("1000", "1000")
    assert labels["io.buildpacks.base.distro.name"] == "debian"


def test_ensure_build_image__mixins__those_of_the_run_image_and_what_only_building_has(built, run_image):
    run, build = (
        json.loads(dict(image.config.labels)["io.buildpacks.stack.mixins"]) for image in (run_image(NAME, HOST), built)
    )
    assert build[: len(run)] == run == sorted(read_stack(STACKS / NAME).packages)
    assert {"build:apt", "build:git"} <= {*build}
    assert all(one.startswith("build:") for one in build[len(run) :])


PROGRAMS = ("apt-get --version", "bash --version", "curl --version", "dpkg-deb --version", "git --version")
PROGRAMS += ("python3 --version", "tar --version", "unzip -v", "uv --version", "xz --version", "awk 'BEGIN{}'")
STATE = "-o Debug::NoLocking=1 -o Dir::State=/tmp -o Dir::Cache=/tmp"
ASK_APT = f"apt-get {STATE} -o Dir::State::status=/usr/share/mlpack/run-image.status check"


@pytest.mark.docker
@pytest.mark.skipif(not shutil.which("docker"), reason="NO DOCKER: the container engine's view is not checked")
def test_ensure_build_image__in_docker__programs_of_buildpacks_run(built, machine_store, tmp_path):
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("NO DOCKER DAEMON: the container engine's view is not checked")
    name = "mlpack-test/build:minimal"
    write_docker_archive(machine_store, built, tmp_path / "image.tar", name)
    subprocess.run(["docker", "load", "--input", str(tmp_path / "image.tar")], capture_output=True, check=True)
    script = "set -e\n" + "\n".join(f"{program} >/dev/null" for program in (*PROGRAMS, ASK_APT)) + "\nid -un"
    words = ["docker", "run", "--rm", "--network=none", name, "bash", "-c", script]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    finally:
        subprocess.run(["docker", "rmi", "--force", name], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, "mlpack\n"), done.stderr


def test_ensure_build_image__uv__is_the_release_of_this_machine(built, machine_store):
    program = run_root(machine_store, built) / "usr/local/bin/uv"
    said = [subprocess.run([path, "--version"], capture_output=True, check=True).stdout for path in (program, "uv")]
    assert said[0] == said[1]


def test_ensure_build_image__lists_of_packages__whole_and_of_the_run_image(built, machine_store):
    root = run_root(machine_store, built)
    whole, run = (
        {entry["package"]: entry for entry in stanzas((root / path).read_text(encoding="utf-8"))}
        for path in ("var/lib/dpkg/status", "usr/share/mlpack/run-image.status")
    )
    assert {"git", "libc6"} <= whole.keys()
    assert "git" not in run
    assert run["libc6"]["status"] == "install ok installed"
    assert all("depends" not in entry for entry in run.values())
    assert "dpkg" in run, "what only installing needs counts as there"


def test_ensure_build_image__sources_of_apt__the_distributions_own(built, machine_store):
    root = run_root(machine_store, built)
    first, security = stanzas((root / "etc/apt/sources.list.d/debian.sources").read_text(encoding="utf-8"))
    assert urlsplit(first["uris"]).path == "/debian"
    assert security["uris"] == f"{first['uris']}-security"
    assert first["suites"].split() == ["bookworm", "bookworm-updates"]


def test_ensure_build_image__again__no_apt_and_no_event(built, machine_store, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    events: list[object] = []
    stack = read_stack(STACKS / NAME)
    assert ensure_build_image(stack, HOST, machine_store, StackSettings(), events.append) == built
    assert events == []


def test_ensure_build_image__from_nothing__same_bytes(built, machine_store, base_and_locks, tmp_path):
    base_and_locks(machine_store.root, tmp_path / "other")
    for note in (tmp_path / "other").glob("stacks/*/build.json"):
        note.unlink()
    stack = read_stack(STACKS / NAME)
    again = ensure_build_image(stack, HOST, Store(tmp_path / "other"), StackSettings(), ignore)
    assert again.descriptor == built.descriptor
