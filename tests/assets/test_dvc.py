"""Files that DVC tracks, from its cache and its remotes; the repository is made by hand, as DVC 3 and 2 do."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
import yaml

from jupyter_mlpack import errors
from jupyter_mlpack.assets.declared import wanted_assets
from jupyter_mlpack.inspection import inspect_notebook
from jupyter_mlpack.notebook import read_notebook
from jupyter_mlpack.values import Asset


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@dataclass
class Repository:
    root: Path
    legacy: bool = False

    @property
    def cache(self) -> Path:
        return self.root / ".dvc/cache"

    def configure(self, text: str = "", local: str = "") -> None:
        (self.root / ".dvc").mkdir(parents=True, exist_ok=True)
        (self.root / ".dvc/config").write_text(text)
        if local:
            (self.root / ".dvc/config.local").write_text(local)

    def keep(self, data: bytes, end: str = "") -> str:
        name = md5(data) + end
        place = self.cache / ("" if self.legacy else "files/md5") / name[:2] / name[2:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return name

    def out(self, path: str, name: str, size: int) -> dict[str, object]:
        return {"md5": name, "size": size, "path": path, **({} if self.legacy else {"hash": "md5"})}

    def track(self, path: str, data: bytes) -> None:
        """``dvc add path``, and the file itself is gone."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        outs = [self.out(place.name, self.keep(data), len(data))]
        (self.root / f"{path}.dvc").write_text(yaml.safe_dump({"outs": outs}))

    def track_folder(self, path: str, files: dict[str, bytes]) -> None:
        rows = [{"md5": self.keep(data), "relpath": name} for name, data in sorted(files.items())]
        name = self.keep(json.dumps(rows).encode(), ".dir")
        self.rename_list(name, json.dumps(rows).encode())
        size = sum(map(len, files.values()))
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        outs = [self.out(Path(path).name, name, size)]
        (self.root / f"{path}.dvc").write_text(yaml.safe_dump({"outs": outs}))

    def rename_list(self, name: str, data: bytes) -> None:
        assert name == md5(data) + ".dir"


@pytest.fixture(params=[False, True], ids=["dvc-3", "dvc-2"])
def repository(request: pytest.FixtureRequest, bench) -> Repository:
    made = Repository(bench.folder, request.param)
    made.configure()
    return made


def dvc(path: str) -> Asset:
    return Asset(path, "dvc")


def test_file__in_the_cache__taken_by_its_hash(repository: Repository, bench, sha256) -> None:
    repository.track("data/train.csv", b"a,b\n")
    fetched = bench.one(dvc("data/train.csv"))
    assert bench.content(fetched) == {"": b"a,b\n"}
    assert fetched.sha256 == sha256(b"a,b\n")
    shutil.rmtree(repository.cache)
    assert bench.one(dvc("data/train.csv")) == fetched


def test_folder__whole_and_one_file_of_it(repository: Repository, bench) -> None:
    repository.track_folder("images", {"a.png": b"a", "in/b.png": b"b"})
    assert bench.content(bench.one(dvc("images"))) == {"a.png": b"a", "in/b.png": b"b"}
    assert bench.content(bench.one(dvc("images/in/b.png"))) == {"": b"b"}
    assert bench.content(bench.one(dvc("images/in"))) == {"b.png": b"b"}


def test_several_outs__below_one_folder(repository: Repository, bench) -> None:
    repository.track("data/a.csv", b"a")
    repository.track("data/b.csv", b"b")
    assert bench.content(bench.one(dvc("data"))) == {"a.csv": b"a", "b.csv": b"b"}


