"""Buildpacks that know nothing of us, under both lifecycles and one registry: equal files, labels and layers.

They take ``/layers`` and ``/workspace`` for granted, write these paths into what they make, keep a cache, and use what
the one before them built. The second build starts from our image, on the official side with a cache in the registry.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.events import Event, LogLines
from jupyter_mlpack.lifecycle import BuildContext, launch, run_lifecycle
from jupyter_mlpack.lifecycle.cache import Cache
from jupyter_mlpack.lifecycle.cache_folder import CacheLayers
from jupyter_mlpack.lifecycle.cache_image import CacheImage
from jupyter_mlpack.lifecycle.context import Owner
from jupyter_mlpack.lifecycle.inputs import Binding, BuildInputs, Volume
from jupyter_mlpack.lifecycle.toml import read_toml
from jupyter_mlpack.lifecycle.workspace import write_workspace
from jupyter_mlpack.oci.manifest import History, ImageConfig, StoredImage
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.oci.transport import Access
from jupyter_mlpack.pipeline import host_architecture
from jupyter_mlpack.values import Buildpack, BuildPlan, Catalog, PlannedFile, Purpose, Stack, Target

ARCH = host_architecture()
STACK = Stack("tiny", "debian", "12", "bookworm", "3.11", "glibc2.36", (), "mlpack", 1000, 1000)
TARGET = Target("linux", ARCH, "glibc2.36", "3.11")
FILES = (PlannedFile("notebook.ipynb", text="{}\n"), PlannedFile("words.txt", text="one two\n"))
DETECT = """
printf '[[provides]]\\nname = "%s"\\n[[requires]]\\nname = "%s"\\n' "$NAME" "$NAME" >"$CNB_BUILD_PLAN_PATH"
test -f words.txt
"""
COMPILER = """
layer=$CNB_LAYERS_DIR/tool
mkdir -p "$layer/bin" "$layer/env.build"
test -f "$layer/bin/shout" && echo the tool was kept
printf '#!/bin/sh\\ntr a-z A-Z\\n' >"$layer/bin/shout"
chmod 755 "$layer/bin/shout"
printf '%s' "$layer" >"$layer/env.build/TOOL_HOME.override"
printf '[types]\\nbuild = true\\ncache = true\\n[metadata]\\nversion = 3\\n' >"$layer.toml"
"""
SITE = """
layer=$1/site
if grep -q one "$layer.toml" 2>/dev/null; then
  printf '[types]\\nlaunch = true\\n[metadata]\\nkey = "one"\\n' >"$layer.toml"
else
  mkdir -p "$layer/bin"
  shout <words.txt >"$layer/words"
  printf '#!%s/bin/start\\n' "$layer" >"$layer/script"
  ln -s "$layer/words" "$layer/link"
  printf '#!/bin/sh\\ncat %s/words "$@"\\n' "$layer" >"$layer/bin/start"
  chmod 755 "$layer/bin/start"
  for line in "$(pwd)" "$1" "$2" "$CNB_LAYERS_DIR" "$CNB_PLATFORM_DIR" "$CNB_BUILDPACK_DIR" "$TOOL_HOME" \\
    "${PATH%%:*}" \\
    "$CNB_TARGET_OS $CNB_TARGET_ARCH $CNB_TARGET_DISTRO_NAME $CNB_TARGET_DISTRO_VERSION" "$(id -u) $(id -g)" \\
    "$(umask)" "$(cat /platform/env/BP_MODE) $BP_MODE" "$(ls -A "$1" | tr '\\n' ' ')" "$(command -v shout)"; do
    echo "$line"
  done >"$layer/seen"
  printf '[types]\\nlaunch = true\\n[metadata]\\nkey = "one"\\n' >"$layer.toml"
