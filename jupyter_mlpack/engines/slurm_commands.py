"""Slurm's own commands: submitted, asked, ended. They speak to the controller with the user's credentials (munge)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_mlpack import errors
from jupyter_mlpack.children import running
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.pattern import pattern

SECONDS = 120.0
"""How long a command may take: Slurm's own patience with a busy controller is about 90."""

PASSED = pattern(
    r"PATH|HOME|USER|LOGNAME|LANG|TZ|TMPDIR|KRB5CCNAME|LD_LIBRARY_PATH|SBATCH_.*|SLURM_(CONF|CLUSTERS|JWT)"
)
"""Variables that the commands get, and with them the job: not those of the notebook server, whose secrets would be
written into the controller's files, nor those of a job around us."""

UNREACHABLE = ("unable to contact slurm controller", "socket timed out", "connection refused", "zero bytes", "munge",
               "unable to establish", "authentication", "could not establish")  # fmt: skip
HELP = "--help"
"""In a line that says no more than where help is."""

UNKNOWN = ("invalid job id", "already completing", "already completed")


@dataclass(frozen=True)
class Standing:
    """What Slurm says of a job: its state (``PENDING``) and the reason, both in Slurm's words; empty if forgotten."""

    state: str = ""
    reason: str = ""


def variables() -> dict[str, str]:
    """The environment of Slurm's commands."""
    return {name: value for name, value in os.environ.items() if PASSED.fullmatch(name)}


def ask(words: Sequence[str]) -> str:
    """What a command prints. Raises ``SlurmMissing``, ``SlurmUnreachable``, ``SlurmRefused``."""
    import subprocess

    pipe = subprocess.PIPE
    try:
        with running(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=variables()) as child:
            out, problem = child.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise errors.SlurmUnreachable(reason=f"{words[0]} said nothing for {SECONDS:.0f} seconds") from error
    except OSError as error:
        raise errors.SlurmMissing(command=words[0], reason=error.strerror or str(error)) from error
    if child.returncode:
        raise refusal(words[0], problem.decode(errors="replace"))
    return str(out.decode(errors="replace"))


def refusal(command: str, said: str) -> errors.EngineError:
    """The error for what a command complained about."""
    lines = [line.partition("error: ")[2] or line for line in said.splitlines() if line.strip() and HELP not in line]
    reason = (lines[-1] if lines else "it gave no reason").strip().rstrip(".")
    if any(word in said.lower() for word in UNREACHABLE):
        return errors.SlurmUnreachable(reason=reason)
    return errors.SlurmRefused(command=command, reason=reason, advice=advice(reason))


def advice(reason: str) -> str:
    """What to change for a reason that sbatch gives."""
    low = reason.lower()
    for words, sentence in REFUSALS.items():
        if words in low:
            return sentence
    return "The site's documentation, or its support, knows this message of Slurm."


REFUSALS: Mapping[str, str] = {
    "invalid partition": 'Name a partition that sinfo shows: "partition" of the target in jupyter_mlpack_config.py.',
    "invalid account": 'Name your account and a partition that it may use: "account" of the target.',
    "invalid qos": 'Name a quality of service that you may use: "qos" of the target.',
    "node configuration is not available": "No node has that many GPUs, CPUs or that much memory: wish for less, or "
    'name another "partition" or "gres".',
    "cpu count per node": "Wish for fewer CPUs, or name another partition.",
    "more processors requested": "Wish for fewer CPUs, or name another partition.",
    "memory specification": "Wish for less memory, or name another partition.",
    "node count specification": "Wish for fewer nodes, or name another partition.",
    "time limit": "Wish for less time (--time), or name another partition.",
    "generic resource": 'Name the GPUs as the site calls them (scontrol show node): "gres": "gpu:a100".',
    "invalid feature": 'The "constraint" of the target names a feature that no node has (sinfo -o "%f").',
    "reservation": 'Name one that is there and yours (scontrol show reservation): "reservation" of the target.',
    "unrecognized option": 'The list "sbatch" of the target has a word that this sbatch does not know (sbatch --help).',
    "invalid --": 'The list "sbatch" of the target has a word that this sbatch does not take (sbatch --help).',
    "requested time": "Wish for less time (--time), or name another partition.",
    "violates accounting": "A limit of your account or of its quality of service is reached: wish for less, or wait.",
    "submit limit": "You have as many jobs as you may: wait, or cancel some.",
}
"""What to change, by words of sbatch's complaint."""


def submit(words: Sequence[str], answer: Path, lock: int) -> str:
    """Give Slurm a job: its number, which sbatch itself writes into the file ``answer``, also where we are killed.

    ``lock`` is held by sbatch, too: who waits for it knows that sbatch has ended. Raises as ``ask``.
    """
    import subprocess

    try:
        with answer.open("wb") as out, subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, env=variables(), pass_fds=[lock],
            start_new_session=True,
        ) as child:  # fmt: skip
            _, problem = child.communicate()
    except OSError as error:
        raise errors.SlurmMissing(command=words[0], reason=error.strerror or str(error)) from error
    if child.returncode:
        answer.unlink(missing_ok=True)
        raise refusal(words[0], problem.decode(errors="replace"))
    return read_number(answer)


def read_number(answer: Path) -> str:
    """The job's number in ``answer`` (``123`` or ``123;cluster``); empty where none is written."""
    try:
        return answer.read_text().strip().partition(";")[0]
    except OSError:
        return ""


def find_named(name: str) -> str:
    """The number of the newest job of that name which Slurm still knows; empty if there is none."""
    numbers = ask(["squeue", "--noheader", "--states=all", f"--name={name}", "--format=%i"]).split()
    return max(numbers, key=lambda number: int(number) if number.isdecimal() else 0, default="")


def standing(number: str) -> Standing:
    """What Slurm says of a job, else what its accounting says. Raises as ``ask``."""
    said = ask_of_job(["squeue", "--noheader", "--states=all", f"--jobs={number}", "--format=%T|%r"])
    return Standing(*said.splitlines()[0].split("|", 1)) if said else accounted(number)


def end_job(number: str, *words: str) -> None:
    """Cancel a job, or signal it; nothing where it is over. Raises as ``ask``."""
    ask_of_job(["scancel", *words, number])


def ask_of_job(words: Sequence[str]) -> str:
    """What a command prints of a job; nothing where Slurm does not know it any more."""
    try:
        return ask(words).strip()
    except errors.SlurmRefused as error:
        if not any(word in str(error.data["reason"]).lower() for word in UNKNOWN):
            raise
        return ""


def accounted(number: str) -> Standing:
    """The same of the accounting, where a site has one."""
    if shutil.which("sacct") is None:
        return Standing()
    try:
        said = ask(["sacct", "--noheader", "--allocations", "--parsable2", f"--jobs={number}", "--format=State,Reason"])
    except errors.EngineError:
        return Standing()
    return Standing(*said.splitlines()[0].split("|", 1)) if said.strip() else Standing()