def test_pipeline__outs_of_dvc_lock__relative_to_its_stage(repository: Repository, bench) -> None:
    name = repository.keep(b"weights")
    (repository.root / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": {"cmd": "x", "wdir": "models"}}}))
    lock = {"schema": "2.0", "stages": {"train": {"cmd": "x", "outs": [repository.out("w.bin", name, 7)]}}}
    (repository.root / "dvc.lock").write_text(yaml.safe_dump(lock))
    assert bench.content(bench.one(dvc("models/w.bin"))) == {"": b"weights"}


def test_notebook_below_the_root__paths_are_its_own(repository: Repository, bench) -> None:
    repository.track("notebooks/data.csv", b"d")
    repository.track("other.csv", b"o")
    bench.folder = repository.root / "notebooks"
    assert bench.content(bench.one(dvc("data.csv"))) == {"": b"d"}
    with pytest.raises(errors.AssetUntracked):
        bench.one(dvc("other.csv"))


@pytest.mark.parametrize("kind", ["folder", "web", "bucket"])
def test_remote__by_its_layout(  # noqa: PLR0917 (fixtures)
    repository: Repository, bench, kind: str, site, bucket, bucket_server: str, tmp_path: Path
) -> None:
    repository.track("a.csv", b"content")
    store = tmp_path / "store-of-dvc"
    shutil.move(repository.cache, store)
    files = {path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*") if path.is_file()}
    url = {"folder": str(store), "web": f"{site.address}/dvc", "bucket": "s3://data/dvc"}[kind]
    local = ""
    if kind == "web":
        site.files |= {f"/dvc/{name}": data for name, data in files.items()}
        local = "['remote \"origin\"']\n    user = me\n    password = canary-word\n"
    if kind == "bucket":
        for name, data in files.items():
            bucket(f"dvc/{name}", data)
        local = "['remote \"origin\"']\n    access_key_id = me\n    secret_access_key = canary-word\n"
        local += f"    endpointurl = {bucket_server}\n"
    repository.configure(f"[core]\n    remote = origin\n['remote \"origin\"']\n    url = {url}\n", local)
    assert bench.content(bench.one(dvc("a.csv"))) == {"": b"content"}
    kept = [path.read_bytes() for path in bench.shelf.root.rglob("*") if path.is_file()]
    assert not any(b"canary" in text for text in (*kept, repr(bench.events).encode()))
    if kind == "web":
        assert all(login.startswith("Basic ") for _, _, login in site.seen)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [("", "no default remote"), ("[core]\nremote = o\n['remote \"o\"']\nurl = /nowhere/at/all\n", "not at /nowhere")],
    ids=["no-remote", "empty-remote"],
)
def test_nowhere__says_where_it_looked(repository: Repository, bench, settings: str, reason: str) -> None:
    repository.track("a.csv", b"content")
    shutil.rmtree(repository.cache)
    repository.configure(settings)
    with pytest.raises(errors.AssetNotKept) as raised:
        bench.one(dvc("a.csv"))
    assert reason in raised.value.sentence("why")


def test_cache_damaged__refused(repository: Repository, bench) -> None:
    repository.track("a.csv", b"content")
    (path,) = (path for path in repository.cache.rglob("*") if path.is_file())
    path.write_bytes(b"other")
    with pytest.raises(errors.AssetDiffers):
        bench.one(dvc("a.csv"))


def test_list__paths_that_lead_out__left_out(repository: Repository, bench) -> None:
    repository.track_folder("images", {"../../evil": b"x", "a": b"a"})
    assert bench.content(bench.one(dvc("images"))) == {"a": b"a"}


@pytest.mark.parametrize(
    "text", ["outs: [1, {md5: x}]", "[", "outs:\n- {md5: 1, path: /etc/passwd}", "&a [*a]"], ids=range(4)
)
def test_unreadable_files__count_for_nothing(repository: Repository, bench, text: str) -> None:
    (repository.root / "a.dvc").write_text(text)
    repository.track("b.csv", b"b")
    assert bench.content(bench.one(dvc("b.csv"))) == {"": b"b"}


def test_no_repository__says_so(bench) -> None:
    with pytest.raises(errors.AssetUntracked):
        bench.one(dvc("a.csv"))


def test_inspect__tracked_and_not_pulled__taken_by_itself(repository: Repository, bench) -> None:
    repository.track("data/train.csv", b"a,b\n")
    repository.track("data/unread.csv", b"x")
    repository.track("there.csv", b"old")
    (repository.root / "there.csv").write_bytes(b"new")
    cell = nbformat.v4.new_code_cell("import csv\nopen('data/train.csv')\nopen('there.csv')", id="c")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), repository.root / "n.ipynb")
    notebook = read_notebook(repository.root / "n.ipynb")
    inspection = inspect_notebook(notebook)
    assert [(file.path, file.kind) for file in inspection.files] == [("data/train.csv", "asset"), ("there.csv", "data")]
    assert not [notice for notice in inspection.notices if notice.code == "file-missing"]
    assert wanted_assets(notebook, (), inspection, sliced=False) == (dvc("data/train.csv"),)