fi
printf '[metadata]\\nseen = true\\n' >"$1/store.toml"
cat >"$1/launch.toml" <<END
[[labels]]
key = "site"
value = "$layer"
[[processes]]
type = "start"
command = ["$layer/bin/start"]
default = true
END
"""


def write_buildpack(folder: Path, name: str, build: str, mlpack: str = "") -> Buildpack:
    """A buildpack of two shell scripts."""
    (folder / name / "bin").mkdir(parents=True)
    for program, text in (("detect", f"NAME={name}\n{DETECT}"), ("build", build)):
        (folder / name / "bin" / program).write_text(f"#!/bin/sh\nset -eu\n{text}")
        (folder / name / "bin" / program).chmod(0o755)
    head = f'api = "0.10"\n[buildpack]\nid = "example.org/{name}"\nversion = "1.0"\n'
    (folder / name / "buildpack.toml").write_text(head + mlpack)
    return Buildpack(f"example.org/{name}", "1.0", folder / name)


@dataclass
class Machine:
    """Our side: a store, buildpacks in a private folder, and one application."""

    root: Path
    buildpacks: tuple[Buildpack, ...]
    name: str = "example/foreign:ours"
    inputs: BuildInputs = field(default_factory=BuildInputs)
    builds: int = 0
    cache: Cache | None = None

    def __post_init__(self) -> None:
        self.store = Store(self.root / "store")
        self.log: list[str] = []

    @property
    def plan(self) -> BuildPlan:
        order = tuple(pack.reference for pack in self.buildpacks)
        return BuildPlan(self.name, Purpose.TRAINING, TARGET, STACK, order, FILES, (("BP_MODE", "train"),))

    def run_image(self, name: str = "example/run:1", text: bytes = b"hi") -> StoredImage:
        """A run image of one small layer."""
        layer = self.store.add_layer(
            lambda out: write_tar(out, [TarEntry("/motd", "file", 0o644, 0, 0, size=len(text), data=text)])
        )
        labels = (("io.buildpacks.base.distro.name", "debian"), ("io.buildpacks.base.distro.version", "12"))
        history = (History("1980-01-01T00:00:01Z", "packages"),)
        config = ImageConfig(ARCH, "linux", (layer.diff_id,), history, (("PATH", "/usr/bin:/bin"),), labels=labels)
        self.store.tag(name, self.store.add_image(config, [layer]).descriptor)
        found = self.store.image(name)
        assert found is not None
        return found

    def hear(self, event: Event) -> None:
        if isinstance(event, LogLines):
            self.log += event.lines

    def build(self, run_image: StoredImage | None = None) -> tuple[StoredImage, Path]:
        """The image, and the layers folder of the build."""
        self.builds += 1
        workdir = self.root / f"build-{self.builds}"
        workdir.mkdir()
        context = BuildContext(workdir, previous=self.name, inputs=self.inputs, cache=self.cache)
        catalog = Catalog((STACK,), self.buildpacks, tuple(pack.reference for pack in self.buildpacks))
        run_lifecycle(self.plan, run_image or self.run_image(), self.store, catalog, context, self.hear)
        image = self.store.image(self.name)
        assert image is not None
        return image, workdir / "layers"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    packs = tmp_path / "packs"
    return Machine(tmp_path, (write_buildpack(packs, "compiler", COMPILER), write_buildpack(packs, "site", SITE)))


# --- both lifecycles ------------------------------------------------------------------------------------------


def files_of(layers: Path) -> dict[str, Any]:
    """All hand-offs and layer files, but the report and what an entry in a plan's random order would make differ."""
    named = [path for path in sorted(layers.rglob("*.toml")) if path.name not in ("report.toml", "plan.toml")]
    return {str(path.relative_to(layers)): read_toml(path) for path in named}


def config_of(image: StoredImage) -> dict[str, Any]:
    config = json.loads(image.config.to_bytes())
    built = json.loads(config["config"]["Labels"].pop("io.buildpacks.build.metadata"))
    assert built.pop("launcher")["version"]
    return {**config, "built": built}


@pytest.mark.official
@pytest.mark.parametrize("kept", ["cache-image", "cache-dir"])
def test_both_lifecycles__foreign_buildpacks_and_registry__same_files_labels_and_layers(
    machine: Machine, referee: Any, hub: Any, kept: str
) -> None:
    name = f"{hub.host}/foreign-{kept}"
    machine.name = f"{name}:ours"
    run_image = machine.run_image(f"{hub.host}/run-tiny:1")
    hub.push(machine.store, run_image, run_image.name)
    cache = f"-cache-image={name}:cache" if kept == "cache-image" else f"-cache-dir={referee.root / 'cache'}"
    referee.buildpacks({pack.reference: pack.root for pack in machine.buildpacks}, machine.plan.order)
    referee.log = ""
    for turn in (1, 2):
        image, layers = machine.build(run_image)
        referee.renew()
        write_workspace(machine.plan, referee.root / "app")
        referee.platform(dict(machine.plan.environment))
        referee.build(f"{name}:theirs", run_image.name, Path(launch.__file__), cache)
        theirs = hub.pull(machine.store, f"{name}:theirs")
        assert files_of(layers) == files_of(referee.layers)
        assert config_of(image) == config_of(theirs)
        assert ("the tool was kept" in machine.log) == (turn == 2)
        assert ("the tool was kept" in referee.log) == (turn == 2)
        hub.push(machine.store, image, f"{name}:theirs")


