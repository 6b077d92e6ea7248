"""The image is built and kept in the store, but could not be delivered."""

from __future__ import annotations

from jupyter_mlpack.errors.base import MlpackError


class PublishError(MlpackError):
    """The image is built and kept in the store, but could not be delivered."""

    exit_code = 6


class PushDenied(PublishError):
    """The registry does not let us write."""

    code = "push-denied"
    what = "{host} does not let us write {repository}."
    why = "{reason}"
    hint = "Log in with: docker login {host}, and check that you may write to {repository}."


class PushNotFound(PublishError):
    """The registry does not know the repository."""

    code = "push-not-found"
    what = "{host} does not know the repository {repository}."
    why = "{reason}"
    hint = "Create it in the registry first, and check the name."


class PushUnreachable(PublishError):
    """The registry did not answer."""

    code = "push-unreachable"
    what = "The registry {host} cannot be reached to write {repository}."
    why = "{reason}"
    hint = "Check the host's name, the network and the proxy settings; the image is kept, so only push again."


class PushTls(PublishError):
    """The registry's certificate is not trusted."""

    code = "push-tls"
    what = "No secure connection to {host} could be made to write {repository}."
    why = "{reason}"
    hint = "Put the registry's certificate authority into a file and name it in SSL_CERT_FILE."


class PushPlainHttp(PublishError):
    """The registry speaks plain HTTP."""

    code = "push-plain-http"
    what = "{host} does not encrypt; {repository} was not sent to it."
    why = "{reason}"
    hint = "If this network is trusted, name it: --insecure-host {host}"


class PushRefused(PublishError):
    """The registry refused, for a reason of its own (quota, size, policy)."""

    code = "push-refused"
    what = "{host} refused {repository}."
    why = "{reason}"
    hint = "Follow the registry's words above (often: free some quota), then push again."


class UploadLost(PublishError):
    """The connection broke again and again."""

    code = "push-lost"
    what = "The upload of {repository} to {host} broke off and could not be resumed."
    why = "{reason}"
    hint = "Push again: complete layers are not sent twice, and no tag was moved."


class PushLayerMissing(PublishError):
    """A layer is neither in the store nor at the registry."""

    code = "push-layer-missing"
    what = "{digest} of {repository} is neither in the store nor at {host}."
    why = "The image was read without its layers, or the store was cleaned up."
    hint = "Pull its base image, or build the image again."


class DaemonMissing(PublishError):
    """No Docker daemon answers."""

    code = "daemon-missing"
    what = "The image could not be given to Docker: no daemon answers at {address}."
    why = "{reason}"
    hint = "Start Docker, or set DOCKER_HOST; or publish to a registry instead."


class DaemonDenied(PublishError):
    """The Docker socket may not be used by this user."""

    code = "daemon-denied"
    what = "The image could not be given to Docker: this user may not use {address}."
    why = "{reason}"
    hint = "Ask for membership in the group docker, or publish to a registry instead."


class DaemonRefused(PublishError):
    """The Docker daemon could not load the image."""

    code = "daemon-refused"
    what = "Docker did not load {name}."
    why = "{reason}"
    hint = "Check the daemon's disk space and log, then try again."


class DaemonDiffers(PublishError):
    """The Docker daemon holds something else than what we sent."""

    code = "daemon-differs"
    what = "Docker holds another image under {name} than the one that was built."
    why = "The image is {expected}, the daemon says {found}."
    hint = "Try again; somebody else may have loaded an image of this name at the same moment."
