"""mlpack/hardware: environment and labels out of ``hardware.toml``."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomllib

from jupyter_mlpack.hardware import hardware_text

CUDA = """# by hand
accelerator = "cuda13"

[environment]
TRITON_CACHE_DIR = "/tmp/triton"  # a remark

[labels]
"org.jupyter-mlpack.cuda" = "13"
"org.jupyter-mlpack.words" = "say \\"T4\\" \\u00b5"
"""


def say(bench, text: str) -> None:
    (bench.app / ".mlpack/hardware.toml").write_text(text)


def test_detect__hardware_toml__passes(bench) -> None:
    say(bench, CUDA)
    assert bench.detect("hardware") == (0, '[[provides]]\nname = "hardware"\n\n[[requires]]\nname = "hardware"\n')


def test_detect__nothing_said__fails(bench) -> None:
    assert bench.detect("hardware") == (100, "")


def test_build__variables_and_labels__as_defaults_of_the_launch(bench) -> None:
    say(bench, CUDA)
    ran = bench.build("hardware")
    assert (ran.status, ran.log) == (0, "---> Made for cuda13 (environment 1, labels 2)\n")
    environment = {path.name: path.read_text() for path in (ran.layer("hardware") / "env.launch").iterdir()}
    assert environment == {"TRITON_CACHE_DIR.default": "/tmp/triton"}
    labels = {entry["key"]: entry["value"] for entry in tomllib.loads(ran.metadata("launch"))["labels"]}
    assert labels == {"org.jupyter-mlpack.cuda": "13", "org.jupyter-mlpack.words": 'say "T4" µ'}


def test_build__no_variables__no_layer(bench) -> None:
    say(bench, hardware_text("tpu", {}, {"org.jupyter-mlpack.accelerator": "tpu"}))
    ran = bench.build("hardware")
    assert ran.status == 0
    assert not ran.layer("hardware").exists()
    assert not (ran.layers / "hardware.toml").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("[environment", "cannot be read", id="no-toml"),
        pytest.param("[environment]\nA = 1\n", "[environment] holds more than texts", id="a-number"),
        pytest.param("labels = 'x'\n", "[labels] holds more than texts", id="no-table"),
        pytest.param('[environment]\n"A=B" = "1"\n', "cannot be the name of a variable", id="no-variable"),
    ],
)
def test_build__file_that_cannot_be_used__refused(bench, text: str, says: str) -> None:
    say(bench, text)
    ran = bench.build("hardware")
    assert ran.status == 1
    assert says in ran.log


def test_read_plain__what_is_written_here__read_like_toml(bench) -> None:
    """A build image's Python before 3.11 has no parser of TOML; both readings are the same."""
    source = Path(__file__).parents[2] / "buildpacks/hardware/bin/build"
    program = source.read_text().rpartition("sys.exit(main())")[0]
    names: dict[str, object] = {}
    exec(compile(program, str(source), "exec"), names)
    for text in (CUDA, hardware_text("cuda12", {"A": 'x "y" \\ \t'}, {"b": "µ"})):
        assert names["read_plain"](text) == tomllib.loads(text)
