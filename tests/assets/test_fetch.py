"""Assets of the web and of this machine: fetched once, checked, taken up again where a connection was lost."""

from __future__ import annotations

import os
import threading
import time
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlpack import errors
from jupyter_mlpack.assets.shelf import folder_hash
from jupyter_mlpack.events import Noticed, Progress
from jupyter_mlpack.values import Asset

DATA = os.urandom(300_000)
Hash = Callable[[bytes], str]


def web(site, path: str = "/a.bin", sha256: str = "", given: bool = True) -> Asset:
    return Asset("data/a.bin", site.address + path, sha256, given=given)


def test_web__with_hash__asked_once(site, bench, sha256: Hash) -> None:
    site.files["/a.bin"] = DATA
    for _ in range(2):
        assert bench.content(bench.one(web(site, sha256=sha256(DATA)))) == {"": DATA}
    assert len(site.seen) == 1
    assert not [event for event in bench.events if isinstance(event, Noticed)]


def test_web__without_hash__told_and_kept_until_refreshed(site, bench, sha256: Hash) -> None:
    site.files["/a.bin"] = DATA
    bench.one(web(site))
    site.files["/a.bin"] = b"newer"
    assert bench.content(bench.one(web(site))) == {"": DATA}
    assert bench.content(bench.one(web(site), refresh=True)) == {"": b"newer"}
    texts = [event.notice.text for event in bench.events if isinstance(event, Noticed)]
    assert sha256(DATA) in texts[0]
    assert texts[0] == texts[1]
    assert sha256(b"newer") in texts[2]


def test_web__connection_lost__goes_on_where_it_was(site, bench) -> None:
    site.files["/a.bin"], site.cuts = DATA, [100_000, 50_000]
    assert bench.content(bench.one(web(site))) == {"": DATA}
    assert [asked for _, asked, _ in site.seen] == ["", "bytes=100000-", "bytes=150000-"]
    assert [event.done for event in bench.events if isinstance(event, Progress)][-1] == len(DATA)


def test_web__content_changes_meanwhile__from_the_start(site, bench) -> None:
    site.files["/a.bin"], site.cuts = DATA, [100_000]

    def stop(event: object) -> None:
        raise KeyboardInterrupt

    # the first attempt is stopped by the listener, and another content is there afterwards
    from jupyter_mlpack.assets.fetch import Fetching, fetch_assets

    with pytest.raises(KeyboardInterrupt):
        fetch_assets([web(site)], Fetching(bench.shelf, bench.folder), stop)
    site.cuts.clear()
    site.files["/a.bin"] = other = os.urandom(200_000)
    assert bench.content(bench.one(web(site))) == {"": other}


@pytest.mark.parametrize("tags", [True, False], ids=["etag", "no-etag"])
def test_web__server_without_ranges__from_the_start(site, bench, tags: bool) -> None:
    site.files["/a.bin"], site.cuts, site.ranges, site.tags = DATA, [100_000], False, tags
    assert bench.content(bench.one(web(site))) == {"": DATA}


def test_web__half_of_something_else_left__one_more_attempt_from_the_start(site, bench, sha256: Hash) -> None:
    site.files["/a.bin"], site.tags = DATA, False
    asset = web(site, sha256=sha256(DATA))
    bench.shelf.partial([asset.source, asset.sha256]).write_bytes(b"x" * 1000)
    assert bench.content(bench.one(asset)) == {"": DATA}
    assert [asked for _, asked, _ in site.seen] == ["bytes=1000-", ""]


def test_web__other_content_than_its_hash__refused_and_nothing_left(site, bench, sha256: Hash) -> None:
    site.files["/a.bin"] = b"<html>please log in</html>"
    with pytest.raises(errors.AssetDiffers, match="not what was asked for"):
        bench.one(web(site, sha256=sha256(DATA)))
    files = bench.shelf.root / "files"
    assert not files.exists() or not list(files.iterdir())


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, errors.AssetMissing), (401, errors.AssetDenied), (403, errors.AssetDenied), (503, errors.AssetUnreachable)],
)
def test_web__no_content__says_which(site, bench, status: int, error: type[errors.MlpackError]) -> None:
    site.status["/a.bin"] = status
    with pytest.raises(error) as raised:
        bench.one(Asset("a", site.address.replace("://", "://me:canary@") + "/a.bin?token=canary", given=True))
    assert "canary" not in str(raised.value.data)


def test_web__nobody_listens__says_so(bench) -> None:
    with pytest.raises(errors.AssetUnreachable):
        bench.one(Asset("a", "http://127.0.0.1:9/a", given=True))


