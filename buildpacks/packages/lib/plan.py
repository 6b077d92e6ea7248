"""What is to be done, decided before anything is: which layers there are, their keys, and which can be kept."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from layer import read_metadata, split_paths

VERSION = "0.1.0"
FORMAT = 2
"""Raised when the same pins shall become another layer."""
STORES = ("BP_WHEELS_DIR", "BP_LISTINGS_DIR")
ENVIRONMENT = "environment"
RUN_IMAGE, CONDA = "/usr/bin", "mlpack_conda/environment/bin"
"""Where the image's Python is: in the run image, or in the layer of a conda environment."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
PIN = re.compile(r"[^\s=@]+(==\S+| @ https?://\S+-\S+\.whl) .*--hash=sha256:")
RESERVED = {"build", "launch", "store", ENVIRONMENT}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
GLIBC = (17, 28, *range(31, 41))  # the minor versions of glibc 2 that uv has a platform for
NEEDS = 1
"""Raised when equal packages shall be told to need something else (``needs.py``)."""
OPTIONAL = Path(__file__).resolve().parent.parent / "optional.txt"
TESTS = frozenset({"test", "tests"})
"""Folders whose sources are not compiled."""
ASK = "import sys; print('.'.join(map(str, sys.version_info[:3])))"


class PlanError(Exception):
    """The application folder cannot be built; the text is for the user."""


@dataclass(frozen=True)
class Interpreter:
    """The target's Python as a command of this machine, and its full version."""

    command: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Content:
    """One layer of wheels. ``kept`` is set when the previous image holds it: the paths without bytecode."""

    name: str
    requirements: tuple[str, ...]
    key: str
    kept: tuple[str, ...] | None


@dataclass(frozen=True)
class Plan:
    """Everything that the build will do. ``image`` is this buildpack's layers folder as the image will see it.

    ``wheels`` is where the platform keeps installed wheels, ``listings`` where it takes listings in place of folders;
    None for a platform that does neither. ``kept`` is set when the previous image holds all layers: what its packages
    need of the system. ``home`` is the folder of the Python that runs them, in the image.
    """

    layers: Path
    image: str
    python: str
    arch: str
    platform: str
    options: tuple[str, ...]
    interpreter: Interpreter | None
    contents: tuple[Content, ...]
    key: str
    wheels: Path | None
    listings: Path | None
    kept: str | None
    home: str = RUN_IMAGE

    @property
    def venv(self) -> str:
        """The virtual environment's path in the image."""
        return f"{self.image}/{ENVIRONMENT}/venv"

    @property
    def site(self) -> str:
        """The site-packages folder, relative to the virtual environment."""
        return f"lib/python{self.python}/site-packages"


def make_plan(app: Path, layers: Path, settings: Mapping[str, str]) -> Plan:
    """Reads the application folder and the restored metadata. Starts nothing but the target's Python."""
    build = json.loads((app / ".mlpack/build.json").read_text(encoding="utf-8"))
    target = build["target"]
    python = str(build["python"])
    image = f"{settings.get('BP_IMAGE_LAYERS_DIR') or layers.parent}/{layers.name}"
    interpreter = find_interpreter(settings.get("BP_TARGET_PYTHON") or "/usr/bin/python3", python)
    common = {
        "buildpack": VERSION,
        "format": FORMAT,
        "bytecode": [interpreter.version, *sorted(TESTS)] if interpreter else [],
        "image": image,
        "python": python,
        "target": [target[name] for name in ("os", "arch", "libc")],
    }
    home = f"{settings.get('BP_IMAGE_LAYERS_DIR') or layers.parent}/{CONDA}" if build.get("conda") else RUN_IMAGE
    common |= {"home": home} if home != RUN_IMAGE else {}
    options, pins = read_lock(app / ".mlpack/lock.txt")
    contents = tuple(
        plan_content(layers, name, requirements, common)
        for name, requirements in assign(json.loads((app / ".mlpack/layers.json").read_text()), pins)
    )
    key = digest({**common, "layers": [[content.name, content.key] for content in contents]})
    restored = read_metadata(layers, ENVIRONMENT)
    same = restored.get("key") == key and all(content.kept is not None for content in contents)
    kept = restored.get("needed") if same and restored.get("rules") == needs_rules() else None
    wheels, listings = (Path(value) if (value := settings.get(name)) else None for name in STORES)
    return Plan(
        layers, image, python, target["arch"], uv_platform(target), options, interpreter, contents, key,
        wheels, listings if wheels else None, kept, home,  # a listing's files must outlive the build
    )  # fmt: skip


