"""The official lifecycle at the paths that images have, and a registry for both lifecycles."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_mlpack.engines import places
from jupyter_mlpack.events import ignore
from jupyter_mlpack.lifecycle.toml import write_toml
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.registry import pull_image, push_image
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.pipeline import host_architecture

APIS = {"platform": {"supported": ["0.9", "0.12"]}, "buildpack": {"supported": ["0.7", "0.8", "0.9", "0.10"]}}
SOURCE = Path(__file__).parents[2]
NOT_COMPARED = "NOT COMPARED with the official lifecycle"
"""How a reason begins that pytest's last lines say again, in red."""

LOCAL = Access(insecure=True)


@dataclass
class Referee:
    """The official phases below ``root``, which they see as ``/layers``, ``/workspace``, ``/platform``, ``/cnb``."""

    lifecycle: Path
    root: Path
    user: tuple[int, int] = (1000, 1000)
    settings: Mapping[str, str] = field(default_factory=dict)
    log: str = ""

    def __post_init__(self) -> None:
        for name in ("root", "layers", "app", "platform", "cnb", "home", "cache"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    @property
    def layers(self) -> Path:
        return self.root / "layers"

    @property
    def launcher(self) -> str:
        return str(self.lifecycle.with_name("launcher"))

    def renew(self) -> None:
        """Empty layers and platform, as each build has them; the cache stays."""
        for name in ("layers", "app", "platform"):
            shutil.rmtree(self.root / name)
            (self.root / name).mkdir()

    def platform(self, settings: Mapping[str, str]) -> None:
        (self.root / "platform" / "env").mkdir()
        for name, value in settings.items():
            (self.root / "platform" / "env" / name).write_text(value)

    def buildpacks(self, folders: Mapping[str, Path], order: Sequence[str]) -> None:
        """Install buildpacks by ``id@version``, and one group of them as the order."""
        shutil.rmtree(self.root / "cnb")
        for name, folder in folders.items():
            id_, _, version = name.partition("@")
            there = self.root / "cnb" / "buildpacks" / id_.replace("/", "_") / version
            shutil.copytree(folder, there, ignore=shutil.ignore_patterns("__pycache__"))
        group = "".join('[[order.group]]\nid = "{}"\nversion = "{}"\n'.format(*name.split("@")) for name in order)
        (self.root / "cnb" / "order.toml").write_text(f"[[order]]\n{group}")

    def phase(self, *arguments: str, expected: int = 0) -> str:
        """Run a phase; what it said."""
        status, said = self.run([str(self.lifecycle), *arguments])
        assert status == expected, said
        self.log += said
        return said

    def run(self, command: Sequence[str]) -> tuple[int, str]:
        """Any command where the phases run."""
        binds = [("layers", "/layers"), ("app", "/workspace"), ("platform", "/platform"), ("cnb", "/cnb")]
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.root / "home"),
            "CNB_PLATFORM_API": "0.12",
            "CNB_NO_COLOR": "true",
            "CNB_USER_ID": str(self.user[0]),
            "CNB_GROUP_ID": str(self.user[1]),
            **self.settings,
        }
        scene = {
            "root": str(self.root / "root"),
            "command": list(command),
            "environment": environment,
            "directory": "/",
            "uid": self.user[0],
            "gid": self.user[1],
            "places": [[str(self.root / name), target, True] for name, target in binds],
            "host": True,
        }
        instructions = self.root / "scene.json"
        instructions.write_text(json.dumps(scene))
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", places.BARE, str(SOURCE), str(instructions)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if refused := Path(f"{instructions}.refused").read_text():
            pytest.skip(f"{NOT_COMPARED}: no namespace for its paths here ({refused})")
        return done.returncode, done.stdout

    def build(self, name: str, run_image: str, launcher: Path, *cache: str) -> None:
        """All five phases, against a registry."""
        shutil.copy(launcher, self.root / "cnb" / "launcher")
        (self.root / "cnb" / "run.toml").write_text(f'[[images]]\nimage = "{run_image}"\n')
        self.phase("analyze", f"-run-image={run_image}", name)
        self.phase("detect")
        self.phase("restore", *cache)
        self.phase("build")
        self.phase("export", "-launcher=/cnb/launcher", *cache, name)


@pytest.fixture(scope="session")
def official_release(official_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The official programs as a release of them lies unpacked."""
    release = tmp_path_factory.mktemp("official") / "release"
    shutil.copytree(official_folder, release)
    version = subprocess.run([release / "lifecycle", "-version"], capture_output=True, text=True, check=True).stdout
    write_toml(release / "lifecycle.toml", {"apis": APIS, "lifecycle": {"version": version.split("+")[0].strip()}})
    return release


@pytest.fixture(scope="module")
def referee(official_folder: Path) -> Iterator[Referee]:
    """A referee with a folder of its own, which other users may enter."""
    with tempfile.TemporaryDirectory(prefix="mlpack-referee-") as folder:
        Path(folder).chmod(0o755)
        yield Referee(official_folder / "lifecycle", Path(folder))


@pytest.fixture(scope="session")
def pack(official_folder: Path) -> str:
    """The Buildpacks project's own command line, on PATH or beside the lifecycle, where ``install-pack`` puts it."""
    found = shutil.which("pack") or shutil.which("pack", path=official_folder)
    if found is None:
        pytest.skip(f"{NOT_COMPARED}: no pack on PATH or in {official_folder} (tests/official/install-pack builds it)")
    return found


@dataclass(frozen=True)
class Hub:
    """A registry on this machine, reached by our own client."""

    host: str

    def push(self, store: Store, image: StoredImage, reference: str) -> str:
        return push_image(store, image, parse_reference(reference), ignore, access=LOCAL)

    def pull(self, store: Store, reference: str) -> StoredImage:
        return pull_image(parse_reference(reference), store, host_architecture(), access=LOCAL)


@pytest.fixture(scope="session")
def hub(shared_registry) -> Hub:
    return Hub(shared_registry.host)


@pytest.fixture(scope="session")
def fresh_store(machine_store, run_image, base_and_locks) -> Callable[..., Store]:
    """``fresh_store(folder)``: a store with a run image, of ``bookworm`` or the stack that is named, and no layer."""

    def make(folder: Path, stack: str = "bookworm") -> Store:
        run_image(stack, host_architecture())
        base_and_locks(machine_store.root, folder)
        return Store(folder)

    return make
