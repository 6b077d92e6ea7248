"""A build that is stopped or fails says one thing, leaves nothing behind, and never moves a name.

Real processes and real obstacles: signals, full disks, silent and refusing registries, changed hashes.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from jupyter_mlpack.oci.store import Store

pytestmark = pytest.mark.network

SOON = 8.0
"""Seconds from a signal to the end, on a busy machine; nothing waits for a network or for work that is not needed."""
NOBODY = "http://127.0.0.1:9"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
NO_NETWORK = {**dict.fromkeys(PROXIES, NOBODY), "NO_PROXY": "", "no_proxy": "", "UV_HTTP_RETRIES": "0"}


# --- signals --------------------------------------------------------------------------------------------------


def begins(phase: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("event") == "PhaseStarted" and event["phase"] == phase


def installs(event: dict[str, Any]) -> bool:
    return event.get("event") == "LogLines" and any("Installing" in line for line in event["lines"])


def assembles(event: dict[str, Any]) -> bool:
    return event.get("event") == "Progress" and event["phase"] == "stack"


@dataclass(frozen=True)
class Stop:
    """When a signal comes, and which; ``quick``: a phase that may be over before the signal arrives."""

    when: Callable[[dict[str, Any]], bool]
    number: signal.Signals = signal.SIGINT
    cell: str = "print('changed')"
    options: tuple[str, ...] = ()
    quick: bool = False
    without_base: bool = False


DATA = tuple(f"data-{number}.bin" for number in range(6))
READS = "\n".join(f"open('{name}', 'rb').read()" for name in DATA)
STOPS = {
    "inspect": Stop(begins("inspect")),
    "resolve": Stop(begins("resolve"), options=("--upgrade",)),
    "stack": Stop(assembles, without_base=True),
    "analyze": Stop(begins("analyze"), quick=True),
    "detect": Stop(begins("detect"), quick=True),
    "restore": Stop(begins("restore"), quick=True),
    "build": Stop(installs, cell="%pip install six"),
    "export": Stop(begins("export"), cell=READS),
    "SIGTERM in resolve": Stop(begins("resolve"), signal.SIGTERM, options=("--upgrade",)),
    "SIGTERM in stack": Stop(assembles, signal.SIGTERM, without_base=True),
    "SIGTERM in build": Stop(installs, signal.SIGTERM, cell="%pip install toml"),
    "SIGTERM in export": Stop(begins("export"), signal.SIGTERM, cell=READS),
    "SIGHUP in export": Stop(begins("export"), signal.SIGHUP, cell=READS),
}


def write_data(folder: Path) -> None:
    """120 MiB that ``READS`` needs in the image, and that do not compress."""
    for name in DATA:
        (folder / name).write_bytes(os.urandom(20 << 20))


def send(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """A terminal sends Ctrl-C and hang-up to all of its foreground group; kill reaches the process alone."""
    if number == signal.SIGTERM:
        process.send_signal(number)
    else:
        os.killpg(process.pid, number)


def stop_when(process: subprocess.Popen[str], stop: Stop) -> list[dict[str, Any]]:
    """Send the signal as soon as the event is seen; the events from then on."""
    assert process.stdout is not None
    for line in process.stdout:
        if stop.when(json.loads(line)):
            break
    else:
        pytest.fail("the phase never began")
    send(process, stop.number)
    began = time.monotonic()
    out, err = process.communicate(timeout=120)
    assert time.monotonic() - began < SOON
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_build__signal__one_sentence_and_nothing_left(
    machine: Any, stop: Stop, orphans: Callable[[], list[str]]
) -> None:
    write_data(machine.folder)
    machine.write(stop.cell)
    if stop.without_base:
        for image in Store(machine.home).images():
            if image.name.startswith("mlpack/run:"):
                Store(machine.home).untag(image.name)
    before = machine.digest()
    process = machine.start(*stop.options)
    events = stop_when(process, stop)
    if not (stop.quick and process.returncode == 0):
        assert process.returncode == 128 + stop.number
        assert [event["code"] for event in events if event.get("event") == "Failed"] == ["interrupted"]
        assert machine.digest() == before
    assert orphans() == []
    assert machine.left_behind() == []
    if stop.number == signal.SIGINT:
        machine.build()
        assert machine.digest() not in (None, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_build__signal_while_a_registry_is_silent__ends_and_keeps_the_image(
    machine: Any, stalling_server: Any, number: signal.Signals
) -> None:
    before = machine.digest()
    machine.write("print('changed')")
    process = machine.start("--push", f"{stalling_server.host}/team/n:1", "--insecure")

    def when(event: dict[str, Any]) -> bool:
        return begins("publish")(event) and stalling_server.stalled.wait(20) is not None

    began = time.monotonic()
    events = stop_when(process, Stop(when, number))
    assert process.returncode == 128 + number
    assert [event["code"] for event in events if event.get("event") == "Failed"] == ["interrupted-after-build"]
    assert time.monotonic() - began < 40
    assert machine.digest() not in (None, before), "the image was finished before"
    assert machine.left_behind() == []


def test_build__two_signals_in_a_row__still_cleans_up(machine: Any, orphans: Callable[[], list[str]]) -> None:
    machine.write("%pip install tomli_w")
    process = machine.start()
    assert process.stdout is not None
    for line in process.stdout:
        if installs(json.loads(line)):
            break
    for _ in range(3):
        send(process, signal.SIGINT)
        time.sleep(0.1)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert machine.left_behind() == []
    assert orphans() == []


def test_build__ctrl_c_in_a_terminal__sentence_and_a_usable_terminal(
    machine: Any, orphans: Callable[[], list[str]]
) -> None:
    """The key itself: the terminal makes the signal of it."""
    machine.write("%pip install tomli")
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_mlpack", "build", "n.ipynb", "--name", machine.name, "--home", machine.home],
        stdin=its, stdout=its, stderr=its, cwd=machine.folder, start_new_session=True,
        env={**os.environ, **machine.environment, "TMPDIR": str(machine.scratch), "TERM": "xterm"},
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 (no thread runs here)
    )  # fmt: skip
    os.close(its)
    before, shown, pressed = machine.digest(), b"", False
    with suppress(OSError):  # a terminal without a program reads as an error
        while data := os.read(ours, 65536):
            shown += data
            if not pressed and b"Installing" in shown:
                os.write(ours, b"\x03")
                pressed = True
    os.close(ours)
    assert process.wait(30) == 130
    assert b"Stopped. No image name was changed" in shown
    assert b"Traceback" not in shown
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l"), "the cursor is visible again"
    assert machine.digest() == before
    assert machine.left_behind() == []
    assert orphans() == []


def test_build__reader_of_its_output_goes_away__stops_in_order(machine: Any, orphans: Callable[[], list[str]]) -> None:
    """``jupyter mlpack build ... | head -1``."""
    machine.write("%pip install tomli")
    before = machine.digest()
    process = machine.start()
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 128 + signal.SIGPIPE
    assert "Traceback" not in process.stderr.read()
    assert machine.digest() == before
    assert machine.left_behind() == []
    assert orphans() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("delay", [0.15, 0.3, 0.45, 0.6])
def test_start__signal_while_it_starts__no_traceback(machine: Any, number: signal.Signals, delay: float) -> None:
    """Wherever it lands while modules are imported (before our first line runs, it is Python's own matter)."""
    process = machine.start("--dry-run")
    time.sleep(delay)
    send(process, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (128 + number, -number, 0)
    assert "Traceback" not in err or "jupyter_mlpack/cli" not in err


# --- full disks -----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of so many MiB, a real one in memory."""
    mounted: list[Path] = []

    def mount(size: int) -> Path:
        if os.getuid() != 0:
            pytest.skip("LOUD: a full disk needs a mount, and that needs root")
        place = tmp_path / f"disk-{len(mounted)}"
        place.mkdir()
        answer = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}m", "none", str(place)], capture_output=True, check=False
        )
        if answer.returncode:
            pytest.skip(f"LOUD: no mounts here: {answer.stderr.decode()}")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def leave_room(disk: Path, size: int) -> None:
    """Make the disk as large as it is full, and so many MiB."""
    found = os.statvfs(disk)
    used = (found.f_blocks - found.f_bfree) * found.f_frsize >> 20
    subprocess.run(["mount", "-o", f"remount,size={used + size}m", str(disk)], check=True)


