"""apt as the resolver and verifier, in folders of our own: no root, any release, any architecture.

apt checks the signature of the index and the hash of each archive. Nothing of the machine's package state is read or
changed; its proxy, TLS and credential settings (``/etc/apt/apt.conf.d``, ``auth.conf.d``) count.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from jupyter_mlpack import children
from jupyter_mlpack.errors import AptMissing
from jupyter_mlpack.frozen import dataclass
from jupyter_mlpack.stack.complaint import Attempt, complaint
from jupyter_mlpack.stack.sources import Archive, source_lines, stanzas
from jupyter_mlpack.values import Stack

TRUSTED = "MLPACK_CA_BUNDLE"
"""The variable of this process that names a file of authorities to trust, where some were given (``given/trust``)."""

INDEX_AGE = 24 * 3600
"""Seconds for which a package index is taken as it is."""

CONFIGURATION = """\
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "2";
APT::Get::AllowUnauthenticated "false";
Debug::NoLocking "true";
Dir::Cache "{state}/cache";
Dir::Cache::archives "archives/";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::preferences "{state}/preferences";
Dir::Etc::preferencesparts "{state}/parts";
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "{state}/parts";
Dir::Log "{state}/log";
Dir::State "{state}";
Dir::State::lists "lists/";
Dir::State::status "{state}/status";
"""
"""Read after the machine's own configuration. The hooks are cleared because they act on the machine (one empties its
archive cache); the sandbox user is empty because that account may not enter the folder of an ordinary user."""


@dataclass(frozen=True)
class Package:
    """One archive that the resolver chose: ``file`` as apt names it in its cache, ``size`` in bytes, its SHA-256."""

    name: str
    version: str
    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Apt:
    """apt-get with its state in ``state``, for one stack and architecture."""

    program: str
    state: Path
    stack: Stack
    arch: str
    archive: Archive

    @property
    def archives(self) -> Path:
        """The folder of downloaded archives."""
        return self.state / "cache" / "archives"


def open_apt(stack: Stack, arch: str, archive: Archive, state: Path) -> Apt:
    """apt with its folders made and its configuration written; raises ``AptMissing``."""
    apt = Apt(find_apt(stack), state, stack, arch, archive)
    for folder in ("lists/partial", "cache/archives/partial", "parts", "log", "tmp"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    for name in ("status", "preferences"):
        (state / name).touch()
    trusted = os.environ.get(TRUSTED)
    certificates = f'Acquire::https::CAInfo "{trusted}";\n' if trusted else ""
    (state / "apt.conf").write_text(CONFIGURATION.format(arch=arch, state=state) + certificates, encoding="utf-8")
    (state / "sources.list").write_text(source_lines(archive, stack.suite, arch), encoding="utf-8")
    return apt


def find_apt(stack: Stack) -> str:
    """The path of apt-get; raises ``AptMissing``."""
    program = shutil.which("apt-get")
    if not program:
        raise AptMissing(stack=stack.name)
    return program


def update_index(apt: Apt, *, refresh: bool) -> bool:
    """Fetch and verify the package index unless today's is at hand; True if it was fetched.

    The stamp holds the sources that it belongs to: another mirror means another index.
    """
    stamp = apt.state / "index.stamp"
    sources = sha256((apt.state / "sources.list").read_bytes()).hexdigest()
    if not refresh and stamp.is_file() and stamp.read_text() == sources and _age(stamp) < INDEX_AGE:
        return False
    stamp.unlink(missing_ok=True)
    run_apt(apt, "update", ["apt-get", "-qq", "update"])
    stamp.write_text(sources)
    return True


def resolve(apt: Apt, names: Sequence[str], options: Sequence[str] = ()) -> tuple[Package, ...]:
    """The archives that ``names`` need on an empty system, sorted by name. ``options`` are more words for apt-get.

    Raises ``PackageMissing`` or ``PackagesConflict``. The simulation says which versions (``--print-uris`` would leave
    out what is downloaded already), the verified index says sizes and SHA-256.
    """
    simulated = run_apt(apt, "install", ["apt-get", "-qq", *options, "--simulate", "install", "--", *names])
    chosen = re.findall(r"^Inst (\S+) \((\S+) ", simulated, re.MULTILINE)
    shown = run_apt(apt, "show", ["apt-cache", "show", "--", *(f"{name}={version}" for name, version in chosen)])
    index = {(entry["package"], entry["version"]): entry for entry in stanzas(shown)}
    return tuple(listed_package(index[name.partition(":")[0], version]) for name, version in sorted(chosen))


def listed_package(entry: Mapping[str, str]) -> Package:
    """A paragraph of the index. In its cache's file names apt escapes ``_`` and ``:`` (``acquire-item.cc``)."""
    parts = (entry[field].replace("_", "%5f").replace(":", "%3a") for field in ("package", "version", "architecture"))
    return Package(entry["package"], entry["version"], "_".join(parts) + ".deb", int(entry["size"]), entry["sha256"])


def download(apt: Apt, packages: Sequence[Package], seen: Callable[[int, int], None]) -> None:
    """Fetch the archives that are not there yet; apt verifies them.

    ``seen(done, total)`` in bytes, at most once for each percent, never falling (apt's own figure may, at a retry).
    """
    missing = [package for package in packages if not (apt.archives / package.file).is_file()]
    total = sum(package.size for package in missing)
    percent = -1

    def status(line: str) -> None:
        nonlocal percent
        match = re.match(r"dlstatus:\d+:(\d+)", line)
        if match and percent < int(match[1]) < 100:
            percent = int(match[1])
            seen(total * percent // 100, total)

    if missing:
        exact = [f"{package.name}={package.version}" for package in packages]
        command = ["apt-get", "-qq", "-y", "-o", "APT::Status-Fd=1", "--download-only", "install", "--", *exact]
        run_apt(apt, "download", command, status)
        seen(total, total)
    _prune(apt, {package.file for package in packages})


def _prune(apt: Apt, wanted: set[str]) -> None:
    """Forget archives of older package sets: one set is what an assembly needs."""
    for path in apt.archives.glob("*.deb"):
        if path.name not in wanted:
            path.unlink()


def _age(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def run_apt(
    apt: Apt, action: str, command: list[str], line: Callable[[str], None] | None = None, folder: Path | None = None
) -> str:
    """What the command printed; ``line`` sees each line as it comes. Raises the leaf that apt's words mean."""
    program = [str(Path(apt.program).with_name(command[0])), "-c", str(apt.state / "apt.conf"), *command[1:]]
    private = {"LC_ALL": "C", "LANGUAGE": "", "DEBIAN_FRONTEND": "noninteractive", "TMPDIR": str(apt.state / "tmp")}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace", dir=apt.state) as errors:
        with children.running(
            program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, errors="replace",
            env={**os.environ, **private}, cwd=folder or apt.state,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            said = []
            for text in process.stdout:  # stopped here, what it has half fetched stays where the next one goes on
                said.append(text)
                if line:
                    line(text)
            status = process.wait()
        errors.seek(0)
        complaints = errors.read()
    if status:
        raise complaint(Attempt(apt.stack, apt.arch, apt.archive, action, apt.state), complaints)
    return "".join(said)
