"""What each tool's lock says, and which of it holds for a target."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlpack.resolution.pins import choose_pins, read_pins
from jupyter_mlpack.values import Target

A, B = "a" * 64, "b" * 64
UV = f"""version = 1
requires-python = ">=3.10"
resolution-markers = ["python_full_version >= '3.12'", "python_full_version < '3.12'"]

[[package]]
name = "Nu_m"
version = "1.0"
source = {{ registry = "https://example.org/simple" }}
resolution-markers = [
    "python_full_version < '3.12'",
]
sdist = {{ url = "https://example.org/n.tar.gz", hash = "sha256:{B}", size = 1 }}
wheels = [
    {{ url = "https://example.org/n.whl", hash = "sha256:{A}", size = 1 }},
]

[[package]]
name = "nu-m"
version = "2.0"
source = {{ registry = "https://example.org/simple" }}
resolution-markers = [
    "python_full_version >= '3.12'",
]

[[package]]
name = "mine"
version = "0.1"
source = {{ virtual = "." }}

[package.metadata]
requires-dist = [{{ name = "nu-m" }}]
"""
POETRY = f"""[[package]]
name = "num"
version = "1.0"
groups = ["main", "dev"]
markers = "python_version < \\"3.12\\""
files = [
    {{file = "num-1.0-py3-none-any.whl", hash = "sha256:{A}"}},
]

[package.dependencies]
version = "*"

[[package]]
name = "num"
version = "2.0"
groups = ["main"]
markers = {{main = "python_version >= \\"3.12\\"", dev = "sys_platform == \\"win32\\""}}
files = []

[[package]]
name = "tool"
version = "5.0"
groups = ["dev"]

[[package]]
name = "away"
version = "1.0"
groups = ["main"]

[package.source]
type = "git"
url = "https://example.org/away.git"

[metadata]
lock-version = "2.1"
"""
OLD_POETRY = f"""[[package]]
name = "num"
version = "1.0"
category = "main"

[metadata]
lock-version = "1.1"

[metadata.files]
num = [
    {{file = "num.whl", hash = "sha256:{A}"}},
    {{file = "num.tar.gz", hash = "sha256:{B}"}},
]
other = []
"""
PYLOCK = f"""lock-version = "1.0"
extras = ["gpu"]
dependency-groups = ["docs"]

[[packages]]
name = "num"
version = "1.0"
marker = "'gpu' not in extras"
wheels = [{{name = "num.whl", url = "https://example.org/num.whl", hashes = {{sha256 = "{A}"}}}}]

[[packages]]
name = "num"
version = "2.0"
marker = "'gpu' in extras or 'docs' in dependency_groups"

[[packages]]
name = "away"
version = "1.0"

[packages.vcs]
type = "git"
url = "https://example.org/away.git"

[[packages]]
name = "long"
version = "3.0"

[[packages.wheels]]
name = "long.whl"

[packages.wheels.hashes]
sha256 = "{B}"
"""
PDM = f"""[[package]]
name = "num"
version = "1.0"
groups = ["default"]
marker = "python_version < \\"3.12\\""
files = [
    {{file = "num.whl", hash = "sha256:{A}"}},
]

[[package]]
name = "away"
version = "1.0"
git = "https://example.org/away.git"
"""
PIPFILE = f"""{{"_meta": {{}}, "default": {{
 "num": {{"version": "==1.0", "hashes": ["sha256:{A}", "sha256:{B}"], "markers": "python_version < '3.12'"}},
 "away": {{"git": "https://example.org/away.git", "version": "==1.0"}}}},
 "develop": {{"num": {{"version": "==2.0"}}, "tool": {{"version": "==5.0"}}}}}}"""
HASHED = f"""--index-url https://example.org/simple
num==1.0 ; python_version < "3.12" \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
    # via mine
