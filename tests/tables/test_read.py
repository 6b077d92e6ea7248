"""The generator against an ordinary index on loopback."""

from __future__ import annotations

import random
from pathlib import Path

import httpx
import pytest

from jupyter_mlpack.tables import read
from jupyter_mlpack.tables.read import Provided, read_installed, read_names, read_wheels
from jupyter_mlpack.tables.remote import RemoteFile, RemoteTooLarge

from .conftest import Index, sdist, wheel

EXTEND = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


def ask(index: Index, *names: str, cache: Path | None = None) -> tuple[Provided, ...]:
    with httpx.Client(follow_redirects=True) as client:
        return read_names(names, [index.url], client, cache)


@pytest.mark.parametrize("form", ["json", "html"])
def test_read_names__newest_wheel__its_modules(index: Index, form: str) -> None:
    index.form = form
    index.add("beautifulsoup4", "beautifulsoup4-4.9-py3-none-any.whl", wheel({"old.py": ""}))
    index.add("beautifulsoup4", "beautifulsoup4-4.12-py3-none-any.whl", wheel({"bs4/__init__.py": ""}))
    index.add("beautifulsoup4", "beautifulsoup4-5.0b1-py3-none-any.whl", wheel({"beta.py": ""}))
    index.add("beautifulsoup4", "beautifulsoup4-4.13-py3-none-any.whl", wheel({"withdrawn.py": ""}))
    index.yanked = {"beautifulsoup4-4.13-py3-none-any.whl"}
    found = ask(index, "BeautifulSoup4")
    assert found == (Provided("beautifulsoup4", "read", "4.12", "beautifulsoup4-4.12-py3-none-any.whl", ("bs4",)),)


@pytest.mark.parametrize("form", ["json", "html"])
def test_read_names__large_wheel__only_its_end_is_read(index: Index, form: str) -> None:
    index.form = form
    data = wheel({"big/__init__.py": ""}, padding=3 << 20)
    index.add("big", "big-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", data)
    assert ask(index, "big")[0].modules == ("big",)
    assert index.sent < len(data) / 4


def test_read_names__server_without_ranges__read_whole(index: Index) -> None:
    index.ranges = False
    index.add("plain", "plain-1.0-py3-none-any.whl", wheel({"plain.py": ""}))
    assert ask(index, "plain")[0].modules == ("plain",)


def test_read_names__older_namespace__what_is_below_it(index: Index) -> None:
    files = {"google/__init__.py": EXTEND, "google/cloud/__init__.py": EXTEND, "google/cloud/iot/__init__.py": "x = 1"}
    index.add("google-cloud-iot", "google_cloud_iot-2.0-py3-none-any.whl", wheel(files, padding=1 << 20))
    assert ask(index, "google-cloud-iot")[0].modules == ("google.cloud.iot",)


@pytest.mark.parametrize(
    ("top_level", "state", "modules"),
    [
        pytest.param("yaml\n_yaml\n", "read", ("yaml",), id="top_level.txt"),
        pytest.param(None, "silent", (), id="without: nothing is guessed"),
    ],
)
def test_read_names__source_only__only_what_it_says(
    index: Index, top_level: str | None, state: str, modules: tuple[str, ...]
) -> None:
    index.add("oldyaml", "oldyaml-1.0.tar.gz", sdist("oldyaml-1.0", top_level))
    found = ask(index, "oldyaml")[0]
    assert (found.state, found.modules) == (state, modules)


def test_read_names__unknown_to_the_index__said(index: Index) -> None:
    assert ask(index, "nobody-has-this") == (Provided("nobody-has-this", "unknown"),)


def test_read_names__not_a_zip__one_name_is_lost(index: Index) -> None:
    index.add("broken", "broken-1.0-py3-none-any.whl", b"no zip at all")
    index.add("fine", "fine-1.0-py3-none-any.whl", wheel({"fine.py": ""}))
    assert [one.state for one in ask(index, "broken", "fine")] == ["failed", "read"]


