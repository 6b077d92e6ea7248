"""Text that looks like a token, a key or a password: told by the form that a provider gives it, or by the name before.

A token is never quoted, not even in part: ``find_tokens`` tells its kind and line, ``mask`` takes it out of a text.
Sources of the forms: the providers' own documents and the pattern lists of public secret scanners, 2026-11-22.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

from jupyter_mlpack.inspection.paths import word_set
from jupyter_mlpack.pattern import pattern

MAX_TEXT = 200_000
"""Characters of one text that are looked at."""

MAX_LINE = 1_000
"""Characters of a text that is remembered."""

MASK = "***"
SEAM = "\n\0\n"
"""Between two texts: no form reaches across."""

TOKENS = tuple(
    (kind, tuple(signs.split()), form)
    for kind, signs, form in (
        ("an AWS access key", "akia asia", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
        (
            "an AWS secret key",
            "aws",
            r"(?i)\baws[\w.-]{0,30}secret[\w.-]{0,30}[\"'\]\s=:,]{1,8}(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
        ),
        (
            "a GitHub token",
            "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
            r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b",
        ),
        ("a GitLab token", "glpat- gldt- glrt- glcbt- glptt-", r"\bgl(?:pat|dt|rt|cbt|ptt)-[0-9A-Za-z_-]{20,200}"),
        ("a Hugging Face token", "hf_ api_org_", r"\b(?:hf|api_org)_[A-Za-z0-9]{30,100}\b"),
        ("an OpenAI or Anthropic key", "sk-", r"\bsk-(?:proj-|ant-|svcacct-|or-v1-)?[A-Za-z0-9_-]{32,300}"),
        ("a Google API key", "aiza", r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
        ("a Google OAuth secret", "gocspx- ya29.", r"\bGOCSPX-[0-9A-Za-z_-]{28}|\bya29\.[0-9A-Za-z_-]{20,1000}"),
        (
            "a Slack token",
            "xox hooks.slack",
            r"\bxox[abeprs]-[0-9A-Za-z-]{20,300}|hooks\.slack\.com/services/(?P<secret>[\w/]{20,100})",
        ),
        ("a Discord webhook", "webhooks", r"discord(?:app)?\.com/api/webhooks/\d{10,25}/(?P<secret>[\w-]{50,100})"),
        ("a Telegram bot token", ":aa", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
        ("a Stripe key", "k_live_ k_test_", r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{20,200}"),
        ("a SendGrid key", "sg.", r"\bSG\.[\w-]{16,32}\.[\w-]{30,64}"),
        ("a Twilio key", "SK", r"\bSK[0-9a-f]{32}\b"),
        ("an npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("a PyPI token", "pypi-", r"\bpypi-AgE[\w-]{50,400}"),
        ("a Databricks token", "dapi", r"\bdapi[0-9a-f]{32}(?:-\d)?\b"),
        ("a Replicate token", "r8_", r"\br8_[A-Za-z0-9]{37}\b"),
        ("a Groq key", "gsk_", r"\bgsk_[A-Za-z0-9]{40,80}\b"),
        ("an NVIDIA key", "nvapi-", r"\bnvapi-[\w-]{40,100}"),
        ("a LangSmith key", "lsv2_", r"\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{8,12}\b"),
        ("a DigitalOcean token", "dop_v1_", r"\bdop_v1_[0-9a-f]{64}\b"),
        ("a key of a service", "pplx tvly xai pcsk", r"\b(?:pplx|tvly|xai|pcsk)[-_][A-Za-z0-9_-]{30,120}"),
        (
            "a Weights & Biases key",
            "wandb",
            r"(?i)\bw(?:and|b)b?[^\n]{0,60}?(?<![0-9a-z])(?P<secret>[0-9a-f]{40})(?![0-9a-z])",
        ),
        ("a Kaggle key", "kaggle", r"(?i)\bkaggle[^\n]{0,100}?(?<![0-9a-z])(?P<secret>[0-9a-f]{32})(?![0-9a-z])"),
        (
            "a Kaggle key",
            "kaggle username",
            r"[\"']username[\"'][^\n]{0,80}[\"']key[\"']\s{0,3}:\s{0,3}[\"'](?P<secret>[0-9a-f]{32})[\"']",
        ),
        ("an Azure storage key", "key=", r"(?i)(?:AccountKey|SharedAccessKey)=(?P<secret>[A-Za-z0-9+/]{40,100}={0,2})"),
        (
            "a signed address",
            "sig= signature=",
            r"(?i)[?&](?:sig|X-Amz-Signature|X-Goog-Signature)=(?P<secret>[A-Za-z0-9%/+_-]{30,600}=?)",
        ),
        ("a JSON web token", "eyj", r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}"),
        (
            "a private key",
            "-----begin",
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]{0,8000}-----END [A-Z ]{0,30}PRIVATE KEY-----)?",
        ),
        (
            "a password in an address",
            "@",
            r"://(?P<secret>[^/\s:@{}$'\"<>]{1,200}:[^/\s:@{}$'\"<>]{4,200}|[^/\s:@{}$'\"<>]{12,200})@",
        ),
        (
            "a bearer token",
            "bearer basic",
            r"(?i)\b(?:bearer|basic)\s{1,3}(?P<secret>[A-Za-z0-9._~+/-]{16,2000}={0,2})",
        ),
    )
)
"""Kind, signs of which one must stand in the text (in lower case, but for ``SK``), and the form."""

NAME = pattern(r"(?<![\w-])-{0,2}[A-Za-z_][\w.-]{1,60}")
GIVEN = pattern(r"""(?x) (?<![\w-]) (?P<name>-{0,2}[A-Za-z_][\w.-]{1,60}) ["']? \s{0,3} \]? \s{0,3}
    (?= (?: :\s{0,3}(?:str|Optional\[str\]|str\s?\|\s?None)\s{0,3}= | [=:,] ) \s{0,3} [bfru]{0,2}
          ["'](?P<quoted>[^"'\s]{6,300})["']
      | (?:=|\s{1,3}) (?P<plain>[^-"'\s$(){}<>\[\],;=][^"'\s$(){}<>\[\],;=]{5,300}) (?=\s|$|[;&|"'\\]) )""")
"""A name and the literal after it: ``key = "..."``, ``login(token="...")``, ``{"key": "..."}``, ``--token ...``."""

LOGIN = r"\b(?:wandb|comet|neptune)\s{1,3}login\s{1,3}(?:--relogin\s{1,3})?(?P<secret>[A-Za-z0-9]{20,100})\b"

NAME_SIGNS = word_set(
    "key token secret passw pwd passphrase credential auth webhook dsn jwt bearer conn _url _uri sas_ _sas _pat login"
)
"""Parts of the names below; a text without any of them gives nothing a secret's name."""

PASSWORDS = frozenset(["password", "passwd", "pwd", "passphrase", "pass"])
WORDS = PASSWORDS | word_set(
    """
    token secret apikey credential credentials auth pat dsn sas webhook jwt bearer
    """
)
BEFORE_KEY = word_set(
    """
    api access secret private account service auth subscription encryption signing master app client license
    openai anthropic kaggle wandb azure aws google gemini hf cohere groq pinecone tavily serpapi mistral
    langchain langsmith huggingface storage
    """
)
ADDRESSES = pattern(
    r"(?i)^(?:\w{1,40}_)?(?:database|db|mongo(?:db)?|redis|postgres(?:ql)?|mysql|amqp|broker)_?(?:url|uri)$|conn(?:ection)?_?str"
)
PLACEHOLDER = pattern(
    r"(?i)your|xxx|[<>{}$]|\.\.\.|\*\*\*|insert|replace|example|dummy|change|todo|none|my[-_]|^pass(word|wd)?$|placeholder|redacted"
)

SIGNS = tuple(dict.fromkeys([*(sign for _, signs, _ in TOKENS for sign in signs), *NAME_SIGNS]))
"""Parts in lower case of which a secret has at least one: looked for once in a text that mostly has none."""


def is_secret_name(name: str) -> bool:
    """Whether a variable, an option or an entry called ``name`` holds a secret by its words (``HF_TOKEN``, ``apiKey``).

    ``MAX_TOKENS``, ``tokenizer``, ``author`` and ``sort_key`` do not.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:200])
    words = [word for word in re.split(r"[^A-Za-z0-9]+|_", spaced.lower()) if word]
    if WORDS.intersection(words) or ADDRESSES.search(name[:200]):
        return True
    keys = [index for index, word in enumerate(words) if word in ("key", "keys")]
    return any(BEFORE_KEY.intersection(words[:index]) for index in keys) or (name.isupper() and words[-1:] == ["key"])


def looks_secret(name: str, value: object) -> bool:
    """Whether ``value``, called ``name``, is no word and no placeholder: long, no spaces, letters and digits mixed.

    What is called a password may be shorter and plainer.
    """
    if not isinstance(value, str) or not is_secret_name(name) or PLACEHOLDER.search(value[:300]):
        return False
    if re.search(r"\s", value) or len(value) > 5_000:
        return False
    words = re.split(r"[^a-z0-9]+|_", name.lower())
    if PASSWORDS.intersection(words) and "path" not in words:
        return len(value) >= 6 and (not value.isidentifier() or bool(re.search(r"\d", value)))
    varied = len(set(value)) >= 6 and re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    return len(value) >= 16 and bool(varied) and not re.search(r"^[./~]|://[^@]*$|\.\w{2,5}$", value)


def any_token(texts: Iterable[str]) -> bool:
    """Whether one of ``texts`` may hold a secret: nearly always none does, which one look at all of them tells."""
    whole = SEAM.join(texts)
    return len(whole) > MAX_TEXT or any(True for _ in _spans(whole))


def find_tokens(text: str) -> Iterator[tuple[str, int]]:
    """Kinds of secrets in ``text``, each with its line (from 1), in the order in which they stand."""
    text = text[:MAX_TEXT]
    for start, kind in sorted({(start, kind) for start, _, kind in _spans(text)}):
        yield kind, text.count("\n", 0, start) + 1


def mask(text: str) -> str:
    """``text`` without what looks like a secret; ``***`` stands in its place."""
    return _masked(text) if len(text) <= MAX_LINE else _without(text[:MAX_TEXT])


def _without(text: str) -> str:
    parts: list[str] = []
    end = 0
    for start, stop, _ in sorted(_spans(text)):
        if start >= end:
            parts += [text[end:start], MASK]
        end = max(end, stop)
    return "".join([*parts, text[end:]]) if parts else text


_masked = functools.lru_cache(maxsize=1_000)(_without)
"""Lines of code are quoted by many rules, and once more when all are looked through."""


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    """First and last position and kind of each secret; what several patterns see counts for the first."""
    taken: list[tuple[int, int]] = []
    lower = text.lower()
    signs_here = SIGNS if text else ()
    present = frozenset([sign for sign in signs_here if sign in lower or (sign == "SK" and sign in text)])
    for kind, signs, form in TOKENS if present else ():
        for match in re.finditer(form, text) if not present.isdisjoint(signs) else ():
            span = match.span("secret") if match.groupdict().get("secret") else match.span()
            value = text[slice(*span)]
            if len(set(value)) >= 5 and not _is_placeholder(value) and not _overlaps(span, taken):
                taken.append(span)
                yield (*span, kind)
    named = present & NAME_SIGNS
    for match in (*_given(text, named), *(re.finditer(LOGIN, text) if "login" in named else ())):
        group = next(name for name in ("quoted", "plain", "secret") if match.groupdict().get(name))
        name = match.groupdict().get("name") or "api key"
        if _is_given(name, match.group(group), group) and not _overlaps(match.span(group), taken):
            yield (*match.span(group), f"a secret called {name.lstrip('-')}")


def _given(text: str, signs: frozenset[str]) -> Iterator[re.Match[str]]:
    """Names with the literals after them, in lines that hold one of ``signs``: others have no secret's name."""
    start = 0
    for line in text.split("\n") if signs else ():
        lower = line.lower()
        if any(sign in lower for sign in signs):
            for name in NAME.finditer(text, start, start + len(line)):
                match = GIVEN.match(text, name.start())
                if match:
                    yield match
        start += len(line) + 1


def _is_given(name: str, value: str, group: str) -> bool:
    if group == "secret":
        return True
    plain = group == "plain"
    return looks_secret(name, value) and not (plain and (not _is_setting(name) or "(" in value))


def _is_setting(name: str) -> bool:
    """An option or an environment's variable, which a shell line gives without quotes."""
    return name.startswith("-") or name.isupper()


def _is_placeholder(value: str) -> bool:
    return bool(re.search(r"(?i)your|x{6}|\.\.\.|\*\*\*|placeholder|redacted|<|user(name)?:pass", value))


def _overlaps(span: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < stop for start, stop in taken[-1_000:])
