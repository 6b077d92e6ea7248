"""Locks are exact and for the target: the machine that makes them has no say, and no path of it is in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mlpack.errors import DependencyConflict, MlpackError, NoWheelForTarget, PackageVersionUnknown
from jupyter_mlpack.inspection.sources import Holding
from jupyter_mlpack.resolution import LockRequest, index_settings, resolve
from jupyter_mlpack.resolution.lock import uv_environment
from jupyter_mlpack.resolution.repack import make_wheel
from jupyter_mlpack.values import LocalWheel, Lock, Target

from .conftest import Index, Site, metadata

AMD = Target("linux", "amd64", "glibc2.36", "3.11")
ARM = Target("linux", "arm64", "glibc2.41", "3.13")


def local(site: Site, tmp_path: Path, name: str, *requires: str, version: str = "1.0", body: str = "") -> LocalWheel:
    info = {"METADATA": metadata(name, version, requires)}
    return make_wheel(site.install(name, {f"{name}.py": body}, version=version, info=info), AMD, tmp_path / "wheels")


def ask(index: Index, tmp_path: Path, *lines: str, wheels: tuple[LocalWheel, ...] = (), target: Target = AMD) -> Lock:
    request = LockRequest(lines, (), target, index.settings(tmp_path / "cache"), wheels)
    return resolve(request, tmp_path / "locks")


def test_resolve__local_wheel_and_its_needs__locked_by_hash_without_path(
    index: Index, site: Site, tmp_path: Path
) -> None:
    index.add("acme", "9.9", body="who = 'somebody else'\n")
    hashed = index.add("six", "1.17")
    wheel = local(site, tmp_path, "acme", "six>1")
    lock = ask(index, tmp_path, "acme[fast]==1.0", wheels=(wheel,))
    assert lock.text == f"acme==1.0 --hash=sha256:{wheel.sha256}\nsix==1.17 --hash=sha256:{hashed}\n"
    assert lock.packages[0].source == wheel.source
    assert index.asked == ["six"]
    assert not any(str(tmp_path) in path.read_text() for path in (tmp_path / "locks").iterdir())


def test_resolve__index_has_the_same_name_and_version__the_local_wheel_wins(
    index: Index, site: Site, tmp_path: Path
) -> None:
    foreign = index.add("acme", "1.0", body="who = 'somebody else'\n")
    index.add("user", "1.0", "acme")
    wheel = local(site, tmp_path, "acme")
    lock = ask(index, tmp_path, "user", wheels=(wheel,))
    assert foreign not in lock.text
    assert f"acme==1.0 --hash=sha256:{wheel.sha256}" in lock.text


def test_resolve__local_wheel_that_nobody_needs__is_not_locked(index: Index, site: Site, tmp_path: Path) -> None:
    index.add("six", "1.17")
    lock = ask(index, tmp_path, "six", wheels=(local(site, tmp_path, "acme"),))
    assert [package.name for package in lock.packages] == ["six"]


def test_resolve__only_the_code_of_a_local_wheel_changed__asks_no_index(
    index: Index, site: Site, tmp_path: Path
) -> None:
    index.add("six", "1.17")
    first = local(site, tmp_path, "acme", "six")
    before = ask(index, tmp_path, "acme", wheels=(first,))
    (site.folder / "acme.py").write_text("changed = True\n")
    second = make_wheel(Holding("acme", "1.0", "local", "", site.folder / "acme-1.0.dist-info"), AMD, tmp_path)
    index.asked.clear()
    after = ask(index, tmp_path, "acme", wheels=(second,))
    assert index.asked == []
    assert [package.sha256 for package in after.packages] == [second.sha256, before.packages[1].sha256]
    assert first.sha256 != second.sha256


def test_resolve__local_wheel_conflicts__says_so_without_a_path(index: Index, site: Site, tmp_path: Path) -> None:
    index.add("six", "1.17")
    wheel = local(site, tmp_path, "acme", "six<1")
    with pytest.raises((DependencyConflict, PackageVersionUnknown)) as refusal:
        ask(index, tmp_path, "acme", wheels=(wheel,))
    told = " ".join(refusal.value.sentence(part) for part in ("what", "where", "why", "hint"))
    assert "six" in told
    assert str(tmp_path) not in told


def test_resolve__each_target__gets_its_own_wheel(index: Index, tmp_path: Path) -> None:
    hashes = {
        (target.arch, target.python): index.add("fast", "1.0", tag=tag)
        for target, tag in ((AMD, "cp311-cp311-manylinux_2_28_x86_64"), (ARM, "cp313-cp313-manylinux_2_39_aarch64"))
    }
    for target in (AMD, ARM):
        (package,) = ask(index, tmp_path, "fast", target=target).packages
        assert package.sha256 == hashes[target.arch, target.python]
    with pytest.raises(NoWheelForTarget):
        ask(index, tmp_path, "fast", target=Target("linux", "amd64", "glibc2.36", "3.13"))


def test_resolve__markers__are_those_of_the_target(index: Index, tmp_path: Path) -> None:
    for name in ("arm", "intel", "old", "windows", "pypy"):
        index.add(name, "1.0")
    index.add(
        "user", "1.0", "arm; platform_machine == 'aarch64'", "intel; platform_machine == 'x86_64'",
        "old; python_version < '3.12'", "windows; sys_platform == 'win32'",
        "pypy; platform_python_implementation == 'PyPy'",
    )  # fmt: skip
    names = {
        target.arch: [p.name for p in ask(index, tmp_path, "user", target=target).packages] for target in (AMD, ARM)
    }
    assert names == {"amd64": ["intel", "old", "user"], "arm64": ["arm", "user"]}


HOSTS = {
    "graphics card": {"UV_TORCH_BACKEND": "auto", "UV_CUDA_DRIVER_VERSION": "580", "CUDA_VISIBLE_DEVICES": "0",
                      "CUDA_HOME": "/usr/local/cuda"},
    "its Python": {"UV_PYTHON": "3.12", "UV_PYTHON_PREFERENCE": "only-managed", "UV_MANAGED_PYTHON": "1",
                   "PYTHONPATH": "/nonexistent", "VIRTUAL_ENV": "/nonexistent", "CONDA_PREFIX": "/nonexistent"},
    "its platform": {"UV_PYTHON_PLATFORM": "windows", "_PYTHON_HOST_PLATFORM": "macosx-11.0-arm64"},
    "its pins": {"UV_CONSTRAINT": "/nonexistent", "UV_OVERRIDE": "/nonexistent", "UV_BUILD_CONSTRAINT": "/nonexistent"},
    "its manners": {"UV_REQUIRE_HASHES": "1", "UV_NO_BINARY": "1", "UV_GENERATE_HASHES": "1", "UV_NO_SOURCES": "1"},
}  # fmt: skip


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_resolve__surroundings_of_the_host__do_not_change_the_lock(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: dict[str, str]
) -> None:
    index.add("torch", "2.0", "six", body="x = 1\n")
    index.add("six", "1.17")
    plain = ask(index, tmp_path, "torch")
    for name, value in host.items():
        monkeypatch.setenv(name, value)
    settings = index_settings({**host, **index.settings(tmp_path / "cache")}, [])
    request = LockRequest(("torch",), (), AMD, settings)
    assert resolve(request, tmp_path / "others") == plain
    assert not set(uv_environment(settings)) & set(host)


CONFIGURATIONS = {
    "graphics card": '[pip]\ntorch-backend = "auto"\npython-platform = "windows"\n',
    "pins": 'override-dependencies = ["six==0.1"]\nconstraint-dependencies = ["six<1"]\n[pip]\nno-binary = ["six"]\n',
    "broken": "torch-backend = \n",
}


@pytest.mark.parametrize("text", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_resolve__uv_configuration_of_the_host__does_not_change_the_lock(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    index.add("torch", "2.0", "six", body="x = 1\n")
    index.add("six", "1.17")
    plain = ask(index, tmp_path, "torch")
    (tmp_path / "config" / "uv").mkdir(parents=True)
    (tmp_path / "config" / "uv" / "uv.toml").write_text(text)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings = index_settings({"XDG_CONFIG_HOME": str(tmp_path / "config"), **index.settings(tmp_path / "cache")}, [])
    assert resolve(LockRequest(("torch",), (), AMD, settings), tmp_path / "others") == plain


def test_key__accelerator__is_part_of_it() -> None:
    keys = {
        LockRequest(("torch",), (), Target("linux", "amd64", "glibc2.36", "3.11", accelerator), {}).key()
        for accelerator in ("cpu", "cuda12")
    }
    assert len(keys) == 2


def test_resolve__asked_again__is_answered_from_what_was_kept(index: Index, tmp_path: Path) -> None:
    index.add("six", "1.17")
    lock = ask(index, tmp_path, "six")
    (kept,) = (tmp_path / "locks").iterdir()
    assert json.loads(kept.read_text())[0]["url"].endswith("/files/six-1.17-py3-none-any.whl")
    index.asked.clear()
    assert ask(index, tmp_path, "six") == lock
    assert index.asked == []


def test_resolve__wheel_at_an_address__keeps_the_address_and_the_hash(index: Index, tmp_path: Path) -> None:
    hashed = index.add("model", "3.7")
    url = f"{index.url}/files/model-3.7-py3-none-any.whl"
    lock = ask(index, tmp_path, f"model @ {url}")
    assert lock.text == f"model @ {url} --hash=sha256:{hashed}\n"
    assert index.asked == []


def test_resolve__file_address__is_in_no_lock(index: Index, site: Site, tmp_path: Path) -> None:
    wheel = local(site, tmp_path, "acme")
    try:
        lock = ask(index, tmp_path, f"acme @ {wheel.source.as_uri()}")
    except MlpackError:
        return
    assert "file:" not in lock.text
    assert str(tmp_path) not in lock.text
