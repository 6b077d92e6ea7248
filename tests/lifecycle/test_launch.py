"""The launcher in the image, on its own and against the official one: same arguments, folder and environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_mlpack.lifecycle import launch
from jupyter_mlpack.lifecycle.files import write_metadata
from jupyter_mlpack.lifecycle.records import BuildMetadata, GroupElement, Process

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="NOT TESTED: the launcher runs on an image's Python, which is 3.11 or newer"
)
DUMP = """#!/bin/sh
for argument in "$0" "$@"; do printf 'argument [%s]\\n' "$argument"; done
pwd
grep SigIgn /proc/self/status
tr '\\0' '\\n' < /proc/$$/environ | grep -v -e ^_= | sort
"""
LAYER_FILES = {
    "first/alpha/env/PLAIN": "plain\n",
    "first/alpha/env/LIST.append": "b",
    "first/alpha/env/LIST.delim": ":",
    "first/alpha/env.launch/LIST.prepend": "a",
    "first/alpha/env.launch/FROM_HOST.default": "default",
    "first/alpha/env.launch/PLAIN2.default": "default",
    "first/alpha/env.launch/web/ONLY_WEB": "größe",
    "first/alpha/env.build/BUILD": "never",
    "first/alpha/lib/x": "",
    "first/beta/env.launch/LIST.append": "c",
    "first/beta/env.launch/LIST.delim": "-",
    "first/beta/env.launch/OLD.": "old",
    "first/beta/profile.d/one.sh": "export PROFILE=one-$PLAIN2\n",
    "first/beta/profile.d/web/two.sh": "export WEB_PROFILE=two\n",
    "other_bp/gamma/env.launch/FROM_HOST.override": "overridden",
}
HOOKS = {
    "first/beta/exec.d/a": '#!/bin/sh\necho "EXECD = \\"$PLAIN2\\"" >&3\necho said',
    "first/beta/exec.d/web/b": '#!/bin/sh\nread line && echo "STDIN = \\"$line\\"" >&3\necho "WEB = \'w\'" >&3',
    "other_bp/gamma/exec.d/c": '#!/bin/sh\necho "EXECD = \\"$EXECD again\\"" >&3',
    "first/alpha/bin/dump": DUMP,
}
GROUP = (GroupElement("first", "1", "0.10"), GroupElement("other/bp", "1", "0.8"), GroupElement("none", "1", "0.12"))


def process(
    kind: str, *command: str, args: tuple[str, ...] | None = (), direct: bool = True, by: str = "first"
) -> Process:
    return Process(kind, command, args, direct, False, by, "/tmp" if kind == "elsewhere" else "")


PROCESSES = (
    process("web", "dump", "always", args=("default", "two words")),
    process("plain", "dump", args=("default",)),
    process("bare", "dump", args=None),
    process("elsewhere", "dump"),
    process("old", "dump", args=("fixed",), by="other/bp"),
    process("shell", "dump $PLAIN2 'single quoted' | cat", args=None, direct=False, by="other/bp"),
    process("tokens", "dump", args=("$PLAIN2", "two  words", '"quoted"', "`echo sub`"), direct=False, by="other/bp"),
    process("missing", "no-such-program"),
    process("nothing"),
)
CASES = {
    "process": ("web",),
    "process-with-arguments": ("web", "own", ""),
    "replaced-arguments": ("plain", "own"),
    "default-arguments": ("plain",),
    "no-arguments": ("bare",),
    "working-folder": ("elsewhere",),
    "appended-arguments": ("old", "more"),
    "script": ("shell",),
    "tokens": ("tokens",),
    "tokens-with-arguments": ("tokens", "$LIST"),
    "direct-command": ("launcher", "--", "dump", "$PLAIN2", "x"),
    "direct-path": ("launcher", "--", "/bin/echo", "x"),
    "shell-command": ("launcher", "dump $PLAIN2; echo $0 $PROFILE"),
    "shell-tokens": ("launcher", "dump", "$PLAIN2", "b c"),
    "unknown-type": ("unknown", "--", "dump"),
    "no-command": ("launcher",),
    "no-such-program": ("missing",),
    "no-such-path": ("launcher", "--", "/no/such/program"),
    "empty-command": ("nothing",),
}
ENVIRON = {
    "PATH": "/cnb/process:/usr/bin:/cnb/lifecycle:/bin",
    "CNB_PLATFORM_API": "0.12",
    "CNB_DEPRECATION_MODE": "quiet",
    "CNB_PROCESS_TYPE": "web",
    "CNB_EXEC_ENV": "test",
    "FROM_HOST": "host",
    "EMPTY": "",
    "EQUALS": "a=b=c",
}


@dataclass
class Image:
    """An unpacked image: layers, application, and a launcher under the names of its processes."""

    root: Path

    def install(self, launcher: Path) -> None:
        programs = self.root / "cnb"
        programs.mkdir()
        shutil.copy(launcher, programs / "launcher")
        (programs / "launcher").chmod(0o755)
        for name in {case[0] for case in CASES.values()} - {"launcher"}:
            (programs / name).symlink_to("launcher")

    def launch(self, called: str, *arguments: str, **environ: str) -> tuple[int, str, str]:
        where = {"CNB_LAYERS_DIR": str(self.root / "layers"), "CNB_APP_DIR": str(self.root / "app")}
        done = subprocess.run(
            [str(self.root / "cnb" / called), *arguments],
            env={**ENVIRON, **where, **environ},
            input="from outside\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def image(tmp_path: Path) -> Image:
    for files, mode in ((LAYER_FILES, 0o644), (HOOKS, 0o755)):
        for name, text in files.items():
            path = tmp_path / "layers" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(mode)
    (tmp_path / "layers" / "first" / "folder-link").symlink_to("alpha")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / ".profile").write_text("export APP_PROFILE=$PROFILE\n")
    write_metadata(tmp_path / "layers" / "config" / "metadata.toml", BuildMetadata(GROUP, processes=PROCESSES))
    return Image(tmp_path)


@pytest.fixture
def our_image(image: Image, tmp_path: Path) -> Image:
    """The image with our launcher, run by the Python that runs the tests."""
    source = Path(launch.__file__).read_text(encoding="utf-8")
    shebang, _, rest = source.partition("\n")
    assert shebang == "#!/usr/bin/python3 -IS"
    (tmp_path / "ours").write_text(f"#!{sys.executable} -IS\n{rest}", encoding="utf-8")
    image.install(tmp_path / "ours")
    return image


@pytest.mark.official
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_launch__case__same_process_as_the_official_one(
    case: tuple[str, ...], our_image: Image, official_folder: Path
) -> None:
    status, output, _ = our_image.launch(*case)
    shutil.rmtree(our_image.root / "cnb")
    our_image.install(official_folder / "launcher")
    expected_status, expected_output, _ = our_image.launch(*case)
    # the official launcher tells its own warnings and errors on standard output, in colour
    said = [line for line in expected_output.splitlines() if not line.startswith("\x1b[")]
    assert output.splitlines() == said
    assert status == expected_status


def test_launch__direct_process__arguments_environment_and_signals(our_image: Image) -> None:
    status, output, error = our_image.launch("web", "own")
    assert (status, error) == (0, "")
    lines = output.splitlines()
    assert lines[0] == "said"
    assert [line for line in lines if line.startswith("argument")][1:] == ["argument [always]", "argument [own]"]
    layers = our_image.root / "layers"
    expected = {
        f"PATH={layers}/first/alpha/bin:/usr/bin:/bin",
        f"LD_LIBRARY_PATH={layers}/first/alpha/lib",
        "PLAIN=plain",
        "PLAIN2=default",
        "LIST=ab-c",
        "OLD=old",
        "ONLY_WEB=größe",
        "FROM_HOST=overridden",
        "EXECD=default again",
        "WEB=w",
        "EMPTY=",
        "EQUALS=a=b=c",
        "CNB_EXEC_ENV=test",
    }
    assert expected <= set(lines)
    names = {line.partition("=")[0] for line in lines}
    assert not names & {
        "CNB_LAYERS_DIR",
        "CNB_APP_DIR",
        "CNB_PLATFORM_API",
        "CNB_PROCESS_TYPE",
        "BUILD",
        "LC_CTYPE",
        "STDIN",
    }
    assert "SigIgn:\t0000000000000000" in lines


@pytest.mark.parametrize(
    ("environ", "status"),
    [({"CNB_PLATFORM_API": ""}, 11), ({"CNB_PLATFORM_API": "9.9"}, 11), ({"CNB_LAYERS_DIR": "/nowhere"}, 1)],
    ids=["no-api", "unknown-api", "no-metadata"],
)
def test_launch__wrong_image__exit_status(environ: dict[str, str], status: int, our_image: Image) -> None:
    found, output, error = our_image.launch("web", **environ)
    assert (found, output) == (status, "")
    assert error.startswith("ERROR: failed to launch: ")


@pytest.mark.parametrize(
    "hook",
    ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho '= nonsense' >&3\n", "#!/bin/sh\necho 'NUMBER = 1' >&3\n"],
    ids=["fails", "no-toml", "no-text"],
)
def test_launch__hook_goes_wrong__nothing_starts(hook: str, our_image: Image) -> None:
    path = our_image.root / "layers" / "first" / "beta" / "exec.d" / "z"
    path.write_text(hook)
    path.chmod(0o755)
    status, output, error = our_image.launch("web")
    assert status == 82
    assert "argument" not in output
    assert str(path) in error
