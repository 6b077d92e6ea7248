"""Real run images, assembled from the machine's mirror and run here."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from jupyter_mlpack.errors import AptMissing
from jupyter_mlpack.events import Noticed, Progress, ignore
from jupyter_mlpack.oci.archive import write_docker_archive
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack import StackSettings, ensure_run_image, read_stack, run_root, target_python

pytestmark = pytest.mark.network
STACKS = Path(__file__).parents[2] / "stacks"
FULL = ("bookworm", "trixie")
MINIMAL = ("bookworm-minimal", "trixie-minimal")
NAMES = (*FULL, *MINIMAL)
COMMON = (
    "awk", "bzip2", "cat", "curl", "df", "free", "git", "head", "hostname", "lscpu", "ls", "ps", "tar",
    "unzip", "wc", "wget", "which", "xz", "zip",
)  # fmt: skip
"""What notebooks call in `!` lines."""
MEBIBYTE = 1 << 20
HOST = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "amd64")
FOREIGN = "arm64" if HOST == "amd64" else "amd64"

PROGRAM = """\
import bz2, ctypes, curses, dbm.ndbm, hashlib, json, locale, lzma, readline, socket, sqlite3, ssl, sys, uuid, venv, zlib
import asyncio, decimal, multiprocessing, zoneinfo
locale.setlocale(locale.LC_ALL, "")
ctypes.CDLL("libgomp.so.1"), ctypes.CDLL("libstdc++.so.6")
print(json.dumps({
    "version": ".".join(map(str, sys.version_info[:2])),
    "certificates": len(ssl.create_default_context().get_ca_certs()),
    "berlin": str(zoneinfo.ZoneInfo("Europe/Berlin").utcoffset(__import__("datetime").datetime(2026, 7, 1))),
    "sum": sqlite3.connect(":memory:").execute("select 1 + 1").fetchone()[0],
    "lzma": lzma.decompress(lzma.compress(b"notebook")).decode(),
    "compiled": (json.__cached__ or "").startswith(sys.prefix) and __import__("os").path.exists(json.__cached__),
}))
"""
EXPECTED = {"berlin": "2:00:00", "sum": 2, "lzma": "notebook", "compiled": True}


def unprivileged() -> list[str]:
    """Words that drop all rights, where we have any."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        return []
    return [
        "setpriv",
        "--reuid",
        "12345",
        "--regid",
        "12345",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
    ]


