"""What a notebook made, pushed by the train process to a real registry, and fetched from there by an engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bcrypt
import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.engines.artefact import fetch_artefact

LOGIN = "team:hunter2"
Runner = Callable[[str], ModuleType]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """An output folder: a file in a folder, one that holds nothing, links that stay inside and that do not."""
    folder = tmp_path / "made"
    (folder / "models").mkdir(parents=True)
    (folder / "models/w.bin").write_bytes(os.urandom(3 << 20))
    (folder / "empty").touch()
    (folder / "newest").symlink_to("models/w.bin")
    (folder / "passwords").symlink_to("/etc/passwd")
    return folder


def files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir()]


@pytest.fixture
def locked_registry(start_registry: Callable[[str], Any], tmp_path: Path) -> Any:
    """A registry that lets in who knows the login."""
    user, _, password = LOGIN.partition(":")
    line = f"{user}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()}\n"
    (tmp_path / "htpasswd").write_text(line)
    return start_registry(f"auth: {{htpasswd: {{realm: test, path: {tmp_path / 'htpasswd'}}}}}")


def test_push_outputs__open_registry__all_that_is_safe_comes_back(
    runner: Runner, shared_registry: Any, made: Path, tmp_path: Path
) -> None:
    name, said = f"{shared_registry.host}/team/delivered:mlpack-job-1", list[str]()
    environment = {"MLPACK_DELIVER": name, "MLPACK_DELIVER_PLAIN": "1", "HOME": "/"}
    artefact = runner("artefact")
    artefact.push_outputs(made, files(made), artefact.read_delivery(environment), said.append)
    assert environment == {"HOME": "/"}
    assert said == [f"outputs are at {name}"]
    target = tmp_path / "back"
    target.mkdir()
    (target / "empty").write_text("of one that was cut off")
    assert fetch_artefact(name, target, insecure=True) == ("output/passwords",)
    assert files(target) == ["empty", "models/w.bin", "newest"]
    assert (target / "models/w.bin").read_bytes() == (made / "models/w.bin").read_bytes()
    assert not (target / "empty").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "made"]


def test_push_outputs__registry_wants_a_login__gets_it_and_it_is_not_in_an_error(
    runner: Runner, locked_registry: Any, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artefact = runner("artefact")
    monkeypatch.setattr(artefact, "ATTEMPTS", 1)
    for login in (LOGIN, "team:wrong", ""):
        environment = {
            "MLPACK_DELIVER": f"{locked_registry.host}/a:1", "MLPACK_DELIVER_PLAIN": "1", "MLPACK_DELIVER_LOGIN": login,
        }  # fmt: skip
        delivery = artefact.read_delivery(environment)
        assert "hunter2" not in repr(delivery)
        if login == LOGIN:
            artefact.push_outputs(made, ["empty"], delivery, lambda line: None)
            continue
        with pytest.raises(OSError, match=locked_registry.host) as caught:
            artefact.push_outputs(made, ["empty"], delivery, lambda line: None)
        assert "wrong" not in str(caught.value)


def test_fetch_artefact__nothing_was_pushed__says_so(shared_registry: Any, tmp_path: Path) -> None:
    with pytest.raises(errors.OutputsNotDelivered) as caught:
        fetch_artefact(f"{shared_registry.host}/team/delivered:no-such-job", tmp_path, insecure=True)
    assert "no-such-job" in caught.value.sentence("why") or "delivered" in caught.value.sentence("why")
    assert list(tmp_path.iterdir()) == []
