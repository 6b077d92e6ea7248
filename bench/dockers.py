"""The peers: ``docker build`` of a Dockerfile as most write it, and of one as an expert does.

No registry of base images is asked: both bases are made from Debian packages, as little as ``python:3.11-slim`` has.
BuildKit's cache mounts keep downloads (pip's, uv's, apt's) on both, also for the one that most people write without.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import watch
from cases import Case
from results import Sample, say

from jupyter_mlpack.stack.sources import base_source, machine_sources, security_uri

DEBIANS = "/usr/bin/docker"
CLIENT = DEBIANS if Path(DEBIANS).exists() else "docker"
"""Debian's client has BuildKit inside; newer ones want a plug-in for it."""
SLIM, WITH_PIP, UV = "mlpack-bench-slim:bookworm", "mlpack-bench-pip:bookworm", "mlpack-bench-uv:latest"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
WITHOUT = ("doc", "man", "info", "locale")
APT = "--mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt/lists"
PIP = "--mount=type=cache,target=/root/.cache/pip"
WHEELS = "mlpack-bench-wheels:latest"
FOLDER = f"--mount=type=bind,from={WHEELS},source=/wheels,target=/wheels"
UVS = f"--mount=type=cache,target=/root/.cache/uv --mount=type=bind,from={UV},source=/uv,target=/bin/uv"


def debs_step(case: Case) -> str:
    """Packages from Debian; the index is fetched once and then kept, as the .deb files are."""
    if not case.debs:
        return ""
    fetch = "ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1 || apt-get update"
    return f"RUN {APT} ({fetch}) && apt-get install -y --no-install-recommends {' '.join(case.debs)}\n"


def mounts(case: Case, cache: str) -> str:
    """Where an installer finds its downloads."""
    return f"{cache} {FOLDER}" if case.folder else cache


def options(case: Case) -> str:
    """What an installer is told about it."""
    return "--no-index --find-links /wheels " if case.folder else ""


def pip_file(case: Case) -> str:
    """The Dockerfile that most people write (the cache mount and ``--no-install-recommends`` favour it)."""
    return f"""FROM {WITH_PIP}
{debs_step(case)}WORKDIR /workspace
COPY heavy.txt requirements.txt ./
RUN {mounts(case, PIP)} pip install {options(case)}-r heavy.txt -r requirements.txt
COPY train.ipynb ./
ENTRYPOINT ["papermill", "train.ipynb", "-"]
"""


def expert_file(case: Case, bytecode: bool) -> str:
    """Tuned: uv from another image, cache mounts, what is heavy and seldom changes in a layer of its own.

    uv itself is only mounted while it is needed, so the image holds no more than a multi-stage build would leave.
    """
    compiled = " UV_COMPILE_BYTECODE=1" if bytecode else ""
    return f"""FROM {SLIM}
{debs_step(case)}ENV VIRTUAL_ENV=/venv PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never{compiled}
RUN {UVS} uv venv --python /usr/bin/python3 /venv
COPY heavy.txt .
RUN {mounts(case, UVS)} uv pip install {options(case)}--no-deps -r heavy.txt
COPY requirements.txt .
RUN {mounts(case, UVS)} uv pip install {options(case)}--no-deps -r requirements.txt
WORKDIR /workspace
COPY train.ipynb ./
ENTRYPOINT ["papermill", "train.ipynb", "-"]
"""


def dockerfile(case: Case, side: str) -> str:
    """The Dockerfile of a side."""
    return pip_file(case) if side == "pip" else expert_file(case, bytecode=side == "expert")


def download_file(case: Case) -> str:
    """Nothing but downloads, into the same cache mounts: those of pip, of uv (which has no other way), and of apt."""
    place = "/wheels" if case.folder else "/tmp/wheels"
    copies = "COPY heavy.txt requirements.txt ./\n"
    kept = "--no-cache-dir " if case.folder else ""
    fetch = f"RUN {PIP} pip download {kept}-d {place} -r heavy.txt -r requirements.txt\n"
    warm = f"RUN {UVS} uv pip install --link-mode copy --target /tmp/site -r heavy.txt -r requirements.txt\n"
    return f"FROM {WITH_PIP}\n{debs_step(case)}{copies}{fetch}{'' if case.folder else warm}"


@dataclass(frozen=True)
class Peer:
    """A Dockerfile in a folder of its own; ``side`` is ``pip``, ``expert`` or ``expert-lean`` (without bytecode)."""

    side: str
    context: Path
    tag: str

    def write(self, case: Case, lock: Sequence[dict[str, object]]) -> None:
        """Fill the context: the same versions as ours."""
        case.write(self.context)
        (self.context / "Dockerfile").write_text(dockerfile(case, self.side))
        self.pins(case, lock)

    def pins(self, case: Case, lock: Sequence[dict[str, object]], extra: Sequence[str] = ()) -> None:
        """``heavy.txt`` and ``requirements.txt``."""
        heavy = [pin(package) for package in lock if int(str(package["size"])) >= case.heavy]
        light = [pin(package) for package in lock if int(str(package["size"])) < case.heavy]
        (self.context / "heavy.txt").write_text("\n".join([*heavy, ""]))
        (self.context / "requirements.txt").write_text("\n".join([*light, *extra, ""]))

    def build(self, *options: str, watched: bool = True) -> Sample:
        """``docker build``; the image that had the tag is removed afterwards, unless it is the same."""
        before = image_id(self.tag)
        words = [CLIENT, "build", "--network", "host", "--quiet", "--tag", self.tag, *options, str(self.context)]
        sample = watch.run(words, watch.daemon, env={**os.environ, "DOCKER_BUILDKIT": "1"}, watched=watched)
        if before and before != image_id(self.tag):
            docker("image", "rm", before, check=False)
        return sample

    def download(self, case: Case, lock: Sequence[dict[str, object]], extra: Sequence[str]) -> None:
        """Fill the cache mounts; nothing of it stays but these."""
        self.context.mkdir(parents=True, exist_ok=True)
        self.pins(case, lock, extra)
        (self.context / "Dockerfile").write_text(download_file(case))
        self.build("--no-cache", watched=False)
        if case.folder:
            docker("tag", self.tag, WHEELS)
        self.remove()

    def fresh(self) -> Sample:
        """Without layers of an earlier build; cache mounts with downloads stay."""
        docker("image", "rm", self.tag, check=False)
        docker("builder", "prune", "--all", "--force", "--filter", "type=regular", check=False)
        settle()
        return self.build("--no-cache")

    def remove(self) -> None:
        """The image."""
        docker("image", "rm", self.tag, check=False)


