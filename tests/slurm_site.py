"""A true Slurm on loopback, for as long as the tests run: controller, one node with two GPUs of its own imagination."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scancel", "munged")
CONFIGURATION = """\
ClusterName=mlpack
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
SlurmctldPort={controller}
SlurmdPort={node}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_min_interval=0,sched_interval=1,bf_interval=1,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
GresTypes=gpu
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=1000 Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE
PartitionName=down Nodes=ALL State=DOWN
"""


class SlurmSite:
    """Where its files are, and what is done to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configuration = folder / "slurm.conf"

    def run(self, *words: str) -> str:
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout

    def begin(self, program: str) -> None:
        """``slurmctld`` or ``slurmd``, again."""
        self.run(program, "-f", str(self.configuration))

    def stop(self, program: str, number: int = signal.SIGTERM) -> None:
        """End it, in order unless another signal is named: a controller that is killed forgets the last seconds."""
        path = self.folder / f"{program}.pid"
        process = int(path.read_text())
        os.kill(process, number)
        while running(process):
            time.sleep(0.05)
        path.unlink(missing_ok=True)


def running(number: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def missing() -> str:
    """Why there can be no Slurm here; empty if there can."""
    if os.geteuid() != 0:
        return "a Slurm for tests needs root"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"no {', '.join(absent)} here (Debian: apt-get install slurm-wlm munge)" if absent else ""


@contextlib.contextmanager
def slurm_site(folder: Path) -> Iterator[SlurmSite]:
    """A Slurm whose configuration is in the environment, until the block is left."""
    reason = missing()
    if reason:
        pytest.skip(f"NOT TESTED: {reason}")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    gpus = [folder / f"gpu{number}" for number in range(2)]
    for gpu in gpus:
        gpu.touch()
    host = socket.gethostname().partition(".")[0]
    controller, node = free_ports(2)
    site = SlurmSite(folder)
    site.configuration.write_text(CONFIGURATION.format(folder=folder, host=host, controller=controller, node=node))
    (folder / "gres.conf").write_text("".join(f"NodeName={host} Name=gpu File={gpu}\n" for gpu in gpus))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(site.configuration))
        try:
            site.run(
                "munged", "--force", f"--socket={folder}/munge.sock", f"--key-file={key}", f"--seed-file={folder}/seed",
                f"--log-file={folder}/munged.log", f"--pid-file={folder}/munged.pid",
            )  # fmt: skip
            site.begin("slurmctld")
            site.begin("slurmd")
            wait_until_idle(site)
            yield site
        finally:
            end_jobs(site)
            for program in ("slurmd", "slurmctld", "munged"):
                with contextlib.suppress(OSError, ValueError):
                    site.stop(program, signal.SIGKILL)


def end_jobs(site: SlurmSite) -> None:
    """None is left, nor what watches it on the node."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        site.run("scancel", "--user=root")
        until = time.monotonic() + 15
        while site.run("squeue", "--noheader").strip() and time.monotonic() < until:
            time.sleep(0.2)


def wait_until_idle(site: SlurmSite) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(subprocess.CalledProcessError):
            if "idle" in site.run("sinfo", "--noheader", "--partition=main", "--format=%T"):
                return
        time.sleep(0.2)
    pytest.fail(f"Slurm did not begin: {(site.folder / 'slurmctld.log').read_text()[-2000:]}")
