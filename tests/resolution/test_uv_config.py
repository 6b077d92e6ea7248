"""uv's files on this machine say which indexes there are; nothing else in them has a say."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlpack.resolution import index_settings
from jupyter_mlpack.resolution.uv_config import uv_options

A, B = "https://a.example/simple", "https://b.example/simple"
CASES = {
    "tables": (
        f'[[index]]\nname = "own"\nurl = "{A}"\n[[index]]\nurl = "{B}"\ndefault = true\n'
        f'[[index]]\nname = "torch"\nurl = "{A}/torch"\nexplicit = true\n',
        {"UV_INDEX": f"own={A}", "UV_DEFAULT_INDEX": B},
    ),
    "older keys": (f'index-url = "{A}"\nextra-index-url = ["{B}"]\n', {"UV_DEFAULT_INDEX": A, "UV_INDEX": B}),
    "keys of pip": (f'[pip]\nindex-url = "{A}"\nfind-links = ["/x", "/y"]\n',
                    {"UV_DEFAULT_INDEX": A, "UV_FIND_LINKS": "/x,/y"}),
    "which releases": ('exclude-newer = "2026-01-01"\nprerelease = "allow"\n',
                       {"UV_EXCLUDE_NEWER": "2026-01-01", "UV_PRERELEASE": "allow"}),
    "how": ('native-tls = true\noffline = false\nallow-insecure-host = ["x:1", "y"]\n',
            {"UV_NATIVE_TLS": "true", "UV_INSECURE_HOST": "x:1 y"}),
    "this machine's card": ('[pip]\ntorch-backend = "auto"\n', {}),
    "a chosen card": ('[pip]\ntorch-backend = "cpu"\n', {"UV_TORCH_BACKEND": "cpu"}),
    "this machine's Python": ('python-preference = "only-managed"\n[pip]\npython-version = "3.9"\nsystem = true\n', {}),
    "no TOML": ("index-url = \n", {}),
    "other types": ("index = [1]\npip = 3\n", {}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_index_settings__uv_file__is_followed_as_far_as_it_tells_of_indexes(
    tmp_path: Path, text: str, expected: dict[str, str]
) -> None:
    path = tmp_path / "uv" / "uv.toml"
    path.parent.mkdir()
    path.write_text(text)
    assert index_settings({"XDG_CONFIG_HOME": str(tmp_path), "XDG_CONFIG_DIRS": "/nonexistent"}, []) == expected


def test_uv_options__user_and_system__the_user_wins(tmp_path: Path) -> None:
    for name, text in (("user", f'index-url = "{A}"\n'), ("system", f'index-url = "{B}"\nextra-index-url = ["{B}"]\n')):
        (tmp_path / name / "uv").mkdir(parents=True)
        (tmp_path / name / "uv" / "uv.toml").write_text(text)
    folders = {"XDG_CONFIG_HOME": str(tmp_path / "user"), "XDG_CONFIG_DIRS": str(tmp_path / "system")}
    assert uv_options(folders) == {"UV_DEFAULT_INDEX": A, "UV_INDEX": B}
    assert uv_options({**folders, "UV_NO_CONFIG": "1"}) == {}
    assert uv_options({**folders, "UV_CONFIG_FILE": str(tmp_path / "user" / "uv" / "uv.toml")}) == {
        "UV_DEFAULT_INDEX": A
    }


def test_index_settings__variable_pip_and_uv_file__in_that_order(tmp_path: Path) -> None:
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text(f'index-url = "{A}"\n')
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {B}\nextra-index-url = {B}\nfind-links = /x\n  /y\n")
    folders = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_CONFIG_DIRS": "/nonexistent"}
    pip = [tmp_path / "pip.conf"]
    rest = {"UV_INDEX": B, "UV_FIND_LINKS": "/x,/y"}
    assert index_settings(folders, pip) == {"UV_DEFAULT_INDEX": A, **rest}
    assert index_settings({**folders, "UV_INDEX_URL": B}, pip) == {"UV_INDEX_URL": B, **rest}