num==2.0 ; python_version >= "3.12" --hash=sha256:{B}
"""
ROWS = {
    "uv": ("uv.lock", UV, {"nu-m": "1.0"}, {"nu-m": "2.0"}, {A, B}),
    "poetry": ("poetry.lock", POETRY, {"num": "1.0", "tool": "5.0"}, {"num": "2.0", "tool": "5.0"}, {A}),
    "older poetry": ("poetry.lock", OLD_POETRY, {"num": "1.0"}, {"num": "1.0"}, {A, B}),
    "pylock": ("pylock.toml", PYLOCK, {"num": "1.0", "long": "3.0"}, {"num": "1.0", "long": "3.0"}, {A}),
    "pdm": ("pdm.lock", PDM, {"num": "1.0"}, {}, {A}),
    "pipenv": ("Pipfile.lock", PIPFILE, {"num": "1.0", "tool": "5.0"}, {"num": "2.0", "tool": "5.0"}, {A, B}),
    "hashed requirements": ("requirements.txt", HASHED, {"num": "1.0"}, {"num": "2.0"}, {A, B}),
    "pinned requirements": ("requirements.txt", "num==1.0\nb-b==2\n", {"num": "1.0", "b-b": "2"}, None, set()),
    "open requirements": ("requirements.txt", "num==1.0\nb>=2\n", {}, {}, set()),
    "requirements that include others": ("requirements.txt", "num==1.0\n-r more.txt\n", {}, {}, set()),
    "open, with hashes": ("requirements.txt", f"num==1.0 --hash=sha256:{A}\nb\n", {"num": "1.0"}, None, {A}),
}  # fmt: skip


def target(python: str = "3.11", arch: str = "amd64") -> Target:
    return Target("linux", arch, "glibc2.36", python)


@pytest.mark.parametrize(("name", "text", "older", "newer", "hashes"), ROWS.values(), ids=ROWS)
def test_choose_pins__format__versions_of_the_target_and_their_hashes(
    name: str, text: str, older: dict[str, str], newer: dict[str, str] | None, hashes: set[str]
) -> None:
    pins = read_pins(name, text)
    lock = choose_pins(name, pins, target())
    assert lock.versions == older
    first = next((key for key in older if key.startswith("nu")), "num")
    assert lock.hashes_of(first, "1.0") == (hashes or None)
    assert choose_pins(name, pins, target("3.13")).versions == (older if newer is None else newer)


def test_choose_pins__two_versions_for_one_target__none_is_taken_but_their_hashes_stand() -> None:
    block = '[[package]]\nname = "a"\nversion = "{0}"\nfiles = [{{hash = "sha256:{1}"}}]\n'
    lock = choose_pins("x", read_pins("poetry.lock", block.format("1", A) + block.format("2", B)), target())
    assert (lock.versions, lock.hashes_of("A", "2")) == ({}, {B})


@pytest.mark.parametrize(("arch", "versions"), [("amd64", {"a": "1"}), ("arm64", {"a": "2"})])
def test_choose_pins__marker_of_the_machine__is_the_targets(arch: str, versions: dict[str, str]) -> None:
    text = "a==1 ; platform_machine == 'x86_64'\na==2 ; platform_machine == 'aarch64'\n"
    assert choose_pins("x", read_pins("requirements.txt", text), target(arch=arch)).versions == versions


def test_constraints__local_part__names_a_build_and_is_left_out() -> None:
    lock = choose_pins("x", read_pins("requirements.txt", "torch==2.6.0+cu126"), target())
    assert (lock.constraints, dict(lock.versions)) == (("torch==2.6.0",), {"torch": "2.6.0+cu126"})


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["uv.lock", "poetry.lock", "Pipfile.lock", "requirements.txt", "pylock.toml"]),
    st.text(max_size=200)
    | st.lists(st.sampled_from([*POETRY.splitlines(True), *UV.splitlines(True), *PYLOCK.splitlines(True)])).map(
        "".join
    ),
)
def test_read_pins__any_text__never_raises(name: str, text: str) -> None:
    choose_pins(name, read_pins(name, text), target())


def test_read_pins__two_megabytes__is_quick() -> None:
    wheel = f'    {{ url = "https://example.org/x.whl", hash = "sha256:{A}", size = 1 }},\n'
    text = "".join(
        f'[[package]]\nname = "p{number}"\nversion = "1"\nwheels = [\n{wheel * 50}]\n' for number in range(400)
    )
    started = time.process_time()
    assert len(choose_pins("x", read_pins("uv.lock", text), target()).hashes) == 400
    assert time.process_time() - started < 1
