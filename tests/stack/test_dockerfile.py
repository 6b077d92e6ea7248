"""Dockerfiles of stacks: in step with the recipes; with Docker, images of them that notebooks are built on."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from jupyter_mlpack.stack import read_stack
from jupyter_mlpack.stack.dockerfile import dockerfile

STACKS = Path(__file__).parents[2] / "stacks"
MIXIN_LINE = re.compile(r'io\.buildpacks\.stack\.mixins=(".*") ')
NAMES = sorted(path.parent.name for path in STACKS.glob("*/stack.toml"))


def installed(text: str, target: str) -> set[str]:
    """The packages of the ``apt-get ... install`` of a target."""
    stage = re.search(rf"^FROM [^\n]* AS {target}\n(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL)
    assert stage
    words = shlex.split(stage[1].replace("\\\n", " "))
    return {
        word.rstrip(";")
        for word in words[words.index("install") + 1 :]
        if re.fullmatch(r"[a-z0-9][a-z0-9+.-]+;?", word)
    }


@pytest.mark.parametrize("name", NAMES)
def test_dockerfile__every_stack__has_the_packages_of_the_recipe(name):
    stack = read_stack(STACKS / name)
    text = dockerfile(stack)
    run = installed(text, "run" if stack.shell else "unpacked")
    assert set(stack.packages) <= run
    assert set(stack.build) <= installed(text, "build")
    assert f"ARG BASE=debian:{stack.suite}-slim\n" in text
    assert set(re.findall(r"^FROM \S+ AS (\w+)$", text, re.MULTILINE)) >= {"run", "build"}


@pytest.mark.parametrize("name", NAMES)
def test_dockerfile__every_stack__account_labels_and_what_platforms_ask_for(name):
    text = dockerfile(read_stack(STACKS / name))
    assert text.count("\nUSER 1000:1000\n") == 2
    assert text.count(f'io.buildpacks.stack.id="mlpack.stacks.{name}"') == 2
    for variable, value in (
        ("CNB_USER_ID", "1000"),
        ("CNB_GROUP_ID", "1000"),
        ("CNB_STACK_ID", f"mlpack.stacks.{name}"),
    ):
        assert f'{variable}="{value}"' in text


@pytest.mark.parametrize("name", NAMES)
def test_dockerfile__every_stack__mixins_are_the_recipe_and_the_build_images_own_are_marked(name):
    stack, said = read_stack(STACKS / name), MIXIN_LINE.findall(dockerfile(read_stack(STACKS / name)))
    run, build = ([*json.loads(json.loads(text))] for text in said)
    assert run == sorted(stack.packages)
    assert build == [*run, *(f"build:{one}" for one in sorted({*stack.build} - {*run}))]


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("-minimal")])
def test_dockerfile__minimal__run_is_made_of_nothing_but_what_was_unpacked(name):
    stack = read_stack(STACKS / name)
    text = dockerfile(stack)
    assert "FROM scratch AS run\nCOPY --from=unpacked /root-folder/ /\n" in text
    assert all(f" {package} " in text for package in stack.left_out)
    assert all(path.lstrip("/") in text for path in stack.left_out_files)


def test_dockerfile__label_of_a_team__is_quoted_as_docker_reads_it():
    stack = dataclasses.replace(read_stack(STACKS / "bookworm"), labels=(("com.example.owner", 'a "b" $HOME'),))
    assert 'com.example.owner="a \\"b\\" \\$HOME"' in dockerfile(stack)


def stack_command(*words: str) -> subprocess.CompletedProcess[str]:
    """``jupyter mlpack stack ...``."""
    command = ["jupyter-mlpack", "stack", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_stack_dockerfile__output__is_written_and_said(tmp_path):
    done = stack_command("dockerfile", "trixie", "--output", str(tmp_path / "Dockerfile"))
    assert (done.returncode, done.stdout) == (0, f"wrote {tmp_path / 'Dockerfile'}\n"), done.stderr
    assert (tmp_path / "Dockerfile").read_text() == dockerfile(read_stack(STACKS / "trixie"))


def test_stack_list__json__all_of_them_and_whether_there_is_a_shell():
    done = stack_command("list", "--format", "json")
    stacks = json.loads(done.stdout)["stacks"]
    assert {stack["name"]: stack["shell"] for stack in stacks} == {name: "minimal" not in name for name in NAMES}


@pytest.mark.parametrize(
    ("words", "said"),
    [(["show", "nope"], "there are: bookworm, bookworm-minimal"), (["show"], "one stack must be named")],
    ids=["unknown", "none"],
)
def test_stack_show__no_such_stack__says_which_there_are(words, said):
    done = stack_command(*words)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_stack_show__minimal__packages_and_what_is_left_out():
    done = stack_command("show", "bookworm-minimal")
    assert "python3.11-minimal" in done.stdout
    assert "mawk" in done.stdout
