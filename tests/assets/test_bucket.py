"""Assets of a bucket, from a server on this machine that speaks like S3."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.events import Noticed
from jupyter_mlpack.lifecycle.inputs import Binding
from jupyter_mlpack.values import Asset

Put = Callable[[str, bytes], None]


def test_object__by_its_hash__asked_once(bench, bucket: Put, sha256, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket("a/train.csv", b"a,b\n")
    asset = Asset("train.csv", "s3://data/a/train.csv", sha256(b"a,b\n"))
    assert bench.content(bench.one(asset)) == {"": b"a,b\n"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert bench.content(bench.one(asset)) == {"": b"a,b\n"}


def test_folder__objects_below_a_key__and_only_new_ones_the_next_time(bench, bucket: Put, sha256) -> None:
    for name in ("one.csv", "in/two.csv"):
        bucket(f"raw/{name}", name.encode())
    bucket("rawer.csv", b"another")
    asset = Asset("data", "s3://data/raw", given=True)
    assert bench.content(bench.one(asset)) == {"one.csv": b"one.csv", "in/two.csv": b"in/two.csv"}
    told = [event.notice.text for event in bench.events if isinstance(event, Noticed)]
    bucket("raw/three.csv", b"three")
    changed = bench.one(asset, refresh=True)
    assert sorted(bench.content(changed)) == ["in/two.csv", "one.csv", "three.csv"]
    assert changed.sha256 not in told[0]


def test_object__half_is_here__goes_on_or_starts_again(bench, bucket: Put) -> None:
    from jupyter_mlpack.assets.fetch import Fetching, fetch_assets

    def stop(event: object) -> None:
        raise KeyboardInterrupt

    bucket("big.bin", b"x" * 3_000_000)
    asset = Asset("big.bin", "s3://data/big.bin", given=True)
    with pytest.raises(KeyboardInterrupt):
        fetch_assets([asset], Fetching(bench.shelf, bench.folder), stop)
    bucket("big.bin", b"y" * 3_000_000)
    assert bench.content(bench.one(asset)) == {"": b"y" * 3_000_000}


@pytest.mark.parametrize("source", ["s3://data/none.csv", "s3://data/none/", "s3://nobodys/a", "s3:///a"])
def test_nothing_there__says_so(bench, bucket: Put, source: str) -> None:
    with pytest.raises(errors.AssetMissing):
        bench.one(Asset("a", source, given=True))


def test_binding__endpoint_and_keys__instead_of_the_machines(
    bench, bucket: Put, bucket_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket("a.csv", b"a")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    facts = {"type": "s3", "endpoint": bucket_server, "access-key-id": "you", "secret-access-key": "canary\n"}
    folder = tmp_path / "binding"
    folder.mkdir()
    for name, text in facts.items():
        (folder / name).write_text(text)
    bench.bindings = (Binding("lake", folder),)
    assert bench.content(bench.one(Asset("a", "s3://data/a.csv", given=True))) == {"": b"a"}
    kept = [path.read_bytes() for path in bench.shelf.root.rglob("*") if path.is_file()]
    assert not any(b"canary" in text for text in (*kept, repr(bench.events).encode()))


def test_no_library__says_what_to_install(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(errors.AssetLibraryMissing) as raised:
        bench.one(Asset("a", "s3://data/a.csv", given=True))
    assert "jupyter-mlpack[s3]" in raised.value.sentence("hint")
