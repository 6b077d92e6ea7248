"""mlpack/ca-certificates: one file of authorities, and the variables by which programs find it."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest
import tomllib

NAMES = {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE"}
PLAN = '[[provides]]\nname = "ca-certificates"\n\n[[requires]]\nname = "ca-certificates"\n'


def bind(bench, monkeypatch: pytest.MonkeyPatch, kind: str, **files: bytes) -> dict[str, str]:
    """The environment with a binding."""
    folder = bench.root / "platform/bindings/company"
    folder.mkdir(parents=True)
    (folder / "type").write_text(kind)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    monkeypatch.setenv("CNB_PLATFORM_DIR", str(bench.root / "platform"))
    return {"CNB_PLATFORM_DIR": str(bench.root / "platform")}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("ca-certificates", 0), ("ca-certificates\n", 0), ("pypi\n", 100), ("ca-certificates-x", 100), ("", 100)],
)
def test_detect__binding__by_its_type(bench, monkeypatch: pytest.MonkeyPatch, kind: str, status: int) -> None:
    bind(bench, monkeypatch, kind)
    assert bench.detect("ca-certificates") == (status, "" if status else PLAN)


def test_detect__planned_file__passes(bench) -> None:
    assert bench.detect("ca-certificates") == (100, "")
    (bench.app / ".mlpack/ca-certificates.pem").write_text("")
    assert bench.detect("ca-certificates") == (0, PLAN)


def test_build__planned_and_bound__one_bundle_for_the_launch(
    bench, monkeypatch: pytest.MonkeyPatch, authority: Path, certificate: Path
) -> None:
    bound = bind(bench, monkeypatch, "ca-certificates", one=authority.read_bytes())
    (bench.app / ".mlpack/ca-certificates.pem").write_bytes(authority.read_bytes())
    public = bench.root / "public.crt"
    public.write_bytes(certificate.read_bytes().partition(b"-----END PRIVATE KEY-----\n")[2])  # two, ours among them
    ran = bench.build("ca-certificates", BP_CA_BUNDLE=str(public), **bound)
    assert (ran.status, ran.log) == (0, "---> 1 authorities beside the 2 of the run image\n")
    file = ran.layer("bundle") / "ca-certificates.crt"
    assert file.read_text().count("BEGIN CERTIFICATE") == 2
    ssl.create_default_context(cafile=str(file))
    launch = {path.name: path.read_text() for path in (ran.layer("bundle") / "env.launch").iterdir()}
    shown = "/layers/mlpack_ca-certificates/bundle/ca-certificates.crt"
    assert launch == {f"{name}.default": shown for name in NAMES}
    assert tomllib.loads(ran.metadata("bundle")) == {"types": {"launch": True, "build": False}}
    (label,) = tomllib.loads(ran.metadata("launch"))["labels"]
    der = ssl.PEM_cert_to_DER_cert(authority.read_text().partition("\n")[2])
    assert label == {"key": "org.jupyter-mlpack.ca-certificates", "value": hashlib.sha256(der).hexdigest()}


def test_build__platform_that_says_nothing__later_buildpacks_trust_them_too(bench, authority: Path) -> None:
    (bench.app / ".mlpack/ca-certificates.pem").write_bytes(authority.read_bytes())
    ran = bench.build("ca-certificates")
    build = {path.name: path.read_text() for path in (ran.layer("bundle") / "env.build").iterdir()}
    assert build == {f"{name}.default": str(ran.layer("bundle") / "ca-certificates.crt") for name in NAMES}
    assert tomllib.loads(ran.metadata("bundle"))["types"] == {"launch": True, "build": True}


def test_build__the_same_in_another_order__the_same_bytes(bench, certificate: Path) -> None:
    texts = certificate.read_text().partition("-----END PRIVATE KEY-----\n")[2].split("-----BEGIN")[1:]
    for order in (texts, texts[::-1]):
        (bench.app / ".mlpack/ca-certificates.pem").write_text("".join(f"-----BEGIN{text}" for text in order))
        bench.build("ca-certificates", BP_CA_BUNDLE="/dev/null")
    files = sorted(bench.root.glob("layers*/mlpack_ca-certificates/bundle/ca-certificates.crt"))
    assert len(files) == 2
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("kind", ["private key", "no certificate", "damaged"])
def test_build__no_certificates__refused(bench, monkeypatch: pytest.MonkeyPatch, certificate: Path, kind: str) -> None:
    damaged = b"-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n"
    data = {"private key": certificate.read_bytes(), "no certificate": b"hello", "damaged": damaged}[kind]
    ran = bench.build("ca-certificates", **bind(bench, monkeypatch, "ca-certificates", **{"a.pem": data}))
    assert ran.status == 1
    assert kind in ran.log
    assert "a.pem" in ran.log
