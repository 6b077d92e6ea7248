"""What an index said lately is believed: by us alone, never to refuse, and not when the user wants today's versions."""

from __future__ import annotations

import base64
import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlpack.errors import PackageVersionUnknown
from jupyter_mlpack.resolution import LockRequest, recent
from jupyter_mlpack.resolution.lock import find_uv, resolve, uv_environment
from jupyter_mlpack.resolution.recent import FOLDER, believe, public_index
from jupyter_mlpack.values import Lock, Target

from .conftest import Index

AMD = Target("linux", "amd64", "glibc2.36", "3.11")
PUBLIC = "https://public.example.test/simple"
SECRET = "hunter2@home"
LOGIN = f"me:{SECRET}"
QUOTED = LOGIN.replace("@", "%40")


def ask(index: Index, tmp_path: Path, *lines: str, refresh: bool = False, **settings: str) -> Lock:
    request = LockRequest(lines, (), AMD, {**index.settings(tmp_path / "cache"), **settings})
    index.asked.clear()
    return resolve(request, tmp_path / "locks", refresh=refresh)


def pins(lock: Lock) -> list[str]:
    return [f"{package.name}=={package.version}" for package in lock.packages]


@pytest.fixture
def known(index: Index, tmp_path: Path) -> Index:
    """An index that was asked for two names just now; a third is there."""
    index.add("user", "1.0", "six")
    index.add("six", "1.17")
    index.add("more", "1.0")
    ask(index, tmp_path, "user")
    assert sorted(index.asked) == ["six", "user"]
    return index


def test_resolve__one_name_more__only_that_is_asked_for(known: Index, tmp_path: Path) -> None:
    lock = ask(known, tmp_path, "user", "more")
    assert pins(lock) == ["more==1.0", "six==1.17", "user==1.0"]
    assert known.asked == ["more"]


def test_resolve__new_release_meanwhile__is_seen_by_refresh_at_once(known: Index, tmp_path: Path) -> None:
    known.add("six", "1.18")
    assert "six==1.17" in pins(ask(known, tmp_path, "user", "more"))
    assert "six==1.18" in pins(ask(known, tmp_path, "user", "more", refresh=True))
    assert "six==1.18" in pins(ask(known, tmp_path, "six"))


def test_resolve__new_release__is_seen_after_the_time(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "RECENT", 1)
    index.add("six", "1.17")
    ask(index, tmp_path, "six")
    index.add("six", "1.18")
    time.sleep(2.1)  # uv counts whole seconds
    assert pins(ask(index, tmp_path, "six>1")) == ["six==1.18"]


@pytest.mark.parametrize(
    "line", [pytest.param("six==1.18", id="a new release"), pytest.param("user==2.0", id="that needs a new release")]
)
def test_resolve__needs_what_was_published_just_now__is_found(known: Index, tmp_path: Path, line: str) -> None:
    known.add("six", "1.18")
    known.add("user", "2.0", "six==1.18")
    assert line in pins(ask(known, tmp_path, line))


def test_resolve__no_such_release__is_refused_once_the_index_was_asked_again(known: Index, tmp_path: Path) -> None:
    with pytest.raises(PackageVersionUnknown):
        ask(known, tmp_path, "six==9")
    assert known.asked == ["six"]


def test_resolve__no_such_release_and_nothing_believed__is_asked_once(index: Index, tmp_path: Path) -> None:
    index.add("six", "1.17")
    with pytest.raises(PackageVersionUnknown):
        ask(index, tmp_path, "six==9")
    assert index.asked == ["six"]


def test_resolve__users_own_uv__asks_as_often_as_before(known: Index, tmp_path: Path) -> None:
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [FOLDER]
    (tmp_path / "in.txt").write_text("six\n")
    command = [find_uv(), "pip", "compile", "-q", "--python-version", "3.11", str(tmp_path / "in.txt")]
    for _ in range(2):
        known.asked.clear()
        environment = uv_environment(known.settings(tmp_path / "cache"))
        subprocess.run(command, check=True, env=environment, capture_output=True)
        assert known.asked == ["six"]


def test_resolve__index_with_a_password__answers_and_it_is_kept_nowhere(index: Index, tmp_path: Path) -> None:
    index.login = LOGIN
    index.add("user", "1.0", "six")
    index.add("six", "1.17")
    address = f"{index.url}/simple".replace("://", f"://{QUOTED}@")
    lock = ask(index, tmp_path, "user", UV_DEFAULT_INDEX=address)
    assert pins(lock) == ["six==1.17", "user==1.0"]
    assert "@" not in "".join(package.url for package in lock.packages)
    words = [SECRET, QUOTED, QUOTED.partition(":")[2], base64.b64encode(LOGIN.encode()).decode()]
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > 4
    assert not [path for path in kept for word in words if word.encode() in path.read_bytes()]


