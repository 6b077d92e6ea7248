"""The main path, whole: the example notebook becomes an image that our engines and other people's tools run."""

from __future__ import annotations

import gzip
import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.resolution import find_uv

EXAMPLE = Path(__file__).parent.parent / "examples" / "digits"
NAME = "digits:training"
CANARY = "canary-7f3a-secret"

pytestmark = pytest.mark.network


def mlpack(home: Path, *words: str, expected: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """``jupyter mlpack`` as a process, with a store of its own."""
    answer = subprocess.run(
        [sys.executable, "-m", "jupyter_mlpack", *words, "--home", str(home)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert answer.returncode == expected, answer.stdout + answer.stderr
    return answer


def tool(name: str) -> str:
    """The path of somebody else's program, or a loud skip."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: `bash .ci/test` installs it on Debian as root")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, as a user has it."""
    folder = tmp_path_factory.mktemp("work") / "digits"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    (folder / "unrelated.csv").write_text("no cell reads this\n")
    (folder / ".env").write_text(f"TOKEN={CANARY}\n")
    return folder


@pytest.fixture(scope="module")
def home(machine_store: Store) -> Path:
    """The store that all tests of the session share: the run image in it is assembled once."""
    return machine_store.root


@pytest.fixture(scope="module")
def image(folder: Path, home: Path) -> StoredImage:
    """The example's image, with a canary among the settings that uv sees."""
    mlpack(home, "build", str(folder / "digits.ipynb"), UV_PUBLISH_TOKEN=CANARY)
    image = Store(home).image(NAME)
    assert image is not None
    return image


@pytest.fixture(scope="module")
def layout(image: StoredImage, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image as an OCI layout."""
    layout = tmp_path_factory.mktemp("layout") / "digits"
    mlpack(home, "images", image.name, "--layout", str(layout))
    return layout


def names(store: Store, image: StoredImage) -> Iterator[str]:
    """Every path in the image's own layers."""
    import tarfile

    for layer in image.layers:
        with tarfile.open(store.path(layer.descriptor.digest)) as archive:
            yield from archive.getnames()


def test_build__example__holds_exactly_what_it_needs(image: StoredImage, home: Path) -> None:
    paths = {"/" + name.lstrip("/") for name in names(Store(home), image)}
    workspace = {path for path in paths if path.startswith("/workspace/")}
    assert workspace == {
        "/workspace/.mlpack", "/workspace/.mlpack/build.json", "/workspace/.mlpack/layers.json",
        "/workspace/.mlpack/lock.txt", "/workspace/digits.ipynb", "/workspace/preprocessing.py",
        "/workspace/weights.csv",
    }  # fmt: skip
    assert any(path.endswith("/sklearn/__init__.py") for path in paths)
    assert not any("/pip/" in path for path in paths)


def test_build__secrets_of_the_machine__are_in_no_blob(image: StoredImage, home: Path) -> None:
    store = Store(home)
    texts = [store.read(image.descriptor.digest), store.read(image.manifest.config.digest)]
    texts += [gzip.decompress(store.read(layer.descriptor.digest)) for layer in image.layers]
    assert not any(CANARY.encode() in text for text in texts)
    assert not any(str(home).encode() in text for text in texts[2 + len(image.layers) - 8 :])


def test_build__other_folder_umask_and_time__same_digest(
    image: StoredImage, home: Path, tmp_path: Path, base_and_locks: Callable[[Path, Path], None]
) -> None:
    other = tmp_path / "elsewhere" / "digits"
    shutil.copytree(EXAMPLE, other, ignore=shutil.ignore_patterns("__pycache__"))
    os.utime(other / "weights.csv", (0, 0))
    (other / "preprocessing.py").chmod(0o600)
    fresh = tmp_path / "home"
    base_and_locks(home, fresh)
    old = os.umask(0o077)
    try:
        mlpack(fresh, "build", str(other / "digits.ipynb"), TMPDIR=str(tmp_path))
    finally:
        os.umask(old)
    again = Store(fresh).image(NAME)
    assert again is not None
    assert again.descriptor.digest == image.descriptor.digest


def test_build__one_cell_edited__only_the_application_is_written_again(
    image: StoredImage, home: Path, tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "digits", ignore=shutil.ignore_patterns("__pycache__"))
    notebook = tmp_path / "digits" / "digits.ipynb"
    original = notebook.read_text()
    document = json.loads(original)
    document["cells"][-3]["source"] = ["print('edited')\n"]
    notebook.write_text(json.dumps(document))
    answer = mlpack(home, "build", str(notebook), "--format", "json")
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    written = [event["name"] for event in events if event.get("event") == "LayerExported" and not event["reused"]]
    assert written == ["slice-1"]
    notebook.write_text(original)
    mlpack(home, "build", str(notebook))
    restored = Store(home).image(NAME)
    assert restored is not None
    assert restored.descriptor.digest == image.descriptor.digest


OUTPUTS = ["digits.ipynb", "loss.png", "metrics.jsonl", "model.joblib"]


def test_run__process_engine__brings_back_notebook_model_and_picture(
    image: StoredImage, home: Path, tmp_path: Path
) -> None:
    answer = mlpack(home, "run", image.name, "-p", "epochs=5", "--engine", "process", "--output", str(tmp_path / "out"))
    assert "epoch=5 loss=" in answer.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == OUTPUTS
    executed = json.loads((tmp_path / "out" / "digits.ipynb").read_text())
    assert any("epochs = 5" in "".join(cell["source"]) for cell in executed["cells"])


def test_run__unknown_parameter__is_refused_with_the_known_ones(image: StoredImage, home: Path, tmp_path: Path) -> None:
    answer = mlpack(home, "run", image.name, "-p", "epoch=5", "--output", str(tmp_path / "out"), expected=2)
    assert "epochs" in answer.stdout + answer.stderr


def test_run__failing_cell__exit_status_and_cell_number(home: Path, tmp_path: Path) -> None:
    notebook = tmp_path / "fails.ipynb"
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for n, source in enumerate(["x = 1", "open('kept.txt', 'w').write('kept')", "x / 0"])
    ]
    notebook.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    mlpack(home, "build", str(notebook))
    answer = mlpack(home, "run", "fails:training", "--output", str(tmp_path / "out"), expected=1)
    assert "cell 3 failed: ZeroDivisionError" in answer.stdout + answer.stderr
    assert (tmp_path / "out" / "kept.txt").read_text() == "kept"


def docker(*words: str) -> str:
    """The Docker client, or a loud skip where no daemon answers."""
    client = tool("docker")
    if subprocess.run([client, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker daemon answers: `bash .ci/test` starts one as root")
    answer = subprocess.run([client, *words], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.mark.docker
def test_docker__loaded__runs_as_non_root_on_a_read_only_root(image: StoredImage, home: Path, tmp_path: Path) -> None:
    docker("version")
    mlpack(home, "images", image.name, "--load")
    output = tmp_path / "out"
    output.mkdir()
    output.chmod(0o777)
    log = docker("run", "--rm", "--read-only", "-v", f"{output}:/output", image.name, "-p", "epochs=5")
    assert "epoch=5" in log
    model = output / "model.joblib"
    assert model.stat().st_uid == 1000
    assert stat.S_ISREG(model.stat().st_mode)
    user = docker("run", "--rm", "--entrypoint", "/usr/bin/python3", image.name, "-c", "import os; print(os.getuid())")
    assert user.strip() == "1000"


@pytest.mark.docker
def test_run__docker_engine__same_outputs(image: StoredImage, home: Path, tmp_path: Path) -> None:
    docker("version")
    mlpack(home, "run", image.name, "-p", "epochs=5", "--engine", "docker", "--output", str(tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == OUTPUTS


def test_layout__skopeo__reads_labels_and_entrypoint(layout: Path) -> None:
    answer = subprocess.run(
        [tool("skopeo"), "inspect", "--config", f"oci:{layout}:{NAME}"], capture_output=True, text=True, check=True
    )
    config = json.loads(answer.stdout)["config"]
    assert config["Entrypoint"] == ["/cnb/process/train"]
    assert json.loads(config["Labels"]["io.buildpacks.build.metadata"])["processes"][0]["type"] == "train"
    assert config["User"] == "1000:1000"


def test_layout__umoci_and_crun__run_the_training(layout: Path, tmp_path: Path) -> None:
    """Unpacked by umoci and run by crun: neither knows of us."""
    if os.getuid() != 0:
        pytest.skip("umoci unpacks with the image's owners as root only")
    bundle, output = tmp_path / "bundle", tmp_path / "out"
    subprocess.run(
        [tool("umoci"), "unpack", "--image", f"{layout}:{NAME}", str(bundle)], check=True, capture_output=True
    )
    output.mkdir()
    output.chmod(0o777)
    spec = json.loads((bundle / "config.json").read_text())
    spec["process"]["terminal"] = False
    spec["process"]["args"] += ["-p", "epochs=5"]
    spec["root"]["readonly"] = True
    spec["mounts"].append({"destination": "/output", "type": "bind", "source": str(output), "options": ["bind", "rw"]})
    (bundle / "config.json").write_text(json.dumps(spec))
    # Some machines have control groups of both versions at once, which crun refuses: it is not shown any.
    command = shlex.join([tool("crun"), "--cgroup-manager=disabled", "run", "--bundle", str(bundle), "mlpack-test"])
    answer = subprocess.run(
        [tool("unshare"), "--mount", "sh", "-c", f"mount -t tmpfs none /sys/fs/cgroup && exec {command}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "epoch=5" in answer.stdout
    assert (output / "model.joblib").is_file()


AS_STRANGER = (
    "setpriv", "--reuid", "4321", "--regid", "4321", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
)  # fmt: skip


def python_of_all_users(folder: Path) -> str:
    """A Python with this project that every user can run: this one, or a virtual environment of the system's."""
    tool("setpriv")
    again = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    usable = [*AS_STRANGER, sys.executable, "-c", again]
    if subprocess.run(usable, capture_output=True, check=False).returncode == 0:
        return sys.executable
    system = "/usr/bin/python3"
    new_enough = [system, "-c", "import sys; sys.exit(sys.version_info < (3, 10))"]
    if subprocess.run(new_enough, capture_output=True, check=False).returncode:
        pytest.skip("NO PYTHON >= 3.10 THAT OTHER USERS CAN RUN: this one lies in a private folder")
    uv = [find_uv(), "--quiet"]
    subprocess.run([*uv, "venv", "--python", system, str(folder / "venv")], check=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([*uv, "pip", "install", "--python", python, str(EXAMPLE.parent.parent), "ipykernel"], check=True)
    return python


def test_build_and_run__user_without_passwd_entry_and_docker__same_digest(
    home: Path, image: StoredImage, base_and_locks: Callable[[Path, Path], None]
) -> None:
    del image  # its lock is used: the index need not be asked twice
    if os.getuid() != 0:
        pytest.skip("becoming another user needs root")
    work = Path(tempfile.mkdtemp(prefix="mlpack-stranger-"))
    work.chmod(0o755)
    python = python_of_all_users(work)
    shutil.copytree(EXAMPLE, work / "digits", ignore=shutil.ignore_patterns("__pycache__"))
    (work / "mine").mkdir()
    base_and_locks(home, work / "mine" / "home")
    base_and_locks(home, work / "root")
    subprocess.run(["chown", "-R", "4321:4321", str(work / "mine")], check=True)
    notebook, stranger_home = str(work / "digits" / "digits.ipynb"), work / "mine" / "home"
    settings = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_", "LANG"))}
    nowhere = {"HOME": str(work / "mine"), "TMPDIR": str(work / "mine"), "DOCKER_HOST": "unix:///nonexistent"}
    stranger = {**settings, **nowhere, "PATH": "/usr/bin:/bin"}
    words = [python, "-m", "jupyter_mlpack"]
    run_checked([*words, "build", notebook, "--home", str(work / "root")], dict(os.environ))
    run_checked([*AS_STRANGER, *words, "build", notebook, "--home", str(stranger_home)], stranger)
    first, second = (Store(folder).image(NAME) for folder in (work / "root", stranger_home))
    assert first is not None
    assert second is not None
    assert first.descriptor.digest == second.descriptor.digest
    output = work / "mine" / "out"
    options = ["-p", "epochs=5", "--engine", "process", "--output", str(output), "--home", str(stranger_home)]
    run_checked([*AS_STRANGER, *words, "run", NAME, *options], stranger)
    assert (output / "model.joblib").stat().st_uid == 4321
    shutil.rmtree(work)


def run_checked(command: list[str], environment: dict[str, str]) -> None:
    """Run a command that must succeed."""
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


# --- what a plan tells beforehand -------------------------------------------------------------------------------------


def dry_run(home: Path, folder: Path) -> dict[str, Any]:
    """The plan that ``--dry-run`` answers."""
    answer = mlpack(home, "build", str(folder / "digits.ipynb"), "--dry-run", "--format", "json")
    plan: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return plan


def test_plan__built_before__is_known_to_the_byte_but_for_the_application(
    image: StoredImage, folder: Path, home: Path
) -> None:
    plan = dry_run(home, folder)
    assert abs(plan["size"] - image.size) < 500_000
    assert plan["size"] - plan["reused"] < 500_000
    assert all(package["reused"] for package in plan["packages"])
    assert plan["name"] == NAME
    assert plan["files"] == ["digits.ipynb", "preprocessing.py", "weights.csv"]
    assert plan["seconds"] is None


def test_plan__only_the_base_is_here__is_right_within_a_fifth(
    image: StoredImage, folder: Path, home: Path, base_and_locks: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    base_and_locks(home, tmp_path / "fresh")
    before = names_of(tmp_path / "fresh")
    plan = dry_run(tmp_path / "fresh", folder)
    assert abs(plan["size"] - image.size) < 0.2 * image.size
    assert plan["reused"] == image.layers[0].descriptor.size
    assert not any(package["reused"] for package in plan["packages"])
    assert {
        path for path in names_of(tmp_path / "fresh") - before if path.split("/")[0] not in ("kernels", "locks")
    } == set()


def names_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