def test_build__store_full_while_layers_are_written__says_so_and_works_again_with_room(
    machine: Any, small_disk: Callable[[int], Path]
) -> None:
    disk = small_disk(2000)
    shutil.copytree(machine.home, disk / "home", symlinks=True)
    shutil.rmtree(machine.home)
    machine.home.symlink_to(disk / "home")
    leave_room(disk, 40)
    write_data(machine.folder)
    machine.write(READS)
    blobs = sorted(path.name for path in (machine.home / "blobs" / "sha256").iterdir())
    failure = machine.failure(expected=7)
    assert failure["code"] == "store-full"
    assert str(machine.home) in failure["where"]
    kept = {path.name for path in (machine.home / "blobs" / "sha256").iterdir()} - set(blobs)
    assert all((machine.home / "blobs" / "sha256" / name).stat().st_size < 1 << 20 for name in kept)
    leave_room(disk, 400)
    machine.build()


def forget_packages(home: Path) -> None:
    """As on a machine that has never seen a wheel: all of them are installed again."""
    for name in ("wheels", "outcomes", "known"):
        shutil.rmtree(home / name, ignore_errors=True)


def test_build__store_full_while_packages_are_installed__names_the_folder(
    machine: Any, small_disk: Callable[[int], Path]
) -> None:
    disk = small_disk(2000)
    forget_packages(machine.home)
    shutil.copytree(machine.home, disk / "home", symlinks=True)
    shutil.rmtree(machine.home)
    machine.home.symlink_to(disk / "home")
    machine.write("%pip install six")
    machine.build("--dry-run")
    leave_room(disk, 8)
    failure = machine.failure(expected=52)
    assert failure["code"] == "scratch-full"
    assert str(machine.home) in failure["what"]
    assert "MLPACK_HOME" in failure["hint"]


