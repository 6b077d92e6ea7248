"""What a build is given reaches the buildpacks, the image and nothing else."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Workshop, make_run_image

from jupyter_mlpack import errors
from jupyter_mlpack.events import Event, LogLines, event_json, failed
from jupyter_mlpack.lifecycle import BuildContext, run_lifecycle
from jupyter_mlpack.lifecycle.inputs import (
    Binding,
    BuildInputs,
    RunImageNames,
    Variable,
    Volume,
    credentials_in,
)
from jupyter_mlpack.lifecycle.records import GroupElement
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.values import Buildpack, Image

SECRET, PASSWORD = "canary-of-a-variable", "canary-of-a-binding"
BUILDPACK = """api = "0.10"
[buildpack]
id = "me/teller"
version = "1"
[metadata.mlpack]
relocatable = true
"""
TELLS = """#!/bin/sh
env | sort
for file in "$CNB_PLATFORM_DIR"/bindings/*/*; do echo "${file#"$CNB_PLATFORM_DIR"/}: $(cat "$file")"; done
echo "$TOKEN" | sha256sum > seen-token
mkdir -p "$CNB_LAYERS_DIR/made"
printf '[types]\\nlaunch = true\\n[metadata]\\nkey = "x"\\n' > "$CNB_LAYERS_DIR/made.toml"
"""


def test_credentials_in__settings_of_indexes__hidden() -> None:
    settings = {
        "UV_DEFAULT_INDEX": "https://me:canary-of-an-index@pypi.example/simple",
        "UV_INDEX_A_PASSWORD": "canary-password",
        "BP_UV": "/usr/bin/uv",
    }
    mask = BuildInputs().mask(credentials_in(settings))
    text = " ".join(f"{name}={value}" for name, value in settings.items())
    assert "canary" not in mask(text)
    assert mask(text).count("********") == 2
    assert "@pypi.example/simple" in mask(text)


@dataclass
class Given:
    """A machine whose builds end with a buildpack that tells all it sees."""

    workshop: Workshop
    events: list[Event] = field(default_factory=list)

    def build(self, inputs: BuildInputs, program: str = TELLS, detect: str = "#!/bin/sh\n", number: int = 0) -> Image:
        plan, catalog, store = self.workshop.plan(), self.workshop.catalog(), self.workshop.store
        root = self.workshop.root / "teller"
        (root / "bin").mkdir(parents=True, exist_ok=True)
        (root / "buildpack.toml").write_text(BUILDPACK)
        for name, text in (("detect", detect), ("build", program)):
            (root / "bin" / name).write_text(text)
            (root / "bin" / name).chmod(0o755)
        catalog = replace(catalog, buildpacks=(*catalog.buildpacks, Buildpack("me/teller", "1", root)))
        group = (*(GroupElement(*name.split("@")) for name in plan.order), GroupElement("me/teller", "1"))
        context = BuildContext(
            self.workshop.root / f"given {number}", previous=plan.name, inputs=replace(inputs, order=(group,))
        )
        context.workdir.mkdir()
        return run_lifecycle(plan, make_run_image(store), store, catalog, context, self.events.append)

    def image(self, name: str = "example/notebook:1") -> StoredImage:
        found = self.workshop.store.image(name)
        assert found is not None
        return found

    def log(self) -> str:
        return "\n".join(line for event in self.events if isinstance(event, LogLines) for line in event.lines)


@pytest.fixture
def given(workshop: Workshop) -> Given:
    return Given(workshop)


@pytest.fixture
def binding(tmp_path: Path) -> Binding:
    folder = tmp_path / "binding"
    folder.mkdir()
    for name, text in (("type", "pypi"), ("password", f"{PASSWORD}\n")):
        (folder / name).write_text(text)
    return Binding("index", folder)


def private(binding: Binding) -> BuildInputs:
    return BuildInputs(
        variables=(Variable("TOKEN", SECRET), Variable("BP_A", "open", secret=False)), bindings=(binding,)
    )


def everywhere(folder: Path) -> Iterator[bytes]:
    """All bytes below a folder, what is compressed in plain, too."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            yield data
            if data.startswith(b"\x1f\x8b"):
                yield gzip.decompress(data)


def test_run_lifecycle__variables_and_bindings__buildpacks_see_them(given: Given, binding: Binding) -> None:
    given.build(private(binding))
    log = given.log()
    assert "BP_A=open" in log
    assert "bindings/index/type: pypi" in log
    app = given.workshop.root / "given 0" / "app"
    expected = subprocess.run(["sha256sum"], input=f"{SECRET}\n".encode(), capture_output=True, check=True).stdout
    assert (app / "seen-token").read_bytes() == expected


def test_run_lifecycle__secrets__in_no_store_log_or_event(given: Given, binding: Binding) -> None:
    given.build(private(binding))
    told = "\n".join(json.dumps(event_json(event)) for event in given.events)
    assert "TOKEN=********" in given.log()
    assert SECRET not in told
    assert PASSWORD not in told
    assert not any(
        word.encode() in data for data in everywhere(given.workshop.store.root) for word in (SECRET, PASSWORD)
    )


def test_run_lifecycle__scratch_folder__holds_no_copy_of_a_binding(given: Given, binding: Binding) -> None:
    given.build(private(binding))
    scratch = given.workshop.root / "given 0"
    assert not any(PASSWORD.encode() in data for data in everywhere(scratch))
    assert (scratch / "platform" / "env" / "TOKEN").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "programs",
    [
        pytest.param({"program": "#!/bin/sh\necho $TOKEN; exit 1\n"}, id="build"),
        pytest.param({"detect": "#!/bin/sh\necho $TOKEN; exit 1\n"}, id="detect"),
        pytest.param({"detect": "#!/bin/sh\necho $TOKEN; exit 100\n"}, id="detect says no"),
    ],
)
def test_run_lifecycle__buildpack_fails_with_a_secret_in_its_log__hidden(
    programs: dict[str, Any], given: Given, binding: Binding
) -> None:
    with pytest.raises(errors.LifecycleError) as failure:
        given.build(private(binding), **programs)
    words = json.dumps(event_json(failed(failure.value)))
    assert "********" in words
    assert SECRET not in words + given.log()


def test_run_lifecycle__private_build__nothing_is_replayed_or_remembered(given: Given, binding: Binding) -> None:
    given.build(private(binding))
    assert not (given.workshop.store.root / "outcomes").exists()


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        pytest.param(BuildInputs(), False, id="nothing"),
        pytest.param(BuildInputs(variables=(Variable("A", "1", secret=False),), defaults={"B": "2"}), False, id="open"),
        pytest.param(BuildInputs(variables=(Variable("A", "1"),)), True, id="a variable of the caller's"),
        pytest.param(BuildInputs(bindings=(Binding("a", Path("/a")),)), True, id="a binding"),
        pytest.param(BuildInputs(volumes=(Volume(Path("/a"), "/b"),)), True, id="a volume"),
    ],
)
def test_private__inputs__only_what_must_not_be_remembered(inputs: BuildInputs, expected: bool) -> None:
    assert inputs.private == expected


def test_run_lifecycle__binding_gone_meanwhile__says_which(given: Given, tmp_path: Path) -> None:
    with pytest.raises(errors.BindingUnreadable) as failure:
        given.build(BuildInputs(bindings=(Binding("index", tmp_path / "gone"),)))
    assert "gone" in failure.value.sentence("where")


def test_run_lifecycle__defaults_of_the_operator__give_way(given: Given) -> None:
    defaults = {"A": "default", "B.override": "operator", "BP_A": "default"}
    given.build(BuildInputs(variables=(Variable("BP_A", "mine", secret=False),), defaults=defaults))
    assert {"A=default", "B=operator", "BP_A=mine"} <= set(given.log().splitlines())


def test_run_lifecycle__tags__further_names_of_the_same_image(given: Given) -> None:
    image = given.build(BuildInputs(tags=("example/notebook:latest", "other:2")))
    assert {given.image(name).descriptor.digest for name in ("example/notebook:latest", "other:2")} == {image.digest}


def test_run_lifecycle__moment__of_the_image_and_all_its_history(given: Given) -> None:
    first = given.build(BuildInputs())
    config = json.loads(given.image().config.to_bytes())
    given.build(BuildInputs(created="2026-01-01T00:00:00Z"), number=1)
    dated = json.loads(given.image().config.to_bytes())
    assert {dated["created"], *(entry["created"] for entry in dated["history"])} == {"2026-01-01T00:00:00Z"}
    assert dated["rootfs"] == config["rootfs"]
    assert given.image().descriptor.digest != first.digest


def test_run_lifecycle__names_of_the_run_image__in_the_label(given: Given) -> None:
    names = RunImageNames("a.example/run:1", ("b.example/run:1", "c.example/run:1"))
    image = given.build(BuildInputs(run_image=names))
    run = json.loads(dict(image.labels)["io.buildpacks.lifecycle.metadata"])["runImage"]
    assert (run["image"], tuple(run["mirrors"])) == (names.image, names.mirrors)
    assert run["reference"].startswith("mlpack/run@sha256:")


def test_run_lifecycle__source__in_the_label(given: Given) -> None:
    source = {"source": {"type": "project", "version": {"declared": "1"}}}
    image = given.build(BuildInputs(source=source))
    assert json.loads(dict(image.labels)["io.buildpacks.project.metadata"]) == source
