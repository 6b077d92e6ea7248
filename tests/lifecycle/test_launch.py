"""The launcher in the image, on its own and against the official one: same arguments, folder and environment.

What the official one did is recorded in ``launches.json``: ours is compared with that everywhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack.lifecycle import launch
from jupyter_mlpack.lifecycle.files import write_metadata
from jupyter_mlpack.lifecycle.records import BuildMetadata, GroupElement, Process

RECORDED = Path(__file__).parent / "launches.json"
"""What the official launcher did for each row; ``MLPACK_RECORD=1`` records it anew."""

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="NOT TESTED: the launcher runs on an image's Python, which is 3.11 or newer"
)
DUMP = """#!/bin/sh
for argument in "$0" "$@"; do printf 'argument [%s]\\n' "$argument"; done
pwd
grep SigIgn /proc/self/status
tr '\\0' '\\n' < /proc/$$/environ | grep -v -e ^_= | sort
"""
ACTIONS = ("append", "prepend", "default", "override", "")
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
    # all actions on a variable of the host, on one that no layer set before, and on one of an earlier layer
    **{
        f"wide_bp/one/env/{name}.{action}": f"<{name}>"
        for action in ACTIONS
        for name in (f"HOST_{action}", f"NEW_{action}")
    },
    "wide_bp/one/env/HOST_append.delim": "::",
    "wide_bp/one/env/HOST_prepend.delim": "",
    "wide_bp/one/env/HOST_default.delim": "never",
    "wide_bp/one/env/EMPTY.default": "was empty",
    "wide_bp/one/env/EMPTY2.append": "after nothing",
    "wide_bp/one/env/EMPTY2.delim": ":",
    "wide_bp/one/env/UNKNOWN.action": "never",
    "wide_bp/one/env/DOTS.append.more": "never",
    "wide_bp/one/env/LINES": "one\ntwo\n\n",
    "wide_bp/one/env/BLANK": "",
    "wide_bp/one/env/TWICE": "env",
    "wide_bp/one/env.launch/TWICE.append": "+launch",
    "wide_bp/one/env.launch/web/TWICE.append": "+web",
    "wide_bp/one/env.launch/web/deeper/TWICE": "never",
    "wide_bp/one/env.launch/launcher/TWICE": "never",
    "wide_bp/one/env/LD_LIBRARY_PATH.append": "/more",
    "wide_bp/one/env/PATH.append": "/appended",
    "wide_bp/one/env/PATH.delim": ":",
    "wide_bp/one/env/CNB_APP_DIR": "set by a layer",
    "wide_bp/two/env.launch/TWICE.prepend": "two+",
    "wide_bp/B/env/ORDER.append": "B",
    "wide_bp/_c/env/ORDER.append": "_c",
    "wide_bp/a/env/ORDER.append": "a",
    "wide_bp/ä/env/ORDER.append": "ä",
    "wide_bp/ä/lib/x": "",
    "wide_bp/no-layer": "a file",
    "not_in_group/x/env/STRANGER": "never",
}
SHAPES = r'''#!/bin/sh
cat >&3 <<'END'
QUOTED = "a \"b\" \u00e9 \t."
LITERAL = 'no \ escapes'
MANY = """
one
two"""
END
'''
FINDS = r"""#!/bin/sh
printf 'PATH = "%s:%s"\nTWICE = ""\n' '@layers@/wide_bp/two/late' "$PATH" >&3
"""
HOOKS = {
    "first/beta/exec.d/a": '#!/bin/sh\necho "EXECD = \\"$PLAIN2\\"" >&3\necho said',
    "first/beta/exec.d/web/b": '#!/bin/sh\nread line && echo "STDIN = \\"$line\\"" >&3\necho "WEB = \'w\'" >&3',
    "other_bp/gamma/exec.d/c": '#!/bin/sh\necho "EXECD = \\"$EXECD again\\"" >&3',
    "first/alpha/bin/dump": DUMP,
    "wide_bp/two/exec.d/1-sees": """#!/bin/sh
