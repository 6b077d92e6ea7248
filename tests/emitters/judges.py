"""Has a request read by the service's own library, and prints what that made of it.

    python judges.py vertex|skypilot < REQUEST

Run by the interpreter of an environment that ``.ci/test`` makes: these libraries pin what ours need otherwise.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def vertex(request: dict[str, Any]) -> Any:
    """Google's own messages: they refuse a field that they do not know."""
    from google.cloud.aiplatform_v1.types import CustomJob  # type: ignore[import-not-found,unused-ignore]

    read = CustomJob.from_json(json.dumps(request))
    return json.loads(CustomJob.to_json(read, including_default_value_fields=False, use_integers_for_enums=False))


def skypilot(request: dict[str, Any]) -> Any:
    """SkyPilot's own task: its schema, and what it takes resources for."""
    import sky  # type: ignore[import-not-found,unused-ignore]

    return sky.Task.from_yaml_config(request).to_yaml_config()


if __name__ == "__main__":
    json.dump({"vertex": vertex, "skypilot": skypilot}[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
