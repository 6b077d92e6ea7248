"""Which of the kernel's own distributions travel along: those that are needed, and what these need in turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import DistributionCompiled
from jupyter_mlpack.inspection.kernel import Holdings
from jupyter_mlpack.inspection.sources import Holding
from jupyter_mlpack.resolution import package_holdings
from jupyter_mlpack.values import Dependency, Lock, LockedPackage, Target

from .conftest import Site

TARGET = Target("linux", "amd64", "glibc2.36", "3.11")
ACME = Dependency("acme", "==1.0", "kernel", packaged=True)
USER = Dependency("user", "==3.0", "kernel")


@pytest.fixture
def holdings(site: Site) -> Holdings:
    """``user`` (of the index) needs ``base``, ``acme`` needs ``base`` and ``built``; ``other`` is needed by nobody."""
    found = tuple(
        site.install(name, {f"{name}.py": "", **({f"{name}.so": ""} if name == "built" else {})})
        for name in ("acme", "base", "built", "other")
    )
    needs = {"acme": ("six", "base", "built"), "user": ("middle",), "middle": ("base",), "base": (), "six": ()}
    return Holdings(found, needs)


def locked(*names: str) -> Lock:
    return Lock(tuple(LockedPackage(name, "1.0", "0" * 64, 1) for name in names))


CASES = {
    "needed directly": ((ACME,), (), ["acme", "base"]),
    "needed by what the index has": ((USER,), (), ["base"]),
    "not needed": ((Dependency("six", "", "table"),), (), []),
    "the index's on the user's word": ((ACME,), ("acme==1.0",), []),
    "a part of it on the user's word": ((ACME,), ("Base>=1",), ["acme"]),
    "an address of the notebook's": ((Dependency("acme", " @ https://x.example/acme.whl", "install"),), (), ["base"]),
}  # fmt: skip


@pytest.mark.parametrize(("dependencies", "required", "expected"), CASES.values(), ids=CASES)
def test_package_holdings(
    holdings: Holdings,
    tmp_path: Path,
    dependencies: tuple[Dependency, ...],
    required: tuple[str, ...],
    expected: list[str],
) -> None:
    packaged = package_holdings(dependencies, required, holdings, TARGET, tmp_path / "wheels")
    assert [wheel.name for wheel in packaged.wheels] == expected
    assert all(wheel.source.is_relative_to(tmp_path / "wheels") for wheel in packaged.wheels)


def test_package_holdings__compiled_and_needed_at_a_distance__is_refused_once_it_is_locked(
    holdings: Holdings, tmp_path: Path
) -> None:
    packaged = package_holdings((ACME,), (), holdings, TARGET, tmp_path / "wheels")
    packaged.check(locked("acme", "base", "six"))
    with pytest.raises(DistributionCompiled, match="built"):
        packaged.check(locked("acme", "base", "built"))


def test_package_holdings__compiled_and_imported__is_refused(holdings: Holdings, tmp_path: Path) -> None:
    built = Dependency("built", "==1.0", "kernel", packaged=True)
    with pytest.raises(DistributionCompiled, match="built"):
        package_holdings((built,), (), holdings, TARGET, tmp_path / "wheels")


def test_package_holdings__wheel_elsewhere__is_an_address_without_credentials(tmp_path: Path) -> None:
    address = "https://me:secret@files.example/torch-2.9.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    holdings = Holdings((Holding("torch", "2.9.0+cpu", "url", address, tmp_path),), {})
    torch = Dependency("torch", "==2.9.0", "kernel", packaged=True)
    packaged = package_holdings((torch,), (), holdings, TARGET, tmp_path / "wheels")
    assert packaged.wheels == ()
    assert packaged.addresses == (f"torch @ {address.replace('me:secret@', '')}",)


def test_package_holdings__source_folder_gone__is_refused_with_its_name(site: Site, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    holding = site.install("acme", {"acme.pth": f"{gone}\n"}, origin="editable", address=str(gone))
    packaged = package_holdings(
        (Dependency("user", "", "table"),), (), Holdings((holding,), {"user": ("acme",)}), TARGET, tmp_path
    )
    assert list(packaged.refused) == ["acme"]
    assert str(gone) in packaged.refused["acme"].sentence("why")


CHECKOUTS = {
    "the same repository": ("git+https://git.example/Org/acme.git", True),
    "the same commit": ("git+https://git.example/org/acme@abcdef1#egg=acme", True),
    "another commit": ("git+https://git.example/org/acme@0123456", False),
    "a branch, which may be elsewhere": ("git+https://git.example/org/acme@main", False),
    "another repository": ("git+https://git.example/other/acme", False),
    "a wheel": ("https://git.example/acme-1.0-py3-none-any.whl", False),
}


@pytest.mark.parametrize(("address", "packaged"), CHECKOUTS.values(), ids=CHECKOUTS)
def test_package_holdings__repository_that_the_kernel_has__is_packaged(
    site: Site, tmp_path: Path, address: str, packaged: bool
) -> None:
    held = "git+https://git.example/org/acme@abcdef1234567890"
    holdings = Holdings((site.install("acme", {"acme.py": ""}, origin="vcs", address=held),), {})
    wanted = (Dependency("acme", f" @ {address}", "install"),)
    found = package_holdings(wanted, (), holdings, TARGET, tmp_path / "wheels")
    assert [wheel.name for wheel in found.wheels] == (["acme"] if packaged else [])