def test_read_names__passing_trouble__asked_again(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read.time, "sleep", lambda seconds: None)
    index.add("busy", "busy-1.0-py3-none-any.whl", wheel({"busy.py": ""}))
    index.broken = {"/simple/busy/": [503, 429]}
    assert ask(index, "busy")[0].modules == ("busy",)


def test_read_names__refused__failed_with_the_status_and_not_kept(index: Index, tmp_path: Path) -> None:
    index.add("secret", "secret-1.0-py3-none-any.whl", wheel({"secret.py": ""}))
    index.broken = {"/simple/secret/": [403]}
    assert ask(index, "secret", cache=tmp_path)[0].reason == "the index answered 403"
    assert ask(index, "secret", cache=tmp_path)[0].state == "read"


def test_read_names__second_run__nothing_is_asked_again(index: Index, tmp_path: Path) -> None:
    index.add("fine", "fine-1.0-py3-none-any.whl", wheel({"fine.py": ""}))
    first = ask(index, "fine", "nobody", cache=tmp_path)
    before = len(index.asked)
    assert ask(index, "fine", "nobody", cache=tmp_path) == first
    assert len(index.asked) == before


def test_read_names__cache_of_another_form__asked_again(index: Index, tmp_path: Path) -> None:
    index.add("fine", "fine-1.0-py3-none-any.whl", wheel({"fine.py": ""}))
    (tmp_path / "fine.json").write_text("[]")
    assert ask(index, "fine", cache=tmp_path)[0].state == "read"


def test_read_names__two_indexes__the_first_that_knows(index: Index) -> None:
    index.add("fine", "fine-1.0-py3-none-any.whl", wheel({"fine.py": ""}))
    with httpx.Client() as client:
        found = read_names(["fine"], [index.url.replace("simple", "other"), index.url], client)
    assert found[0].modules == ("fine",)


def test_read_wheels__folder__newest_of_each(tmp_path: Path) -> None:
    (tmp_path / "a_b-1.0-py3-none-any.whl").write_bytes(wheel({"old.py": ""}))
    (tmp_path / "a_b-2.0-py3-none-any.whl").write_bytes(wheel({"a_b/__init__.py": ""}))
    (tmp_path / "c-1.0-py3-none-any.whl").write_bytes(b"torn")
    found = list(read_wheels(tmp_path))
    assert [(one.name, one.state, one.modules) for one in found] == [("a-b", "read", ("a_b",)), ("c", "failed", ())]


def test_read_installed__site_packages__from_its_records(tmp_path: Path) -> None:
    files = {"acme/__init__.py": EXTEND, "acme/billing/__init__.py": "", "acme/billing/main.py": ""}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    info = tmp_path / "Acme_Billing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Acme_Billing\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    assert list(read_installed(tmp_path)) == [Provided("acme-billing", "read", "1.0", modules=("acme.billing",))]


def test_remote_file__any_place__same_bytes_as_the_file(index: Index) -> None:
    data = random.Random(7).randbytes(300_000)
    index.add("raw", "raw-1.0-py3-none-any.whl", data)
    with httpx.Client() as client:
        file = RemoteFile(client, index.url.replace("simple", "files/raw/raw-1.0-py3-none-any.whl"), tail=1000)
        for place in (0, 12_345, 298_900, 299_500, 300_000):
            file.seek(place)
            wanted = data[place : place + 700]
            got = b""
            while len(got) < len(wanted):
                got += file.read(len(wanted) - len(got))
            assert got == wanted


def test_remote_file__more_than_a_whole_file_may_have__refused(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_mlpack.tables.remote.WHOLE", 100)
    index.ranges = False
    index.add("huge", "huge-1.0-py3-none-any.whl", b"x" * 101)
    with httpx.Client() as client, pytest.raises(RemoteTooLarge):
        RemoteFile(client, index.url.replace("simple", "files/huge/huge-1.0-py3-none-any.whl"))
