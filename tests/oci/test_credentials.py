"""Credentials come from the files and helpers that other tools write, and never show in words."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.oci.credentials import HUB_KEY, Credential, stored_credential

AUTH = {"auth": base64.b64encode(b"me:pa:ss").decode()}
ME = Credential("me", "pa:ss")

Configure = Callable[[object], dict[str, str]]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Writes a Docker configuration; gives the environment in which it is the only one."""

    def write(config: object) -> dict[str, str]:
        folder = tmp_path / "docker"
        folder.mkdir(exist_ok=True)
        text = config if isinstance(config, str) else json.dumps(config)
        (folder / "config.json").write_text(text)
        path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
        return {"DOCKER_CONFIG": str(folder), "HOME": str(tmp_path), "PATH": path}

    return write


def helper(tmp_path: Path, name: str, script: str) -> None:
    program = tmp_path / "bin" / f"docker-credential-{name}"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


ENTRIES = {
    "host": ("box:5000", {"box:5000": AUTH}, ME),
    "address": ("box:5000", {"https://box:5000/v2/": AUTH}, ME),
    "the hub's old key": ("docker.io", {HUB_KEY: AUTH}, ME),
    "user name and password apart": ("box", {"box": {"username": "me", "password": "pa:ss"}}, ME),
    "identity token": ("box", {"box": {"identitytoken": "T"}}, Credential("", "", "T")),
    "the most specific entry": ("box", {"box": {"username": "x", "password": "y"}, "box/team": AUTH}, ME),
    "another host": ("box", {"other": AUTH}, None),
    "a namespace of somebody else": ("box", {"box/tea": AUTH}, None),
    "empty entry": ("box", {"box": {}}, None),
    "no entry": ("box", {}, None),
}


@pytest.mark.parametrize(("host", "auths", "expected"), ENTRIES.values(), ids=ENTRIES)
def test_stored_credential__auths__found_by_host(
    host: str, auths: object, expected: Credential | None, configure: Configure
) -> None:
    assert stored_credential(host, "team/iris", configure({"auths": auths})) == expected


def test_stored_credential__no_file_at_all__knows_nobody(tmp_path: Path) -> None:
    assert stored_credential("box", "iris", {"HOME": str(tmp_path)}) is None


@pytest.mark.parametrize("variable", ["REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"])
def test_stored_credential__podman_file__is_read(variable: str, tmp_path: Path) -> None:
    file = tmp_path / "run" / "containers" / "auth.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"auths": {"box": AUTH}}))
    value = file if variable == "REGISTRY_AUTH_FILE" else tmp_path / "run"
    assert stored_credential("box", "iris", {"HOME": str(tmp_path), variable: str(value)}) == ME


@pytest.mark.parametrize(
    "config", [{"credHelpers": {"box": "vault"}}, {"credsStore": "vault"}], ids=["one host", "all"]
)
def test_stored_credential__helper__is_asked_with_the_host(
    config: object, configure: Configure, tmp_path: Path
) -> None:
    helper(tmp_path, "vault", 'read host; echo "{\\"Username\\": \\"$1\\", \\"Secret\\": \\"for $host\\"}"')
    assert stored_credential("box", "iris", configure(config)) == Credential("get", "for box")


def test_stored_credential__helper_with_token__gives_an_identity_token(configure: Configure, tmp_path: Path) -> None:
    helper(tmp_path, "vault", """echo '{"Username": "<token>", "Secret": "T"}'""")
    assert stored_credential("box", "iris", configure({"credsStore": "vault"})) == Credential("", "", "T")


def test_stored_credential__helper_knows_nothing__knows_nobody(configure: Configure, tmp_path: Path) -> None:
    helper(tmp_path, "vault", "echo credentials not found in native keychain; exit 1")
    assert stored_credential("box", "iris", configure({"credsStore": "vault"})) is None


def test_stored_credential__helper_breaks__its_words_are_told(configure: Configure, tmp_path: Path) -> None:
    helper(tmp_path, "vault", "echo the vault is locked; exit 1")
    with pytest.raises(errors.CredentialHelperFailed) as caught:
        stored_credential("box", "iris", configure({"credsStore": "vault"}))
    assert "the vault is locked" in caught.value.sentence("why")


def test_stored_credential__helper_answers_nonsense__secret_is_not_told(configure: Configure, tmp_path: Path) -> None:
    helper(tmp_path, "vault", "echo hunter2")
    with pytest.raises(errors.CredentialHelperFailed) as caught:
        stored_credential("box", "iris", configure({"credsStore": "vault"}))
    assert "hunter2" not in caught.value.sentence("why")


def test_stored_credential__default_store_not_installed__knows_nobody(configure: Configure) -> None:
    assert stored_credential("box", "iris", configure({"credsStore": "not-there"})) is None


@pytest.mark.parametrize("name", ["not-there", "../evil"])
def test_stored_credential__helper_of_the_host_not_installed__raises(name: str, configure: Configure) -> None:
    with pytest.raises(errors.CredentialHelperMissing):
        stored_credential("box", "iris", configure({"credHelpers": {"box": name}}))


@pytest.mark.parametrize(
    "text", ['{"auths": hunter2', '{"auths": {"box": {"auth": "hunter2!"}}}'], ids=["json", "base64"]
)
def test_stored_credential__damaged_file__raises_without_its_text(text: str, configure: Configure) -> None:
    with pytest.raises(errors.CredentialsUnreadable) as caught:
        stored_credential("box", "iris", configure(text))
    assert "hunter2" not in " ".join(caught.value.sentence(part) for part in ("what", "where", "why", "hint"))


def test_credential__repr__has_no_secret() -> None:
    assert "pa:ss" not in repr(ME)
    assert "T0KEN" not in repr(Credential("me", "", "T0KEN"))