@pytest.mark.parametrize("named", ["", "corp.internal="])
def test_resolve__several_indexes_of_which_one_has_a_password__as_uv_asks_them(
    index: Index, other_index: Index, tmp_path: Path, named: str
) -> None:
    """The first with a name answers for it; each has its own credentials."""
    other_index.login = LOGIN
    for where, version in ((index, "1.18"), (other_index, "1.17")):
        where.add("six", version)
    index.add("user", "1.0", "six")
    settings = {"UV_INDEX": named + f"{other_index.url}/simple".replace("://", f"://{QUOTED}@")}
    found = ask(index, tmp_path, "user", **settings)
    assert pins(found) == ["six==1.17", "user==1.0"]
    assert found == ask(index, tmp_path / "plain", "user", UV_NO_CACHE="1", **settings)
    assert index.asked == ["user"]
    other_index.asked.clear()
    index.add("more", "1.0")
    assert len(ask(index, tmp_path, "user", "more", **settings).packages) == 3
    assert index.asked == ["more"]
    assert "six" not in other_index.asked, "only what it does not have is asked of it again"


def test_resolve__password_in_a_keyring__is_asked_for(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.login = LOGIN
    index.add("six", "1.17")
    keyring = tmp_path / "bin" / "keyring"
    keyring.parent.mkdir()
    keyring.write_text(f'#!/bin/sh\ntest "$1" = get && test "$3" = me && echo "{SECRET}"\n')
    keyring.chmod(0o755)
    monkeypatch.setenv("PATH", f"{keyring.parent}{os.pathsep}{os.environ['PATH']}")
    address = f"{index.url}/simple".replace("://", "://me@")
    lock = ask(index, tmp_path, "six", UV_DEFAULT_INDEX=address, UV_KEYRING_PROVIDER="subprocess")
    assert pins(lock) == ["six==1.17"]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"UV_NO_INDEX": "1"}, id="no index"),
        pytest.param({"UV_OFFLINE": "true"}, id="no network"),
        pytest.param({"UV_NO_CACHE": "1"}, id="nothing is kept"),
        pytest.param({"UV_DEFAULT_INDEX": "/srv/index"}, id="a folder"),
        pytest.param({"UV_INDEX": "https://[bad/simple"}, id="no address"),
        pytest.param({"UV_INDEX": "a=https://a/simple A=https://b/simple"}, id="one name for two"),
    ],
)
def test_believe__unusual__uv_runs_as_it_would(tmp_path: Path, settings: dict[str, str]) -> None:
    found = believe(settings, tmp_path, PUBLIC)
    assert (found.settings, found.arguments, found.are_old()) == (settings, (), False)
    assert found.none(settings) is found
    assert not list(tmp_path.iterdir())


def test_believe__uv_tells_no_index_of_its_own__uv_runs_as_it_would(tmp_path: Path) -> None:
    assert believe({}, tmp_path, "").arguments == ()


def test_public_index__this_uv__an_address() -> None:
    assert public_index(find_uv()).startswith("https://")


def test_public_index__kept__is_asked_once_for_a_program(tmp_path: Path) -> None:
    uv, asked = tmp_path / "uv", tmp_path / "asked"
    says = f'#!/bin/sh\necho x >> {asked}\necho "--default-index [by default: <https://one.example/simple>]"\n'
    uv.write_text(says.replace("[by default:", "  by default:").replace("]", ""))
    uv.chmod(0o755)
    for _ in range(2):
        public_index.cache_clear()
        assert public_index(str(uv), tmp_path / "cache") == "https://one.example/simple"
    assert asked.read_text() == "x\n"
    uv.write_text(uv.read_text().replace("one.example", "other.example"))
    public_index.cache_clear()
    assert public_index(str(uv), tmp_path / "cache") == "https://other.example/simple"


def test_public_index__a_program_that_tells_none__empty() -> None:
    assert public_index("/bin/true") == ""


def test_believe__users_own_variables_for_credentials__win(tmp_path: Path) -> None:
    own = {"UV_INDEX": "corp=https://old:word@pip.corp/simple", "UV_INDEX_CORP_PASSWORD": "new"}
    found = believe(own, tmp_path, PUBLIC)
    assert found.settings["UV_INDEX_CORP_PASSWORD"] == "new"
    assert "UV_INDEX" not in found.settings
    text = (tmp_path / "uv.toml").read_text()
    assert "word" not in text
    assert text.index("https://pip.corp/simple") < text.index(PUBLIC) < text.index("default = true")
    assert "word" not in repr(replace(found))