def settle() -> None:
    """An empty build: the daemon may still be busy with what was removed, and that is not the next build's work."""
    words = [CLIENT, "build", "--quiet", "--no-cache", "--tag", "mlpack-bench-empty:latest", "-"]
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    subprocess.run(words, input=f"FROM {SLIM}\nRUN true\n", check=True, capture_output=True, text=True, env=environment)
    docker("image", "rm", "mlpack-bench-empty:latest")


def pin(package: dict[str, object]) -> str:
    """``name==version``."""
    return f"{package['name']}=={package['version']}"


def docker(*words: str, check: bool = True) -> str:
    """A command of the client; its output."""
    done = subprocess.run([CLIENT, *words], check=check, capture_output=True, text=True)
    return done.stdout.strip()


def image_id(tag: str) -> str:
    """Its identity; empty if there is none."""
    return docker("image", "inspect", "--format", "{{.Id}}", tag, check=False)


def pushed_size(tag: str, registry: str) -> int:
    """Bytes of the image's layers, compressed as ``docker push`` does."""
    name = f"{registry}/{tag.partition(':')[0]}:size"
    docker("tag", tag, name)
    docker("push", "--quiet", name)
    docker("image", "rm", name)
    repository, _, _ = name.removeprefix(f"{registry}/").partition(":")
    request = urllib.request.Request(
        f"http://{registry}/v2/{repository}/manifests/size",
        headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"},
    )
    with urllib.request.urlopen(request) as answer:
        return sum(int(layer["size"]) for layer in json.load(answer)["layers"])


def suites() -> list[str]:
    """The archive of bookworm that this machine uses, as lines of a ``sources.list``."""
    sources = machine_sources(Path("/etc/apt"))
    base, security = base_source(sources, "bookworm"), security_uri(sources, "bookworm")
    assert base, "this machine's apt has no archive of bookworm"
    places = [(base.uri, "bookworm"), (base.uri, "bookworm-updates")]
    places += [(security, "bookworm-security")] if security else []
    return [f"deb {uri} {suite} main" for uri, suite in places]


def make_bases(work: Path) -> None:
    """The base images, unless they are there."""
    for tag, more in ((SLIM, ""), (WITH_PIP, ",python3-pip")):
        if image_id(tag):
            continue
        say(f"making the base image {tag} from Debian packages")
        tarball = work / "base.tar"
        without = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in WITHOUT]
        pycs = """find "$1"/usr/lib/python3* -name __pycache__ -prune -exec rm -r {} +"""
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
             f"--include=usr-is-merged,python3,netbase,tzdata{more}", *without,
             f"--customize-hook={pycs}", '--customize-hook=mkdir -p "$1/etc/ssl/certs"',
             f"--customize-hook=copy-in {CERTIFICATES} /etc/ssl/certs", "bookworm", str(tarball), *suites()],
            check=True, capture_output=True,
        )  # fmt: skip
        settings = [f"{name}={CERTIFICATES}" for name in ("SSL_CERT_FILE", "PIP_CERT")]
        settings += ["PIP_BREAK_SYSTEM_PACKAGES=1", "PIP_ROOT_USER_ACTION=ignore", "PIP_DISABLE_PIP_VERSION_CHECK=1"]
        changes = [word for setting in settings for word in ("--change", f"ENV {setting}")]
        docker("import", *changes, str(tarball), tag)
        tarball.unlink()
    if not image_id(UV):
        program = shutil.which("uv")
        assert program, "uv is needed"
        with tarfile.open(work / "uv.tar", "w") as archive:
            archive.add(program, "uv")
        docker("import", str(work / "uv.tar"), UV)
        (work / "uv.tar").unlink()


def remove_images() -> None:
    """All images that the bench made, but the bases."""
    tags = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").splitlines()
    for tag in tags:
        if "mlpack-bench-" in tag and tag not in {SLIM, WITH_PIP, UV}:
            docker("image", "rm", tag, check=False)


def clear(cache_mounts: bool) -> None:
    """Remove BuildKit's layers, and with ``cache_mounts`` the downloads as well."""
    filters = ["type=regular", *(["type=exec.cachemount"] if cache_mounts else [])]
    for kind in filters:
        docker("builder", "prune", "--all", "--force", "--filter", kind, check=False)
