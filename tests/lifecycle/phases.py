"""A scenario on disk, and the five phases of the lifecycle on it, ours and the official ones, one at a time.

Every phase reads what the phase before left in the folders of the scenario, whoever ran that one. ``seen_after`` says
what a phase left there, in a form that does not depend on who ran it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tomli_w

from jupyter_mlpack.given.moment import moment
from jupyter_mlpack.lifecycle.analyze import analyze
from jupyter_mlpack.lifecycle.build import build
from jupyter_mlpack.lifecycle.cache import LayerCache
from jupyter_mlpack.lifecycle.context import Folders, Owner, Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor, read_descriptors
from jupyter_mlpack.lifecycle.detect import detect
from jupyter_mlpack.lifecycle.export import Exporter
from jupyter_mlpack.lifecycle.files import read_group, read_order_file, read_plan
from jupyter_mlpack.lifecycle.inputs import BuildInputs, RunImageNames
from jupyter_mlpack.lifecycle.labels import LauncherVersion, read_analyzed
from jupyter_mlpack.lifecycle.records import RunImageRecord
from jupyter_mlpack.lifecycle.restore import Memory, restore
from jupyter_mlpack.lifecycle.toml import read_toml
from jupyter_mlpack.oci.layout import write_layout
from jupyter_mlpack.oci.manifest import CREATED, History, ImageConfig, StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar
from jupyter_mlpack.values import Buildpack

ROOT = Path("/mlpack-referee")
"""Where the official phases work: their images hold the paths of the build."""
USER = 1000
APP, RUN = "registry.example/app:1", "registry.example/run:1"
PHASES = ("analyze", "detect", "restore", "build", "export")
ENVIRON = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nowhere",
    "http_proxy": "http://proxy.example",
    "SECRET": "x",
}
LAUNCHER = "#!/bin/sh\necho a launcher\n"
LABELS = {"io.buildpacks.base.distro.name": "debian", "io.buildpacks.base.distro.version": "12"}
HAND_OFFS = frozenset({"analyzed.toml", "group.toml", "plan.toml", "report.toml"})
Scenario = Mapping[str, Any]
Seen = dict[str, Any]


# --- a scenario on disk ---------------------------------------------------------------------------------------


def unfold(scenario: Scenario, root: Path) -> None:
    """Write a scenario's folders below ``root``: app, platform/env and bindings, config/env, buildpacks, order.toml,
    launcher, and ``given.toml`` with what the exporter is told.
    """
    parts = (("app", "app"), ("platform", "platform/env"), ("bindings", "platform/bindings"), ("config", "config/env"))
    for part, folder in parts:
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
    (root / "given.toml").write_text(tomli_w.dumps(scenario.get("given", {})))
    (root / "layers").mkdir()


def unfold_buildpack(buildpack: Mapping[str, Any], folder: Path) -> None:
    """One buildpack: ``detect`` and ``build`` are bash unless they say otherwise, ``toml`` ends ``buildpack.toml``."""
    home = folder / buildpack["id"].replace("/", "_") / buildpack["version"]
    (home / "bin").mkdir(parents=True)
    info = ("id", "version", "homepage", "clear-env", "sbom-formats")
    table: dict[str, Any] = {"api": buildpack.get("api", "0.10")}
    table["buildpack"] = {key: buildpack[key] for key in info if key in buildpack}
    table |= {key: buildpack[key] for key in ("targets", "stacks") if key in buildpack}
    if "order" in buildpack:
        table["order"] = [{"group": group} for group in buildpack["order"]]
        (home / "bin").rmdir()
    else:
        for name in {"detect", "build"} - set(buildpack.get("without", ())):
            program = home / "bin" / name
            text = buildpack.get(name, "true")
            program.write_text(text if text.startswith("#!") else f"#!/usr/bin/env bash\nset -eu\n{text}\n")
            program.chmod(0o755)
    (home / "buildpack.toml").write_text(tomli_w.dumps(table) + buildpack.get("toml", ""))


def make_run_image(store: Store, run: Mapping[str, Any]) -> StoredImage:
    """The run image of a scenario: one layer, and the configuration that ``[run]`` asks for."""
    entries = [TarEntry("/etc/motd", "file", 0o644, 0, 0, size=2, data=b"hi")]
    layer = store.add_layer(lambda out: write_tar(out, entries))
    env = run.get("env", ["LANG=C.UTF-8", "PATH=/usr/bin:/bin"])
    history = [History("2020-02-02T02:02:02Z", **line) for line in run.get("history", [{"created_by": "packages"}])]
    config = ImageConfig(
        architecture="amd64",
        os=run.get("os", "linux"),
        variant=run.get("variant", ""),
        diff_ids=(layer.diff_id,),
        history=tuple(history),
        env=tuple((name, value) for name, _, value in (line.partition("=") for line in env)),
        entrypoint=tuple(run.get("entrypoint", ())),
        cmd=tuple(run.get("cmd", ())),
        working_dir=run.get("working-dir", ""),
        user=run.get("user", "1000:1000"),
        labels=tuple(sorted(run.get("labels", LABELS).items())),
        rest={"config": run["rest"]} if "rest" in run else {},
    )
    store.tag(RUN, store.add_image(config, [layer]).descriptor)
    found = store.image(RUN)
    assert found is not None
    return found


# --- what a phase left ----------------------------------------------------------------------------------------


def listing(folder: Path) -> dict[str, str]:
    """What stands in a folder, by name: mode and text of files, mode of folders and pipes, ends of links."""
    return {shown(bytes(path.relative_to(folder))): described(path) for path in sorted(folder.rglob("*"))}


def shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def described(path: Path) -> str:
    if path.is_symlink():
        return f"-> {shown(os.readlink(bytes(path)))}"
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        data = path.read_bytes()
        text = shown(data) if len(data) < 4000 else f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"
        return f"{stat.S_IMODE(mode):04o} {text}"
    return f"{stat.S_IMODE(mode):04o} {'folder' if stat.S_ISDIR(mode) else 'pipe'}"


def seen_after(phase: str, root: Path) -> Seen:
    """What a phase left below ``root``."""
    layers = root / "layers"
    if phase == "analyze":
        # how the images are called differs: the official phases know them by their folders
        names = re.compile(r'((?:reference|image) = )"[^"]+"')
        return {"analyzed": names.sub(r'\1"..."', (layers / "analyzed.toml").read_text(encoding="utf-8"))}
    if phase == "detect":
        plan = (layers / "plan.toml").read_text(encoding="utf-8")
        # the official detector writes the entries in a random order
        return {
            "group": (layers / "group.toml").read_text(),
            "plan": sorted(re.split(r"(?m)^\n?(?=\[\[entries]])", plan)),
        }
    files = {name: text for name, text in listing(layers).items() if name not in HAND_OFFS}
    # the official restorer copies bills of materials while another of its threads has set the umask to 0, or not
    files = {name: text[5:] if ".sbom." in name else text for name, text in files.items()}
    if phase == "restore":
        return {"layers": files}
    if phase == "build":
        app = {name: text for name, text in listing(root / "app").items() if name.startswith("seen")}
        return {"layers": files, "app": app}
    return {}


def placed(seen: Seen, root: Path) -> Seen:
    """What was seen, with the official root in place of ours."""
    return dict(json.loads(json.dumps(seen).replace(json.dumps(str(root))[1:-1], str(ROOT))))


# --- ours -----------------------------------------------------------------------------------------------------


@dataclass
class Ours:
    """Our phases on a scenario in ``root``. ``like`` is the official image's configuration: two values in its labels
    (the launcher's version, and how the run image is called) are the official exporter's alone, and are taken over.
    """

    root: Path
    store: Store
    run_image: StoredImage
    like: Mapping[str, Any] = field(default_factory=dict)
    cache: LayerCache | None = None

    def __post_init__(self) -> None:
        self.layers = self.root / "layers"
        parts = {name: self.root / name for name in ("app", "layers", "platform")}
        paths = {"image_app": str(ROOT / "app"), "image_layers": str(ROOT / "layers")}
        self.folders = Folders(**parts, build_config=self.root / "config", **paths)

    def phase(self, name: str) -> Seen:
        """Run one phase by what the phase before left."""
        seen: Seen | None = getattr(self, name)()
        return seen or seen_after(name, self.root)

    def analyze(self) -> None:
        analyze(self.run_image, self.store.image(APP), self.store, self.folders)

    def session(self) -> Session:
        found = sorted((self.root / "buildpacks").glob("*/*/buildpack.toml"))
        descriptors: dict[str, Descriptor] = read_descriptors([Buildpack("", "", path.parent) for path in found])
        return Session(descriptors, self.folders, read_analyzed(self.layers / "analyzed.toml").target, ENVIRON)

    def detect(self) -> None:
        detect(read_order_file(self.root / "order.toml"), self.session())

    def restore(self) -> None:
        group = read_group(self.layers / "group.toml")
        restore(group, read_analyzed(self.layers / "analyzed.toml"), Memory(self.cache), self.folders)

    def build(self) -> None:
        build(read_group(self.layers / "group.toml"), read_plan(self.layers / "plan.toml"), self.session())

    def export(self) -> Seen:
        labels = self.like.get("config", {}).get("Labels", {})
        launcher = json.loads(labels.get("io.buildpacks.build.metadata", "{}")).get("launcher", {"version": "0"})
        run = json.loads(labels.get("io.buildpacks.lifecycle.metadata", "{}")).get("runImage", {})
        version = LauncherVersion(launcher["version"], **launcher.get("source", {}).get("git", {}))
        analyzed = read_analyzed(self.layers / "analyzed.toml")
        inputs = given_inputs(self.root)
        recorded = inputs.recorded(replace(analyzed, run_image=RunImageRecord(reference=run.get("reference", ""))))
        exporter = Exporter(self.store, self.folders, Owner(USER, USER), self.root / "launcher", version, inputs=inputs)
        made = exporter.export(APP, read_group(self.layers / "group.toml"), recorded, self.run_image)
        self.store.tag(APP, made.stored.descriptor)
        if self.cache:
            self.cache.commit(made.records, self.layers)
        report = read_toml(self.layers / "report.toml")["image"]
        assert isinstance(report, dict)
        told = {"tags": report["tags"], "manifest-size": report["manifest-size"] == made.stored.descriptor.size}
        return {"config": json.loads(made.stored.config.to_bytes()), "report": told}


def given_inputs(root: Path) -> BuildInputs:
    """What ``given.toml`` says, as our exporter takes it."""
    given: dict[str, Any] = read_toml(root / "given.toml")
    names = RunImageNames(RUN, tuple(given["mirrors"])) if "mirrors" in given else None
    created = moment(str(given["epoch"]), "SOURCE_DATE_EPOCH") if "epoch" in given else CREATED
    source = {"source": given["source"]} if "source" in given else None
    return BuildInputs(tags=tuple(given.get("tags", ())), created=created, run_image=names, source=source)


# --- the official ones ----------------------------------------------------------------------------------------


class OfficialFailed(Exception):
    """An official phase ended with another status than 0."""

    def __init__(self, phase: str, status: int, log: str) -> None:
        super().__init__(f"{phase} ended with {status}:\n{log}")
        self.exit_code = status


@dataclass
class Official:
    """The official phases, run as a plain user below ``ROOT``; images and cache stay there between two turns."""

    binary: Path
    store: Store
    run_image: StoredImage
    layers: Path = ROOT / "layers"

    def prepare(self, scenario: Scenario, run_image: StoredImage | None = None) -> None:
        """Write the scenario's folders anew."""
        for part in ("app", "platform", "config", "buildpacks", "layers"):
            shutil.rmtree(ROOT / part, ignore_errors=True)
        unfold(scenario, ROOT)
        self.run_image = run_image or self.run_image
        self.provide(RUN, self.run_image)
        for part in ("cache", "tmp"):
            (ROOT / part).mkdir(exist_ok=True)
        own(ROOT)

    def provide(self, name: str, image: StoredImage) -> None:
        """Put an image where the official phases find it."""
        folder = ROOT / "layout" / name.replace(":", "/")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_layout(self.store, image, folder, "1")
        own(ROOT / "layout")

    def phase(self, name: str) -> Seen:
        """Run one phase by what the phase before left. Raises ``OfficialFailed``."""
        at = {part: f"-{part}={ROOT / part}" for part in ("layers", "app", "buildpacks", "platform")}
        layout = ["-layout", f"-layout-dir={ROOT / 'layout'}", f"-uid={USER}", f"-gid={USER}", at["layers"]]
        where = [*at.values(), f"-build-config={ROOT / 'config'}"]
        cache = f"-cache-dir={ROOT / 'cache'}"
        arguments = {
            "analyze": [*layout, f"-run-image={RUN}", APP],
            "detect": [*where, f"-order={ROOT / 'order.toml'}"],
            "restore": [*layout, cache],
            "build": where,
            "export": [*layout, at["app"], f"-launcher={ROOT / 'launcher'}", cache, *self.told(), APP],
        }
        given: dict[str, Any] = read_toml(ROOT / "given.toml")
        arguments["export"] += given.get("tags", [])
        self._run(name, *arguments[name])
        return self.exported() if name == "export" else seen_after(name, ROOT)

    def told(self) -> list[str]:
        """The files by which the official exporter is told what ``given.toml`` says."""
        given: dict[str, Any] = read_toml(ROOT / "given.toml")
        images = [{"image": RUN, "mirrors": given["mirrors"]}] if "mirrors" in given else []
        source = {"source": given["source"]} if "source" in given else {}
        (ROOT / "run.toml").write_text(tomli_w.dumps({"images": images}))
        (ROOT / "project-metadata.toml").write_text(tomli_w.dumps(source))
        own(ROOT)
        return [f"-run={ROOT / 'run.toml'}", f"-project-metadata={ROOT / 'project-metadata.toml'}"]

    def _run(self, phase: str, *arguments: str) -> None:
        given: dict[str, Any] = read_toml(ROOT / "given.toml")
        settings = {"CNB_PLATFORM_API": "0.12", "CNB_EXPERIMENTAL_MODE": "warn", "CNB_LOG_LEVEL": "debug"}
        settings |= {"SOURCE_DATE_EPOCH": str(given["epoch"])} if "epoch" in given else {}
        drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        done = subprocess.run(
            [*drop, str(self.binary), phase, *arguments],
            env={**ENVIRON, "TMPDIR": str(ROOT / "tmp"), "TZ": "UTC", **settings},
            cwd=ROOT,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            umask=0o022,
        )
        if done.returncode:
            raise OfficialFailed(phase, done.returncode, done.stdout + done.stderr)

    def exported(self) -> Seen:
        image = ROOT / "layout" / APP.replace(":", "/")
        digest = json.loads((image / "index.json").read_text())["manifests"][0]["digest"]
        manifest = self._blob(image, digest)
        report = read_toml(ROOT / "layers" / "report.toml")["image"]
        assert isinstance(report, dict)
        # the first name is a path below the layouts, with a slash for the colon; further ones are told as they are
        first, *others = report["tags"]
        tags = [str(Path(first).relative_to(ROOT / "layout").parent) + f":{Path(first).name}", *others]
        told = {"tags": tags, "manifest-size": report["manifest-size"] == len(manifest)}
        return {"config": json.loads(self._blob(image, json.loads(manifest)["config"]["digest"])), "report": told}

    def _blob(self, image: Path, digest: str) -> bytes:
        return (image / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()


def own(root: Path) -> None:
    """Let all files below ``root`` belong to the plain user; changing the owner clears bits of the mode."""
    for path in (root, *root.rglob("*")):
        mode = path.lstat().st_mode
        os.lchown(path, USER, USER)
        if mode & 0o6000 and not path.is_symlink():
            path.chmod(stat.S_IMODE(mode))
