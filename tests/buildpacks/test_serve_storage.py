"""Models that a platform names by an address: folders, archives on the web, buckets."""

from __future__ import annotations

import functools
import http.server
import importlib
import io
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

LOADS = """
blob = open("models/a.txt").read()

def predict() -> str:
    return blob
"""
GIVEN: dict[str, Any] = {"described": {"models": ["models/a.txt"]}, "files": {"models/a.txt": "packed"}}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, also as SageMaker's archive, and with what nobody loads."""
    folder = tmp_path_factory.mktemp("bucket")
    (folder / "run/models").mkdir(parents=True)
    (folder / "run/models/a.txt").write_text("fetched")
    (folder / "run/other.bin").write_text("not loaded")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        for name in ("a.txt", "../outside.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = len(b"unpacked")
            archive.addfile(entry, io.BytesIO(b"unpacked"))
    return folder


@pytest.fixture(scope="module")
def web(bucket: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            del words

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(bucket)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def s3(bucket: Path) -> Iterator[dict[str, str]]:
    """The environment of a process that may read the bucket ``models``."""
    moto = pytest.importorskip("moto.server", reason="NOT TESTED: moto is not here")
    import boto3

    server = moto.ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**keys, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    client = boto3.client(
        "s3", endpoint_url=environment["AWS_ENDPOINT_URL"], aws_access_key_id="a", aws_secret_access_key="b",
        region_name="us-east-1",
    )  # fmt: skip
    client.create_bucket(Bucket="models")
    for path in sorted(bucket.rglob("*")):
        if path.is_file():
            client.upload_file(str(path), "models", path.relative_to(bucket).as_posix())
    yield environment
    server.stop()


def answer(service: Any) -> str:
    service.wait()
    return str(service.ask("/predict", {}).json())


def test_model_uri__a_folder__wins_over_the_image(start_service: Any, bucket: Path) -> None:
    assert answer(start_service(LOADS, **GIVEN, MLPACK_MODEL_URI=f"file://{bucket}/run")) == "fetched"


def test_model_uri__an_archive_on_the_web__is_unpacked(start_service: Any, web: str, tmp_path: Path) -> None:
    service = start_service(LOADS, **GIVEN, AIP_STORAGE_URI=f"{web}/model.tar.gz", TMPDIR=str(tmp_path))
    assert answer(service) == "unpacked"
    assert {path.name for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()} == {"a.txt"}
    assert f"1 file from {web}/model.tar.gz" in service.log.read_text()


def test_model_uri__several_processes__one_fetches_for_all(start_service: Any, web: str, tmp_path: Path) -> None:
    service = start_service(
        LOADS, **GIVEN, MLPACK_MODEL_URI=f"{web}/model.tar.gz", MLPACK_WORKERS="2", TMPDIR=str(tmp_path)
    )
    assert answer(service) == "unpacked"
    assert service.log.read_text().count("1 file from") == 1


@pytest.mark.parametrize("prefix", ["run", "run/", "run/models/a.txt", "model.tar.gz"])
def test_model_uri__a_bucket__only_what_is_loaded_is_fetched(
    start_service: Any, s3: dict[str, str], tmp_path: Path, prefix: str
) -> None:
    service = start_service(LOADS, **GIVEN, **s3, AIP_STORAGE_URI=f"s3://models/{prefix}", TMPDIR=str(tmp_path))
    assert answer(service) == ("unpacked" if prefix == "model.tar.gz" else "fetched")
    assert not list(tmp_path.rglob("other.bin"))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("{web}/none.tar.gz", "cannot be read from {web}/none.tar.gz (HTTP 404)"),
        ("file:///nowhere/at/all", "there is nothing at file:///nowhere/at/all"),
        ("ftp://a/b", "a model's address begins with file:"),
        ("gs://bucket/model", "--require google-cloud-storage"),
    ],
    ids=["not there", "no folder", "another kind", "no library"],
)
def test_model_uri__cannot_be_read__ends_with_1_and_the_reason(
    start_service: Any, web: str, address: str, said: str
) -> None:
    service = start_service(LOADS, **GIVEN, MLPACK_MODEL_URI=address.format(web=web))
    assert service.process.wait(60) == 1
    assert said.format(web=web) in service.log.read_text()
    assert "Traceback" not in service.log.read_text()


def test_model_uri__nothing_is_loaded__nothing_is_fetched(start_service: Any) -> None:
    service = start_service("def predict(): return 1", AIP_STORAGE_URI="gs://bucket/model")
    service.wait()


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "buildpacks/serving/runner"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield importlib.import_module("mlpack_server.storage")
    for name in [name for name in sys.modules if name.startswith("mlpack_server")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["m/a.txt", "m/b.txt", "m/deep/a.txt", "m/"], ["a.txt", "deep/a.txt"]),
        (["m/models/a.txt", "mother/a.txt"], ["models/a.txt"]),
        (["m/run/folder/x", "m/folder/y/z", "m/folders/y"], ["run/folder/x", "folder/y/z"]),
        (["m"], ["m"]),
        (["m/../a.txt"], []),
    ],
    ids=["by name", "by path, below the prefix only", "of a folder that is loaded", "the file itself", "leads out"],
)
def test_from_prefix__keys_of_a_bucket__what_the_cells_load(
    storage: ModuleType, keys: list[str], expected: list[str]
) -> None:
    assert [path for _, path in storage.from_prefix(keys, "m/", ["models/a.txt", "folder"])] == expected


def test_bring__bucket_is_mounted__as_a_folder(
    storage: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bucket/model").mkdir(parents=True)
    monkeypatch.setattr(storage, "MOUNTS", tmp_path)
    assert storage.bring("gs://bucket/model/", ["a"], print) == tmp_path / "bucket/model"
