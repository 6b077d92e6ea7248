"""A Docker engine elsewhere, or a swarm, could not take a job, or ended it for a reason that the job does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from jupyter_mlpack.errors.base import LOG
from jupyter_mlpack.errors.engine import EngineError


class _AdvisedByReason:
    """A hint that depends on the engine's own words: ``advice`` is by what is found in ``reason``, first match."""

    advice: ClassVar[Mapping[str, str]] = {}
    data: dict[str, object]

    def sentence(self, part: str) -> str:
        """As those of other errors; the hint is the one for the reason, where it is known."""
        low = str(self.data.get("reason", "")).lower()
        found = (said for words, said in self.advice.items() if words in low) if part == "hint" else iter(())
        return next(found, "") or super().sentence(part)  # type: ignore[misc]


REGISTRY = (
    "The engine itself pulls from the target's \"registry\": its name must be right as the engine's machine sees it."
)
LOGIN = (
    "The engine has no right to pull from this registry: check the login there, and that the image's repository exists."
)
LOGS = 'Name a log driver that the engine has: "log_driver" of the target.'
INIT = "Install catatonit (or tini) on the engine's machine: Podman puts it in front of a job's process."
PROCESSOR = "The image is for another processor: build it for the engine's (--platform), or name another target."
OTHER_AUTHORITY = (
    "The engine's certificate is of another authority: put that one's into ca.pem of the target's \"certificates\"."
)
TRUST = (
    "The engine's machine does not trust the registry: put its authority's certificate into "
    "/etc/docker/certs.d/HOST:PORT/ca.crt there."
)
ADDRESS = (
    'Check the target\'s "host" in jupyter_mlpack_config.py, and that the engine listens there; without "host" it is '
    "DOCKER_HOST, or this machine's."
)


class DockerUnreachable(_AdvisedByReason, EngineError):
    """No Docker daemon answers."""

    code = "docker-unreachable"
    what = "No Docker daemon answers at {address}."
    why = "{reason}"
    hint = (
        "Start it there, or correct the address: it is the target's \"host\", else DOCKER_HOST, else this machine's. "
        "--engine process needs none."
    )
    advice: ClassVar[Mapping[str, str]] = {
        "self-signed certificate": OTHER_AUTHORITY,
        "unable to get local issuer": OTHER_AUTHORITY,
        "certificate has expired": "The certificate of the engine has expired: renew it on its machine.",
        "alert certificate expired": (
            'Your own certificate has expired: renew cert.pem and key.pem in the target\'s "certificates".'
        ),
        "eof occurred in violation": (
            "It ended the conversation, as one does that does not accept a certificate: look whether cert.pem of the "
            'target\'s "certificates" is of its authority, and has not expired.'
        ),
        "alert unknown ca": (
            'The engine does not know who signed your certificate: cert.pem of the target\'s "certificates" must '
            "be of its authority."
        ),
        "alert bad certificate": (
            'The engine refuses your certificate: cert.pem of the target\'s "certificates" must be of its authority.'
        ),
        "key values mismatch": 'key.pem and cert.pem in the target\'s "certificates" do not belong together.',
        "no certificate or crl": 'ca.pem in the target\'s "certificates" holds no certificate in PEM form.',
        "mismatch": (
            "The certificate is of another name: write the engine's name in the target's \"host\" as its "
            "certificate has it."
        ),
        "permission denied": (
            'This user may not use the engine\'s socket: join its group (docker), or name another "host".'
        ),
        "name or service not known": ADDRESS,
        "no route to host": ADDRESS,
        "timed out": ADDRESS,
    }


class DockerRefused(_AdvisedByReason, EngineError):
    """The Docker daemon could not do something."""

    code = "docker-refused"
    what = "The Docker daemon could not {action}."
    why = "{reason}"
    hint = "The daemon's log says more; docker info shows whether it is healthy."
    advice: ClassVar[Mapping[str, str]] = {
        "device driver": (
            "The engine has no such GPUs, or not their toolkit: leave --gpus out, install NVIDIA's container "
            'toolkit there, or set the target\'s "gpu_requests" (request, cdi).'
        ),
        "unresolvable cdi": (
            'The engine has no such GPUs: wish for fewer (--gpus), or set the target\'s "gpu_requests" to request.'
        ),
        "gathering device information": (
            "The engine's machine has no such GPU: leave --gpus out, or name another target with --on."
        ),
        "range of cpus": "Wish for fewer: --cpus.",
        "memory limit": "Wish for more: --memory.",
        "network": 'Name a network that the engine has (docker network ls): "network" of the target.',
        "log driver": LOGS,
        "logging plugin": LOGS,
        "logger": LOGS,
        "init binary": INIT,
        "catatonit": INIT,
        "rlimit": "The engine may not grant its own default limits: set default_ulimits in its containers.conf.",
        "hybrid mode": (
            'The engine\'s runtime needs other cgroups: let it use runc (runtime = "runc" in its containers.conf).'
        ),
        "exec format error": PROCESSOR,
        "no space left": "Make room on the engine's machine (docker system df), then submit again.",
        "x509": TRUST,
        "http response to https": (
            'The registry speaks no TLS: give it a certificate, or list it in "insecure-registries" of the '
            "engine's daemon.json."
        ),
        "no basic auth": LOGIN,
        "unauthorized": LOGIN,
        "access denied": LOGIN,
        "access to the resource is denied": LOGIN,
        "no matching manifest": PROCESSOR,
        "manifest unknown": "The registry does not have the image any more: submit again, which pushes it.",
        "connection refused": REGISTRY,
        "no such host": REGISTRY,
        "i/o timeout": REGISTRY,
        "deadline exceeded": REGISTRY,
        "while awaiting headers": REGISTRY,
    }


class DockerTooSmall(EngineError):
    """The engine's machine cannot give what is wished, and would only be seen to when the job dies."""

    code = "docker-too-small"
    exit_code = 2
    what = "The machine of the Docker engine at {address} has {has} of memory, {wished} are wished."
    hint = "Wish for less (--memory), or name another target with --on."


class DockerOtherProcessor(EngineError):
    """The image's programs could not be executed there. Not refused before: Docker Desktop emulates others."""

    code = "docker-other-processor"
    what = "The image is for {architecture}, and the machine of its Docker engine, {machine}, cannot execute it."
    hint = "Build it with --platform linux/{machine}, or name a target for {architecture} with --on."
    action = LOG


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


class DockerUnseen(EngineError):
    """The engine was killed in the middle of a start, and does not know what came of it."""

    code = "docker-unseen"
    what = "The Docker engine was killed while it started the training, and has lost sight of it."
    why = "It calls the container {name} not started, although its process has run: it may run on, unseen, to its end."
    hint = "It was not started a second time. Look for its process on the engine's machine, then submit it again."
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
