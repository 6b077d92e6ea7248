"""What is counted, for Prometheus. The notebook's own metrics of the same library are there, too."""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from mlpack_server.processes import COUNTERS

REQUESTS = Counter("mlpack_requests", "Answered requests", ["route", "status"])
SECONDS = Histogram("mlpack_request_seconds", "From a request's first byte to its answer", ["route"])
CALLS = Histogram("mlpack_predict_seconds", "In a worker: reading the body, the predict function, writing the answer")
RUNNING = Gauge("mlpack_running", "Requests that are in a worker now", multiprocess_mode="sum")
WAITING = Gauge("mlpack_waiting", "Requests that wait for a worker now", multiprocess_mode="sum")
REJECTED = Counter("mlpack_rejected", "Requests sent away before they were read or run", ["reason"])
ERRORS = Counter("mlpack_function_errors", "Exceptions of the predict function", ["type"])
READY = Gauge("mlpack_ready", "1 when the model is loaded", multiprocess_mode="min")
LOADED = Gauge("mlpack_load_seconds", "How long the notebook's cells took to load", multiprocess_mode="max")

KIND = CONTENT_TYPE_LATEST
MOST = 32
"""Names of exceptions that are told apart."""

_names: set[str] = set()


def error_name(error: BaseException) -> str:
    """A label for an exception: after the first 32 classes all others are one."""
    name = type(error).__name__
    if name in _names or len(_names) < MOST:
        _names.add(name)
        return name
    return "other"


def page() -> bytes:
    """All of it as Prometheus reads it; of several processes together."""
    if not os.environ.get(COUNTERS):
        return generate_latest()
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
