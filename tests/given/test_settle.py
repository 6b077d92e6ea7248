"""Options, descriptor, builder and order files: who decides, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from jupyter_mlpack import errors
from jupyter_mlpack.catalog import read_catalog
from jupyter_mlpack.events import ignore
from jupyter_mlpack.fetching import Fetcher
from jupyter_mlpack.given.options import Given
from jupyter_mlpack.given.order import default_order
from jupyter_mlpack.given.settle import Settled, settle
from jupyter_mlpack.given.sources import Sources
from jupyter_mlpack.lifecycle.inputs import RunImageNames
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access

OURS, SERVING = (tuple(element.id for element in group) for group in default_order(read_catalog()))
PROJECT = {"_": {"schema-version": "0.2"}}


@dataclass
class Desk:
    """A folder with a notebook, and what lies beside it."""

    folder: Path

    def buildpack(self, name: str, version: str = "1", folder: str = "") -> Path:
        home = self.folder / (folder or name.replace("/", "-"))
        (home / "bin").mkdir(parents=True)
        self.write(f"{home.name}/buildpack.toml", {"api": "0.10", "buildpack": {"id": name, "version": version}})
        return home

    def write(self, name: str, table: dict[str, Any]) -> Path:
        (self.folder / name).write_text(tomli_w.dumps(table))
        return self.folder / name

    def project(self, buildpacks: dict[str, Any], **about: Any) -> Path:
        return self.write("project.toml", {"_": {"schema-version": "0.2", **about}, "io": {"buildpacks": buildpacks}})

    def order(self, *groups: list[dict[str, Any]]) -> Path:
        return self.write("order.toml", {"order": [{"group": group} for group in groups]})

    def settle(self, **options: Any) -> Settled:
        options |= {"builder": str(options["builder"])} if "builder" in options else {}
        fetcher = Fetcher(Store(self.folder / "store"), lambda host: Access(), ignore)
        sources = Sources(fetcher, self.folder / "scratch")
        return settle(Given(**options), self.folder / "n.ipynb", read_catalog(), sources)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def ids(settled: Settled) -> list[list[str]]:
    return [[element.id for element in group] for group in settled.inputs.order]


# --- orders -----------------------------------------------------------------------------------------------------


def test_settle__nothing_said__the_plan_decides(desk: Desk) -> None:
    assert desk.settle().inputs.order == ()


def test_settle__buildpack_options__no_others(desk: Desk) -> None:
    mine = desk.buildpack("me/own", "2")
    settled = desk.settle(buildpacks=("mlpack/python", str(mine)))
    assert [[element.reference for element in group] for group in settled.inputs.order] == [
        ["mlpack/python@0.1.0", "me/own@2"]
    ]
    assert any(pack.root == mine for pack in settled.catalog.buildpacks)


def test_settle__from_builder__all_of_ours_and_one_more(desk: Desk) -> None:
    mine = desk.buildpack("me/own")
    assert ids(desk.settle(buildpacks=("from=builder", str(mine)))) == [[*OURS, "me/own"], [*SERVING, "me/own"]]


def test_settle__before_and_after__around_ours(desk: Desk) -> None:
    before, after = desk.buildpack("me/first"), desk.buildpack("me/last")
    groups = [["me/first", *group, "me/last"] for group in (OURS, SERVING)]
    assert ids(desk.settle(before=(str(before),), after=(str(after),))) == groups


def test_settle__order_file__its_groups_with_versions(desk: Desk) -> None:
    order = desk.order([{"id": "mlpack/python"}], [{"id": "mlpack/packages", "optional": True}])
    groups = desk.settle(order=order).inputs.order
    assert [[(one.reference, one.optional) for one in group] for group in groups] == [
        [("mlpack/python@0.1.0", False)],
        [("mlpack/packages@0.1.0", True)],
    ]


def test_settle__folder_with_the_id_of_ours__takes_its_place(desk: Desk) -> None:
    mine = desk.buildpack("mlpack/python", "0.1.0")
    settled = desk.settle(after=(str(mine),))
    found = [pack.root for pack in settled.catalog.buildpacks if pack.id == "mlpack/python"]
    assert found == [mine]


BAD_ORDERS: dict[str, tuple[Callable[[Desk], dict[str, Any]], type[errors.InputError], str]] = {
    "order and buildpack": (
        lambda desk: {"order": desk.order([{"id": "mlpack/python"}]), "buildpacks": ("mlpack/python",)},
        errors.OrdersDisagree,
        "which buildpacks",
    ),
    "unknown id": (lambda desk: {"buildpacks": ("no/such",)}, errors.BuildpackUnknown, "mlpack/python@0.1.0"),
    "unknown version": (lambda desk: {"buildpacks": ("mlpack/python@7",)}, errors.BuildpackUnknown, "At hand"),
    "unknown id in a file": (
        lambda desk: {"order": desk.order([{"id": "no/such", "optional": True}])},
        errors.BuildpackUnknown,
        "At hand",
    ),
    "no order file": (lambda desk: {"order": desk.folder / "absent"}, errors.OrderUnreadable, "No such file"),
    "empty order": (lambda desk: {"order": desk.write("order.toml", {})}, errors.OrderUnreadable, "names no buildpack"),
    "order of another form": (
        lambda desk: {"order": desk.write("order.toml", {"order": "x"})},
        errors.OrderUnreadable,
        "array of tables",
    ),
    "folder without buildpack.toml": (
        lambda desk: {"buildpacks": (str(desk.folder),)},
        errors.BuildpackUnreadable,
        "no buildpack.toml",
    ),
    "builder with extensions": (
        lambda desk: {"builder": desk.write("b.toml", {"extensions": [{"id": "x"}]})},
        errors.OrderUnreadable,
        "need root",
    ),
    "builder with a buildpack of another kind of address": (
        lambda desk: {
            "builder": desk.write(
                "b.toml",
                {"buildpacks": [{"uri": "ftp://x/y"}], "order": [{"group": [{"id": "mlpack/python"}]}]},
            )
        },
        errors.SourceWrong,
        "no kind of source",
    ),
    "builder that appends without delim": (
        lambda desk: {
            "builder": desk.write(
                "b.toml",
                {
                    "order": [{"group": [{"id": "mlpack/python"}]}],
                    "build": {"env": [{"name": "A", "value": "1", "suffix": "append"}]},
                },
            )
        },
        errors.OrderUnreadable,
        "needs a delim",
    ),
}


@pytest.mark.parametrize(("options", "error", "words"), BAD_ORDERS.values(), ids=BAD_ORDERS)
def test_settle__order_that_cannot_be__error(
    options: Callable[[Desk], dict[str, Any]], error: type[errors.InputError], words: str, desk: Desk
) -> None:
    with pytest.raises(error) as failure:
        desk.settle(**options(desk))
    assert words in failure.value.sentence("why")
    assert failure.value.exit_code == 2


# --- builders ---------------------------------------------------------------------------------------------------


def test_settle__builder__buildpacks_order_run_image_defaults(desk: Desk) -> None:
    desk.buildpack("me/own", folder="packs")
    builder = desk.write(
        "builder.toml",
        {
            "buildpacks": [{"uri": "packs"}],
            "order": [{"group": [{"id": "me/own", "version": "1"}]}],
            "system": {"pre": {"buildpacks": [{"id": "mlpack/python"}]}},
            "run": {"images": [{"image": "a.example/run:1", "mirrors": ["b.example/run:1"]}]},
            "build": {
                "image": "a.example/build:1",
                "env": [
                    {"name": "A", "value": "1"},
                    {"name": "B", "value": "2", "suffix": "append", "delim": ":"},
                ],
            },
        },
    )
    settled = desk.settle(builder=builder)
    assert ids(settled) == [["mlpack/python", "me/own"]]
    assert settled.run_image == RunImageNames("a.example/run:1", ("b.example/run:1",))
    assert dict(settled.inputs.defaults) == {"A": "1", "B.append": "2", "B.delim": ":"}
    assert [notice.code for notice in settled.notices] == ["builder-unused"]


def test_settle__older_builder__run_image_of_its_stack(desk: Desk) -> None:
    stack = {"id": "x", "build-image": "b:1", "run-image": "a.example/run:1", "run-image-mirrors": ["b.example/run:1"]}
    builder = desk.write("builder.toml", {"order": [{"group": [{"id": "mlpack/python"}]}], "stack": stack})
    assert desk.settle(builder=builder).run_image == RunImageNames("a.example/run:1", ("b.example/run:1",))


def test_settle__builder_and_order_file__buildpacks_of_one_order_of_the_other(desk: Desk) -> None:
    desk.buildpack("me/own", folder="packs")
    table = {"buildpacks": [{"uri": "packs"}], "order": [{"group": [{"id": "mlpack/python"}]}]}
    builder, order = desk.write("builder.toml", table), desk.order([{"id": "me/own"}])
    assert ids(desk.settle(builder=builder, order=order)) == [["me/own"]]


# --- descriptors ------------------------------------------------------------------------------------------------


def test_settle__descriptor_beside_the_notebook__followed(desk: Desk) -> None:
    env = [{"name": "BP_A", "value": "1"}]
    desk.project(
        {"group": [{"id": "mlpack/python"}], "build": {"env": env}},
        version="1.2",
        **{"source-url": "https://x.example"},
    )
    settled = desk.settle()
    assert ids(settled) == [["mlpack/python"]]
    assert settled.inputs.environment() == {"BP_A": "1"}
    assert settled.inputs.source == {
        "source": {"type": "project", "version": {"declared": "1.2"}, "metadata": {"url": "https://x.example"}}
    }


def test_settle__option_and_descriptor__the_option_counts(desk: Desk) -> None:
    from jupyter_mlpack.lifecycle.inputs import Variable

    desk.project({"group": [{"id": "mlpack/python"}], "build": {"env": [{"name": "BP_A", "value": "descriptor"}]}})
    settled = desk.settle(buildpacks=("mlpack/packages",), variables=(Variable("BP_A", "option"),))
    assert ids(settled) == [["mlpack/packages"]]
    assert settled.inputs.environment() == {"BP_A": "option"}


def test_settle__pre_and_post__around_ours(desk: Desk) -> None:
    mine = desk.buildpack("me/own")
    path = desk.project({"pre": {"group": [{"uri": mine.name}]}, "post": {"group": [{"id": "mlpack/python"}]}})
    assert ids(desk.settle(descriptor=path)) == [["me/own", *group, "mlpack/python"] for group in (OURS, SERVING)]


def test_settle__script__a_buildpack_of_its_own(desk: Desk) -> None:
    script = {"api": "0.10", "inline": "echo hello", "shell": "/bin/bash"}
    path = desk.project({"group": [{"id": "me/script", "script": script}]})
    settled = desk.settle(descriptor=path)
    assert ids(settled) == [["me/script"]]
    root = next(pack.root for pack in settled.catalog.buildpacks if pack.id == "me/script")
    assert (root / "bin" / "build").read_text() == "#!/bin/bash\n\necho hello\n"
    assert (root / "bin" / "detect").stat().st_mode & 0o111


@pytest.mark.parametrize("named", [{"uri": "own"}, {"script": {"inline": "rm -rf ~"}}], ids=["folder", "script"])
def test_settle__found_descriptor_brings_programs__not_run(named: dict[str, Any], desk: Desk) -> None:
    desk.buildpack("me/own", folder="own")
    desk.project({"pre": {"group": [named]}})
    with pytest.raises(errors.DescriptorNotTrusted) as failure:
        desk.settle()
    assert "--descriptor" in failure.value.sentence("hint")


def test_settle__found_descriptor_sets_other_variables__left_out_and_told(desk: Desk) -> None:
    env = [{"name": "BP_A", "value": "1"}, {"name": "PATH", "value": "/evil"}, {"name": "UV_INDEX", "value": "x"}]
    path = desk.project({"build": {"env": env}})
    found, named = desk.settle(), desk.settle(descriptor=path)
    assert found.inputs.environment() == {"BP_A": "1"}
    assert [notice.code for notice in found.notices] == ["descriptor-variable"]
    assert set(named.inputs.environment()) == {"BP_A", "PATH", "UV_INDEX"}


def test_settle__builder_image_of_a_descriptor__told_not_used(desk: Desk) -> None:
    desk.project({"builder": "paketobuildpacks/builder:base"})
    settled = desk.settle()
    assert [notice.code for notice in settled.notices] == ["builder-unused"]
    assert settled.inputs.order == ()


def test_settle__file_of_another_kind__passed_over(desk: Desk) -> None:
    desk.write("project.toml", {"name": "A Julia project", "deps": {}})
    assert desk.settle().project is None


BAD_PROJECTS = {
    "schema 0.1": ({"project": {"id": "x"}}, "schema-version is not said"),
    "a later schema": ({"_": {"schema-version": "0.3"}}, "0.3"),
    "include and exclude": ({**PROJECT, "io": {"buildpacks": {"include": ["a"], "exclude": ["b"]}}}, "both"),
    "neither id nor uri": ({**PROJECT, "io": {"buildpacks": {"group": [{}]}}}, "neither id nor uri"),
    "uri with version": (
        {**PROJECT, "io": {"buildpacks": {"group": [{"uri": "x", "version": "1"}]}}},
        "no version",
    ),
    "env of another form": ({**PROJECT, "io": {"buildpacks": {"build": {"env": {"A": "1"}}}}}, "array of tables"),
}


@pytest.mark.parametrize(("table", "words"), BAD_PROJECTS.values(), ids=BAD_PROJECTS)
def test_settle__descriptor_that_cannot_be__error(table: dict[str, Any], words: str, desk: Desk) -> None:
    desk.write("project.toml", table)
    with pytest.raises(errors.OrderUnreadable) as failure:
        desk.settle()
    assert words in failure.value.sentence("why")


@pytest.mark.parametrize("word", ["own", "./own", "evil.example/pack:1", "git+https://evil.example/x"])
def test_settle__found_descriptor_has_an_id_that_is_a_place__it_is_none(word: str, desk: Desk) -> None:
    desk.buildpack("me/own", folder="own")
    desk.project({"pre": {"group": [{"id": word}]}})
    with pytest.raises(errors.BuildpackUnknown):
        desk.settle()
