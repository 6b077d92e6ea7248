"""What only the process engine does: other users, nested namespaces, refusals of the kernel, death of the caller."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import jupyter_mlpack
from jupyter_mlpack import errors
from jupyter_mlpack.engines.engine import Availability, LogChunk, make_engine
from jupyter_mlpack.engines.mounts import NEWUSER, libc
from jupyter_mlpack.engines.process import ProcessEngine
from jupyter_mlpack.engines.roots import DEFAULT_USER, add_mount_points, image_user
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Task

IMAGE = "test/train:1"
SOMEONE = 12345
BECOME = ("setpriv", f"--reuid={SOMEONE}", f"--regid={SOMEONE}", "--clear-groups")
PROGRAM = """
import sys
from pathlib import Path
from jupyter_mlpack.engines.engine import LogChunk
from jupyter_mlpack.engines.process import ProcessEngine
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Task
engine = ProcessEngine(Store(Path(sys.argv[1])))
task = Task("train", "test/train:1", ("-p", f'mode="{sys.argv[3]}"'), (), Path(sys.argv[2]))
for update in engine.follow(engine.start(engine.prepare(task))):
    print(update.text if isinstance(update, LogChunk) else update, end="\\n", flush=True)
"""


def library() -> str:
    """Where this test's packages are, for another interpreter of the same version."""
    packages = (path for path in sys.path if "site-packages" in path)
    return os.pathsep.join([str(Path(jupyter_mlpack.__file__).parents[1]), *packages])


def python_for_anyone() -> str:
    """A Python that any user may execute, of this one's version: ours may live in a private home."""
    version = f"python3.{sys.version_info.minor}"
    candidates = (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin:/bin"))
    for candidate in filter(None, candidates):
        # Through a shell: setpriv itself still executes what the user may not.
        command = [*BECOME, "sh", "-c", '"$0" -c ""', candidate]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            return candidate
    pytest.skip(f"NOT TESTED: no {version} that every user may execute")


def program(python: str, *arguments: object) -> list[str]:
    return [python, "-c", PROGRAM, *map(str, arguments)]


def copy_store(store: Store, to: Path) -> Path:
    shutil.copytree(store.root, to, symlinks=True)
    shutil.rmtree(to / "roots", ignore_errors=True)
    return to


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can become another user")
@pytest.mark.parametrize("wrapper", [(), ("unshare", "--user", "--map-root-user")], ids=["plain", "nested namespace"])
def test_start__user_without_passwd_entry__runs_and_owns_the_outputs(
    process_engine: ProcessEngine,
    store: Store,
    entered_by_all: None,
    tmp_path: Path,
    wrapper: tuple[str, ...],
) -> None:
    if shutil.which("setpriv") is None or shutil.which("unshare") is None:
        pytest.skip("NOT TESTED: no setpriv or unshare (util-linux)")
    mine, output = copy_store(store, tmp_path / "store"), tmp_path / "output"
    output.mkdir()
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, SOMEONE, SOMEONE, follow_symlinks=False)
    done = subprocess.run(
        [*BECOME, *wrapper, *program(python_for_anyone(), mine, output, "plain")],
        env={"PYTHONPATH": library(), "PATH": os.environ["PATH"]}, check=False, capture_output=True, text=True, cwd="/",
    )  # fmt: skip
    assert "JobState.SUCCEEDED" in done.stdout, done.stderr
    assert {path.lstat().st_uid for path in output.rglob("*")} == {SOMEONE}
    assert (output / "models/w.bin").read_text() == "weights\n"


