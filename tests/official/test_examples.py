"""Our own buildpacks on the three example notebooks: the same files, labels and diffIDs from both lifecycles.

Both build against one registry, both twice: from nothing, and again after the notebook was edited. The second time the
official phases start from *our* image, so that what they keep is what we made.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import certifi
import pytest

from jupyter_mlpack.assets.bring import bring_assets, ways
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.events import Event, LogLines, ignore
from jupyter_mlpack.given.additions import find_additions, with_additions
from jupyter_mlpack.given.certificates import certificates_in
from jupyter_mlpack.given.options import Given
from jupyter_mlpack.given.trust import bundle_settings
from jupyter_mlpack.lifecycle import BuildContext, launch, run_lifecycle
from jupyter_mlpack.lifecycle.toml import read_toml
from jupyter_mlpack.lifecycle.workspace import write_workspace
from jupyter_mlpack.oci import Store, StoredImage
from jupyter_mlpack.pipeline import build_settings, host_architecture, inspect, plan_image
from jupyter_mlpack.resolution import index_settings
from jupyter_mlpack.stack import StackSettings, run_root
from jupyter_mlpack.values import Asset, BuildPlan
from jupyter_mlpack.wishes import Machine, Wishes

pytestmark = [pytest.mark.official, pytest.mark.network]

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = {
    "digits": "digits/digits.ipynb",
    "messages": "messages/messages.ipynb",
    "rides": "rides/notebooks/forecast.ipynb",
    "minimal": "messages/messages.ipynb",
}
STACKS = {"minimal": "bookworm-minimal"}
"""The stack of those that are not on the usual one."""

ONLY_OURS = re.compile(r"BP_(LISTINGS|WHEELS)_DIR")


def say(event: Event) -> None:
    """The log of our build, which pytest shows when the test fails."""
    if isinstance(event, LogLines):
        print(*event.lines, sep="\n")


@dataclass
class Both:
    """One notebook, our machine, and the referee."""

    name: str
    plan: BuildPlan
    run_image: StoredImage
    machine: Machine
    root: Path
    referee: Any
    hub: Any
    turn: int = 0

    @property
    def ours(self) -> str:
        return f"{self.name}:ours"

    @property
    def theirs(self) -> str:
        return f"{self.name}:theirs"

    def edit(self) -> None:
        """Change a cell of the notebook."""
        files = tuple(
            replace(file, text=(file.text or "").replace("seed", "another_seed", 1).replace("28", "21", 1))
            if file.path.endswith(".ipynb")
            else file
            for file in self.plan.files
        )
        assert files != self.plan.files
        self.plan = replace(self.plan, files=files)

    def settings(self) -> dict[str, str]:
        bundle = bundle_settings(run_root(self.machine.store, self.run_image))
        return {**build_settings(self.plan, self.run_image, self.machine), **bundle}

    def build(self) -> tuple[StoredImage, Path]:
        """Ours; the image and the layers folder. The image is pushed."""
        self.turn += 1
        workdir = self.root / f"turn-{self.turn}"
        workdir.mkdir()
        context = BuildContext(workdir, self.settings(), previous=self.plan.name)
        run_lifecycle(self.plan, self.run_image, self.machine.store, self.machine.catalog, context, say)
        image = self.machine.store.image(self.plan.name)
        assert image is not None
        self.hub.push(self.machine.store, image, self.ours)
        return image, workdir / "layers"

    def judge(self) -> tuple[StoredImage, Path]:
        """Theirs; the image (pulled) and the layers folder."""
        self.referee.renew()
        write_workspace(self.plan, self.referee.root / "app")
        plain = {name: value for name, value in self.settings().items() if not ONLY_OURS.match(name)}
        self.referee.platform(plain)
        buildpacks = {pack.reference: pack.root for pack in self.machine.catalog.buildpacks}
        self.referee.buildpacks(buildpacks, self.plan.order)
        self.referee.build(self.theirs, self.run_image.name, Path(launch.__file__))
        return self.hub.pull(self.machine.store, self.theirs), self.referee.layers


@pytest.fixture(scope="module", params=NOTEBOOKS)
def both(request, fresh_store, hub, referee, tmp_path_factory) -> Both:
    folder = tmp_path_factory.mktemp(request.param)
    stack = STACKS.get(request.param, "bookworm")
    store = fresh_store(folder / "store", stack)
    notebook, inspection = inspect(EXAMPLES / NOTEBOOKS[request.param], Wishes(), ignore)
    name = f"{hub.host}/{request.param}"
    machine = Machine(store, read_catalog(), StackSettings(), index_settings(os.environ))
    wishes = Wishes(name=f"{name}:ours", arch=host_architecture(), stack=stack)
    plan = plan_image(notebook, inspection, wishes, machine, ignore)
    if request.param == "digits":
        plan = with_data(plan, machine, folder)
    if request.param == "messages":
        plan = with_what_a_site_adds(plan, machine, folder)
    store.tag(f"{hub.host}/run:1", base_of(store, stack).descriptor)
    base = store.image(f"{hub.host}/run:1")
    assert base is not None
    hub.push(store, base, base.name)
    referee.user = (plan.stack.uid, plan.stack.gid)
    return Both(name, plan, base, machine, folder, referee, hub)


def with_data(plan: BuildPlan, machine: Machine, folder: Path) -> BuildPlan:
    """With assets, each of which is a slice of the application: a name that looks like a pattern, folders, a mount."""
    raw = folder / "raw"
    (raw / "in").mkdir(parents=True)
    for name in ("one.png", "in/two.png", "a.csv"):
        (raw / name).write_text(name)
    assets = (Asset("data/[a]*?.csv", "raw/a.csv"), Asset("images", "raw"), Asset("lake", mount=True))
    plan = replace(plan, assets=assets)
    return bring_assets(plan, ways(machine.store, folder, (), refresh=False), "", machine.catalog, ignore)


def with_what_a_site_adds(plan: BuildPlan, machine: Machine, folder: Path) -> BuildPlan:
    """With business tags and an authority (any certificate is one here)."""
    (folder / "tags.yaml").write_text('owner:\n  team: "Fraud & \\"Risk\\" µ"\ncost-center: 007\n')
    (folder / "authority.pem").write_text(certificates_in(Path(certifi.where()).read_text())[-1])
    given = Given(business_tags=folder / "tags.yaml")
    additions = find_additions(given, EXAMPLES / NOTEBOOKS["messages"], folder / "authority.pem", ignore)
    return with_additions(plan, additions, machine.catalog)


def base_of(store: Store, stack: str) -> StoredImage:
    """The run image that came with a fresh store."""
    image = store.image(f"mlpack/run:{stack}-{host_architecture()}")
    assert image is not None
    return image


def test_both_lifecycles__example__same_files_labels_and_layers(both: Both) -> None:
    image, layers = both.build()
    official, official_layers = both.judge()
    assert_same_files(layers, official_layers)
    assert_same_image(image, official)
    assert_same_environment(both.referee)
    both.edit()
    both.hub.push(both.machine.store, image, both.theirs)
    image, layers = both.build()
    official, official_layers = both.judge()
    assert_same_files(layers, official_layers)
    assert_same_image(image, official)
    assert "keeping all" in both.referee.log, "the official phases must have kept layers of our image"


def assert_same_files(ours: Path, theirs: Path) -> None:
    assert (ours / "group.toml").read_text() == (theirs / "group.toml").read_text()
    assert plan_of(ours) == plan_of(theirs)
    assert (ours / "config/metadata.toml").read_text() == (theirs / "config/metadata.toml").read_text()
    assert layers_of(ours) == layers_of(theirs)


def plan_of(layers: Path) -> list[Any]:
    """The entries of the plan in a fixed order: the official lifecycle writes them in a random one."""
    return sorted(read_toml(layers / "plan.toml")["entries"], key=str)


def layers_of(layers: Path) -> dict[str, Any]:
    """What the buildpacks say of their layers, and their launch files."""
    found = sorted(layers.glob("mlpack_*/*.toml"))
    return {str(path.relative_to(layers)): read_toml(path) for path in found}


def assert_same_image(ours: StoredImage, theirs: StoredImage) -> None:
    mine, other = (json.loads(image.config.to_bytes()) for image in (ours, theirs))
    history = [entry["created_by"] for entry in mine["history"]]
    assert history == [entry.get("created_by", "") for entry in other["history"]]
    diff_ids = zip(history, mine["rootfs"]["diff_ids"], strict=True)
    assert list(diff_ids) == list(zip(history, other["rootfs"]["diff_ids"], strict=True))
    labels, expected = (without_launcher(config["config"].pop("Labels")) for config in (mine, other))
    assert labels == expected
    assert mine == other


def assert_same_environment(referee: Any) -> None:
    """Both launchers give a process in this image the same environment."""
    (referee.root / "cnb" / "launcher").chmod(0o755)
    shown = [referee.run([program, "--", "/usr/bin/env"]) for program in ("/cnb/launcher", referee.launcher)]
    (status, mine), (other_status, other) = shown
    assert (status, sorted(mine.splitlines())) == (other_status, sorted(other.splitlines()))
    assert "VIRTUAL_ENV=" in mine or "/layers/mlpack_packages/environment" in mine


def without_launcher(labels: dict[str, str]) -> dict[str, str]:
    """The labels without what the build label says of the launcher: each lifecycle names its own release there."""
    built = labels["io.buildpacks.build.metadata"]
    plain, found = re.subn(r'"launcher":\{"version":"[^"]+","source":\{[^}]*\}\}', '"launcher"', built)
    assert found == 1
    return {**labels, "io.buildpacks.build.metadata": plain}
