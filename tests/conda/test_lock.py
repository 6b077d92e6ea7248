"""What a file asks for becomes exact packages for the target, whatever this machine is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.frozen import replace
from jupyter_mlpack.resolution.conda import CondaLock, lock_conda
from jupyter_mlpack.resolution.conda.channels import read_channels, without_token
from jupyter_mlpack.resolution.pins import FolderLock
from jupyter_mlpack.values import Dependency, Inspection, Lock, LockedPackage, Target, Unresolved

from .conftest import Channel

pytest.importorskip("rattler", reason="NO CONDA HERE: py-rattler is not installed")
SIX = "5" * 64
TARGET = Target("linux", "amd64", "glibc2.36", "3.13")


def environment(folder: Path, channel: str, *specs: str, more: str = "") -> Path:
    path = folder / "environment.yml"
    lines = "".join(f"  - {spec}\n" for spec in specs)
    path.write_text(f"name: x\nchannels:\n  - {channel}\ndependencies:\n{lines}{more}")
    return path


def names(lock: CondaLock) -> list[str]:
    return [f"{one.name}={one.version} {one.subdir}" for one in lock.packages]


@pytest.mark.parametrize(("arch", "subdir"), [("amd64", "linux-64"), ("arm64", "linux-aarch64")])
def test_lock_conda__environment__is_solved_for_the_target(
    channel: Channel, tmp_path: Path, arch: str, subdir: str
) -> None:
    path = environment(tmp_path, channel.url, "pure", "python=3.11", more="  - pip:\n    - six==1.16\n")
    lock = lock_conda(path, replace(TARGET, arch=arch), tmp_path / "store")
    assert names(lock) == ["pure=1.0 noarch", f"python=3.11.4 {subdir}"]
    assert (lock.python, lock.pip, lock.provided) == ("3.11", ("six==1.16",), {"pure": "1.0"})
    assert all(len(one.sha256) == 64 and one.url.startswith(channel.url) for one in lock.packages)


def test_lock_conda__python_of_the_user__is_one_more_wish(channel: Channel, tmp_path: Path) -> None:
    channel.add("python", "3.12.1", {"bin/python3.12": "x"})
    path = environment(tmp_path, channel.url, "pure")
    found = [lock_conda(path, TARGET, tmp_path / "store", python=python).python for python in (None, "3.11")]
    assert found == ["3.12", "3.11"]


def test_lock_conda__again__asks_no_channel(channel: Channel, tmp_path: Path) -> None:
    path = environment(tmp_path, channel.url, "pure")
    first = lock_conda(path, TARGET, tmp_path / "store")
    channel.asked.clear()
    assert lock_conda(path, TARGET, tmp_path / "store") == first
    assert channel.asked == []


@pytest.mark.parametrize(("libc", "fits"), [("glibc2.36", False), ("glibc2.41", True)])
def test_lock_conda__c_library__is_that_of_the_stack(
    channel: Channel, tmp_path: Path, libc: str, *, fits: bool
) -> None:
    path = environment(tmp_path, channel.url, "newer", "python")
    target = replace(TARGET, libc=libc)
    if fits:
        assert "newer=1.0 linux-64" in names(lock_conda(path, target, tmp_path / "store"))
        return
    with pytest.raises(errors.CondaUnsolvable, match=r"linux-64 with glibc2\.36") as caught:
        lock_conda(path, target, tmp_path / "store")
    assert "__glibc >=2.40" in caught.value.sentence("why")


REFUSALS = {
    "unknown package": ("dependencies: [nothing-such]", errors.CondaUnsolvable, "nothing-such"),
    "no python": ("dependencies: [tool]", errors.CondaWithoutPython, "no Python"),
    "no list": ("name: x", errors.CondaFileUnreadable, "lists no dependencies"),
    "no yaml": ("a: [b", errors.CondaFileUnreadable, "no YAML"),
    "an option in pip's section": ("dependencies: [{pip: [-r x.txt]}]", errors.CondaFileUnreadable, "holds -r"),
    "a channel with a password": (
        "channels: ['http://me:canary-secret@127.0.0.1:1/x']\ndependencies: [tool]",
        errors.CondaFileUnreadable,
        "credentials",
    ),
    "a channel that is not there": (
        "channels: ['http://127.0.0.1:1/x']\ndependencies: [tool]",
        errors.CondaChannelFailed,
        "127.0.0.1:1",
    ),
    "a lock of another platform": (
        "@EXPLICIT\nhttps://example.org/c/win-64/a-1-0.conda#" + "a" * 32,
        errors.CondaNotForTarget,
        "win-64",
    ),
    "no address in a list": ("@EXPLICIT\nnumpy\n", errors.CondaFileUnreadable, "numpy"),
}


@pytest.mark.parametrize(("text", "error", "said"), REFUSALS.values(), ids=REFUSALS)
def test_lock_conda__what_cannot_be_had__is_refused_with_the_reason(
    channel: Channel, tmp_path: Path, text: str, error: type[errors.MlpackError], said: str
) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(text if "channels" in text or "@" in text else f"channels: ['{channel.url}']\n{text}")
    with pytest.raises(error) as caught:
        lock_conda(path, TARGET, tmp_path / "store")
    sentences = " ".join(caught.value.sentence(part) for part in ("what", "why", "hint"))
    assert said in sentences
    assert "canary-secret" not in sentences


def conda_lock(python: dict[str, object], pure: dict[str, object]) -> str:
    entries = [
        {**row, "manager": "conda", "platform": "linux-64", "category": "main", "dependencies": {},
         "hash": {"md5": row["md5"], "sha256": row["sha256"]}}
        for row in (python, pure)
    ]  # fmt: skip
    pip = {"name": "six", "version": "1.16.0", "manager": "pip", "platform": "linux-64", "dependencies": {}}
    pip["hash"] = {"sha256": SIX}
    other = {**entries[0], "platform": "osx-arm64"}
    return json.dumps({"version": 1, "metadata": {}, "package": [*entries, pip, other]})


def pixi_lock(python: dict[str, object], pure: dict[str, object]) -> str:
    rows = [
        {"conda": row["url"], "sha256": row["sha256"], "md5": row["md5"], "depends": ["python"]}
        for row in (python, pure)
    ]
    listed = {"linux-64": [{"conda": row["conda"]} for row in rows] + [{"pypi": "https://example.org/six.whl"}]}
    six = {"pypi": "https://example.org/six.whl", "name": "six", "version": "1.16.0", "sha256": SIX}
    return json.dumps({"version": 6, "environments": {"default": {"packages": listed}}, "packages": [*rows, six]})


def explicit(python: dict[str, object], pure: dict[str, object]) -> str:
    return f"# platform: linux-64\n@EXPLICIT\n{python['url']}#{python['md5']}\n{pure['url']}#sha256:{pure['sha256']}\n"


@pytest.mark.parametrize(
    ("name", "write", "pip"),
    [
        ("conda-lock.yml", conda_lock, ("six==1.16.0",)),
        ("pixi.lock", pixi_lock, ("six==1.16.0",)),
        ("conda-linux-64.lock", explicit, ()),
    ],
)
def test_lock_conda__lock__is_followed_and_nothing_solved(
    channel: Channel, tmp_path: Path, name: str, write: object, pip: tuple[str, ...]
) -> None:
    python = channel.add("python", "3.12.1", {"bin/python3.12": "x"})
    pure = channel.add("pure", "0.9", {"site-packages/pure.py": ""}, "python", subdir="noarch")
    (tmp_path / name).write_text(write(python, pure))  # type: ignore[operator]
    channel.asked.clear()
    lock = lock_conda(tmp_path / name, TARGET, tmp_path / "store")
    assert names(lock) == ["pure=0.9 noarch", "python=3.12.1 linux-64"]
    assert (lock.python, lock.pip, lock.provided, channel.asked) == ("3.12", pip, {"pure": "0.9"}, [])
    assert all(one.md5 or one.sha256 for one in lock.packages)
    hashes = {"six==1.16.0": frozenset([SIX])} if pip else {}
    assert (lock.hashes, lock.knowing(FolderLock()).hashes) == (hashes, hashes)


@pytest.mark.parametrize("how", ["channel_alias", "custom_channels", "variable"])
def test_lock_conda__configured_channel__its_credentials_are_used_and_kept_nowhere(
    channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    channel.password = "canary-secret"
    with_secret = channel.url.replace("://", "://me:canary-secret@")
    channel.folder.rename(tmp_path / "moved")
    channel.folder.mkdir()
    (tmp_path / "moved").rename(channel.folder / "mine")
    if how == "variable":
        monkeypatch.setenv("CONDA_CHANNEL_ALIAS", with_secret)
    else:
        said = with_secret if how == "channel_alias" else f"{{mine: '{with_secret}'}}"
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / ".condarc").write_text(f"{how}: {said}\n")
    lock = lock_conda(environment(tmp_path, "mine", "pure"), TARGET, tmp_path / "store")
    assert "pure=1.0 noarch" in names(lock)
    assert "canary-secret" not in repr(lock)
    kept = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert kept
    assert all(b"canary-secret" not in path.read_bytes() for path in kept)


@pytest.mark.parametrize(
    ("address", "plain", "secret"),
    [
        ("https://me:p%40ss@c.example/x", "https://c.example/x", {"BasicHTTP": {"username": "me", "password": "p@ss"}}),
        ("https://c.example/t/tk-1/x/linux-64", "https://c.example/x/linux-64", {"CondaToken": "tk-1"}),
        ("https://c.example/t/x", "https://c.example/t/x", {}),
    ],
)
def test_without_token__credentials__are_apart(address: str, plain: str, secret: dict[str, object]) -> None:
    assert without_token(address) == (plain, secret)


def test_read_channels__files_and_variable__the_nearest_wins(tmp_path: Path) -> None:
    (tmp_path / ".condarc").write_text("channel_alias: https://a.example\ndefault_channels: [https://d.example/main]\n")
    (tmp_path / "own").write_text("channel_alias: https://b.example\nchannels: [team, defaults]\n")
    found = read_channels({"HOME": str(tmp_path), "CONDARC": str(tmp_path / "own")})
    assert list(found.locate(found.usual)) == ["https://b.example/team", "https://d.example/main"]
    assert list(read_channels({"HOME": "/nonexistent"}).locate(["conda-forge"])) == ["conda-forge"]


def test_leave_and_rest__what_the_environment_has__is_not_taken_from_the_index(
    channel: Channel, tmp_path: Path
) -> None:
    lock = lock_conda(environment(tmp_path, channel.url, "pure", "tool"), TARGET, tmp_path / "store")
    needs = tuple(Dependency(name, "", "table") for name in ("pure", "six", "tool"))
    found = Inspection("n.ipynb", dependencies=needs, unresolved=(Unresolved("osgeo", ()),), constraints=("pure==3",))
    left = lock.leave(found)
    assert [item.name for item in left.dependencies] == ["six", "tool"], "tool is a program, not the distribution"
    assert (left.constraints, left.unresolved) == (("pure==1.0",), ())
    whole = Lock(tuple(LockedPackage(name, "1", "a" * 64, 1) for name in ("pure", "six")))
    assert [one.name for one in lock.rest(whole).packages] == ["six"]
