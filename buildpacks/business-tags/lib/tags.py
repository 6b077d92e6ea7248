"""Business tags -> labels. What cannot be a label, or looks like a secret, is refused."""

import json
import re

KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?")
OURS = ("io.buildpacks.", "org.jupyter-mlpack.", "com.docker.", "io.docker.", "org.dockerproject.")
"""How labels begin that others give a meaning to."""

LONGEST, MOST = 1024, 100
LIST = "org.jupyter-mlpack.business-tags"
"""The label that says which of the labels are business tags."""

PASSWORD = re.compile(r"(?i)(?:^|[._/-])(?:password|passwd|pwd|passphrase)(?:$|[._/-])")
SECRET = re.compile(
    r"(?i)(?:^|[._/-])(?:token|secret|apikey|credentials?|webhook|jwt|bearer|(?:api|access|private|secret)[._/-]?key)"
    r"(?:$|[._/-])"
)
TOKEN = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{50}"
    r"|\bglpat-[\w-]{20}|\b(?:hf|api_org)_[A-Za-z0-9]{30}|\bsk-[\w-]{32}|\bAIza[\w-]{35}|\bxox[abeprs]-[\w-]{20}"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|://[^/\s:@]{1,200}:[^/\s:@]{4,200}@"
)


class Refused(Exception):
    """These tags cannot be used; the text is for the user, and never quotes a value."""


def checked(found: object) -> "dict[str, str]":
    """The tags, sorted by key."""
    if not isinstance(found, dict):
        raise Refused("it is not a mapping of keys to values.")
    if len(found) > MOST:
        raise Refused(f"it has {len(found)} tags; {MOST} are the most.")
    for key, value in found.items():
        complaint = complain(key, value)
        if complaint:
            raise Refused(complaint)
    return {key: found[key] for key in sorted(found)}


def complain(key: object, value: object) -> "str | None":
    """What is wrong with a tag, if anything."""
    if not isinstance(key, str) or not KEY.fullmatch(key):
        return f"{str(key)[:60]!r} cannot be a key: letters and digits, joined by '.', '-', '_' or '/'."
    if key.lower().startswith(OURS):
        return f"{key} is a label that others give a meaning to."
    if not isinstance(value, str) or not value.strip():
        return f"{key} has no value."
    if len(value) > LONGEST or any(ord(sign) < 32 or ord(sign) == 127 for sign in value):
        return f"the value of {key} is no line of at most {LONGEST} characters."
    if looks_secret(key, value):
        return f"the value of {key} looks like a secret, and everybody can read an image's labels."
    return None


def looks_secret(key: str, value: str) -> bool:
    """Whether the value has the form of a token, or the key's words say that it is one and it could be."""
    if TOKEN.search(value) or PASSWORD.search(key):
        return True
    mixed = re.search(r"\d", value) and re.search(r"[A-Za-z]", value) and not re.search(r"\s", value)
    return bool(SECRET.search(key) and len(value) >= 16 and mixed)


def labels(tags: "dict[str, str]") -> "dict[str, str]":
    """The tags, and the label that lists them."""
    return {**tags, LIST: ",".join(tags)} if tags else {}


def launch_toml(labels: "dict[str, str]") -> str:
    """``launch.toml`` with the labels."""
    lines = [f"[[labels]]\nkey = {toml(key)}\nvalue = {toml(labels[key])}\n" for key in sorted(labels)]
    return "\n".join(lines)


def toml(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, except for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