def test_start__root_is_nested_and_alone__runs(process_engine: ProcessEngine, store: Store, tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("NOT TESTED: no unshare (util-linux)")
    command = [
        "unshare",
        "--user",
        "--map-root-user",
        *program(sys.executable, store.root, tmp_path / "output", "plain"),
    ]
    (tmp_path / "output").mkdir()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "JobState.SUCCEEDED" in done.stdout, done.stderr


def in_child(limit: Callable[[], None], store: Store) -> Availability:
    """What ``probe`` says in a child process that has been limited."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            limit()
            availability = ProcessEngine(store).probe()
            os.write(writer, json.dumps([availability.available, availability.reason]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        told = json.loads(file.read())
    os.waitpid(child, 0)
    return Availability(*told)


def no_namespaces() -> None:
    """In a namespace of our own, as its root, we may set the limit that binds all below."""
    uid, gid = os.geteuid(), os.getegid()
    assert libc.unshare(NEWUSER) == 0
    for name, text in (("setgroups", "deny"), ("gid_map", f"0 {gid} 1"), ("uid_map", f"0 {uid} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def test_probe__kernel_allows_no_namespaces__names_the_switch(process_engine: ProcessEngine, store: Store) -> None:
    availability = in_child(no_namespaces, store)
    assert not availability.available
    assert "user.max_user_namespaces is 0" in availability.reason
    assert "--engine docker" in availability.reason


def no_mounts() -> None:
    """No mount namespace may be made, while user namespaces still may."""
    no_namespaces()
    Path("/proc/sys/user/max_user_namespaces").write_text("1000")
    Path("/proc/sys/user/max_mnt_namespaces").write_text("0")


def test_probe__kernel_allows_no_mount_namespace__names_the_step(process_engine: ProcessEngine, store: Store) -> None:
    availability = in_child(no_mounts, store)
    assert not availability.available
    assert "namespaces" in availability.reason
    assert os.strerror(28) in availability.reason


def test_follow__caller_is_killed__job_dies_too(process_engine: ProcessEngine, store: Store, tmp_path: Path) -> None:
    output = tmp_path / "output"
    output.mkdir()
    caller = subprocess.Popen(
        program(sys.executable, store.root, output, "stubborn"), stdout=subprocess.PIPE, text=True
    )
    assert caller.stdout is not None
    while "waiting" not in caller.stdout.readline():
        assert caller.poll() is None
    assert jobs_with(output)
    caller.send_signal(signal.SIGKILL)
    caller.wait(30)
    deadline = time.monotonic() + 5
    while jobs_with(output) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not jobs_with(output)


def jobs_with(output: Path) -> list[str]:
    """Processes that have the output folder mounted; those of other mount namespaces are seen through /proc."""
    found = []
    for mounts in Path("/proc").glob("[0-9]*/mountinfo"):
        with contextlib.suppress(OSError):
            found += [mounts.parent.name] if f"{output} /output " in mounts.read_text() else []
    return found


def test_start__other_processor__is_refused_with_both_names(process_engine: ProcessEngine, tmp_path: Path) -> None:
    store = process_engine.store
    image = store.image(IMAGE)
    assert image is not None
    other = replace(image.config, architecture="sparc")
    store.tag("test/other:1", store.add_image(other, image.layers).descriptor)
    with pytest.raises(errors.ImageForOtherMachine) as caught:
        process_engine.start(process_engine.prepare(Task("train", "test/other:1", (), (), tmp_path)))
    assert "sparc" in caught.value.sentence("what")


def test_start__entry_point_missing__is_said(process_engine: ProcessEngine, tmp_path: Path) -> None:
    store = process_engine.store
    image = store.image(IMAGE)
    assert image is not None
    broken = replace(image.config, entrypoint=("/cnb/process/gone",))
    store.tag("test/broken:1", store.add_image(broken, image.layers).descriptor)
    with pytest.raises(errors.CommandNotExecutable) as caught:
        process_engine.start(process_engine.prepare(Task("train", "test/broken:1", (), (), tmp_path)))
    assert "/cnb/process/gone" in caught.value.sentence("what")


def test_start__image_link_in_place_of_output__is_refused(process_engine: ProcessEngine, tmp_path: Path) -> None:
    """A hostile image cannot lead a mount elsewhere."""
    store = process_engine.store
    image = store.image(IMAGE)
    assert image is not None
    from jupyter_mlpack.oci.tar import TarEntry, write_tar

    link = [TarEntry("/output", "symlink", 0o777, 0, 0, link="/etc")]
    layer = store.add_layer(lambda out: write_tar(out, link))
    config = replace(image.config, diff_ids=(*image.config.diff_ids, layer.diff_id))
    store.tag("test/linked:1", store.add_image(config, [*image.layers, layer]).descriptor)
    with pytest.raises(errors.SandboxRefused) as caught:
        process_engine.start(process_engine.prepare(Task("train", "test/linked:1", (), (), tmp_path)))
    assert "/output" in caught.value.sentence("what")


def test_follow__two_jobs_of_one_image__share_one_root(process_engine: ProcessEngine, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        task = Task("train", IMAGE, ("-p", 'mode="plain"'), (), tmp_path / name)
        updates = list(process_engine.follow(process_engine.start(process_engine.prepare(task))))
        assert any(isinstance(update, LogChunk) for update in updates)
    image = process_engine.store.image(IMAGE)
    assert image is not None
    roots = [path.name for path in (process_engine.store.root / "roots").iterdir()]
    assert roots.count(image.manifest.config.digest.removeprefix("sha256:")) == 1
    assert not [name for name in roots if name.startswith(".")]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("mlpack", (1000, 1001)), ("1000", (1000, 1001)), ("2000", (2000, 2000)), ("2000:3000", (2000, 3000)),
        ("mlpack:staff", (1000, 50)), ("", DEFAULT_USER), ("root", DEFAULT_USER), ("0:0", DEFAULT_USER),
        ("nobody-knows", DEFAULT_USER),
    ],
)  # fmt: skip
def test_image_user__forms__become_ids(tmp_path: Path, user: str, expected: tuple[int, int]) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nbroken\nmlpack:x:1000:1001::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("staff:x:50:\n")
    assert image_user(tmp_path, user) == expected


def test_add_mount_points__etc_is_a_link_out__nothing_is_made_there(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root/etc").symlink_to(tmp_path / "host")
    add_mount_points(tmp_path / "root")
    assert list((tmp_path / "host").iterdir()) == []


def test_make_engine__unknown_name__lists_the_engines(store: Store) -> None:
    with pytest.raises(errors.EngineUnknown) as caught:
        make_engine("podman", store)
    assert "process, docker" in caught.value.sentence("hint")


def test_make_engine__no_name__takes_the_first_available(process_engine: ProcessEngine, store: Store) -> None:
    assert make_engine("", store).name == "process"
