"""Objects of S3 and of what speaks like it as sources, by boto3: it knows this machine's own credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

from jupyter_mlpack import errors
from jupyter_mlpack.assets.origin import Opened, Passing
from jupyter_mlpack.assets.shelf import CHUNK
from jupyter_mlpack.frozen import dataclass

MAX_OBJECTS = 100_000
"""Objects of one folder."""

MISSING = frozenset(["404", "NoSuchKey", "NoSuchBucket", "NotFound"])
DENIED = frozenset(
    ["401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"]
)
CHANGED = frozenset(["412", "PreconditionFailed", "416", "InvalidRange"])
ADVICE = "Set the credentials as for aws itself (AWS_PROFILE, aws configure), or give a binding of type s3."


@dataclass(frozen=True)
class Account:
    """How to reach a bucket where a binding says it; empty for this machine's own settings."""

    bucket: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""
    token: str = ""
    profile: str = ""


def make_client(asset: str, source: str, account: Account) -> Any:
    """A boto3 client; without credentials it asks as anybody. Raises ``AssetLibraryMissing``, ``AssetDenied``."""
    try:
        import boto3
        import botocore.exceptions
        from botocore import UNSIGNED
        from botocore.config import Config
    except ImportError:
        raise errors.AssetLibraryMissing(path=asset, source=source) from None
    own = {
        "aws_access_key_id": account.access_key,
        "aws_secret_access_key": account.secret_key,
        "aws_session_token": account.token,
        "region_name": account.region,
        "profile_name": account.profile,
    }
    try:
        session = boto3.session.Session(**{name: value for name, value in own.items() if value})
        signed = {} if session.get_credentials() else {"signature_version": UNSIGNED}
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=15, read_timeout=60, **signed)
        region = session.region_name or "us-east-1"
        return session.client("s3", config=config, endpoint_url=account.endpoint or None, region_name=region)
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise errors.AssetDenied(path=asset, source=source, reason=f"{error}.", advice=ADVICE) from None


def bucket_sources(client: Any, source: str, asset: str) -> list[ObjectSource]:
    """The object at ``s3://bucket/key``, or those below it if it ends with a slash or there is no such object."""
    bucket, prefix = split(source, asset)
    if prefix and not prefix.endswith("/"):
        one = ObjectSource(client, (bucket, prefix), asset)
        if one.exists():
            return [one]
        prefix += "/"
    found = []
    with told(source, asset):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                path = entry["Key"][len(prefix) :]
                if path and not path.endswith("/") and ".." not in path.split("/") and not path.startswith("/"):
                    found.append(ObjectSource(client, (bucket, entry["Key"]), asset, path, str(entry.get("ETag", ""))))
            if len(found) > MAX_OBJECTS:
                reason = f"There are more than {MAX_OBJECTS} objects."
                raise errors.AssetMissing(path=asset, source=source, reason=reason)
    if not found:
        raise errors.AssetMissing(path=asset, source=source, reason="There is no such object, and none below it.")
    return found


def split(source: str, asset: str) -> tuple[str, str]:
    """Bucket and key. Raises ``AssetMissing``."""
    parts = urlsplit(source, allow_fragments=False)
    bucket, key = parts.netloc, parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", bucket):
        raise errors.AssetMissing(path=asset, source=source, reason="It names no bucket.")
    return bucket, key


class ObjectSource:
    """One object."""

    def __init__(self, client: Any, at: tuple[str, str], asset: str, path: str = "", version: str = "") -> None:
        self.client, self.asset, self.path, self.version = client, asset, path, version
        self.at = {"Bucket": at[0], "Key": at[1]}
        self.key = f"s3://{at[0]}/{at[1]}"

    def exists(self) -> bool:
        """Whether there is an object of this key. Raises ``AssetDenied``, ``AssetUnreachable``."""
        try:
            with told(self.key, self.asset):
                self.client.head_object(**self.at)
        except errors.AssetMissing:
            return False
        except Passing as problem:
            raise errors.AssetUnreachable(path=self.asset, source=self.key, reason=str(problem)) from None
        return True

    @contextmanager
    def open(self, offset: int, version: str) -> Iterator[Opened]:
        """The object, of the rest only if it is still the same."""
        rest = {"Range": f"bytes={offset}-", **({"IfMatch": version} if version else {})} if offset else {}
        with told(self.key, self.asset):
            try:
                answer = self.client.get_object(**self.at, **rest)
            except Exception as error:
                if code_of(error) not in CHANGED:
                    raise
                offset, answer = 0, self.client.get_object(**self.at)
            size = offset + int(answer["ContentLength"])
            with closing(answer["Body"]) as body:
                yield Opened(offset, size, str(answer.get("ETag", "")), body.iter_chunks(CHUNK))


@contextmanager
def told(source: str, asset: str) -> Iterator[None]:
    """What boto3 raises, in our words."""
    import botocore.exceptions

    try:
        yield
    except botocore.exceptions.ClientError as error:
        code, said = code_of(error), str(error.response.get("Error", {}).get("Message", "") or error)
        reason = f"{code}: {said.rstrip('.')}."
        if code in MISSING:
            raise errors.AssetMissing(path=asset, source=source, reason=reason) from None
        if code in DENIED:
            raise errors.AssetDenied(path=asset, source=source, reason=reason, advice=ADVICE) from None
        raise Passing(reason) from None
    except botocore.exceptions.NoCredentialsError as error:
        raise errors.AssetDenied(path=asset, source=source, reason=f"{error}.", advice=ADVICE) from None
    except botocore.exceptions.BotoCoreError as error:
        raise Passing(f"{str(error).rstrip('.')}.") from None


def code_of(error: Exception) -> str:
    """S3's word for an error."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