def needs_rules() -> str:
    """A hash of the rules by which the needs of an environment are told: another one, and they are told anew."""
    return hashlib.sha256(f"{NEEDS}\n{OPTIONAL.read_text(encoding='utf-8')}".encode()).hexdigest()[:16]


def plan_content(layers: Path, name: str, requirements: tuple[str, ...], common: dict[str, object]) -> Content:
    """One layer with its key, compared with what was restored."""
    key = digest({**common, "requirements": requirements})
    restored = read_metadata(layers, name)
    reusable = restored.get("key") == key and "without-bytecode" in restored
    return Content(name, requirements, key, tuple(split_paths(restored["without-bytecode"])) if reusable else None)


def read_lock(path: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """Option lines (``--index-url ...``), and pins by ``name==version``."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()]
    lines = [" ".join(line.split()) for line in lines if line and not line.startswith("#")]
    options = tuple(line for line in lines if line.startswith("--"))
    listed = [line for line in lines if not line.startswith("--")]
    for line in listed:
        if not PIN.match(line):
            raise PlanError(f"Not a hashed pin in .mlpack/lock.txt: {line}\nLock the packages again.")
    pins = {pin_name(line): line for line in listed}
    return options, pins


def pin_name(line: str) -> str:
    """``name==version`` of a pin, the name normalised; of one with an address by the wheel's file name."""
    name, at, rest = line.partition(" @ ")
    name, version = (name, wheel_name(rest.split()[0])[1]) if at else line.split(maxsplit=1)[0].split("==")
    return f"{re.sub('[-_.]+', '-', name).lower()}=={version}"


def wheel_name(address: str) -> list[str]:
    """Name and version, as the file name of a wheel has them."""
    from urllib.parse import unquote  # few locks have addresses, and most of a build's time is its imports

    return unquote(address.rsplit("/", 1)[-1]).split("-")[:2]


def assign(listed: list[dict[str, object]], pins: dict[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """Each layer with its lines of the lock; every pin has exactly one layer."""
    rest = dict(pins)
    assigned = []
    for entry in listed:
        name = str(entry["layer"])
        if not NAME.fullmatch(name) or name in RESERVED or name in dict(assigned):
            raise PlanError(f"Not a usable layer name in .mlpack/layers.json: {name}")
        wanted = [pin_name(str(package)) for package in entry["packages"]]
        missing = [package for package in wanted if package not in rest]
        if missing:
            raise PlanError(f"Layer {name} names {', '.join(missing)}, missing from (or twice in) the lock.")
        assigned.append((name, tuple(sorted(rest.pop(package) for package in wanted))))
    if rest:
        raise PlanError(f"In the lock, but in no layer of .mlpack/layers.json: {', '.join(sorted(rest))}")
    return assigned


def digest(value: object) -> str:
    """A cache key: a hash over ``value``."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def uv_platform(target: Mapping[str, str]) -> str:
    """uv's word for the target: the newest platform tag that its C library satisfies."""
    machine = MACHINES.get(target["arch"], target["arch"])
    if target["libc"].startswith("musl"):
        return f"{machine}-unknown-linux-musl"
    found = re.fullmatch(r"glibc2\.([0-9]+)", target["libc"])
    fitting = [minor for minor in GLIBC if found and minor <= int(found[1])]
    if not fitting:
        raise PlanError(f"There are no wheels for the C library {target['libc']}; glibc2.17 is the oldest.")
    return f"{machine}-manylinux_2_{fitting[-1]}"


def find_interpreter(command: str, python: str) -> Interpreter | None:
    """The target's Python, if it runs on this machine and is the planned one."""
    words = tuple(shlex.split(command))
    try:
        run = subprocess.run(
            [*words, "-I", "-S", "-c", ASK], capture_output=True, text=True, check=True, env={}, cwd=os.sep
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    version = run.stdout.strip()
    return Interpreter(words, version) if version.split(".")[:2] == python.split(".") else None
