"""Where a task runs. Only the seam's names pass this door: the sandbox's child comes through it without packages."""

from jupyter_mlpack.engines.engine import (
    ENGINES,
    Availability,
    Engine,
    Handle,
    LogChunk,
    Request,
    StateChange,
    make_engine,
)

__all__ = ["ENGINES", "Availability", "Engine", "Handle", "LogChunk", "Request", "StateChange", "make_engine"]
