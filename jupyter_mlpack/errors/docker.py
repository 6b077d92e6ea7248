"""A Docker engine elsewhere, or a swarm, could not take a job, or ended it for a reason that the job does not know."""

from __future__ import annotations

from jupyter_mlpack.errors.base import LOG
from jupyter_mlpack.errors.engine import EngineError


class DockerAddressWrong(EngineError):
    """The target's address is none of a Docker engine."""

    code = "docker-address-wrong"
    exit_code = 2
    what = "{address} is no address of a Docker engine that can be used."
    why = "{problem}."
    hint = "Write unix:///path/of/the/socket, ssh://user@host, or tcp://host:2376 with certificates."


class DockerTunnelFailed(EngineError):
    """ssh could not reach the engine's socket."""

    code = "docker-tunnel-failed"
    what = "ssh could not reach the Docker engine at {address}."
    why = "{reason}."
    hint = (
        "ssh must get there without asking anything (a key, a known host), and the socket must be yours to use there."
    )


class DockerLost(EngineError):
    """The engine stopped answering while we asked it something."""

    code = "docker-lost"
    what = "The Docker engine did not answer when it was asked to {action}."
    why = "{reason}"
    hint = "Jobs that run there go on. Look again later: jupyter mlpack logs JOB"


class DockerTimeOver(EngineError):
    """A job took longer than it was given."""

    code = "docker-time-over"
    what = "The training's time was over after {seconds} seconds, so it was ended."
    hint = "Give it more time, for example --time 4h, or let it train less."
    action = LOG


class DockerRestarted(EngineError):
    """The engine took a job along when it was started again."""

    code = "docker-restarted"
    what = "The Docker engine was restarted while the training ran, and ended it (exit status {status})."
    why = "An engine without live-restore takes its containers along."
    hint = 'Submit it again. With {{"live-restore": true}} in the engine\'s daemon.json jobs go on meanwhile.'
    action = ("retry", "Start it again")


class DockerOneNode(EngineError):
    """Several nodes were wished for."""

    code = "docker-one-node"
    exit_code = 2
    what = "A job of the engine {engine} runs on one node, not on {nodes}."
    hint = "Leave --nodes out, or choose a target with a cluster."


class SwarmOff(EngineError):
    """The engine is in no swarm, or does not manage it."""

    code = "swarm-off"
    what = "The Docker engine at {address} manages no swarm."
    why = "Its state is {state}."
    hint = "Start one there (docker swarm init), name one of its managers, or use the engine docker."


class SwarmNoRoom(EngineError):
    """The swarm's scheduler rejected the job."""

    code = "swarm-rejected"
    what = "No node of the swarm could run the job."
    why = "{reason}."
    hint = "Check that the nodes can pull the image, and that one of them offers what the job asks for."


class SwarmNodeAway(EngineError):
    """The container is on another node and its outputs went nowhere."""

    code = "swarm-node-away"
    what = "The job ended on the node {node}, whose files cannot be read from here."
    hint = "Give the target a registry: then what a job writes comes back through it."
    action = LOG
