"""Commits of repositories, from this machine and over HTTP; what a hostile repository can do, which is nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.fetching import Fetcher, read_path
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.transport import Access

LOGIN = "me:canary-password"
PROGRAM = "#!/bin/sh\ntouch {canary}\ncat\n"


@pytest.mark.parametrize(
    "name", ["", "@main", "@v1", "@v2", "@{commit}"], ids=["HEAD", "branch", "tag", "note", "commit"]
)
def test_git__name_of_a_commit__its_files(name: str, repository: Any, desk: Any) -> None:
    commit = repository.commit()
    repository.git("tag", "v1")
    repository.git("tag", "--annotate", "--message", "x", "v2")
    word = f"git+file://{repository.folder}{name.format(commit=commit)}"
    fetched = desk.fetch(f"{word}#subdirectory=packs/one")
    assert (fetched.folder / "bin" / "build").stat().st_mode & 0o111
    assert not (fetched.folder / "buildpack.toml").stat().st_mode & 0o111
    expected = f"git+file://{repository.folder}@{commit}#subdirectory=packs/one"
    assert fetched.origin == expected
    assert [expected in text for text in desk.notices] == ([] if "{" in name else [True])


@pytest.mark.parametrize("kind", ["git", "files"], ids=["git's own server", "any server of files"])
@pytest.mark.parametrize("old", [False, True], ids=["newest", "an older commit"])
def test_git__over_http__the_same(kind: str, old: bool, repository: Any, desk: Any, serve: Callable[..., Any]) -> None:
    first = repository.commit()
    (repository.folder / "new").write_text("x")
    last = repository.commit()
    commit = first if old else last
    site = serve(kind, repository.folder.parent)
    fetched = desk.fetch(f"git+{site.url}/{repository.folder.name}/.git@{commit}")
    assert (fetched.folder / "packs" / "one" / "buildpack.toml").is_file()
    assert (fetched.folder / "new").exists() is not old


def test_git__commit_that_is_kept__nobody_is_asked(repository: Any, desk: Any) -> None:
    word = f"git+file://{repository.folder}@{repository.commit()}"
    first = desk.fetch(word)
    shutil.rmtree(repository.folder)
    assert desk.fetch(word) == first


def test_git__branch_that_moved__its_new_files_and_the_old_ones_stay(repository: Any, desk: Any) -> None:
    repository.commit()
    word = f"git+file://{repository.folder}@main"
    before = desk.fetch(word).folder
    (repository.folder / "new").write_text("x")
    repository.commit()
    after = desk.fetch(word).folder
    assert (after / "new").exists()
    assert before != after
    assert before.is_dir()


def test_git__hooks_filters_attributes_submodules__none_of_it_has_a_say(
    repository: Any, desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary, program, template = tmp_path / "canary", tmp_path / "program", tmp_path / "template"
    program.write_text(PROGRAM.format(canary=canary))
    program.chmod(0o755)
    (template / "hooks").mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-merge", "fsmonitor-watchman"):
        shutil.copy(program, template / "hooks" / name)
    (repository.folder / ".gitattributes").write_text("* filter=own\ntold export-subst\npacks export-ignore\n")
    (repository.folder / "told").write_text("$Format:%H$")
    (repository.folder / ".gitmodules").write_text('[submodule "m"]\npath = m\nurl = https://evil.example/x\n')
    commit = repository.commit()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},m")
    repository.git("commit", "--quiet", "--message", "m")
    settings = {"filter.own.smudge": program, "init.templateDir": template, "core.hooksPath": template / "hooks"}
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for index, (key, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{index}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{index}", str(value))
    folder = desk.fetch(f"git+file://{repository.folder}").folder
    assert not canary.exists()
    assert (folder / "told").read_text() == "$Format:%H$"
    assert (folder / "packs" / "one").is_dir()
    assert not (folder / "m").exists()


def make_tree(repository: Any, name: bytes, mode: bytes = b"100644", content: bytes = b"x") -> str:
    """A commit of one file with a name that git itself would not allow."""
    blob = repository.git("hash-object", "-w", "--stdin", given=content)
    entry = mode + b" " + name + b"\0" + bytes.fromhex(blob)
    tree = repository.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=entry)
    commit = repository.git("commit-tree", tree, "-m", "x")
    repository.git("update-ref", "refs/heads/hostile", commit)
    return str(commit)


@pytest.mark.parametrize("name", [b"..", b"../canary", b"a/../../../canary"], ids=["above", "beside", "far above"])
def test_git__name_that_climbs__nothing_is_written(name: bytes, repository: Any, desk: Any) -> None:
    commit = make_tree(repository, name)
    with pytest.raises(errors.SourceUnusable, match="nothing usable"):
        desk.fetch(f"git+file://{repository.folder}@{commit}")
    assert [path.name for path in desk.fetcher.store.root.rglob("*") if path.name != "sources"] == []


def test_git__folder_that_is_a_link_out__refused(repository: Any, desk: Any) -> None:
    (repository.folder / "link").symlink_to("/etc")
    repository.commit()
    with pytest.raises(errors.SourceUnusable, match="nothing usable"):
        desk.fetch(f"git+file://{repository.folder}#subdirectory=link")


def test_git__login_is_asked_for__fails_at_once_or_comes_from_gits_helper(
    repository: Any, desk: Any, serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit()
    site = serve("git", repository.folder.parent, LOGIN)
    word = f"git+{site.url}/{repository.folder.name}/.git"
    with pytest.raises(errors.GitRefused) as failure:
        desk.fetch(word)
    assert "credential helper" in failure.value.sentence("hint")
    user, password = LOGIN.split(":")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "credential.helper")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"!f() {{ echo username={user}; echo password={password}; }}; f")
    assert desk.fetch(word).folder.is_dir()
    assert password not in " ".join(desk.notices)


FAILURES = {
    "no such branch": ("git+file://{folder}@nope", errors.GitRefUnknown, "Neither a branch nor a tag"),
    "no such commit": (f"git+file://{{folder}}@{'0' * 40}", errors.GitRefUnknown, "leads to this commit"),
    "no such folder": ("git+file://{folder}#subdirectory=nope", errors.SourceUnusable, "has no folder nope"),
    "no repository": ("git+file://{folder}/packs/one/bin", errors.GitRefused, "not appear to be a git repository"),
    "nobody there": ("git+http://127.0.0.1:1/x", errors.GitRefused, "127.0.0.1"),
}


@pytest.mark.parametrize(("word", "error", "reason"), FAILURES.values(), ids=FAILURES)
def test_git__cannot_be_had__error(
    word: str, error: type[errors.MlpackError], reason: str, repository: Any, desk: Any
) -> None:
    repository.commit()
    with pytest.raises(error) as failure:
        desk.fetch(word.format(folder=repository.folder))
    assert reason in failure.value.sentence("why")
    assert not list((desk.fetcher.store.root / "sources").glob(".*"))


def test_git__plain_http_that_nobody_allowed__refused(tmp_path: Path) -> None:
    fetcher = Fetcher(Store(tmp_path / "store"), lambda host: Access(), lambda event: None)
    with pytest.raises(errors.PlainHttpRefused):
        fetcher.fetch(read_path("git+http://127.0.0.1:1/x", tmp_path, "here"), "here")


def test_git__not_installed__said(repository: Any, desk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    repository.commit()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.GitMissing):
        desk.fetch(f"git+file://{repository.folder}")


def test_git__from_within_another_repository__that_has_no_say(
    repository: Any, desk: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.commit()
    other = tmp_path / "other"
    subprocess.run(("git", "init", "--quiet", str(other)), check=True, env={**os.environ})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    assert (desk.fetch(f"git+file://{repository.folder}").folder / "packs").is_dir()
