"""Secrets are listed by name, tokens are told by kind, and nothing ever quotes one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlpack.inspection.cells import read_cell
from jupyter_mlpack.inspection.credentials import find_in_prose, find_secrets, holds_secret, without_secrets
from jupyter_mlpack.inspection.folder import DiskFolder
from jupyter_mlpack.inspection.surroundings import read_surroundings
from jupyter_mlpack.inspection.tokens import find_tokens, is_secret_name, mask
from jupyter_mlpack.values import Claim, Conflict, Dependency, Evidence, Inspection, Json, Location, Notice, to_json

HEX, MIXED = "0123456789abcdef" * 4, "aB3dE5gH7jK9" * 20

TOKENS = {
    "AWS id": "AK" + "IAABCDEFGH12345678",
    "GitHub": "gh" + f"p_{MIXED[:36]}",
    "GitHub, fine": "github" + f"_pat_{MIXED[:60]}",
    "GitLab": "glp" + f"at-{MIXED[:20]}",
    "Hugging Face": "h" + f"f_{MIXED[:34]}",
    "OpenAI": "s" + f"k-{MIXED[:48]}",
    "OpenAI project": "s" + f"k-proj-{MIXED[:60]}",
    "Anthropic": "s" + f"k-ant-api03-{MIXED[:60]}",
    "Google": "AI" + f"za{MIXED[:35]}",
    "Slack": "xo" + f"xb-{MIXED[:40]}",
    "Stripe": "s" + f"k_live_{MIXED[:24]}",
    "SendGrid": "S" + f"G.{MIXED[:22]}.{MIXED[:43]}",
    "Twilio": "S" + f"K{HEX[:32]}",
    "npm": "np" + f"m_{MIXED[:36]}",
    "PyPI": "pyp" + f"i-AgEIcHlwaS5vcmc{MIXED[:60]}",
    "Databricks": "dap" + f"i{HEX[:32]}",
    "Groq": "gs" + f"k_{MIXED[:52]}",
    "NVIDIA": "nvap" + f"i-{MIXED[:64]}",
    "web token": "ey" + f"J{MIXED[:20]}.eyJ{MIXED[:30]}.{MIXED[:40]}",
    "Telegram": "123456789:A" + f"A{MIXED[:33]}",
}


@pytest.mark.parametrize("secret", TOKENS.values(), ids=TOKENS)
def test_find_tokens__form_of_a_provider__is_told_and_masked(secret: str) -> None:
    for text in (f"x = '{secret}'", f"!tool {secret} --fast", f"# {secret}"):
        assert [line for _, line in find_tokens(text)] == [1]
        assert secret not in mask(text)
        assert secret[8:20] not in mask(text)


LONG = MIXED[:24]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        pytest.param(f"!wandb login {HEX[:40]}", HEX[:40], id="wandb in a shell line"),
        pytest.param(f"wandb.login(key='{HEX[:40]}')", HEX[:40], id="wandb"),
        pytest.param(f'{{"username":"me","key":"{HEX[:32]}"}}', HEX[:32], id="kaggle.json"),
        pytest.param(f"os.environ['KAGGLE_KEY'] = '{HEX[:32]}'", HEX[:32], id="KAGGLE_KEY"),
        pytest.param(f"aws_secret_access_key='{MIXED[:40]}'", MIXED[:40], id="AWS secret"),
        pytest.param(f"AccountKey={MIXED[:86]}==;Endpoint", MIXED[:86], id="Azure storage"),
        pytest.param(f"https://x.blob.example/c?sv=1&sig={MIXED[:44]}%3D", MIXED[:44], id="signed address"),
        pytest.param("pip install git+https://bob:s3cretpw@example.org/x.git", "s3cretpw", id="password in an address"),
        pytest.param(f"headers={{'Authorization': 'Bearer {LONG}'}}", LONG, id="bearer"),
        pytest.param(f"login(token='{LONG}')", LONG, id="keyword"),
        pytest.param(f"client.api_key = \"{LONG}\"", LONG, id="attribute"),
        pytest.param(f"d = {{'api_key': '{LONG}'}}", LONG, id="entry of a dict"),
        pytest.param(f"def f(token: str = '{LONG}'): pass", LONG, id="default of a parameter"),
        pytest.param(f"!huggingface-cli login --token {LONG}", LONG, id="option"),
        pytest.param(f"!export API_KEY={LONG}", LONG, id="export"),
        pytest.param(f"%env API_KEY={LONG}", LONG, id="%env"),
        pytest.param("password = 'hunter2!'", "hunter2!", id="a short password"),
        pytest.param("-----BEGIN RSA PRIVATE KEY-----\nabcdef", "-----BEGIN", id="private key"),
    ],
)  # fmt: skip
def test_mask__secret_by_its_name__is_hidden(text: str, hidden: str) -> None:
    assert len(list(find_tokens(text))) == 1
    assert hidden not in mask(text)
    assert "***" in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "tokenizer = 'bert-base-uncased-2024-v123'",
        "author = 'abcdefgh12345678zz'",
        "max_tokens = 1234567890123456",
        "api_key = 'YOUR_API_KEY_1234567'",
        "token = 'hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
        "api_key = os.environ['SOME_API_KEY_1234']",
        "token_path = './tokens/abcdef1234567890.json'",
        "password = 'password'",
        "password = getpass('Your password1: ')",
        "import keyword, tokenize",
        "df['key'] = 'abcdefgh12345678'",
        "sha = '0123456789abcdef0123456789abcdef01234567'",
        "url = 'https://example.org/a@b'",
        "!pip install --index-url https://example.org/simple torch",
        "x = 'https://user:password@example.org'".replace("password", "{password}"),
    ],
)
def test_mask__no_secret__stays(text: str) -> None:
    assert mask(text) == text
    assert list(find_tokens(text)) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HF_TOKEN", True), ("apiKey", True), ("OPENAI_API_KEY", True), ("DB_PASSWORD", True), ("client_secret", True),
        ("DATABASE_URL", True), ("AZURE_STORAGE_CONNECTION_STRING", True), ("GOOGLE_APPLICATION_CREDENTIALS", True),
        ("KEY", True), ("max_tokens", False), ("tokenizer", False), ("TOKENIZERS_PARALLELISM", False),
        ("author", False), ("sort_key", False), ("keyboard", False), ("EPOCHS", False), ("PATH", False),
        ("compass", False),
    ],
)  # fmt: skip
def test_is_secret_name__by_its_words__told(name: str, expected: bool) -> None:
    assert is_secret_name(name) is expected


def secrets(*sources: str) -> dict[str, str]:
    cells = [read_cell(number, source) for number, source in enumerate(sources, 1)]
    return {item.name: item.source for item in find_secrets("n.ipynb", cells).found}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("os.environ['API_KEY']", {"API_KEY": "environment"}),
        ("os.environ.get('HF_TOKEN', '')", {"HF_TOKEN": "environment"}),
        ("from os import getenv\ngetenv('DB_PASSWORD')", {"DB_PASSWORD": "environment"}),
        ("from decouple import config\nconfig('SECRET_KEY')", {"SECRET_KEY": "environment"}),
        ("os.environ['EPOCHS']", {}),
        ("os.environ['HOME'], os.environ['CUDA_VISIBLE_DEVICES']", {}),
        ("os.environ['API_KEY'] = 'abc'\nos.environ['API_KEY']", {}),
        ("key = getpass.getpass('Your OPENAI_API_KEY')", {"key": "prompt"}),
        ("login(getpass('Your OPENAI_API_KEY: '))", {"OPENAI_API_KEY": "prompt"}),
        ("os.environ['API_KEY'] = getpass()", {"API_KEY": "prompt"}),
        ("getpass()", {"a password typed by hand": "prompt"}),
        ("token = input('Token? ')", {"token": "prompt"}),
        ("name = input('Your name? ')", {}),
        ("from google.colab import userdata\nuserdata.get('HF_TOKEN')", {"HF_TOKEN": "colab"}),
        ("from kaggle_secrets import UserSecretsClient\nUserSecretsClient().get_secret('wandb')", {"wandb": "kaggle"}),
        ("from kaggle_secrets import UserSecretsClient as U\nu = U()\nu.get_secret('wandb')", {"wandb": "kaggle"}),
        ("dbutils.secrets.get('scope', 'key')", {"scope/key": "databricks"}),
        ("dbutils.secrets.get(scope='s', key='k')", {"s/k": "databricks"}),
        ("client.get_secret_value(SecretId='prod/db')", {"prod/db": "aws"}),
        ("import keyring\nkeyring.get_password('service', 'me')", {"service/me": "keyring"}),
        ("import streamlit as st\nst.secrets['db']", {"db": "streamlit"}),
        ("import streamlit as st\nst.secrets.db", {"db": "streamlit"}),
        ("from dotenv import load_dotenv\nload_dotenv()", {".env": "dotenv"}),
        ("%load_ext dotenv\n%dotenv", {".env": "dotenv"}),
        ("from huggingface_hub import notebook_login\nnotebook_login()", {"HF_TOKEN": "login"}),
        ("from huggingface_hub import login\nlogin(token=t)", {}),
        ("import wandb\nwandb.init(project='x')", {"WANDB_API_KEY": "login"}),
        ("import wandb\nwandb.init(mode='disabled')", {}),
        ("os.environ['WANDB_MODE'] = 'offline'\nimport wandb\nwandb.init()", {}),
        ("from openai import OpenAI\nOpenAI()", {"OPENAI_API_KEY": "client"}),
        ("from openai import OpenAI\nOpenAI(api_key=k)", {}),
        ("!wandb login", {"WANDB_API_KEY": "login"}),
        ("!kaggle competitions download -c titanic", {"KAGGLE_USERNAME": "login", "KAGGLE_KEY": "login"}),
        ("!curl -H \"Authorization: Bearer $MY_TOKEN\" https://example.org", {"MY_TOKEN": "environment"}),
        ("if 'google.colab' in sys.modules:\n    from google.colab import auth\n    auth.authenticate_user()", {}),
        ("{}.get('API_KEY')", {}),
    ],
)  # fmt: skip
def test_find_secrets__code_that_asks__is_listed_with_its_source(code: str, expected: dict[str, str]) -> None:
    assert secrets(code) == expected


def test_find_secrets__several_places__one_secret_with_all_of_them() -> None:
    cells = [read_cell(1, "os.environ['API_KEY']"), read_cell(2, "\nos.getenv('API_KEY')")]
    (found,) = find_secrets("n.ipynb", cells).found
    assert [(item.location.cell, item.location.line) for item in found.evidence] == [(1, 1), (2, 2)]


def test_find_secrets__ordinary_setting__is_told_with_its_default() -> None:
    cells = [read_cell(1, "os.environ.get('EPOCHS', '10')\nos.environ['HOST_NAME_X']\nos.environ['HOME']")]
    answer = find_secrets("n.ipynb", cells)
    assert answer.found == ()
    first, second = answer.notices
    assert (first.code, second.code) == ("environment-setting", "environment-setting")
    assert "EPOCHS" in first.text
    assert "10 if it is not set" in first.text


@pytest.mark.parametrize("secret", TOKENS.values(), ids=TOKENS)
def test_find_secrets__token_in_a_cell__warned_of_and_never_quoted(secret: str) -> None:
    source = f"os.environ['API_KEY']; x = '{secret}'\nos.getenv('EPOCHS', '{secret}')\nlogin(getpass('{secret}'))"
    answer = find_secrets("n.ipynb", [read_cell(3, source)])
    assert {notice.code for notice in answer.notices} >= {"secret-literal"}
    assert all(notice.location for notice in answer.notices)
    assert secret not in str(to_json(answer))


def test_find_secrets__local_files__are_searched_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"import os\nos.environ['DB_PASSWORD']\nkey = '{TOKENS['GitHub']}'\n")
    (tmp_path / "settings.json").write_text('{\n "api_key": "' + LONG + '"}')
    around = read_surroundings((), (), DiskFolder(tmp_path))
    led = Evidence("IMP1", Location("n.ipynb", 1, 1), "import mine")
    answer = find_secrets("n.ipynb", (), [("mine.py", led)], around, ["settings.json"])
    assert [item.name for item in answer.found] == ["DB_PASSWORD"]
    literal = [str(notice.location) for notice in answer.notices if notice.code == "secret-literal"]
    assert literal == ["mine.py, line 3", "settings.json, line 2"]
    assert LONG not in str(to_json(answer))


def test_holds_secret__inside_a_list_or_dict__is_seen() -> None:
    assert holds_secret("config", {"a": [{"api_key": LONG}]})
    assert holds_secret("values", ["x", TOKENS["Slack"]])
    assert not holds_secret("config", {"a": ["x", 1, None]})


def test_without_secrets__all_that_is_told__is_masked(tmp_path: Path) -> None:
    secret = TOKENS["GitHub"]
    evidence = Evidence("PIP1", Location("n.ipynb", 1, 1), f"!pip install git+https://{secret}@example.org/x")
    plain = Dependency("numpy", "", "table", (Evidence("IMP1", Location("n.ipynb", 1, 1), "import numpy"),))
    inspection = Inspection(
        notebook="n.ipynb",
        dependencies=(plain, Dependency("x", " @ git+https://example.org/x", "install", (evidence,))),
        conflicts=(Conflict("x", (Claim("install", f"token {secret}", evidence),)),),
        notices=(Notice("any", f"It says {secret}."),),
    )
    answer = without_secrets(inspection)
    assert secret not in str(to_json(answer))
    assert answer.dependencies[0] is plain
    assert answer.dependencies[1].evidence[0].text == "!pip install git+https://***@example.org/x"
    assert without_secrets(answer) is answer


HOSTILE = [
    "a-",
    "://",
    "eyJ-",
    "wandb ",
    "kaggle ",
    "token=",
    "'a' ",
    "bearer ",
    "-----BEGIN PRIVATE KEY-----",
    "1:AA",
    "= ",
    "aws_secret",
]


@pytest.mark.parametrize("part", HOSTILE, ids=range(len(HOSTILE)))
def test_mask__megabyte__costs_little(part: str) -> None:
    start = time.process_time()
    mask(part * (1_000_000 // len(part)))
    assert time.process_time() - start < 5


@given(st.text())
def test_find_secrets__any_text__never_raises(text: str) -> None:
    find_secrets(
        "n.ipynb", [read_cell(1, text), read_cell(2, f"x = {text!r}\nos.environ[{text!r}]\ngetpass({text!r})")]
    )
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ({"cells": [{"cell_type": "markdown", "source": f"# Title\nuse {TOKENS['GitHub']}"}]}, [(1, 2)]),
        ({"cells": [{"cell_type": "code", "source": f"x = '{TOKENS['GitHub']}'"}]}, []),
        ({"cells": [{"cell_type": "raw", "source": f"a\n{TOKENS['npm']}"}]}, [(1, 2)]),
        ({}, []),
    ],
    ids=["prose", "code", "raw", "no cells"],
)
def test_find_in_prose__token__warned_of(content: dict[str, Json], lines: list[tuple[int, int]]) -> None:
    found = list(find_in_prose("n.ipynb", content))
    assert [(notice.location.cell, notice.location.line) for notice in found if notice.location] == lines
    assert TOKENS["GitHub"] not in str(to_json(found))
