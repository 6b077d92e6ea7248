"""The run image could not be assembled or pulled."""

from __future__ import annotations

from jupyter_mlpack.errors.base import MlpackError


class StackError(MlpackError):
    """The run image could not be assembled or pulled."""

    exit_code = 5


class RecipeInvalid(StackError):
    """A ``stack.toml`` is missing, unreadable or says something impossible."""

    code = "stack-recipe-invalid"
    what = "The stack recipe {path} cannot be used."
    where = "{path}"
    why = "{reason}"
    hint = "Compare it with stacks/bookworm/stack.toml, which names every field."


class AptMissing(StackError):
    """There is no apt-get on this machine, and no ready run image was named."""

    code = "stack-apt-missing"
    what = "The run image of stack {stack} cannot be assembled on this machine."
    why = "apt-get, which resolves and verifies the distribution's packages, was not found."
    hint = "Name a ready run image in a registry with the setting run_image, or work on a Debian machine."


class MirrorUnknown(StackError):
    """Neither the settings nor the machine's apt sources name a mirror of the stack's distribution."""

    code = "stack-mirror-unknown"
    what = "No package mirror of {distribution} is known."
    where = "{folder}"
    why = "The machine's apt sources name no archive of {distribution}, and the setting mirror is empty."
    hint = "Set mirror to the address of a {distribution} archive, or run_image to a ready run image."


class KeyringMissing(StackError):
    """The file with the distribution's signing keys is not there."""

    code = "stack-keyring-missing"
    what = "The packages of suite {suite} cannot be verified: the keyring {path} is not there."
    where = "{path}"
    hint = "Install the package debian-archive-keyring, or set keyring to the file with the archive's keys."


class SigningKeyUnknown(StackError):
    """The release is signed with a key that the keyring does not hold."""

    code = "stack-key-unknown"
    what = "The keyring {keyring} holds no key for suite {suite}."
    where = "{keyring}"
    why = "{reason}"
    hint = "Update the package debian-archive-keyring, or set keyring to a file that knows this release."


class SignatureInvalid(StackError):
    """The release file's signature does not match its text."""

    code = "stack-signature-invalid"
    what = "The package index of {mirror} has an invalid signature; nothing was used from it."
    where = "{mirror}"
    why = "{reason}"
    hint = "The mirror or a proxy changed the file. Try again, then another mirror; do not switch the check off."


class MirrorUnreachable(StackError):
    """The mirror did not answer, or does not have the suite."""

    code = "stack-mirror-unreachable"
    what = "The package mirror {mirror} did not deliver."
    where = "{mirror}"
    why = "{reason}"
    hint = "Check the network and proxy settings, or set mirror to an archive that this machine can reach."


class PackageMissing(StackError):
    """The suite has no such package."""

    code = "stack-package-missing"
    what = "There is no package {package} in suite {suite} for {arch}."
    why = "{reason}"
    hint = "Check the name on the distribution's package search, or choose a stack whose suite has it."
    action = ("open-packages", "Choose system packages")


class PackageVersionMissing(StackError):
    """A package is asked for in a version that cannot be had."""

    code = "stack-package-version-missing"
    what = "The system package {package} cannot be had in version {version}."
    why = "{holder} has: {versions}."
    hint = "Write {package}={example} in apt.txt, or {package} for whichever there is."
    action = ("open-packages", "Choose system packages")


class PackagesConflict(StackError):
    """The packages cannot be installed together."""

    code = "stack-packages-conflict"
    what = "The packages of stack {stack} cannot be installed together."
    why = "{reason}"
    hint = "Refresh the package index (setting refresh); a mirror in the middle of an update causes this too."


class ArchiveDamaged(StackError):
    """A package archive or index does not have the bytes that the signed index promises."""

    code = "stack-archive-damaged"
    what = "{file} does not match the signed index."
    where = "{file}"
    why = "{reason}"
    hint = "Try again; if it stays, the mirror or a proxy delivers changed files: set mirror to another one."


class ArchiveUnsafe(StackError):
    """A package archive holds something that must not enter an image."""

    code = "stack-archive-unsafe"
    what = "{archive} was refused: its member {member} {reason}."
    where = "{archive}"
    hint = "Leave the package out of the stack and report it to the distribution."


class AptFailed(StackError):
    """apt-get ended with an error that has no class of its own."""

    code = "stack-apt-failed"
    what = "apt-get {action} failed for stack {stack}."
    where = "{folder}"
    why = "{reason}"
    hint = "Run it again; if it stays, remove the folder above (it is only a cache) or set run_image."


class BytecodeFailed(StackError):
    """The image's Python could not compile its standard library."""

    code = "stack-bytecode-failed"
    what = "Python {python} of the run image could not compile its standard library on this machine."
    why = "{reason}"
    hint = "Check that programs may be executed in the store's folder (mount option noexec), or move the store."


class UvMissing(StackError):
    """The uv program for a build image could not be had."""

    code = "stack-uv-missing"
    what = "uv {version} for {arch}, which the build image needs, could not be had."
    why = "{reason}"
    hint = "Check that this machine's package index has that release of uv, or build for its own architecture."


class PullDenied(StackError):
    """The registry does not let us read."""

    code = "pull-denied"
    what = "{host} does not let us read {repository}."
    why = "{reason}"
    hint = "Log in with: docker login {host}"


class PullUnreachable(StackError):
    """The registry did not answer."""

    code = "pull-unreachable"
    what = "The registry {host} cannot be reached to read {repository}."
    why = "{reason}"
    hint = "Check the host's name, the network and the proxy settings (HTTPS_PROXY, NO_PROXY)."


class PullTls(StackError):
    """The registry's certificate is not trusted."""

    code = "pull-tls"
    what = "No secure connection to {host} could be made to read {repository}."
    why = "{reason}"
    hint = "Put the registry's certificate authority into a file and name it in SSL_CERT_FILE."


class PullPlainHttp(StackError):
    """The registry speaks plain HTTP."""

    code = "pull-plain-http"
    what = "{host} does not encrypt; {repository} was not read from it."
    why = "{reason}"
    hint = "If this network is trusted, name it: --insecure-host {host}"


class PullRefused(StackError):
    """The registry refused, for a reason of its own."""

    code = "pull-refused"
    what = "{host} refused to deliver {repository}."
    why = "{reason}"
    hint = "Follow the registry's words above, or ask who runs it."


class DownloadLost(StackError):
    """The connection broke again and again."""

    code = "pull-lost"
    what = "The download of {repository} from {host} broke off and could not be resumed."
    why = "{reason}"
    hint = "Start it again: what is complete is kept."


class PullDamaged(StackError):
    """Content that does not match its digest."""

    code = "pull-damaged"
    what = "{host} delivered something else than {repository} promises: {digest} does not match."
    why = "It was changed on the way, or was already damaged when it was pushed."
    hint = "Nothing of it is used. Try again; if it stays, a proxy changes files or the image is broken."


class PullUnsupported(StackError):
    """A kind of image that we do not read."""

    code = "pull-unsupported"
    what = "{repository} at {host} is of a kind that cannot be used: {media_type}."
    why = "OCI images and Docker images of schema 2 can."
    hint = "Push the image again with a current tool, or choose another one."
