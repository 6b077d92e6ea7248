"""Whole scenarios, phase by phase, against what the official lifecycle made of them.

``scenarios/<name>.toml`` describes buildpacks and an application, ``scenarios/<name>.json`` what the official phases
left behind. Our phases are compared with it everywhere; where the official ones are at hand (and we are root, so that
a folder of the same path can be made on any machine), the recorded outcome is compared with theirs as well.
``MLPACK_RECORD=1`` records it anew.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from jupyter_mlpack import errors
from jupyter_mlpack.lifecycle.analyze import analyze
from jupyter_mlpack.lifecycle.build import build
from jupyter_mlpack.lifecycle.cache import LayerCache
from jupyter_mlpack.lifecycle.context import Folders, Owner, Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor, read_descriptors
from jupyter_mlpack.lifecycle.detect import detect
from jupyter_mlpack.lifecycle.export import Exporter
from jupyter_mlpack.lifecycle.files import read_group, read_order_file
from jupyter_mlpack.lifecycle.labels import LauncherVersion, read_analyzed
from jupyter_mlpack.lifecycle.records import RunImageRecord
from jupyter_mlpack.lifecycle.restore import Memory, restore
from jupyter_mlpack.lifecycle.toml import read_toml
from jupyter_mlpack.oci.layout import write_layout
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.values import Buildpack

HERE = Path(__file__).parent
SCENARIOS = sorted(path.stem for path in (HERE / "scenarios").glob("*.toml"))
FAILURES: dict[str, Any] = read_toml(HERE / "failures.toml")
ROOT = Path("/mlpack-referee")
"""Where the official phases work: their images hold the paths of the build."""
USER = 1000
APP, RUN = "registry.example/app:1", "registry.example/run:1"
ENVIRON = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nowhere",
    "http_proxy": "http://proxy.example",
    "SECRET": "x",
}
LAUNCHER = "#!/bin/sh\necho a launcher\n"
RECORD = os.environ.get("MLPACK_RECORD") == "1"
Outcome = dict[str, Any]


# --- scenarios on disk ----------------------------------------------------------------------------------------


def read_scenario(name: str) -> dict[str, Any]:
    return read_toml(HERE / "scenarios" / f"{name}.toml")


def failing(row: Mapping[str, Any]) -> dict[str, Any]:
    only = {"id": "only", "version": "1", **{key: value for key, value in row.items() if key != "exit"}}
    return {"order": [[{"id": "only", "version": "1"}]], "app": {"notebook.ipynb": "{}\n"}, "buildpacks": [only]}


def unfold(scenario: Mapping[str, Any], root: Path) -> None:
    """Write a scenario's folders below ``root``: app, platform/env, config/env, buildpacks, order.toml, launcher."""
    for part, folder in (("app", "app"), ("platform", "platform/env"), ("config", "config/env")):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, text in scenario.get(part, {}).items():
            path = root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for buildpack in scenario["buildpacks"]:
        unfold_buildpack(buildpack, root / "buildpacks")
    groups = [{"group": group} for group in scenario["order"]]
    (root / "order.toml").write_text(tomli_w.dumps({"order": groups}))
    (root / "launcher").write_text(LAUNCHER)
    (root / "layers").mkdir()


def unfold_buildpack(buildpack: Mapping[str, Any], folder: Path) -> None:
    home = folder / buildpack["id"].replace("/", "_") / buildpack["version"]
    (home / "bin").mkdir(parents=True)
    info = ("id", "version", "homepage", "clear-env", "sbom-formats")
    table: dict[str, Any] = {"api": buildpack.get("api", "0.10")}
    table["buildpack"] = {key: buildpack[key] for key in info if key in buildpack}
    if "targets" in buildpack:
        table["targets"] = buildpack["targets"]
    if "order" in buildpack:
        table["order"] = [{"group": group} for group in buildpack["order"]]
        (home / "bin").rmdir()
    else:
        for name in ("detect", "build"):
            program = home / "bin" / name
            program.write_text(f"#!/usr/bin/env bash\nset -eu\n{buildpack.get(name, 'true')}\n")
            program.chmod(0o755)
    (home / "buildpack.toml").write_text(tomli_w.dumps(table))