def test_build__scratch_full__names_the_folder(machine: Any, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(1)
    machine.scratch.rmdir()
    machine.scratch.symlink_to(disk)
    write_data(machine.folder)
    machine.write(READS)
    failure = machine.failure(expected=52, TMPDIR=str(disk))
    assert failure["code"] == "scratch-full"
    assert str(disk) in failure["what"]
    assert "TMPDIR" in failure["hint"]


def test_build__download_cache_full__names_the_folder(machine: Any, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(6)
    machine.write("%pip install six")
    machine.build("--dry-run")
    forget_packages(machine.home)
    failure = machine.failure(expected=52, UV_CACHE_DIR=str(disk / "cache"))
    assert failure["code"] == "scratch-full"
    assert str(disk) in failure["what"]


# --- packages -------------------------------------------------------------------------------------------------


def locked(machine: Any, package: str, *options: str, **environment: str) -> Path:
    """The lock of a new notebook that needs ``package``."""
    before = set((machine.home / "locks").iterdir())
    machine.write(f"%pip install {package}")
    machine.build("--dry-run", *options, **environment)
    return (set((machine.home / "locks").iterdir()) - before).pop()


def test_build__hash_of_the_lock_differs__names_the_package_and_both_hashes(machine: Any) -> None:
    lock = locked(machine, "six")
    packages = json.loads(lock.read_text())
    six = next(package for package in packages if package["name"] == "six")
    text = lock.read_text().replace(six["sha256"], "0" * 64)
    lock.write_text(text)
    failure = machine.failure(expected=51)
    assert failure["code"] == "package-hash-differs"
    assert "six==" in failure["what"]
    assert "0" * 64 in failure["why"]
    assert six["sha256"] in failure["why"]


def test_build__locked_but_no_network__says_who_cannot_be_reached(machine: Any) -> None:
    locked(machine, "six")
    failure = machine.failure(expected=51, UV_CACHE_DIR=str(machine.folder / "empty"), **NO_NETWORK)
    assert failure["code"] == "downloads-unreachable"
    assert "cannot be reached" in failure["what"]


def test_build__kernel_whose_python_is_gone__says_so(machine: Any) -> None:
    spec = machine.folder / "jupyter" / "kernels" / "gone" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(machine.folder / "gone" / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Gone", "language": "python"}))
    machine.write("print(1)", kernelspec={"name": "gone", "display_name": "Gone", "language": "python"})
    failure = machine.failure(expected=3, JUPYTER_PATH=str(machine.folder / "jupyter"))
    assert failure["code"] == "kernel-interpreter-gone"
    assert argv[0] in failure["where"]
    assert "ipykernel install" in failure["hint"]


# --- outputs --------------------------------------------------------------------------------------------------


def test_build__layout_into_a_folder_of_others__is_refused_and_untouched(machine: Any) -> None:
    folder = machine.folder / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("precious")
    failure = machine.failure("--layout", "mine", expected=7)
    assert failure["code"] == "output-occupied"
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_build__archive_into_a_folder_that_is_not_there__makes_it(machine: Any) -> None:
    machine.build("--archive", "not/yet/there/n.tar")
    assert [path.name for path in (machine.folder / "not/yet/there").iterdir()] == ["n.tar"]


@pytest.mark.parametrize("option", ["--layout", "--archive"])
def test_build__folder_of_somebody_else__is_told_before_the_build(machine: Any, option: str) -> None:
    if os.getuid() != 0:
        pytest.skip("LOUD: becoming another user needs root")
    own = ("setpriv", "--reuid", "4321", "--regid", "4321", "--clear-groups")
    for parent in (machine.folder, *machine.folder.parents):
        if parent.stat().st_uid == 0 and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    if subprocess.run(
        [*own, sys.executable, "-c", "import jupyter_mlpack"], capture_output=True, check=False
    ).returncode:
        pytest.skip("LOUD: this Python cannot be read by other users")
    closed = machine.folder / "closed"
    closed.mkdir(mode=0o755)
    subprocess.run(["chown", "-R", "4321:4321", str(machine.home), str(machine.scratch)], check=True)
    process = machine.start(option, "closed/out", prefix=own, HOME=str(machine.scratch))
    events = machine.end(process, 7)
    assert events[-1]["code"] == "output-unwritable"
    assert "closed" in events[-1]["what"]
    assert len(events) == 1, "nothing was begun"
    assert list(closed.iterdir()) == []


# --- registries -----------------------------------------------------------------------------------------------


def refused(machine: Any, reference: str, *options: str) -> dict[str, Any]:
    """The failure of a push; the image is finished and kept."""
    machine.write("print('changed')")
    before = machine.digest()
    events = machine.build("--push", reference, *options, expected=6)
    assert machine.digest() not in (None, before), "the image is kept in the store"
    assert machine.left_behind() == []
    assert events[-1]["hint"]
    found: dict[str, Any] = events[-1]
    return found


def test_push__nobody_listens__the_image_is_kept(machine: Any) -> None:
    failure = refused(machine, "127.0.0.1:9/team/n:1", "--insecure")
    assert failure["code"] == "push-unreachable"
    assert "127.0.0.1:9" in failure["what"]


def test_push__no_credentials__says_how_to_log_in(machine: Any, start_registry: Callable[[str], Any]) -> None:
    users = machine.folder / "htpasswd"
    users.write_text(f"ann:{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}\n")
    registry = start_registry(f"auth: {{htpasswd: {{realm: team, path: {users}}}}}")
    machine.environment["DOCKER_CONFIG"] = str(machine.folder / "no-docker-config")
    failure = refused(machine, f"{registry.host}/team/n:1", "--insecure")
    assert failure["code"] == "push-denied"
    assert f"docker login {registry.host}" in failure["hint"]


def test_push__plain_http_not_allowed__names_the_option(machine: Any, registry: Any) -> None:
    failure = refused(machine, f"{registry.host}/team/n:1")
    assert failure["code"] == "push-plain-http"
    assert "--insecure" in failure["hint"]


def test_push__registry_is_read_only__says_what_it_says(machine: Any, start_registry: Callable[[str], Any]) -> None:
    registry = start_registry("")
    folder = registry.log.parent
    registry.process.terminate()
    registry.process.wait(10)
    text = (folder / "config.yml").read_text()
    (folder / "config.yml").write_text(text.replace("delete:", "maintenance: {readonly: {enabled: true}}, delete:"))
    process = subprocess.Popen([*registry.process.args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        failure = refused(machine, f"{registry.host}/team/n:1", "--insecure")
    finally:
        process.terminate()
        process.wait(10)
    assert failure["code"] in ("push-refused", "push-denied")
    assert failure["why"]


# --- two at once ----------------------------------------------------------------------------------------------


def test_build__two_at_the_same_time__both_succeed_with_the_same_digest(machine: Any) -> None:
    machine.write("%pip install six")
    processes = [machine.start(), machine.start()]
    digests = set()
    for process in processes:
        events = machine.end(process, 0)
        digests |= {event["image"]["digest"] for event in events if event.get("event") == "BuildSucceeded"}
    assert digests == {machine.digest()}
    assert machine.left_behind() == []
