"""Service bindings of type ``s3``: how to reach a bucket, as the operator gives it to a build."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlpack import errors
from jupyter_mlpack.assets.bucket import Account

if TYPE_CHECKING:
    from jupyter_mlpack.lifecycle.inputs import Binding

TYPE = "s3"
FACTS = {
    "bucket": "bucket",
    "endpoint": "endpoint",
    "region": "region",
    "access-key-id": "access_key",
    "secret-access-key": "secret_key",
    "session-token": "token",
}
"""Files of a binding, and what they say."""


def find_account(bindings: Iterable[Binding], bucket: str) -> Account | None:
    """The binding for ``bucket``, else the one for any; nothing where there is none. Raises ``BindingUnreadable``."""
    accounts = [read_account(one.folder) for one in bindings if fact(one.folder, "type").lower() == TYPE]
    fitting = sorted((one for one in accounts if one.bucket in ("", bucket)), key=lambda one: not one.bucket)
    return fitting[0] if fitting else None


def read_account(folder: Path) -> Account:
    """One binding."""
    return Account(**{name: fact(folder, file) for file, name in FACTS.items()})


def fact(folder: Path, name: str) -> str:
    """The text of a file; empty if there is none."""
    try:
        return (folder / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        reason = f"{getattr(error, 'strerror', None) or error}."
        raise errors.BindingUnreadable(path=folder / name, reason=reason) from error
