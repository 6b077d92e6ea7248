"""The options that say what becomes of a binder folder's scripts: ``--post-build`` and ``--start-script``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from traitlets import Enum
from traitlets.config.configurable import Configurable

WAYS = ("refuse", "skip", "run")


class ScriptsMixin(Configurable):
    """What scripts may do, for the subcommand that builds."""

    scripts_options: ClassVar[tuple[tuple[str, str], ...]] = (
        ("--post-build WAY", "a binder folder's postBuild: refuse (default), skip, or run it in the finished image"),
        ("--start-script WAY", "its start: refuse (default), skip, or run: it starts the image's own command"),
    )
    scripts_aliases: ClassVar[Mapping[str, str]] = {
        "post-build": "ScriptsMixin.post_build",
        "start-script": "ScriptsMixin.start_script",
    }

    post_build = Enum(WAYS, default_value=None, allow_none=True, help="refuse, skip or run.").tag(config=True)
    start_script = Enum(WAYS, default_value=None, allow_none=True, help="refuse, skip or run.").tag(config=True)