def test_web__login_in_the_address__used_there_and_not_at_another_host(site, bench) -> None:
    site.files["/a.bin"] = DATA
    bench.one(Asset("a", site.address.replace("://", "://me:word@") + "/a.bin", given=True))
    site.moved["/b.bin"] = site.address.replace("127.0.0.1", "localhost") + "/a.bin"
    bench.one(Asset("b", site.address.replace("://", "://me:word@") + "/b.bin", given=True))
    assert [bool(login) for _, _, login in site.seen] == [True, True, False]


def test_web__netrc__opens_its_host(site, bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password word\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    site.files["/a.bin"] = DATA
    bench.one(web(site))
    assert site.seen[0][2].startswith("Basic ")


def test_web__disk_too_small__before_anything_is_written(site, bench, monkeypatch: pytest.MonkeyPatch) -> None:
    site.files["/a.bin"] = DATA
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(1, 1, 64 << 20))
    with pytest.raises(errors.AssetNoRoom):
        bench.one(web(site))


def test_web__two_builds_at_once__one_download(site, bench, sha256: Hash) -> None:
    site.files["/a.bin"] = DATA
    asset, found = web(site, sha256=sha256(DATA)), []
    threads = [threading.Thread(target=lambda: found.append(bench.one(asset))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [bench.content(fetched) for fetched in found] == [{"": DATA}] * 4


def test_web__stopped__next_time_it_goes_on(site, bench) -> None:
    from jupyter_mlpack.assets.fetch import Fetching, fetch_assets

    site.files["/a.bin"] = big = os.urandom(8_000_000)

    def stop(event: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_assets([web(site)], Fetching(bench.shelf, bench.folder), stop)
    assert bench.content(bench.one(web(site))) == {"": big}
    assert site.seen[1][1].startswith("bytes=")


@pytest.mark.parametrize("source", ["gs://bucket/a", "ftp://host/a", "hf://x/y"])
def test_other_schemes__refused_with_what_works(bench, source: str) -> None:
    with pytest.raises(errors.AssetScheme):
        bench.one(Asset("a", source, given=True))


# --- of this machine --------------------------------------------------------------------------------------------


def test_file__unchanged__read_once(bench) -> None:
    (bench.folder / "a.csv").write_bytes(DATA)
    asset = Asset("data.csv", "a.csv")
    first = bench.one(asset)
    told = len(bench.events)
    assert bench.one(asset) == first
    assert len(bench.events) == told
    time.sleep(0.01)
    (bench.folder / "a.csv").write_bytes(b"other")
    assert bench.content(bench.one(asset)) == {"": b"other"}


def test_folder__all_files__and_a_hash_that_sha256sum_makes(bench, sha256: Hash) -> None:
    (bench.folder / "raw/in").mkdir(parents=True)
    (bench.folder / "raw/b.csv").write_bytes(b"b")
    (bench.folder / "raw/in/a.csv").write_bytes(b"a")
    fetched = bench.one(Asset("data", "raw"))
    assert bench.content(fetched) == {"b.csv": b"b", "in/a.csv": b"a"}
    lines = f"{sha256(b'b')}  b.csv\n{sha256(b'a')}  in/a.csv\n"
    assert folder_hash(fetched.items) == fetched.sha256 == sha256(lines.encode())
    assert bench.one(Asset("data", "raw", fetched.sha256)) == Fetched_with(fetched, "raw")
    with pytest.raises(errors.AssetDiffers):
        bench.one(Asset("data", "raw", sha256(b"x")))


def Fetched_with(fetched, source: str):  # noqa: N802 (a value)
    from jupyter_mlpack.frozen import replace

    return replace(fetched, asset=Asset("data", source, fetched.sha256))


def test_file__notebook_names_a_link_that_leads_out__refused(bench, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("canary")
    (bench.folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(errors.AssetMissing):
        bench.one(Asset("a", "a.txt"))
    assert bench.content(bench.one(Asset("a", str(bench.folder / "a.txt"), given=True))) == {"": b"canary"}


def test_file__notebook_names_credentials__refused(bench) -> None:
    (bench.folder / "raw").mkdir()
    (bench.folder / "raw/.env").write_text("TOKEN=1")
    with pytest.raises(errors.AssetMissing):
        bench.one(Asset("a", "raw"))


def test_shelf__file_written_to_by_somebody__is_fetched_again(site, bench, sha256: Hash) -> None:
    site.files["/a.bin"] = DATA
    asset = web(site, sha256=sha256(DATA))
    bench.one(asset)
    with bench.shelf.path(sha256(DATA)).open("r+b") as file:
        file.write(b"changed")
    assert bench.content(bench.one(asset)) == {"": DATA}
    assert len(site.seen) == 2
