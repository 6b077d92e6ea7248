"""Words of options and files, wherever they lead: which groups they stand for, and what may not be named."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from jupyter_mlpack import errors
from jupyter_mlpack.architecture import host_architecture
from jupyter_mlpack.buildpackages import make_buildpackage
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.fetching.labels import BUILDER, LAYERS, ORDER
from jupyter_mlpack.given.catalogs import own_buildpacks, stacks_folder
from jupyter_mlpack.given.options import Given
from jupyter_mlpack.given.settle import Settled, settle
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.oci.archive import write_docker_archive
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.oci.tar import TarEntry, write_tar

ARCH = host_architecture()
SHIPPED = Path(__file__).parents[2] / "stacks"
GROUP = '[[order]]\n[[order.group]]\nid = "me/{name}"\nversion = "1"\n'


@pytest.fixture
def given(desk: Any, tmp_path: Path) -> Callable[..., Settled]:
    """``given(buildpacks=...)`` -> what a build with these options is given."""
    sources = Sources(desk.fetcher, tmp_path / "scratch")

    def make(**options: Any) -> Settled:
        return settle(Given(**options), tmp_path / "n.ipynb", read_catalog(), sources)

    return make


def references(settled: Settled) -> list[list[str]]:
    return [[element.reference for element in group] for group in settled.inputs.order]


@pytest.fixture
def builder(desk: Any, tmp_path: Path, write_buildpack: Callable[..., Path], request: pytest.FixtureRequest) -> str:
    """A builder's image with two groups, in the desk's store; a parameter is its run image."""
    run_image = getattr(request, "param", "a.example/run:1")
    sources, store = Sources(desk.fetcher, tmp_path), desk.fetcher.store
    packs = [make_buildpackage(write_buildpack(tmp_path / name, f"me/{name}"), "", ARCH, sources) for name in "ab"]
    layers = [pack.layers[0] for pack in packs]
    table = {f"me/{name}": {"1": {"layerDiffID": layer.diff_id}} for name, layer in zip("ab", layers, strict=True)}
    labels = {
        LAYERS: json.dumps(table),
        ORDER: json.dumps([{"group": [{"id": f"me/{name}", "version": "1"}]} for name in "ab"]),
        BUILDER: json.dumps({"stack": {"runImage": {"image": run_image}}}),
    }
    config = ImageConfig(ARCH, "linux", tuple(layer.diff_id for layer in layers), labels=tuple(sorted(labels.items())))
    store.tag("team/builder:1", store.add_image(config, layers).descriptor)
    return "docker://team/builder:1"


def test_buildpack__from_a_repository__in_the_order_with_its_origin(given: Any, repository: Any) -> None:
    commit = repository.commit()
    word = f"git+file://{repository.folder}@{commit}#subdirectory=packs/two"
    settled = given(buildpacks=("mlpack/python", word))
    assert references(settled) == [["mlpack/python@0.1.0", "me/two@1"]]
    assert {pack.reference: pack.origin for pack in settled.catalog.buildpacks if pack.origin} == {"me/two@1": word}


def test_buildpack__folder_of_a_repository_is_not_said__those_that_there_are_told(given: Any, repository: Any) -> None:
    repository.commit()
    with pytest.raises(errors.SourceUnusable) as failure:
        given(after=(f"git+file://{repository.folder}",))
    assert "packs/one, packs/two" in failure.value.sentence("why")


def test_buildpack__file_and_image__the_same_as_the_folder(
    given: Any, maker: Sources, tmp_path: Path, write_buildpack: Callable[..., Path]
) -> None:
    folder = write_buildpack(tmp_path / "own")
    image = make_buildpackage(folder, "team/own:1", ARCH, maker)
    write_docker_archive(maker.fetcher.store, image, tmp_path / "own.cnb", "x")
    answers = [references(given(after=(str(word),))) for word in (folder, tmp_path / "own.cnb")]
    assert answers[0] == answers[1]
    assert answers[0][0][-1] == "me/own@1"


def test_buildpack__name_of_an_image_of_the_store__it(
    given: Any, desk: Any, tmp_path: Path, write_buildpack: Callable[..., Path]
) -> None:
    make_buildpackage(write_buildpack(tmp_path / "own"), "team/own:1", ARCH, Sources(desk.fetcher, tmp_path))
    assert references(given(buildpacks=("team/own:1",))) == [["me/own@1"]]


def test_buildpack__composite_with_its_package__all_of_it_at_hand(
    given: Any, tmp_path: Path, write_buildpack: Callable[..., Path]
) -> None:
    write_buildpack(tmp_path / "one", "me/one")
    whole = write_buildpack(tmp_path / "whole", "me/whole", further=GROUP.format(name="one"))
    (whole / "package.toml").write_text('[[dependencies]]\nuri = "../one"\n')
    settled = given(after=(str(whole),))
    assert {"me/one@1", "me/whole@1"} <= {pack.reference for pack in settled.catalog.buildpacks}
    assert references(settled)[0][-1] == "me/whole@1"


def test_buildpack__builder__stands_for_its_groups(given: Any, builder: str) -> None:
    words = ("mlpack/python", builder)
    assert references(given(buildpacks=words)) == [["mlpack/python@0.1.0", f"me/{name}@1"] for name in "ab"]


def test_pre_buildpack__builder__refused(given: Any, builder: str) -> None:
    with pytest.raises(errors.SourceUnusable) as failure:
        given(before=(builder,))
    assert "stands for an order" in failure.value.sentence("why")


def test_builder__image__its_order_and_run_image(given: Any, builder: str) -> None:
    settled = given(builder=builder)
    assert references(settled) == [["me/a@1"], ["me/b@1"]]
    assert settled.run_image.image == "a.example/run:1"
    assert [notice.code for notice in settled.notices] == ["builder-unused"]


@pytest.mark.parametrize("builder", ["mlpack/run:bookworm-amd64"], indirect=True)
def test_builder__run_image_that_a_machine_made_for_itself__no_registry_is_asked_for_it(
    given: Any, builder: str
) -> None:
    assert given(builder=builder).run_image is None


def test_builder__buildpackage__refused(
    given: Any, desk: Any, tmp_path: Path, write_buildpack: Callable[..., Path]
) -> None:
    make_buildpackage(write_buildpack(tmp_path / "own"), "team/own:1", ARCH, Sources(desk.fetcher, tmp_path))
    with pytest.raises(errors.SourceUnusable) as failure:
        given(builder="docker://team/own:1")
    assert "no builder" in failure.value.sentence("why")


def test_builder__in_a_repository__its_own_folders_and_images_of_others(
    given: Any, repository: Any, builder: str
) -> None:
    table = {
        "buildpacks": [{"uri": "packs/one"}, {"image": builder.removeprefix("docker://")}],
        "order": [{"group": [{"id": "me/one"}, {"id": "me/a"}]}],
    }
    (repository.folder / "builder.toml").write_text(tomli_w.dumps(table))
    repository.commit()
    assert references(given(builder=f"git+file://{repository.folder}")) == [["me/one@1", "me/a@1"]]


def test_descriptor__that_is_named__its_buildpacks_and_its_builder_from_elsewhere(
    given: Any, repository: Any, builder: str, tmp_path: Path
) -> None:
    word = f"git+file://{repository.folder}@{repository.commit()}#subdirectory=packs/one"
    table = {
        "_": {"schema-version": "0.2"},
        "io": {"buildpacks": {"builder": builder, "pre": {"group": [{"uri": word}]}}},
    }
    (tmp_path / "named.toml").write_text(tomli_w.dumps(table))
    assert references(given(descriptor=tmp_path / "named.toml")) == [["me/one@1", "me/a@1"], ["me/one@1", "me/b@1"]]


def test_descriptor__that_was_found__brings_no_programs_from_elsewhere(
    given: Any, repository: Any, builder: str, tmp_path: Path
) -> None:
    repository.commit()
    uri = {"pre": {"group": [{"uri": f"git+file://{repository.folder}#subdirectory=packs/one"}]}}
    (tmp_path / "project.toml").write_text(tomli_w.dumps({"_": {"schema-version": "0.2"}, "io": {"buildpacks": uri}}))
    with pytest.raises(errors.DescriptorNotTrusted):
        given()
    only = {"_": {"schema-version": "0.2"}, "io": {"buildpacks": {"builder": builder}}}
    (tmp_path / "project.toml").write_text(tomli_w.dumps(only))
    settled = given()
    assert settled.inputs.order == ()
    assert [notice.code for notice in settled.notices] == ["builder-unused"]


# --- a site's own instead of ours -------------------------------------------------------------------------------


def test_own_buildpacks__repository__all_of_its_folder(desk: Any, repository: Any, tmp_path: Path) -> None:
    repository.commit()
    word = f"git+file://{repository.folder}#subdirectory=packs"
    found = own_buildpacks(word, Sources(desk.fetcher, tmp_path))
    assert [pack.reference for pack in found] == ["me/one@1", "me/two@1"]
    assert all(pack.origin for pack in found)


def test_own_buildpacks__builder__those_in_it(desk: Any, builder: str, tmp_path: Path) -> None:
    found = own_buildpacks(builder, Sources(desk.fetcher, tmp_path))
    assert sorted(pack.reference for pack in found) == ["me/a@1", "me/b@1"]


def test_own_buildpacks__none_there__error(desk: Any, tmp_path: Path) -> None:
    with pytest.raises(errors.SourceUnusable):
        own_buildpacks(str(tmp_path), Sources(desk.fetcher, tmp_path))


def test_stacks_folder__image__where_the_stacks_are(desk: Any, tmp_path: Path) -> None:
    recipe = (SHIPPED / "bookworm" / "stack.toml").read_bytes()
    entry = TarEntry("/stacks/mine/stack.toml", "file", 0o644, 0, 0, size=len(recipe), data=recipe)
    store = desk.fetcher.store
    layers = [store.add_layer(functools.partial(write_tar, entries=entries)) for entries in ([entry], [])]
    for count in (1, 2):
        config = ImageConfig(ARCH, "linux", tuple(layer.diff_id for layer in layers[:count]))
        store.tag(f"team/stacks:{count}", store.add_image(config, layers[:count]).descriptor)
    sources = Sources(desk.fetcher, tmp_path)
    assert [stack.name for stack in read_catalog(None, stacks_folder("docker://team/stacks:1", sources)).stacks]
    with pytest.raises(errors.SourceUnusable, match="nothing usable"):
        stacks_folder("docker://team/stacks:2", sources)


@pytest.mark.parametrize("inside", ["", "stacks"], ids=["at the top", "in a folder"])
def test_stacks_folder__repository__where_the_stacks_are(
    inside: str, desk: Any, repository: Any, tmp_path: Path
) -> None:
    recipe = SHIPPED / "bookworm" / "stack.toml"
    (repository.folder / inside / "mine").mkdir(parents=True)
    (repository.folder / inside / "mine" / "stack.toml").write_text(recipe.read_text())
    repository.commit()
    folder = stacks_folder(f"git+file://{repository.folder}", Sources(desk.fetcher, tmp_path))
    assert [stack.name for stack in read_catalog(None, folder).stacks] == ["bookworm"]
