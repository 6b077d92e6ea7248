"""Addresses as people may see them: without what lets their reader in."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from jupyter_mlpack.inspection.assets import REMOTE


def shown(source: str) -> str:
    """Without account and query; a path of this machine as it is."""
    if not REMOTE.search(source):
        return source
    try:
        parts = urlsplit(source)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{source.partition('://')[0]}://..."
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path, "..." if parts.query else "", ""))