@pytest.mark.official
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_cache_image__one_lifecycle_keeps__the_other_restores(
    machine: Machine, referee: Any, hub: Any, first: str
) -> None:
    name = f"{hub.host}/shared-cache-{first}"
    run_image = machine.run_image(f"{hub.host}/run-tiny:1")
    hub.push(machine.store, run_image, run_image.name)
    machine.name = f"{name}:app"
    layers = CacheLayers(Owner(STACK.uid, STACK.gid))
    machine.cache = CacheImage(parse_reference(f"{name}:cache"), machine.store, Access(insecure=True), layers)
    referee.log = ""

    def theirs() -> None:
        referee.buildpacks({pack.reference: pack.root for pack in machine.buildpacks}, machine.plan.order)
        referee.renew()
        write_workspace(machine.plan, referee.root / "app")
        referee.platform(dict(machine.plan.environment))
        referee.build(f"{name}:app", run_image.name, Path(launch.__file__), f"-cache-image={name}:cache")

    def ours() -> None:
        image, _ = machine.build(run_image)
        hub.push(machine.store, image, f"{name}:app")

    sides = {"ours": ours, "theirs": theirs}
    second = "theirs" if first == "ours" else "ours"
    sides[first]()
    assert "the tool was kept" not in [*machine.log, referee.log]
    sides[second]()
    assert "the tool was kept" in (referee.log if second == "theirs" else machine.log)


@pytest.mark.official
def test_official_rebaser__our_image_in_a_registry__only_the_base_changes(
    machine: Machine, referee: Any, hub: Any
) -> None:
    name = f"{hub.host}/rebased:1"
    machine.name = name
    image, _ = machine.build(machine.run_image(f"{hub.host}/run-rebase:1"))
    hub.push(machine.store, image, name)
    newer = machine.run_image(f"{hub.host}/run-rebase:1", b"newer")
    hub.push(machine.store, newer, newer.name)
    referee.phase("rebase", f"-run-image={newer.name}", name)
    rebased = hub.pull(machine.store, name)
    assert rebased.config.diff_ids == newer.config.diff_ids + image.config.diff_ids[1:]
    label = json.loads(dict(rebased.config.labels)["io.buildpacks.lifecycle.metadata"])
    assert label["runImage"]["topLayer"] == newer.config.diff_ids[-1]
    assert (rebased.config.entrypoint, rebased.config.env) == (image.config.entrypoint, image.config.env)


# --- ours alone -----------------------------------------------------------------------------------------------


def allowed(machine: Machine) -> None:
    """Skip, loudly, where the kernel lets nobody do this."""
    try:
        machine.build()
    except errors.BuildpackNeedsPaths as refusal:
        pytest.skip(f"NOT TESTED: {refusal.sentence('why')}")


SPY = """
for path in /etc /layers/other /platform/env /cnb/buildpacks/example.org_spy/1.0 /workspace /layers /tmp "$HOME"; do
  if touch "$path/x" 2>/dev/null || mkdir "$path" 2>/dev/null; then echo "wrote $path"; fi
done
echo "secret: $(cat "$SECRET_FILE" 2>&1)"
echo "home: $(ls -A /root /home 2>/dev/null | tr '\\n' ' ')"
echo "tmp: $(ls -A /tmp)"
echo "volume: $(cat /data/deep/in/words) $(touch /data/deep/in/x 2>&1)"
echo "binding: $(cat /platform/bindings/db/password)"
echo "capabilities: $(grep CapEff /proc/self/status)"
rm -f /workspace/x /layers/x
"""


