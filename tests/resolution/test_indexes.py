"""pip's settings reach uv; uv's own win; nothing else of the environment does."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.resolution import index_settings

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
