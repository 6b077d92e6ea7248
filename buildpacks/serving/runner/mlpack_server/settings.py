"""The environment -> ``Settings``: the platforms' variables and our own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PORTS = ("AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT", "PORT")
"""Who names the port, in this order: Vertex AI, SageMaker, Cloud Run and everybody else; then 8080."""

PROCESSES = ("MLPACK_WORKERS", "SAGEMAKER_MODEL_SERVER_WORKERS", "WEB_CONCURRENCY")
"""Who says how many processes serve: us, SageMaker's containers, everybody else."""

MOST = 256
QUOTA = Path("/sys/fs/cgroup/cpu.max")


class SettingError(Exception):
    """A setting is wrong; the text says which and what would be right."""


@dataclass(frozen=True)
class Settings:
    """What a platform or a user decides when the container starts. Times are seconds, sizes bytes."""

    host: str = "0.0.0.0"
    port: int = 8080
    concurrency: int = 0
    """How many calls of the predict function run at once; 0: one for each CPU and four more, 64 for an async one."""
    processes: int = 1
    """How many processes serve, each with its own model, threads and queue."""
    queue: int = 256
    """How many requests may wait for their turn; more are told to come again."""
    largest: int = 25 * 2**20
    body_timeout: float = 30.0
    drain: float = 25.0
    """How long requests that are being answered may take after SIGTERM."""
    linger: float = 0.0
    """How long new requests are still taken after SIGTERM, while load balancers learn of it."""
    health: tuple[str, ...] = ()
    predict: tuple[str, ...] = ()
    """Routes that the platform names itself (Vertex AI)."""
    model_folders: tuple[Path, ...] = (Path("/opt/ml/model"), Path("/mnt/models"))
    """Where platforms mount models: SageMaker, KServe; or the one that the user names."""
    model_uri: str = ""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Raises SettingError."""
    usual, named = Settings(), environment.get("MLPACK_MODEL_DIR")
    return Settings(
        host=environment.get("MLPACK_HOST") or usual.host,
        port=read_port(environment),
        concurrency=number(environment, "MLPACK_CONCURRENCY", usual.concurrency, 0),
        processes=read_processes(environment),
        queue=number(environment, "MLPACK_QUEUE", usual.queue, 0),
        largest=number(environment, "MLPACK_MAX_BODY", usual.largest, 1),
        body_timeout=seconds(environment, "MLPACK_BODY_TIMEOUT", usual.body_timeout),
        drain=seconds(environment, "MLPACK_DRAIN", usual.drain),
        linger=seconds(environment, "MLPACK_LINGER", usual.linger),
        health=route(environment, "AIP_HEALTH_ROUTE"),
        predict=route(environment, "AIP_PREDICT_ROUTE"),
        model_folders=(Path(named),) if named else usual.model_folders,
        model_uri=environment.get("MLPACK_MODEL_URI") or environment.get("AIP_STORAGE_URI") or "",
    )


def read_port(environment: Mapping[str, str]) -> int:
    """The port of the platform that names one."""
    for name in PORTS:
        if environment.get(name):
            port = number(environment, name, 0, 0)
            if port > 65535:
                raise SettingError(f"{name}={port} is not a port; ports go up to 65535")
            return port
    return Settings.port


def read_processes(environment: Mapping[str, str]) -> int:
    """Whoever says it first; ``auto`` is one for each CPU."""
    name = next((name for name in PROCESSES if environment.get(name, "").strip()), PROCESSES[0])
    if environment.get(name, "").strip().lower() == "auto":
        return cpus()
    count = number(environment, name, 1, 1)
    if count > MOST:
        raise SettingError(f"{name}={count} is more than {MOST} processes")
    return count


def number(environment: Mapping[str, str], name: str, usual: int, least: int) -> int:
    """A whole number."""
    text = environment.get(name, "").strip()
    if not text:
        return usual
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingError(f"{name}={text} is not a whole number from {least} on")
    return int(text)


def seconds(environment: Mapping[str, str], name: str, usual: float) -> float:
    """A time."""
    text = environment.get(name, "").strip()
    try:
        value = float(text) if text else usual
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise SettingError(f"{name}={text} is not a number of seconds")
    return value


def route(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    """A route of the platform's choice, none or one."""
    text = environment.get(name, "").strip()
    if text and not text.startswith("/"):
        raise SettingError(f"{name}={text} is not a route; routes begin with /")
    return (text,) if text else ()


def workers(settings: Settings, *, is_async: bool) -> int:
    """How many calls run at once. Threads share one interpreter lock: more than CPUs only help those that wait."""
    return settings.concurrency or (64 if is_async else min(32, cpus() + 4))


def cpus() -> int:
    """CPUs that this container may use."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = QUOTA.read_text().split()
        return max(1, min(allowed, -(-int(quota) // int(period))))
    except (OSError, ValueError):
        return allowed