def test_foreign_buildpack__the_rest_of_the_machine__is_hidden_or_read_only(tmp_path: Path) -> None:
    volume, binding = tmp_path / "volume", tmp_path / "binding"
    for folder, name in ((volume, "words"), (binding, "password")):
        folder.mkdir()
        (folder / name).write_text(f"from the {folder.name}")
    spy = write_buildpack(tmp_path / "packs", "spy", SPY.replace("$SECRET_FILE", str(tmp_path / "secret")))
    (tmp_path / "secret").write_text("never seen")
    machine = Machine(tmp_path, (spy,))
    allowed(machine)
    machine.log.clear()
    machine.inputs = BuildInputs(volumes=(Volume(volume, "/data/deep/in"),), bindings=(Binding("db", binding),))
    machine.build()
    said = "\n".join(machine.log)
    wrote = {line.removeprefix("wrote ") for line in machine.log if line.startswith("wrote ")}
    assert wrote == {
        "/layers/other", "/workspace", "/layers", "/tmp", str(tmp_path / "build-2" / "home"),
    }  # fmt: skip
    assert "never seen" not in said
    assert "volume: from the volume" in said
    assert "binding: ***" in said, "it is read, and hidden in the log"
    assert "Read-only file system" in said
    assert "CapEff:\t0000000000000000" in said
    assert not (volume / "x").exists()


def test_our_kind_of_buildpack__volume__is_shown_read_only(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "words").write_text("from the volume")
    looks = 'echo "$(cat /mnt/data/words) $(touch /mnt/data/x 2>&1)"; echo "$CNB_LAYERS_DIR"\n'
    mlpack = "[metadata.mlpack]\nrelocatable = true\n"
    machine = Machine(tmp_path, (write_buildpack(tmp_path / "packs", "looks", looks, mlpack),))
    machine.inputs = BuildInputs(volumes=(Volume(tmp_path / "data", "/mnt/data"),))
    try:
        machine.build()
    except errors.VolumeNotShown as refusal:
        pytest.skip(f"NOT TESTED: {refusal.sentence('why')}")
    said = "\n".join(machine.log)
    assert "from the volume" in said
    assert "Read-only file system" in said
    assert str(tmp_path / "build-1" / "layers" / "example.org_looks") in machine.log
    assert not (tmp_path / "data" / "x").exists()


def test_foreign_buildpack__exit_status_and_cancel__are_its_own(tmp_path: Path) -> None:
    machine = Machine(tmp_path, (write_buildpack(tmp_path / "packs", "broken", "echo going; exit 7\n"),))
    with pytest.raises((errors.BuildpackFailed, errors.BuildpackNeedsPaths)) as caught:
        machine.build()
    if isinstance(caught.value, errors.BuildpackNeedsPaths):
        pytest.skip(f"NOT TESTED: {caught.value.sentence('why')}")
    assert "status 7" in str(caught.value)
    assert "going" in (caught.value.sentence("why") or "")
    slow = write_buildpack(tmp_path / "more", "slow", "echo waiting; sleep 4321\n")
    machine = Machine(tmp_path / "more", (slow,))

    def stop(event: Event) -> None:
        if isinstance(event, LogLines) and "waiting" in event.lines:
            raise KeyboardInterrupt

    machine.hear = stop  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        machine.build()
    assert not subprocess.run(["pgrep", "-f", "^sleep 4321$"], capture_output=True, check=False).stdout


NO_NAMESPACES = """
import ctypes, importlib.util, os, sys
from pathlib import Path
libc, uid, gid = ctypes.CDLL(None), os.getuid(), os.getgid()
if libc.unshare(0x10000000) != 0:
    sys.exit(77)
for name, text in (("setgroups", "deny"), ("gid_map", f"0 {gid} 1"), ("uid_map", f"0 {uid} 1")):
    Path(f"/proc/self/{name}").write_text(text)
Path("/proc/sys/user/max_user_namespaces").write_text("0")
spec = importlib.util.spec_from_file_location("cases", sys.argv[1])
sys.modules["cases"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.refused(Path(sys.argv[2]))
"""


def refused(root: Path) -> None:
    """A build where no namespace can be made: no buildpack runs, and the words say why and what to do."""
    machine = Machine(root, (write_buildpack(root / "packs", "compiler", COMPILER),))
    with pytest.raises(errors.BuildpackNeedsPaths) as caught:
        machine.build()
    assert caught.value.exit_code == 22
    assert "example.org/compiler@1.0" in str(caught.value)
    assert "user.max_user_namespaces is 0" in (caught.value.sentence("why") or "")
    assert "relocatable = true" in (caught.value.sentence("hint") or "")
    assert not machine.log
    assert machine.store.image(machine.name) is None


def test_foreign_buildpack__kernel_forbids_namespaces__is_refused_with_the_reason(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NO_NAMESPACES, __file__, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("NOT TESTED: no user namespace here to try it in")
    assert done.returncode == 0, done.stdout + done.stderr