# --- outcomes -------------------------------------------------------------------------------------------------


def listing(folder: Path) -> dict[str, Any]:
    """What stands in a folder: tables of TOML files, texts of others, ends of links."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.suffix == ".toml":
            found[name] = json.loads(json.dumps(read_toml(path), default=str))
        elif path.is_file():
            found[name] = path.read_text(encoding="utf-8")
    return found


def normal_plan(path: Path) -> list[Any]:
    """The entries of a plan in a fixed order: the official lifecycle writes them in a random one."""
    entries = read_toml(path).get("entries", [])
    return sorted(json.loads(json.dumps(entries, default=str)), key=lambda entry: str(entry["requires"]))


def outcome_of(root: Path, config: Mapping[str, Any]) -> Outcome:
    layers = root / "layers"
    return {
        "group": (layers / "group.toml").read_text(),
        "plan": normal_plan(layers / "plan.toml"),
        "metadata": (layers / "config" / "metadata.toml").read_text(encoding="utf-8"),
        "app": {name: text for name, text in listing(root / "app").items() if "seen" in name},
        "config": dict(config),
    }


def placed(outcome: Outcome, root: Path) -> Outcome:
    """The outcome with the official root in place of ours."""
    text = json.dumps(outcome, ensure_ascii=False)
    plan = json.dumps(outcome["plan"]) if "plan" in outcome else ""
    assert str(root) not in plan
    return dict(json.loads(text.replace(str(root), str(ROOT))))


# --- ours -----------------------------------------------------------------------------------------------------


def folders_of(root: Path) -> Folders:
    """The folders of a scenario, under the paths that the official phases give them in the image."""
    folders = {name: root / name for name in ("app", "layers", "platform")}
    paths = {"image_app": str(ROOT / "app"), "image_layers": str(ROOT / "layers")}
    return Folders(**folders, build_config=root / "config", **paths)


def descriptors_of(root: Path) -> dict[str, Descriptor]:
    found = sorted((root / "buildpacks").glob("*/*/buildpack.toml"))
    return read_descriptors([Buildpack("", "", path.parent) for path in found])


@dataclass
class Ours:
    """Our phases on a scenario in ``root``; images and cache stay in ``store`` between two runs."""

    root: Path
    store: Store
    run_image: StoredImage
    launcher_version: LauncherVersion
    run_reference: str

    def run(self) -> tuple[Outcome, dict[str, Any]]:
        """The outcome, and what the restore phase had put into the layers folder."""
        cache, folders = LayerCache(self.store.root, APP), folders_of(self.root)
        descriptors = descriptors_of(self.root)
        analyzed = analyze(self.run_image, self.store.image(APP), self.store, folders)
        session = Session(descriptors, folders, analyzed.target, ENVIRON)
        resolution = detect(read_order_file(self.root / "order.toml"), session)
        restore(resolution.group, analyzed, Memory(cache), folders)
        restored = restored_layers(self.root)
        build(resolution.group, resolution.plan, session)
        exporter = Exporter(self.store, folders, Owner(USER, USER), self.root / "launcher", self.launcher_version)
        recorded = replace(analyzed, run_image=RunImageRecord(reference=self.run_reference))
        exported = exporter.export(APP, resolution.group, recorded, self.run_image)
        self.store.tag(APP, exported.stored.descriptor)
        outcome = outcome_of(self.root, json.loads(exported.stored.config.to_bytes()))
        cache.commit(exported.records, folders.layers)
        return outcome, restored


def restored_layers(root: Path) -> dict[str, Any]:
    hand_offs = {"analyzed.toml", "group.toml", "plan.toml"}
    return {name: text for name, text in listing(root / "layers").items() if name not in hand_offs}


def ours(root: Path, store: Store, run_image: StoredImage, like: Outcome) -> Ours:
    """Our phases, with the two values in the labels that only the official exporter knows."""
    labels = like["config"]["config"]["Labels"]
    launcher = json.loads(labels["io.buildpacks.build.metadata"])["launcher"]
    version = LauncherVersion(
        launcher["version"], launcher["source"]["git"]["repository"], launcher["source"]["git"]["commit"]
    )
    reference = json.loads(labels["io.buildpacks.lifecycle.metadata"])["runImage"]["reference"]
    return Ours(root, store, run_image, version, reference)


def golden(name: str) -> list[Outcome]:
    return list(json.loads((HERE / "scenarios" / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", SCENARIOS)
def test_phases__scenario__leave_what_the_official_ones_left(
    name: str, tmp_path: Path, run_image: StoredImage, store: Store
) -> None:
    scenario = read_scenario(name)
    for number, expected in enumerate(golden(name)):
        root = tmp_path / f"turn {number}"
        unfold(scenario, root)
        outcome, restored = ours(root, store, run_image, expected["outcome"]).run()
        found = placed({"outcome": outcome, "restored": restored}, root)
        assert found["restored"] == expected["restored"]
        assert found["outcome"].pop("config") == expected["outcome"].pop("config")
        assert found["outcome"] == expected["outcome"]


@pytest.mark.parametrize("name", FAILURES)
def test_phases__buildpack_goes_wrong__exit_code(
    name: str, tmp_path: Path, run_image: StoredImage, store: Store
) -> None:
    unfold(failing(FAILURES[name]), tmp_path / "x")
    with pytest.raises(errors.LifecycleError) as failure:
        Ours(tmp_path / "x", store, run_image, LauncherVersion("0"), "").run()
    assert failure.value.exit_code == FAILURES[name]["exit"]
    assert all(failure.value.sentence(part) is not None for part in ("what", "where", "why", "hint"))


# --- the official ones ----------------------------------------------------------------------------------------


@dataclass
class Official:
    """The official phases, run as a plain user below ``ROOT``, which is removed afterwards."""

    binary: Path
    run_image: StoredImage
    store: Store

    def prepare(self, scenario: Mapping[str, Any]) -> None:
        for folder in ("app", "platform", "config", "buildpacks", "layers"):
            shutil.rmtree(ROOT / folder, ignore_errors=True)
        unfold(scenario, ROOT)
        layout = ROOT / "layout" / "registry.example" / "run" / "1"
        if not layout.exists():
            layout.mkdir(parents=True)
            write_layout(self.store, self.run_image, layout, "1")
        for folder in ("cache", "tmp"):
            (ROOT / folder).mkdir(exist_ok=True)
        subprocess.run(["chown", "-R", f"{USER}:{USER}", str(ROOT)], check=True)

    def phase(self, *arguments: str) -> int:
        env = {
            **ENVIRON,
            "TMPDIR": str(ROOT / "tmp"),
            "CNB_PLATFORM_API": "0.12",
            "CNB_EXPERIMENTAL_MODE": "warn",
            "CNB_LOG_LEVEL": "debug",
        }
        drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        done = subprocess.run(
            [*drop, str(self.binary), *arguments],
            env=env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )
        self.log = done.stdout + done.stderr
        return done.returncode

    def turn(self) -> tuple[int, dict[str, Any]]:
        """All five phases; the first exit status that is not 0, and what restore had put into the layers folder."""
        at = {name: f"-{name}={ROOT / name}" for name in ("layers", "app", "buildpacks", "platform")}
        layout = ["-layout", f"-layout-dir={ROOT / 'layout'}"]
        ids = [f"-uid={USER}", f"-gid={USER}", at["layers"]]
        config = f"-build-config={ROOT / 'config'}"
        where = [at[name] for name in ("layers", "app", "buildpacks", "platform")]
        analyze = self.phase("analyze", *layout, *ids, f"-run-image={RUN}", APP)
        detect = analyze or self.phase("detect", *where, config, f"-order={ROOT / 'order.toml'}")
        kept = detect or self.phase("restore", *layout, *ids, f"-cache-dir={ROOT / 'cache'}")
        restored = restored_layers(ROOT)
        built = kept or self.phase("build", *where, config)
        launcher = f"-launcher={ROOT / 'launcher'}"
        export = ["export", *layout, *ids, at["app"], launcher, f"-cache-dir={ROOT / 'cache'}", APP]
        return built or self.phase(*export), restored

    def config(self) -> dict[str, Any]:
        image = ROOT / "layout" / "registry.example" / "app" / "1"
        index = json.loads((image / "index.json").read_text())
        manifest = json.loads(self.blob(image, index["manifests"][0]["digest"]))
        return dict(json.loads(self.blob(image, manifest["config"]["digest"])))

    def blob(self, image: Path, digest: str) -> bytes:
        return (image / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()


@pytest.fixture
def official(official_folder: Path, run_image: StoredImage, store: Store) -> Iterator[Official]:
    if os.geteuid() != 0:
        pytest.skip(
            "NOT COMPARED with the official lifecycle: only root can make a folder of a fixed path and a plain user"
        )
    ROOT.mkdir()
    try:
        ROOT.chmod(0o755)
        shutil.copy(official_folder / "lifecycle", ROOT / "lifecycle")
        yield Official(ROOT / "lifecycle", run_image, store)
    finally:
        shutil.rmtree(ROOT)


@pytest.mark.official
@pytest.mark.parametrize("name", SCENARIOS)
def test_official__scenario__leaves_what_is_recorded(name: str, official: Official) -> None:
    scenario = read_scenario(name)
    turns = []
    for _ in range(2 if scenario.get("again") else 1):
        official.prepare(scenario)
        status, restored = official.turn()
        assert status == 0, official.log
        turns.append({"outcome": outcome_of(ROOT, official.config()), "restored": restored})
    if RECORD:
        text = json.dumps(turns, ensure_ascii=False, indent=1, sort_keys=True)
        (HERE / "scenarios" / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    assert turns == golden(name)


@pytest.mark.official
@pytest.mark.parametrize("name", FAILURES)
def test_official__buildpack_goes_wrong__exit_code(name: str, official: Official) -> None:
    official.prepare(failing(FAILURES[name]))
    assert official.turn()[0] == FAILURES[name]["exit"], official.log


def give_to_user(root: Path) -> None:
    """Let all files below ``root`` belong to the plain user; changing the owner clears bits of the mode."""
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        os.lchown(path, USER, USER)
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(mode))


MIXED = [name for name in SCENARIOS if name != "environment"]


@pytest.mark.official
@pytest.mark.parametrize("name", MIXED)
def test_official__our_detect_and_build__official_export_reads_them(name: str, official: Official) -> None:
    official.prepare(read_scenario(name))
    layout = ["-layout", f"-layout-dir={ROOT / 'layout'}", f"-uid={USER}", f"-gid={USER}", f"-layers={ROOT / 'layers'}"]
    assert official.phase("analyze", *layout, f"-run-image={RUN}", APP) == 0, official.log
    analyzed = read_analyzed(ROOT / "layers" / "analyzed.toml")
    session = Session(descriptors_of(ROOT), folders_of(ROOT), analyzed.target, ENVIRON)
    resolution = detect(read_order_file(ROOT / "order.toml"), session)
    build(resolution.group, resolution.plan, session)
    give_to_user(ROOT)
    launcher = f"-launcher={ROOT / 'launcher'}"
    assert official.phase("export", *layout, f"-app={ROOT / 'app'}", launcher, APP) == 0, official.log
    assert official.config() == golden(name)[0]["outcome"]["config"]


@pytest.mark.official
@pytest.mark.parametrize("name", MIXED)
def test_official__official_detect_and_build__our_export_reads_them(name: str, official: Official) -> None:
    official.prepare(read_scenario(name))
    assert official.turn()[0] == 0, official.log
    like = golden(name)[0]["outcome"]
    mine = ours(ROOT, official.store, official.run_image, like)
    analyzed = read_analyzed(ROOT / "layers" / "analyzed.toml")
    recorded = replace(analyzed, run_image=RunImageRecord(reference=mine.run_reference))
    exporter = Exporter(official.store, folders_of(ROOT), Owner(USER, USER), ROOT / "launcher", mine.launcher_version)
    exported = exporter.export(APP, read_group(ROOT / "layers" / "group.toml"), recorded, official.run_image)
    assert json.loads(exported.stored.config.to_bytes()) == like["config"]
