"""The options of a build that say more than the notebook, as a user types them: whole builds in a process each."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.registry import push_image
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access

pytestmark = pytest.mark.network

CANARIES = ("canary-in-the-environment", "canary-in-a-file", "canary-in-a-binding", "canary-on-the-command-line")
LABEL = "io.buildpacks.lifecycle.metadata"
BUILDPACK = """api = "0.10"
[buildpack]
id = "me/teller"
version = "1"
[metadata.mlpack]
relocatable = true
"""
TELLS = """#!/bin/sh
env | grep -e CANARY -e ^BP_LEVEL
for file in "$CNB_PLATFORM_DIR"/bindings/*/*; do echo "${file##*/}: $(cat "$file")"; done
cat /wheels/list 2>/dev/null
ls > "$PWD/.mlpack/listing"
"""


@dataclass
class Machine:
    """A folder with a notebook and a buildpack, and a store."""

    folder: Path
    home: Path

    def build(self, *options: str, expected: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        answer = subprocess.run(
            [sys.executable, "-m", "jupyter_mlpack", "build", "n.ipynb", "-v", *options, "--home", str(self.home)],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, **environment},
            check=False,
            timeout=300,
        )
        assert answer.returncode == expected, answer.stdout + answer.stderr
        return answer

    def image(self, name: str = "n:training") -> StoredImage:
        found = Store(self.home).image(name)
        assert found is not None
        return found

    def label(self, name: str = LABEL) -> dict[str, Any]:
        return dict(json.loads(dict(self.image().config.labels)[name]))


@pytest.fixture
def machine(
    tmp_path: Path,
    machine_store: Store,
    run_image: Callable[..., StoredImage],
    base_and_locks: Callable[[Path, Path], None],
) -> Machine:
    run_image("bookworm")
    base_and_locks(machine_store.root, tmp_path / "home")
    cell = nbformat.v4.new_code_cell("open('used.csv').read()", id="c")
    folder = tmp_path / "work"
    (folder / "teller" / "bin").mkdir(parents=True)
    kernel = {"language_info": {"name": "python", "version": "3.11.2"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), folder / "n.ipynb")
    (folder / "used.csv").write_text("1\n")
    (folder / "teller" / "buildpack.toml").write_text(BUILDPACK)
    for name, text in (("detect", "#!/bin/sh\n"), ("build", TELLS)):
        (folder / "teller" / "bin" / name).write_text(text)
        (folder / "teller" / "bin" / name).chmod(0o755)
    (folder / "index").mkdir()
    for name, text in (("type", "pypi"), ("password", CANARIES[2])):
        (folder / "index" / name).write_text(text)
    return Machine(folder, tmp_path / "home")


def everything(folder: Path) -> Iterator[bytes]:
    """All bytes below a folder, what is compressed in plain, too."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            yield gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def test_build__all_of_it__where_it_belongs_and_nowhere_else(machine: Machine, tmp_path: Path) -> None:
    (machine.folder / "build.env").write_text(f"CANARY_FILE={CANARIES[1]}\nBP_LEVEL=9\n")
    (machine.folder / "wheels").mkdir()
    (machine.folder / "wheels" / "list").write_text("seen in a volume\n")
    (tmp_path / "tmp").mkdir()
    answer = machine.build(
        *("--env", "CANARY_ENV", "--env", f"CANARY_WORD={CANARIES[3]}", "--env-file", "build.env"),
        *("--binding", "index=index", "--volume", "wheels:/wheels", "--post-buildpack", "./teller"),
        *("--tag", "n:latest", "--creation-time", "1767225600", "--cache-dir", "cache"),
        CANARY_ENV=CANARIES[0],
        TMPDIR=str(tmp_path / "tmp"),
    )
    told = answer.stdout + answer.stderr
    for words in ("CANARY_ENV=********", "CANARY_FILE=********", "BP_LEVEL=9", "password: ********", "type: pypi"):
        assert words in told
    assert "seen in a volume" in told
    assert machine.image("n:latest").descriptor.digest == machine.image().descriptor.digest
    assert machine.image().config.created == "2026-01-01T00:00:00Z"
    assert (machine.folder / "cache" / "committed").is_dir()
    assert not [word for word in CANARIES if word in told]
    for folder in (machine.home, machine.folder / "cache", tmp_path / "tmp"):
        assert not [word for data in everything(folder) for word in CANARIES if word.encode() in data]
    assert not list((tmp_path / "tmp").iterdir())


def test_build__descriptor_beside_the_notebook__files_variables_and_source(machine: Machine) -> None:
    (machine.folder / "project.toml").write_text(
        '[_]\nschema-version = "0.2"\nversion = "1.2"\n'
        '[io.buildpacks]\nexclude = ["*.csv"]\n[[io.buildpacks.build.env]]\nname = "BP_LEVEL"\nvalue = "7"\n'
    )
    answer = machine.build("--post-buildpack", "./teller")
    assert "BP_LEVEL=7" in answer.stdout + answer.stderr
    assert "used.csv is left out (project.toml)" in answer.stdout + answer.stderr
    assert machine.label("io.buildpacks.project.metadata") == {
        "source": {"type": "project", "version": {"declared": "1.2"}}
    }
    planned = machine.build("--dry-run", "--format", "json")
    assert "used.csv" not in json.loads(planned.stdout.splitlines()[-1])["files"]


