"""The machine's apt sources, in both of apt's formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.errors import KeyringMissing, MirrorUnknown
from jupyter_mlpack.stack.recipe import StackSettings, read_stack
from jupyter_mlpack.stack.sources import Archive, Source, find_archive, parse_deb822, parse_line, source_lines

STACK = read_stack(Path(__file__).parents[2] / "stacks" / "trixie")

LINES = {
    "plain": (
        "deb http://m/debian bookworm main contrib",
        Source("http://m/debian", ("bookworm",), ("main", "contrib")),
    ),
    "options": (
        "deb [ arch=amd64 signed-by=/k.gpg,/l.gpg ] https://m/d bookworm main # ours",
        Source("https://m/d", ("bookworm",), ("main",), "/k.gpg"),
    ),
    "flat": ("deb file:/repo ./", Source("file:/repo", ("./",), ())),
    "source": ("deb-src http://m/debian bookworm main", None),
    "comment": ("# deb http://m/debian bookworm main", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("line", "source"), LINES.values(), ids=LINES)
def test_parse_line__row__is_read(line, source):
    assert parse_line(line) == source


STANZAS = {
    "plain": (
        "Types: deb deb-src\nURIs: http://m/debian\nSuites: b b-updates\nComponents: main\nSigned-By: /k.gpg\n",
        [Source("http://m/debian", ("b", "b-updates"), ("main",), "/k.gpg")],
    ),
    "comment-inside": (
        "Types: deb\n# snapshot\nURIs: http://m/d\n# more\nsuites: b\nComponents: main\n",
        [Source("http://m/d", ("b",), ("main",))],
    ),
    "two-addresses": (
        "Types: deb\nURIs: http://m/d\n http://n/d\nSuites: b\nComponents: main\n",
        [Source("http://m/d", ("b",), ("main",)), Source("http://n/d", ("b",), ("main",))],
    ),
    "key-block": (
        "Types: deb\nURIs: http://m/d\nSuites: b\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n x\n",
        [Source("http://m/d", ("b",), ("main",), "-----BEGIN")],
    ),
    "off": ("Enabled: no\nTypes: deb\nURIs: http://m/d\nSuites: b\nComponents: main\n", []),
    "sources-only": ("Types: deb-src\nURIs: http://m/d\nSuites: b\nComponents: main\n", []),
    "two": (
        "Types: deb\nURIs: http://m/d\nSuites: b\nComponents: main\n\n\nTypes: deb\nURIs: http://s/d\nSuites: c\n",
        [Source("http://m/d", ("b",), ("main",)), Source("http://s/d", ("c",), ())],
    ),
}


@pytest.mark.parametrize(("text", "sources"), STANZAS.values(), ids=STANZAS)
def test_parse_deb822__row__is_read(text, sources):
    assert list(parse_deb822(text)) == sources


@pytest.fixture
def etc(tmp_path):
    """A machine's ``/etc``: Debian bookworm, one third party first in the alphabet, then the distribution."""
    (tmp_path / "apt" / "sources.list.d").mkdir(parents=True)
    (tmp_path / "os-release").write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
    (tmp_path / "keys.gpg").write_bytes(b"keys")
    folder = tmp_path / "apt" / "sources.list.d"
    (folder / "a.list").write_text("deb http://third/party bookworm main\n")
    (folder / "b.list.disabled").write_text("deb http://off/party bookworm main\n")
    (folder / "debian.sources").write_text(
        "Types: deb\nURIs: http://m/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
        f"Signed-By: {tmp_path}/keys.gpg\n\n"
        "Types: deb\nURIs: http://m/security\nSuites: bookworm-security\nComponents: main\n"
    )
    return tmp_path


def test_find_archive__machine_of_the_distribution__its_own_archive_serves_other_releases(etc):
    found = find_archive(STACK, StackSettings(), etc)
    assert found == Archive("http://m/debian", "http://m/security", etc / "keys.gpg")


def test_find_archive__settings__come_first(etc):
    settings = StackSettings(mirror="file:/repo", keyring=etc / "os-release")
    assert find_archive(STACK, settings, etc) == Archive("file:/repo", None, etc / "os-release")


def test_find_archive__another_distribution__says_which_setting(etc):
    (etc / "os-release").write_text("ID=ubuntu\nVERSION_CODENAME=noble\n")
    with pytest.raises(MirrorUnknown) as failure:
        find_archive(STACK, StackSettings(keyring=etc / "keys.gpg"), etc)
    assert "mirror" in failure.value.sentence("hint")


def test_find_archive__no_keyring__says_which_setting(etc):
    with pytest.raises(KeyringMissing) as failure:
        find_archive(STACK, StackSettings(keyring=etc / "nothing.gpg"), etc)
    assert "keyring" in failure.value.sentence("hint")


def test_source_lines__security_known__three_signed_lines(etc):
    lines = source_lines(Archive("http://m/d", "http://m/s", Path("/k.gpg")), "trixie", "arm64").splitlines()
    assert [line.split("] ")[1] for line in lines] == [
        "http://m/d trixie main", "http://m/d trixie-updates main", "http://m/s trixie-security main",
    ]  # fmt: skip
    assert all("signed-by=/k.gpg" in line and "arch=arm64" in line for line in lines)
