"""mlpack/business-tags: labels out of planned tags, or of the file that people write."""

from __future__ import annotations

import json

import pytest
import tomllib

PLAN = '[[provides]]\nname = "business-tags"\n\n[[requires]]\nname = "business-tags"\n'


def labels(ran) -> dict[str, str]:
    return {entry["key"]: entry["value"] for entry in tomllib.loads(ran.metadata("launch")).get("labels", [])}


@pytest.mark.parametrize("name", [".mlpack/tags.json", "business-tags.yaml"])
def test_detect__tags__passes(bench, name: str) -> None:
    assert bench.detect("business-tags") == (100, "")
    (bench.app / name).write_text("{}")
    assert bench.detect("business-tags") == (0, PLAN)


def test_build__planned_tags__labels_and_their_list(bench) -> None:
    (bench.app / ".mlpack/tags.json").write_text(json.dumps({"team": 'say "µ"\\', "cost-center": "007"}))
    (bench.app / "business-tags.yaml").write_text("team: not this one\n")
    ran = bench.build("business-tags")
    assert (ran.status, ran.log) == (0, "---> Labels of .mlpack/tags.json: cost-center, team\n")
    listed = {"org.jupyter-mlpack.business-tags": "cost-center,team"}
    assert labels(ran) == {"team": 'say "µ"\\', "cost-center": "007", **listed}
    assert [path.name for path in ran.layers.iterdir()] == ["launch.toml"]


def test_build__file_beside_the_notebook__labels(bench) -> None:
    (bench.app / "business-tags.yaml").write_text("owner:\n  team: fraud # why\n")
    ran = bench.build("business-tags")
    assert labels(ran) == {"owner.team": "fraud", "org.jupyter-mlpack.business-tags": "owner.team"}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        pytest.param("business-tags.yaml", "a: [b]\n", "line 1 has more than a text", id="more than plain YAML"),
        pytest.param("business-tags.yaml", "a: \xff\n", "cannot be read", id="no text"),
        pytest.param(".mlpack/tags.json", "{", "cannot be read", id="no JSON"),
        pytest.param(".mlpack/tags.json", '{"a": 1}', "a has no value", id="a number"),
        pytest.param(".mlpack/tags.json", '{"db.password": "hunter2x"}', "looks like a secret", id="a secret"),
        pytest.param(".mlpack/tags.json", '{"io.buildpacks.stack.id": "x"}', "give a meaning to", id="a taken label"),
    ],
)
def test_build__tags_that_cannot_be__refused(bench, name: str, text: str, says: str) -> None:
    (bench.app / name).write_text(text, encoding="latin-1")
    ran = bench.build("business-tags")
    assert ran.status == 1
    assert says in ran.log
    assert "hunter2x" not in ran.log
    assert not (ran.layers / "launch.toml").exists()