printf 'SEEN = "%s|%s|%s|%s"\n' "$TWICE" "$CNB_APP_DIR" "$CNB_EXEC_ENV" "$(pwd)" >&3""",
    "wide_bp/two/exec.d/2-shapes": SHAPES,
    "wide_bp/two/exec.d/3-nothing": "#!/bin/sh\ntrue\n",
    "wide_bp/two/exec.d/4-path": FINDS,
    "wide_bp/two/late/late": DUMP,
    "../app/here": DUMP,
    "../app/sub folder/there": DUMP,
}
GROUP = (
    GroupElement("first", "1", "0.10"),
    GroupElement("other/bp", "1", "0.8"),
    GroupElement("none", "1", "0.12"),
    GroupElement("wide/bp", "1", "0.12"),
)


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
    process("late", "late"),
    process("relative", "./here"),
    process("deeper", "./sub folder/there", args=("a b",)),
    process("folder", "./sub folder"),
    process("many", "dump", "a", "b", args=("c",)),
    process("many-old", "dump", args=("c", "$LIST"), by="other/bp"),
    process("größe", "dump", args=("ü",)),
    process("with.dots-and_more", "dump"),
    process("shell-arguments", "dump", args=("a b", "$(echo sub)", "*", "'", "\\"), direct=False, by="other/bp"),
    process("shell-path", "./here", args=("x",), direct=False, by="other/bp"),
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
    "program-that-exec.d-found": ("late",),
    "relative-path": ("relative", "x"),
    "path-with-a-space": ("deeper",),
    "a-folder-is-no-program": ("folder",),
    "fixed-and-own-arguments": ("many", "own"),
    "fixed-and-default-arguments": ("many",),
    "old-api-own-arguments": ("many-old", "$LIST", "own"),
    "unicode-process-type": ("größe", "é"),
    "process-type-with-dots": ("with.dots-and_more",),
    "shell-arguments": ("shell-arguments",),
    "shell-arguments-and-own": ("shell-arguments", "own words", "$PLAIN2"),
    "shell-path": ("shell-path",),
    "direct-relative-path": ("launcher", "--", "./here", "x"),
    "direct-missing": ("launcher", "--", "no-such-program", "x"),
    "dashes-only": ("launcher", "--"),
    "dashes-twice": ("launcher", "--", "--", "x"),
    "dashes-of-a-process": ("plain", "--", "x"),
    "empty-argument": ("plain", ""),
    "shell-words": ("launcher", 'dump "a b" $(echo c) && exit 3'),
    "shell-fails": ("launcher", "exit 7"),
    "killed": ("launcher", "--", "/bin/sh", "-c", "kill -TERM $$"),
}
HOSTS: dict[str, dict[str, str]] = {
    "no-path": {"PATH": ""},
    "own-folders-only": {"PATH": "/cnb/process:/cnb/lifecycle"},
    "own-folders-with-slash": {"PATH": "/cnb/process/:/usr/bin:/cnb/lifecycle:/cnb/process:/bin"},
    "empty-parts": {"PATH": "/usr/bin::/bin:"},
    "library-path": {"LD_LIBRARY_PATH": "/host/lib"},
    "oldest-platform": {"CNB_PLATFORM_API": "0.10"},
    "newest-platform": {"CNB_PLATFORM_API": "0.15"},
    "empty-values": dict.fromkeys(("HOST_default", "HOST_append", "HOST_prepend", "FROM_HOST"), ""),
    "odd-names": {"a.b": "x", "A-B": "y", "1": "z", "ü": "ä", "BASH_FUNC_f%%": "() { :; }"},
    "colour": {"CNB_NO_COLOR": "true", "CNB_LOG_LEVEL": "debug"},
    "lifecycle-variables": {"CNB_STACK_ID": "x", "CNB_BUILDPACK_DIR": "/x", "CNB_USER_ID": "1", "CNB_TARGET_OS": "x"},
    "quiet": {"CNB_DEPRECATION_MODE": "error"},
}
"""Environments of the container, each with a direct process, a shell process and a command of the user's."""
ENVIRON = {
    "PATH": "/cnb/process:/usr/bin:/cnb/lifecycle:/bin",
    "CNB_PLATFORM_API": "0.12",
    "CNB_DEPRECATION_MODE": "quiet",
    "CNB_PROCESS_TYPE": "web",
    "CNB_EXEC_ENV": "test",
    "FROM_HOST": "host",
    "EMPTY": "",
    "EQUALS": "a=b=c",
    **{f"HOST_{action}": "host" for action in ACTIONS},
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
            path = Path(os.path.normpath(tmp_path / "layers" / name))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("@layers@", str(tmp_path / "layers")), encoding="utf-8")
            path.chmod(mode)
    (tmp_path / "layers" / "first" / "folder-link").symlink_to("alpha")
    (tmp_path / "layers" / "wide_bp" / "one" / "env" / "LINKED").symlink_to("LINES")
    (tmp_path / "layers" / "wide_bp" / "two" / "bin").symlink_to("late")
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


