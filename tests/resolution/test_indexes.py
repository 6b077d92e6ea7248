"""pip's settings reach uv; uv's own win; nothing else of the environment does."""

from __future__ import annotations

from configparser import Error, RawConfigParser
from pathlib import Path

import pytest

from jupyter_mlpack.resolution import index_settings
from jupyter_mlpack.resolution.indexes import _sections

MIRROR = "https://mirror.example/simple"
OTHER = "https://other.example/simple"

CASES = {
    "nothing set": ({}, "", {}),
    "uv's own": ({"UV_DEFAULT_INDEX": MIRROR}, "", {"UV_DEFAULT_INDEX": MIRROR}),
    "pip's variable": ({"PIP_INDEX_URL": MIRROR}, "", {"UV_DEFAULT_INDEX": MIRROR}),
    "pip's file": ({}, f"[global]\nindex-url = {MIRROR}\n", {"UV_DEFAULT_INDEX": MIRROR}),
    "variable beats file": (
        {"PIP_INDEX_URL": OTHER},
        f"[global]\nindex-url = {MIRROR}\n",
        {"UV_DEFAULT_INDEX": OTHER},
    ),
    "uv beats pip": ({"UV_INDEX_URL": OTHER, "PIP_INDEX_URL": MIRROR}, "", {"UV_INDEX_URL": OTHER}),
    "several lines": (
        {},
        f"[install]\nextra_index_url =\n  {MIRROR}\n  {OTHER}\n",
        {"UV_INDEX": f"{MIRROR} {OTHER}"},
    ),
    "find-links": ({"PIP_FIND_LINKS": "/srv/wheels"}, "", {"UV_FIND_LINKS": "/srv/wheels"}),
    "several folders": ({"PIP_FIND_LINKS": "/srv/a /srv/b"}, "", {"UV_FIND_LINKS": "/srv/a,/srv/b"}),
    "no index": ({"PIP_NO_INDEX": "1"}, "", {"UV_NO_INDEX": "1"}),
    "an index": ({"PIP_NO_INDEX": "0"}, "[global]\nno-index = true\n", {}),
    "host's card": ({"UV_TORCH_BACKEND": "auto"}, "", {}),
    "chosen card": ({"UV_TORCH_BACKEND": "cpu"}, "", {"UV_TORCH_BACKEND": "cpu"}),
    "secrets stay": ({"AWS_SECRET_ACCESS_KEY": "x", "UV_PYTHON": "3.9", "UV_PUBLISH_TOKEN": "x"}, "", {}),
    "broken file": ({}, "index-url = no section\n", {}),
}


@pytest.mark.parametrize(("environment", "file", "expected"), CASES.values(), ids=CASES)
def test_index_settings(tmp_path: Path, environment: dict[str, str], file: str, expected: dict[str, str]) -> None:
    path = tmp_path / "pip.conf"
    path.write_text(file)
    assert index_settings(environment, [path]) == expected


FILES = (
    "[global]\nindex-url = https://a.example/simple?x=1;y#z\n# index-url = b\n; c = d\n\nCERT=/etc/c.pem\nempty =\n",
    "[global]\na = 1\n[install]\nb = 2\n[global]\nc = 3\n",
    "[global]\na = 1\na = 2\n",
    "[global]\na: 1\nb = x:y\n",
    "[DEFAULT]\na = 1\n[global]\nb = 2\n",
    "[global]\n  a = 1\n",
    "[global]\na = 1\n  # more\n  2\n",
    "[global] # said\na = 1\n",
    "[glo=bal]\na = 1\n",
    "[my tool]\na = 1\n[global]\n b\n",
    "a = 1\n",
    "\ufeff[global]\na = 1\n",
    "[global]\n= 1\n",
    "[global]\nflag\n",
    "[global]\r\na = 1\r\n\r\nb = 2",
    "",
)


@pytest.mark.parametrize("text", FILES)
def test_sections__any_file__are_those_of_configparser(tmp_path: Path, text: str) -> None:
    (tmp_path / "pip.conf").write_bytes(text.encode())
    parser = RawConfigParser()
    try:
        parser.read(tmp_path / "pip.conf", encoding="utf-8")
        expected = {name: dict(parser.items(name)) for name in parser.sections()}
    except Error:
        expected = {}
    assert _sections(tmp_path / "pip.conf") == expected
