"""Certificates that somebody names: read, refused, and trusted by everything that this process starts."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from jupyter_mlpack.errors import CertificatesWrong
from jupyter_mlpack.given.bindings import read_bindings
from jupyter_mlpack.given.certificates import given_certificates
from jupyter_mlpack.given.trust import VARIABLES, settings, trusting
from jupyter_mlpack.lifecycle.inputs import Binding, BuildInputs
from jupyter_mlpack.resolution import find_uv

TlsSite = Callable[[Path], str]


@pytest.fixture
def binding(authority: Path, tmp_path: Path) -> Binding:
    """A binding's folder as a cluster mounts it, with the same authority twice."""
    folder = tmp_path / "binding"
    (folder / "..data").mkdir(parents=True)
    (folder / "..data" / "junk").write_text("x")
    (folder / "type").write_text("ca-certificates\n")
    for name in ("one.pem", "two.crt"):
        (folder / name).write_bytes(authority.read_bytes())
    (one,) = read_bindings([f"company={folder}"])
    return one


def test_given_certificates__binding_and_file__each_once_in_one_form(binding: Binding, authority: Path) -> None:
    (found,) = given_certificates(authority, [binding])
    assert found.startswith("-----BEGIN CERTIFICATE-----\n")
    assert found.endswith("-----END CERTIFICATE-----\n")
    assert "organisation" not in found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("nothing", "no certificate", id="no PEM"),
        pytest.param("{key}", "private key", id="with its key"),
        pytest.param("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged", id="damaged"),
        pytest.param(None, "No such file", id="no file"),
    ],
)
def test_given_certificates__no_certificates__refused(
    tmp_path: Path, certificate: Path, text: str | None, why: str
) -> None:
    path = tmp_path / "site.pem"
    if text is not None:
        path.write_text(text.format(key=certificate.read_text()))
    with pytest.raises(CertificatesWrong) as failure:
        given_certificates(path, ())
    assert why in failure.value.sentence("why")


def test_given_certificates__empty_folder__refused(tmp_path: Path) -> None:
    with pytest.raises(CertificatesWrong, match="cannot be used"):
        given_certificates(tmp_path, ())


def test_private__only_certificates_are_bound__remembered_and_seen_in_logs(binding: Binding) -> None:
    inputs = BuildInputs(bindings=(binding,))
    assert not inputs.private
    assert inputs.mask()("-----BEGIN CERTIFICATE-----") == "-----BEGIN CERTIFICATE-----"


def test_trusting__site_with_an_own_authority__reached_inside_and_not_after(
    tls_site: TlsSite, binding: Binding, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    address = tls_site(tmp_path / "site")
    before = dict(os.environ)
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
    with trusting([binding], tmp_path / "store"):
        assert httpx.get(address).status_code == 200
        with urllib.request.urlopen(address) as answer:
            assert answer.status == 200
        program = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).status)"
        run = subprocess.run([sys.executable, "-c", program, address], capture_output=True, text=True, check=True)
        assert run.stdout == "200\n"
        assert set(settings(os.environ)) == set(VARIABLES) - {"MLPACK_CA_BUNDLE"}
    assert dict(os.environ) == before
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address)
    assert settings(os.environ) == {}


def test_trusting__package_index_with_an_own_authority__uv_reads_it(
    tls_site: TlsSite, binding: Binding, tmp_path: Path
) -> None:
    (tmp_path / "site/simple/tiny").mkdir(parents=True)
    name = "tiny-1.0-py3-none-any.whl"
    (tmp_path / "site/simple/tiny/index.html").write_text(f'<a href="{name}" data-dist-info-metadata="true">{name}</a>')
    (tmp_path / f"site/simple/tiny/{name}.metadata").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    address = tls_site(tmp_path / "site")
    (tmp_path / "needs.txt").write_text("tiny\n")
    command = [find_uv(), "pip", "compile", "needs.txt", "--no-config", "--no-cache", "--default-index"]

    def ask() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, f"{address}/simple"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    assert ask().returncode != 0
    with trusting([binding], tmp_path / "store"):
        answer = ask()
    assert "tiny==1.0" in answer.stdout, answer.stderr


def test_trusting__machine_with_authorities_of_its_own__they_stay(
    authority: Path, binding: Binding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = tmp_path / "usual.pem"
    import certifi

    usual.write_text("\n".join(Path(certifi.where()).read_text().split("\n\n")[:3]))
    monkeypatch.setenv("SSL_CERT_FILE", str(usual))
    with trusting([binding], tmp_path / "store"):
        bundle = Path(os.environ["SSL_CERT_FILE"]).read_text()
    assert bundle.count("BEGIN CERTIFICATE") == usual.read_text().count("BEGIN CERTIFICATE") + 1
    assert given_certificates(authority, ())[0] in bundle