USERS = [("web", "own"), ("tokens", "$LIST"), ("launcher", "--", "dump", "x")]
ROWS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    **{name: (case, {}) for name, case in CASES.items()},
    **{f"{name}: {' '.join(case)}": (case, host) for name, host in HOSTS.items() for case in USERS},
}
GOLDEN: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}


def outcome(image: Image, row: str) -> dict[str, Any]:
    """How a launch ends and what the process sees; what the official launcher says of itself is left out."""
    case, host = ROWS[row]
    status, output, _ = image.launch(*case, **host)
    # it tells its own warnings and errors on standard output, in colour unless that is switched off
    told = [line for line in output.splitlines() if not re.match("\x1b\\[|ERROR: |Warning: ", line)]
    return {"status": status, "output": [line.replace(str(image.root), "@root@") for line in told]}


@pytest.mark.parametrize("row", ROWS)
def test_launch__row__same_process_as_the_official_one(row: str, our_image: Image) -> None:
    assert outcome(our_image, row) == GOLDEN[row]


@pytest.mark.official
@pytest.mark.parametrize("row", ROWS)
def test_official_launcher__row__does_what_is_recorded(row: str, image: Image, official_folder: Path) -> None:
    image.install(official_folder / "launcher")
    found = outcome(image, row)
    if os.environ.get("MLPACK_RECORD") == "1":
        GOLDEN[row] = found
        RECORDED.write_text(json.dumps(GOLDEN, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert found == GOLDEN[row]


def test_launch__direct_process__arguments_environment_and_signals(our_image: Image) -> None:
    status, output, error = our_image.launch("web", "own")
    assert (status, error) == (0, "")
    lines = output.splitlines()
    assert lines[0] == "said"
    assert [line for line in lines if line.startswith("argument")][1:] == ["argument [always]", "argument [own]"]
    layers = our_image.root / "layers"
    expected = {
        f"PATH={layers}/wide_bp/two/late:{layers}/wide_bp/two/bin:{layers}/first/alpha/bin:/usr/bin:/bin:/appended",
        f"LD_LIBRARY_PATH={layers}/wide_bp/ä/lib:{layers}/first/alpha/lib/more",
        "PLAIN=plain",
        "PLAIN2=default",
        "LIST=ab-c",
        "OLD=old",
        "ONLY_WEB=größe",
        "FROM_HOST=overridden",
        "EXECD=default again",
        "WEB=w",
        "EMPTY=was empty",
        "EQUALS=a=b=c",
        "CNB_EXEC_ENV=test",
    }
    assert expected <= set(lines)
    names = {line.partition("=")[0] for line in lines}
    assert not names & {
        "CNB_LAYERS_DIR",
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
