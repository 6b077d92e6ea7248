"""apt as the build image has it, with state of its own: no root, nothing of the image is changed."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

RUN_IMAGE = Path("/usr/share/mlpack/run-image.status")
"""Where build images of ours say which packages the run image has."""

INSTALLED = Path("/var/lib/dpkg/status")
TRIPLES = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
CONFIGURATION = """\
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Languages "none";
Acquire::Retries "2";
Debug::NoLocking "true";
Dir::Cache "{state}/cache";
Dir::Cache::archives "archives/";
Dir::Log "{state}/log";
Dir::State "{state}";
Dir::State::lists "lists/";
Dir::State::status "{state}/status";
"""


class Failed(Exception):
    """It cannot be done; the text is for the user."""


def run_distribution() -> None:
    """Ends the build where the run image is of another distribution than this build image: packages would not fit."""
    wanted = (os.environ.get("CNB_TARGET_DISTRO_NAME", ""), os.environ.get("CNB_TARGET_DISTRO_VERSION", ""))
    fields = read_fields(Path("/etc/os-release"))
    here = (fields.get("ID", ""), fields.get("VERSION_ID", ""))
    if wanted[0] and wanted != here:
        raise Failed(
            f"The build image is {' '.join(here)}, the run image {' '.join(wanted)}: its packages would not fit."
            " Use a builder and a run image of one distribution."
        )


def read_fields(path: Path) -> "dict[str, str]":
    """``NAME=value`` lines."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


class Apt:
    """apt-get with its index and archives in ``state``, a layer that is cached."""

    def __init__(self, state: Path) -> None:
        if not shutil.which("apt-get"):
            raise Failed("The build image has no apt-get. Put the packages into the run image instead.")
        self.state = state
        machine = os.uname().machine
        self.arch = os.environ.get("CNB_TARGET_ARCH") or {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
        self.triple = TRIPLES.get(self.arch, "")
        for folder in ("lists/partial", "cache/archives/partial", "log"):
            (state / folder).mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(arch=self.arch, state=state)
        trusted = os.environ.get("SSL_CERT_FILE")
        text += f'Acquire::https::CAInfo "{trusted}";\n' if trusted else ""
        (state / "apt.conf").write_text(text, encoding="utf-8")
        (state / "status").write_text("".join(there()), encoding="utf-8")

    def update(self) -> None:
        """Fetch the index; apt checks its signature with the build image's keys."""
        self.run("apt-get", "-qq", "update")

    def resolve(self, wishes: "list[str]") -> "list[tuple[str, str]]":
        """Names and versions of what the run image lacks, sorted."""
        said = self.run("apt-get", "-qq", "--simulate", "install", "--", *wishes)
        return sorted(re.findall(r"^Inst (\S+?)(?::\S+)? (?:\[\S+\] )?\((\S+) ", said, re.MULTILINE))

    def fetch(self, chosen: "list[tuple[str, str]]") -> "list[Path]":
        """The archives, with hashes checked by apt; those of other packages are forgotten."""
        exact = [f"{name}={version}" for name, version in chosen]
        self.run("apt-get", "-qq", "-y", "--download-only", "install", "--", *exact)
        archives = self.state / "cache/archives"
        wanted = {(name, version.replace(":", "%3a")) for name, version in chosen}
        found = []
        for path in sorted(archives.glob("*.deb")):
            if tuple(path.name.split("_")[:2]) in wanted:
                found.append(path)
            else:
                path.unlink()
        if len(found) != len(chosen):
            raise Failed(f"apt fetched {len(found)} of {len(chosen)} archives.")
        return found

    def run(self, *command: str) -> str:
        """What a command says. Raises ``Failed`` with apt's own complaints."""
        environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": "", "DEBIAN_FRONTEND": "noninteractive"}
        program = [command[0], "-c", str(self.state / "apt.conf"), *command[1:]]
        done = subprocess.run(program, env=environment, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()
            reason = " ".join(line.removeprefix("E:").strip() for line in lines[:3]) or "no reason given"
            raise Failed(f"apt cannot have the packages: {without_login(reason)}")
        return done.stdout


def without_login(text: str) -> str:
    """Addresses without what stands before their ``@``."""
    return re.sub(r"(\w+://)[^/\s@]+@", r"\1***@", text)


def there() -> "Iterator[str]":
    """The paragraphs of packages that the run image has.

    Build images of ours say it. Of another one, what each image of the distribution has: what is essential or required,
    and what that depends on.
    """
    if RUN_IMAGE.is_file():
        yield RUN_IMAGE.read_text(encoding="utf-8")
        return
    if not INSTALLED.is_file():
        return
    paragraphs = {}
    for text in INSTALLED.read_text(encoding="utf-8", errors="replace").split("\n\n"):
        fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", text, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            paragraphs[fields.get("Package", "")] = (fields, text)
    waiting = [
        name
        for name, (fields, _) in paragraphs.items()
        if fields.get("Essential") == "yes" or fields.get("Priority") == "required"
    ]
    known = set(waiting)
    while waiting:
        fields, text = paragraphs[waiting.pop()]
        yield f"{text.strip()}\n\n"
        for field in ("Pre-Depends", "Depends"):
            for name in re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)", fields.get(field, "")):
                if name in paragraphs and name not in known:
                    known.add(name)
                    waiting.append(name)