def test_build__found_descriptor_with_a_program__refused_named_one_runs(machine: Machine) -> None:
    (machine.folder / "project.toml").write_text(
        '[_]\nschema-version = "0.2"\n[[io.buildpacks.post.group]]\nid = "me/script"\n'
        '[io.buildpacks.post.group.script]\napi = "0.10"\ninline = "echo the script ran"\n'
    )
    refused = machine.build(expected=2)
    assert "which was not run" in refused.stderr
    assert not Store(machine.home).image("n:training")
    if os.geteuid() == 0 or sys.platform == "linux":
        answer = machine.build("--descriptor", "project.toml")
        assert "the script ran" in answer.stdout + answer.stderr


def test_build__run_image_and_mirrors__the_one_of_the_images_registry(machine: Machine, shared_registry: Any) -> None:
    local = Access(insecure=True)
    store, mirror = Store(machine.home), f"{shared_registry.host}/mirror/run:1"
    base = store.image("mlpack/run:bookworm-amd64")
    assert base is not None
    push_image(store, base, parse_reference(mirror), access=local)
    options = ("--run-image", "run.invalid/base/run:1", "--run-image-mirror", mirror)
    allowed = ("--insecure-host", shared_registry.host)
    answer = machine.build(*options, *allowed, "--push", f"{shared_registry.host}/team/n:1")
    assert "cannot be had" not in answer.stdout + answer.stderr
    run = machine.label()["runImage"]
    assert (run["image"], run["mirrors"]) == ("run.invalid/base/run:1", [mirror])
    assert run["reference"] == f"{mirror.removesuffix(':1')}@{base.descriptor.digest}"


def test_build__previous_image_of_a_registry__its_layers_are_kept(
    machine: Machine, shared_registry: Any, tmp_path: Path, base_and_locks: Callable[[Path, Path], None]
) -> None:
    name = f"{shared_registry.host}/team/previous:1"
    first = machine.build("--insecure", "--push", name, "--previous-image", f"{shared_registry.host}/team/none:1")
    assert "No layers are kept from" in first.stdout + first.stderr
    base_and_locks(machine.home, tmp_path / "another")
    other = Machine(machine.folder, tmp_path / "another")
    second = other.build("--insecure-host", shared_registry.host, "--previous-image", name)
    assert "Installing" in first.stdout + first.stderr
    assert "Installing" not in second.stdout + second.stderr
    assert other.image().descriptor.digest == machine.image().descriptor.digest


def test_build__previous_image_of_a_registry__only_layers_that_are_kept_are_fetched(
    machine: Machine, shared_registry: Any, tmp_path: Path, base_and_locks: Callable[[Path, Path], None]
) -> None:
    name = f"{shared_registry.host}/team/lazy:1"
    machine.build("--insecure", "--push", name)
    before = {layer.diff_id: layer.descriptor.digest for layer in machine.image().layers}
    base_and_locks(machine.home, tmp_path / "another")
    other = Machine(machine.folder, tmp_path / "another")
    (machine.folder / "used.csv").write_text("2\n")
    other.build("--insecure", "--previous-image", name)
    after = {layer.diff_id for layer in other.image().layers}
    changed = [digest for diff_id, digest in before.items() if diff_id not in after]
    assert changed
    assert not any(Store(other.home).has(digest) for digest in changed)
    assert name not in {image.name for image in Store(other.home).images()}


def test_build__source_date_epoch__the_image_tells_it(machine: Machine) -> None:
    machine.build(SOURCE_DATE_EPOCH="86400")
    assert machine.image().config.created == "1970-01-02T00:00:00Z"


def test_build__buildpack_from_elsewhere__same_layers_and_a_label_that_says_where_from(
    machine: Machine, shared_registry: Any
) -> None:
    name, folder = f"{shared_registry.host}/giving/teller:1", machine.folder
    command = ("buildpack", "package", "teller", "--push", name, "--archive", "teller.cnb", "--insecure")
    options = ("--home", str(machine.home), "--format", "json")
    packed = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", *command, *options],
        capture_output=True,
        text=True,
        cwd=folder,
        check=True,
    )
    digest = json.loads(packed.stdout.splitlines()[-1])["buildpackage"]["digest"]
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "--quiet"), ("add", "teller"), (*who, "commit", "--quiet", "--message", "x")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    diff_ids = set()
    for word in ("teller", "teller.cnb", f"git+file://{folder}#subdirectory=teller", f"docker://{name}"):
        machine.build("--post-buildpack", word, "--insecure")
        diff_ids.add(machine.image().config.diff_ids)
    assert len(diff_ids) == 1
    assert machine.label("org.jupyter-mlpack.buildpack-sources") == {"me/teller@1": f"docker://{name}@{digest}"}
    shown = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", "inspect-image", "n:training", "--home", str(machine.home)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"docker://{name}@{digest}" in "".join(line.strip() for line in shown.stdout.splitlines())  # it is folded