@pytest.mark.parametrize("stack", NAMES)
def test_target_python__assembled_image__whole_standard_library_runs_here(run_image, machine_store, stack):
    image = run_image(stack, HOST)
    root = run_root(machine_store, image)
    python = target_python(root, read_stack(STACKS / stack).python)
    environment = {"SSL_CERT_FILE": str(root / "etc/ssl/certs/ca-certificates.crt"), "LC_ALL": "C.UTF-8"}
    environment["PYTHONTZPATH"] = str(root / "usr/share/zoneinfo")
    command = [*unprivileged(), *python, "-B", "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts.pop("certificates") > 100
    assert facts.pop("version") == read_stack(STACKS / stack).python
    assert facts == EXPECTED


@pytest.mark.skipif(os.getuid() != 0, reason="NOT ROOT: only root may change its root folder")
@pytest.mark.parametrize("stack", NAMES)
def test_ensure_run_image__root_changed_to_it__python_needs_nothing_else(run_image, machine_store, stack):
    root = run_root(machine_store, run_image(stack, HOST))
    environment = dict(run_image(stack, HOST).config.env)
    words = ["chroot", "--userspec=1000:1000", str(root), "/usr/bin/python3", "-c", PROGRAM]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts.pop("certificates") > 100
    assert facts.pop("version") == read_stack(STACKS / stack).python
    assert facts == EXPECTED


@pytest.mark.skipif(os.getuid() != 0, reason="NOT ROOT: only root may change its root folder")
@pytest.mark.parametrize("stack", FULL)
def test_ensure_run_image__full__has_the_programs_of_shell_lines(run_image, machine_store, stack):
    root = run_root(machine_store, run_image(stack, HOST))
    words = f"set -e; bash -c 'id -un'; curl --version; unzip -v; which {' '.join(COMMON)}"
    shell, environment = ["sh", "-c", words], dict(run_image(stack, HOST).config.env)
    command = ["chroot", "--userspec=1000:1000", str(root), *shell]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mlpack\n")
    assert done.stdout.split()[-len(COMMON) :] == [f"/usr/bin/{name}" for name in COMMON]


@pytest.mark.parametrize("stack", MINIMAL)
def test_ensure_run_image__minimal__no_program_but_python(run_image, machine_store, stack):
    root, python = run_root(machine_store, run_image(stack, HOST)), read_stack(STACKS / stack).python
    programs = {path.name for folder in ("bin", "sbin") for path in (root / "usr" / folder).iterdir()}
    assert programs == {"python", "python3", f"python{python}", "ldconfig"}
    runnable = [path for path in root.rglob("*") if path.is_file() and path.stat().st_mode & 0o111]
    scripts = [path for path in runnable if path.read_bytes()[:2] == b"#!" and b"python" not in path.read_bytes()[:40]]
    assert scripts == []
    assert not any((root / path).exists() for path in ("bin/sh", "usr/bin/env", "usr/bin/dpkg", "usr/bin/apt"))
    assert ":/bin/sh" not in (root / "etc/passwd").read_text()


@pytest.mark.docker
@pytest.mark.skipif(not shutil.which("docker"), reason="NO DOCKER: the container engine's view is not checked")
def test_ensure_run_image__in_docker_read_only__python_runs_as_the_user(run_image, machine_store, tmp_path):
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("NO DOCKER DAEMON: the container engine's view is not checked")
    name = "mlpack-test/run:bookworm"
    write_docker_archive(machine_store, run_image("bookworm", HOST), tmp_path / "image.tar", name)
    subprocess.run(["docker", "load", "--input", str(tmp_path / "image.tar")], capture_output=True, check=True)
    program = (
        "import ctypes.util, getpass, os, ssl; print(getpass.getuser(), os.getuid(), ssl.create_default_context())"
    )
    words = ["docker", "run", "--rm", "--network=none", "--read-only", name, "python3", "-c", program]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    finally:
        subprocess.run(["docker", "rmi", "--force", name], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:2] == ["mlpack", "1000"]


@pytest.mark.parametrize("stack", NAMES)
def test_ensure_run_image__size__stays_below_the_aim(run_image, stack):
    image = run_image(stack, HOST)
    assert sum(layer.size for layer in image.manifest.layers) < (28 if stack in MINIMAL else 60) * MEBIBYTE


def test_ensure_run_image__configuration__not_root_and_labelled(run_image):
    config = run_image("bookworm", HOST).config
    assert (config.user, config.architecture, config.os) == ("1000:1000", HOST, "linux")
    assert dict(config.env)["LANG"] == "C.UTF-8"
    labels = dict(config.labels)
    assert labels["io.buildpacks.base.distro.name"] == "debian"
    assert labels["io.buildpacks.base.distro.version"] == "12"
    assert labels["io.buildpacks.stack.id"] == "mlpack.stacks.bookworm"


def test_ensure_run_image__image_at_hand__no_apt_and_no_event(run_image, machine_store, monkeypatch):
    image = run_image("bookworm", HOST)
    monkeypatch.setenv("PATH", "/nowhere")
    events: list[object] = []
    stack = read_stack(STACKS / "bookworm")
    assert ensure_run_image(stack, HOST, machine_store, StackSettings(), events.append) == image
    assert events == []


def test_ensure_run_image__image_of_long_ago__is_used_and_told(run_image, machine_store):
    image = run_image("bookworm", HOST)
    record = machine_store.root / "stacks" / f"bookworm-{HOST}" / "image.json"
    made = record.stat().st_mtime
    events: list[object] = []
    os.utime(record, (made - 40 * 86400, made - 40 * 86400))
    try:
        again = ensure_run_image(read_stack(STACKS / "bookworm"), HOST, machine_store, StackSettings(), events.append)
    finally:
        os.utime(record, (made, made))
    assert again == image
    assert [event.notice.code for event in events if isinstance(event, Noticed)] == ["run-image-old"]


def test_ensure_run_image__no_apt__names_the_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(AptMissing) as failure:
        ensure_run_image(read_stack(STACKS / "bookworm"), HOST, Store(tmp_path), StackSettings(), ignore)
    assert "run_image" in failure.value.sentence("hint")


def test_ensure_run_image__package_added_to_recipe__is_made_again(run_image, machine_store, tmp_path):
    run_image("bookworm", HOST)
    stack = read_stack(STACKS / "bookworm")
    smaller = dataclasses.replace(stack, packages=tuple(name for name in stack.packages if name != "findutils"))
    events: list[object] = []
    warm(machine_store, tmp_path)
    (missing,) = tmp_path.glob("stacks/*/cache/archives/libc6_*.deb")
    size = missing.stat().st_size
    missing.unlink()
    image = ensure_run_image(smaller, HOST, Store(tmp_path), StackSettings(), events.append)
    root = run_root(Store(tmp_path), image)
    assert not (root / "usr/bin/find").exists()
    assert not (root / "var/lib/dpkg/status.d/findutils").exists()
    assert (root / "var/lib/dpkg/status.d/bash").is_file()
    assert (root / "usr/share/doc/bash/copyright").is_file()
    steps = {event.what for event in events if isinstance(event, Progress)}
    assert steps == {"package index", "archives", "unpacking"}
    fetched = [event.done for event in events if isinstance(event, Progress) and event.what == "archives"]
    assert fetched == sorted(set(fetched))
    assert fetched[-1] == size


def warm(store: Store, folder: Path) -> None:
    """Give another store the first one's package index and archives, but not its image."""
    source = store.root / "stacks" / f"bookworm-{HOST}"
    shutil.copytree(source, folder / "stacks" / source.name, ignore=shutil.ignore_patterns("image.json", "lock"))


AGAIN = """\
import os, sys
from pathlib import Path
os.umask(0o077)
from jupyter_mlpack.errors import MlpackError
from jupyter_mlpack.events import ignore
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack import StackSettings, ensure_run_image, read_stack
store = Store(Path(sys.argv[1]))
try:
    image = ensure_run_image(read_stack(Path(sys.argv[2])), sys.argv[3], store, StackSettings(), ignore)
    print(image.descriptor.digest)
except MlpackError as failure:
    sys.exit(f"{failure} {failure.sentence('why')}")
"""


def interpreter(drop: list[str], environment: dict[str, str]) -> list[str]:
    """An interpreter that can import the package without rights; ours may lie in a folder that only root enters."""
    for program in (sys.executable, "/usr/bin/python3"):
        words = [*drop, "env", program]
        check = [*words, "-c", "import jupyter_mlpack.stack, debian.debfile, isal.igzip"]
        if not subprocess.run(check, env=environment, capture_output=True, check=False).returncode:
            return words
    warnings.warn("NO INTERPRETER FOR OTHER USERS HERE: the second assembly ran as the same user", stacklevel=1)
    return [sys.executable]


def test_ensure_run_image__other_folder_user_umask_and_zone__same_digest(run_image, machine_store):
    image = run_image("bookworm", HOST)
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {
        "PATH": os.environ["PATH"], "TZ": "Asia/Tokyo", "HOME": "/nonexistent", "PYTHONHASHSEED": "7",
        "PYTHONPATH": os.pathsep.join([*packages, str(STACKS.parent)]), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="mlpack another folder ") as name:
        warm(machine_store, Path(name))
        drop = unprivileged()
        if drop:
            subprocess.run(["chown", "-R", "12345:12345", name], check=True)
        words = [*interpreter(drop, environment), "-c", AGAIN, name, str(STACKS / "bookworm"), HOST]
        done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == image.descriptor.digest


def test_ensure_run_image__foreign_architecture__is_assembled_here(run_image, machine_store):
    image = run_image("trixie", FOREIGN)
    assert image.config.architecture == FOREIGN
    root = run_root(machine_store, image)
    machine = {"amd64": 62, "arm64": 183}[FOREIGN]
    assert int.from_bytes((root / "usr/bin/python3.13").read_bytes()[18:20], "little") == machine
    assert list(root.glob("usr/lib/python3.13/json/__pycache__/*.pyc"))
