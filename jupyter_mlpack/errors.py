"""Every way in which something fails, and every word a user reads then.

::

    MlpackError
    ├── InputError        the notebook, the name or an option is wrong        exit 2
    ├── InspectionError   the notebook's needs could not be told              exit 3
    ├── ResolutionError   no set of packages satisfies them                   exit 4
    ├── StackError        the run image could not be assembled or pulled      exit 5
    ├── LifecycleError    a phase failed; the specification's exit codes      exit 20-69
    ├── PublishError      the image is built, but could not be delivered      exit 6
    ├── StoreError        the content store could not be read or written      exit 7
    ├── EngineError       a job could not be started or followed              exit 8
    └── StoppedError      the user stopped the command                        exit 128 + the signal's number

Code that raises gives data only: ``raise NotebookMissing(path=path)``. The four sentences (``what`` happened,
``where``, ``why`` we think so, ``hint``: the next step) are templates over that data. ``tests/test_errors.py``
checks that each ``raise`` in the package gives exactly the data that its templates name.
"""

from __future__ import annotations

import string
from typing import ClassVar


class MlpackError(Exception):
    """The parent of all errors that a user may meet."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    what: ClassVar[str] = ""
    where: ClassVar[str] = ""
    why: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    def __init__(self, **data: object) -> None:
        self.data = data
        super().__init__(self.sentence("what"))

    def sentence(self, part: str) -> str:
        """One of ``what``, ``where``, ``why``, ``hint``, with the data filled in."""
        template: str = getattr(self, part)
        return template.format(**self.data)

    @classmethod
    def fields(cls) -> frozenset[str]:
        """The names of the data that the templates use."""
        text = "\n".join((cls.what, cls.where, cls.why, cls.hint))
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


# --- input ----------------------------------------------------------------------------------------------------


class InputError(MlpackError):
    """The notebook, a name or an option is wrong."""

    exit_code = 2


class NotebookMissing(InputError):
    """No file at the path."""

    code = "notebook-missing"
    what = "There is no notebook at {path}."
    hint = "Check the path; tab completion helps."


class NotebookIsFolder(InputError):
    """The path is a folder."""

    code = "notebook-is-folder"
    what = "{path} is a folder, not a notebook."
    hint = "Name one notebook, for example: jupyter mlpack build {path}/{example}"


class NotebookUnreadable(InputError):
    """The file is there but the system does not let us read it."""

    code = "notebook-unreadable"
    what = "{path} cannot be read."
    why = "{reason}"
    hint = "Check the file's permissions."


class NotebookTooLarge(InputError):
    """The file is larger than a notebook can sensibly be."""

    code = "notebook-too-large"
    what = "{path} is too large to read: {size}."
    why = "Up to {limit} are read. Outputs (images, data, widgets) usually make a notebook this large."
    hint = "Clear the outputs and save, for example: jupyter nbconvert --clear-output --inplace {path}"


class NotebookBlank(InputError):
    """The file holds nothing."""

    code = "notebook-blank"
    what = "{path} is an empty file."
    why = "A save may have been cut short."
    hint = "Open and save the notebook again, or take it from its checkpoint folder."


class NotebookNotText(InputError):
    """The file is binary."""

    code = "notebook-not-text"
    what = "{path} is not a notebook: it holds bytes that are not text."
    where = "byte {position}"
    why = "A notebook is a JSON text file in UTF-8."
    hint = "Check that the path names the notebook itself, not an archive, an image or a data file."


class NotebookBrokenJson(InputError):
    """The file is not well-formed JSON."""

    code = "notebook-broken-json"
    what = "{path} is damaged: it is not valid JSON."
    where = "line {line}, column {column}"
    why = "{reason}. An unfinished merge or an interrupted save does this."
    hint = "Repair that line in a text editor, or take the last good version of the file."


class NotebookStrangeJson(InputError):
    """The JSON is nested too deep, or holds a number too long, to be a notebook."""

    code = "notebook-strange-json"
    what = "{path} cannot be read: its JSON is nested too deep or holds a number too long."
    why = "No notebook that Jupyter saved looks like this."
    hint = "Check where the file comes from; save it again from JupyterLab."


class NotANotebook(InputError):
    """JSON, but no notebook."""

    code = "not-a-notebook"
    what = "{path} is not a notebook: it has no list of cells."
    hint = "Name an .ipynb file that JupyterLab can open."


class NotebookEmpty(InputError):
    """No code in the notebook."""

    code = "notebook-empty"
    what = "{path} has no code to run: none of its {cells} cells is a code cell with text."
    hint = "Add a code cell, or check that this is the right notebook."


class NotebookLanguage(InputError):
    """The notebook's kernel speaks another language than Python."""

    code = "notebook-language"
    what = "{path} is a notebook in {language}; only Python notebooks are supported so far."
    hint = "Choose a Python kernel for it, or build this notebook by other means."


class ReferenceIsAddress(InputError):
    """A web address where an image name is expected."""

    code = "reference-is-address"
    what = "An image name does not begin with a protocol: {address} came after one."
    why = "Image names look like HOST/REPOSITORY:TAG."
    hint = "Leave out everything up to and including ://"


class ReferenceWrong(InputError):
    """A part of an image name that the grammar does not allow."""

    code = "reference-wrong"
    what = "{name!r} is not an image name: {part!r} cannot be a part of it."
    why = "Parts between slashes hold lower-case letters and digits, joined by single '.', '_' or by '-'."
    hint = "Rename it, for example: team/iris-training:1"


class ReferenceUppercase(InputError):
    """Upper-case letters in an image name."""

    code = "reference-uppercase"
    what = "{name!r} is not an image name: {part!r} has upper-case letters."
    why = "Only the tag, behind the colon, may have them."
    hint = "Write {lower} instead of {part}."


class ReferenceHostWrong(InputError):
    """The registry's host in an image name is malformed."""

    code = "reference-host-wrong"
    what = "{name!r} is not an image name: {host!r} is not a host."
    why = "A first part with a dot or a colon is read as HOST or HOST:PORT of a registry."
    hint = "Correct the host, for example: localhost:5000/team/iris"


class ReferenceTagWrong(InputError):
    """A tag that the grammar does not allow."""

    code = "reference-tag-wrong"
    what = "{name!r} is not an image name: {tag!r} is not a tag."
    why = "A tag has up to 128 letters, digits, '_', '.' and '-', and begins with none of the last two."
    hint = "Correct what stands behind the last colon, or leave it out for the tag latest."


class ReferenceDigestWrong(InputError):
    """A digest that is not a SHA-256 digest."""

    code = "reference-digest-wrong"
    what = "{name!r} is not an image name: {digest!r} is not a digest."
    why = "A digest is sha256: and 64 digits 0-9 a-f."
    hint = "Copy the whole digest, or leave out what stands behind the @."


class ReferenceTooLong(InputError):
    """An image name longer than registries accept."""

    code = "reference-too-long"
    what = "The image name {name!r} is too long."
    why = "Host and repository may have {longest} characters together."
    hint = "Choose a shorter name."


class PlainHttpRefused(InputError):
    """Unencrypted HTTP to another machine that the user did not name."""

    code = "plain-http-refused"
    what = "{host} was not contacted without encryption."
    why = "Over plain HTTP everybody on the way can read the password and change the image."
    hint = "Use HTTPS. If this network is trusted, name the host: --insecure-host {host}"


class CredentialsUnreadable(InputError):
    """A file with registry credentials is damaged or may not be read."""

    code = "credentials-unreadable"
    what = "The registry credentials in {path} cannot be read."
    where = "{path}"
    why = "{reason}"
    hint = "Repair or remove the file, then log in again with docker login."


class CredentialHelperMissing(InputError):
    """The program that should keep the registry credentials is not installed."""

    code = "credential-helper-missing"
    what = "The credentials for {host} are kept by {program}, which is not installed."
    hint = "Install it, or take it out of Docker's config.json and log in with: docker login {host}"


class CredentialHelperFailed(InputError):
    """A program that keeps registry credentials failed."""

    code = "credential-helper-failed"
    what = "{program} did not give the credentials for {host}."
    why = "{reason}"
    hint = "Repair the helper, or take it out of Docker's config.json and log in with: docker login {host}"


class PullNotFound(InputError):
    """The registry does not have the image."""

    code = "pull-not-found"
    what = "There is no image {repository} at {host}."
    why = "{reason}"
    hint = "Check the name and the tag. Some registries say this of private images too: docker login {host}"


class PullNoPlatform(InputError):
    """The image is not made for the wanted architecture."""

    code = "pull-no-platform"
    what = "{reference} has no image for {platform}."
    why = "It has: {offered}."
    hint = "Choose another target architecture or another image."


class NotebookNotNamed(InputError):
    """A command wants exactly one notebook."""

    code = "notebook-not-named"
    what = "One notebook is wanted; {given} were named."
    hint = "For example: jupyter mlpack build train.ipynb"


class ImageNotNamed(InputError):
    """A command wants exactly one image."""

    code = "image-not-named"
    what = "One image is wanted; {given} were named."
    hint = "For example: jupyter mlpack run train:training (jupyter mlpack images lists them)"


class ImageUnknown(InputError):
    """The store has no image of that name."""

    code = "image-unknown"
    what = "There is no image called {name} in the content store."
    why = "It holds: {known}."
    hint = "Build it first: jupyter mlpack build NOTEBOOK --name {name}"


class ParameterUnreadable(InputError):
    """A ``-p`` that is no ``NAME=VALUE``."""

    code = "parameter-unreadable"
    what = "The parameter '{text}' is not of the form NAME=VALUE."
    hint = "For example: -p epochs=3 -p name=resnet -p 'sizes=[64, 32]'"


class PurposeUnsupported(InputError):
    """Inference images are not built yet."""

    code = "purpose-unsupported"
    what = "Images for {purpose} cannot be built yet; only training images can."
    hint = "Leave --purpose out."


# --- inspection -----------------------------------------------------------------------------------------------


class InspectionError(MlpackError):
    """The notebook's needs could not be told."""

    exit_code = 3


class KernelInterpreterGone(InspectionError):
    """The kernelspec names a Python that is not there any more."""

    code = "kernel-interpreter-gone"
    what = "The kernel {kernel} cannot be asked for its packages: its Python is gone."
    where = "{interpreter}"
    why = "The environment was moved or removed after the kernel had been registered."
    hint = "Register the kernel again (python -m ipykernel install --user --name {kernel}), or choose another kernel."


class KernelSilent(InspectionError):
    """The kernel's interpreter started but did not answer."""

    code = "kernel-silent"
    what = "The kernel {kernel} could not say which packages it holds."
    where = "{interpreter}"
    why = "{reason}"
    hint = "Start that Python by hand to see whether it works, or inspect without the kernel."


class KernelNotPython(InspectionError):
    """The kernelspec starts something else than Python."""

    code = "kernel-not-python"
    what = "The kernel {kernel} is not a Python kernel: it speaks {language}."
    hint = "Choose a Python kernel for the notebook."


# --- resolution -----------------------------------------------------------------------------------------------


class ResolutionError(MlpackError):
    """No set of packages satisfies what the notebook needs."""

    exit_code = 4


class PackageUnknown(ResolutionError):
    """The index has no distribution of that name."""

    code = "package-unknown"
    what = "There is no package called {package} on the package index."
    hint = "Correct the name in the notebook, or set the index that has it (pip's or uv's index settings are used)."


class PackageVersionUnknown(ResolutionError):
    """The index has the distribution, but not that version."""

    code = "package-version-unknown"
    what = "No version of {package} on the package index satisfies {package}{specifier}."
    hint = "Change the pin in the notebook, or add the index that holds this version."


class NoWheelForTarget(ResolutionError):
    """The distribution has no wheel that the target takes."""

    code = "no-wheel-for-target"
    what = "{release} has no wheel for Linux {arch} with Python {python}."
    why = "Packages are installed from wheels only, so that the target never depends on this machine's compilers."
    hint = "Pin a version that has a wheel, or add an index or a find-links folder (UV_FIND_LINKS) that holds one."


class DependencyConflict(ResolutionError):
    """Two needs exclude each other."""

    code = "dependency-conflict"
    what = "The notebook's packages cannot be installed together."
    why = "{reason}"
    hint = "Loosen one of the pins, or install the other version in the kernel and build again."


class RequirementInvalid(ResolutionError):
    """An install line holds something that is no requirement."""

    code = "requirement-invalid"
    what = "A requirement cannot be read."
    why = "{reason}"
    hint = "Write it as pip would take it, for example: pandas==2.2.3"


class IndexUnreachable(ResolutionError):
    """The package index did not answer."""

    code = "index-unreachable"
    what = "The package index cannot be reached: {reason}."
    why = "{detail}"
    hint = "Check the network and the proxy; a notebook whose packages did not change builds without a network."


class ResolverFailed(ResolutionError):
    """uv failed in another way."""

    code = "resolver-failed"
    what = "The resolver (uv) stopped."
    why = "{reason}"
    hint = "Run the build again with -v; if a package is installed from an address, check that it can be fetched."


class ImportsUnresolved(ResolutionError):
    """Imported names that nothing knows."""

    code = "imports-unresolved"
    what = "Nobody knows which package provides: {modules}."
    where = "{where}"
    why = "Neither the kernel's environment, an install line nor the table of import names has them, and a guess could install somebody else's code."
    hint = "Install them in the kernel, write a cell '%pip install NAME', or name the package: --require NAME"


class PythonUnsupported(ResolutionError):
    """No stack has the notebook's Python."""

    code = "python-unsupported"
    what = "No stack has Python {python}; there are stacks for Python {available}."
    where = "{where}"
    hint = "Choose one that will do: --python {example}"


class StackUnknown(ResolutionError):
    """No stack of that name."""

    code = "stack-unknown"
    what = "There is no stack called {stack}; there are: {available}."
    hint = "Leave --stack out to have it chosen by the notebook's Python version."


# --- stack ----------------------------------------------------------------------------------------------------


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


# --- lifecycle ------------------------------------------------------------------------------------------------


class LifecycleError(MlpackError):
    """A phase of the lifecycle failed; ``exit_code`` is the specification's."""

    exit_code = 1


class BuildpackApiUnsupported(LifecycleError):
    """A buildpack speaks a version of the Buildpack API that the embedded lifecycle does not know."""

    code = "buildpack-api-unsupported"
    exit_code = 12
    what = "The buildpack {buildpack} cannot be used here."
    why = "Its Buildpack API is {api}; supported are {apis}."
    hint = "Use a release of the buildpack that declares one of these in buildpack.toml."


class WorkspaceUnwritable(LifecycleError):
    """The application folder could not be written."""

    code = "workspace-unwritable"
    exit_code = 32
    what = "The application folder could not be prepared."
    where = "{path}"
    why = "{reason}"
    hint = "Check that the file can be read and that the disk has room, then build again."


class PlannedPathUnsafe(LifecycleError):
    """A planned file would lie outside the application folder."""

    code = "planned-path-unsafe"
    exit_code = 32
    what = "The file {path} cannot be part of the image."
    why = "Its path leads out of the application folder, or collides with another file."
    hint = "Move the file below the notebook's folder and refer to it by its relative path."


class AnalyzeBroken(LifecycleError):
    """The analyze phase could not do its work."""

    code = "analyze-broken"
    exit_code = 32
    what = "The run image or the previous image could not be analyzed."
    where = "{path}"
    why = "{reason}"
    hint = "Build again without the previous image, or fetch the run image anew."


class DetectFailed(LifecycleError):
    """No group of buildpacks fits the application."""

    code = "detect-failed"
    exit_code = 20
    what = "No group of buildpacks fits this notebook."
    where = "detect, buildpacks {buildpacks}"
    why = "{lines}"
    hint = "Read which buildpack said no; it may ask for a file or a setting that is missing."


class DetectErrored(LifecycleError):
    """No group of buildpacks fits, and at least one buildpack's detect went wrong."""

    code = "detect-errored"
    exit_code = 21
    what = "The buildpack {buildpack} failed while it looked at the notebook (exit status {status})."
    where = "detect"
    why = "{lines}"
    hint = "This is a fault of the buildpack or of its settings; the lines above come from it."


class DetectBroken(LifecycleError):
    """The detect phase could not do its work."""

    code = "detect-broken"
    exit_code = 22
    what = "The buildpacks could not be asked whether they fit."
    where = "{path}"
    why = "{reason}"
    hint = "Check that the buildpacks named by the plan are installed and complete."


class RestoreBroken(LifecycleError):
    """The restore phase could not do its work."""

    code = "restore-broken"
    exit_code = 42
    what = "Layers of the previous build could not be restored."
    where = "{path}"
    why = "{reason}"
    hint = "Remove the named file or folder, or build without the previous image."


class BuildpackFailed(LifecycleError):
    """A buildpack's build ended with an error."""

    code = "buildpack-failed"
    exit_code = 51
    what = "The buildpack {buildpack} failed (exit status {status})."
    where = "build, {buildpack}"
    why = "{lines}"
    hint = "The last lines of its log say what it was doing; the full log is in the build's output."


class PackageHashDiffers(LifecycleError):
    """A downloaded wheel is not the one of the lock."""

    code = "package-hash-differs"
    exit_code = 51
    what = "{package} was refused: the file that was delivered is not the one that was locked."
    where = "build, {buildpack}"
    why = "Locked is {expected}, delivered was {found}."
    hint = "A proxy or mirror may change files. If the package was replaced on purpose, lock it again: --upgrade"


class DownloadsUnreachable(LifecycleError):
    """The packages are locked, but nobody delivers them."""

    code = "downloads-unreachable"
    exit_code = 51
    what = "The locked packages cannot be downloaded: {host} cannot be reached."
    where = "build, {buildpack}"
    hint = "Check the network and the proxy, then build again: what was downloaded before is not downloaded again."


class ScratchFull(LifecycleError):
    """No room is left where packages are unpacked or downloaded to."""

    code = "scratch-full"
    exit_code = 52
    what = "There is no room left on the disk with {folder}, where the packages are prepared."
    where = "{folder}"
    hint = "Free some space there, or set TMPDIR (scratch) or UV_CACHE_DIR (downloads) to a folder on a larger disk."


class BuildBroken(LifecycleError):
    """The build phase could not do its work, or a buildpack wrote a file that breaks the specification."""

    code = "build-broken"
    exit_code = 52
    what = "What the buildpack {buildpack} left behind cannot be used."
    where = "{path}"
    why = "{reason}"
    hint = "This is a fault of the buildpack, or the disk is full; correct it and build again."


class ExportBroken(LifecycleError):
    """The export phase could not do its work."""

    code = "export-broken"
    exit_code = 62
    what = "The image could not be put together."
    where = "{path}"
    why = "{reason}"
    hint = "Check that the disk has room and that no file changed during the build, then build again."


class LayerNotReusable(LifecycleError):
    """A buildpack kept a layer that is not there any more."""

    code = "layer-not-reusable"
    exit_code = 62
    what = "The layer {layer} cannot be reused."
    why = "The buildpack kept it without its contents, but {reason}."
    hint = "Build again without the previous image: the buildpack then makes the layer anew."


# --- publishing -----------------------------------------------------------------------------------------------


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


# --- the content store ----------------------------------------------------------------------------------------


class StoreError(MlpackError):
    """The content store could not be read or written."""

    exit_code = 7


class StoreFull(StoreError):
    """No room is left where the content store lies."""

    code = "store-full"
    what = "There is no room left on the disk that holds the content store."
    where = "{path}"
    why = "{reason}"
    hint = "Free some space there, or move the store to a larger disk; what was half written is removed already."


class DiskFull(StoreError):
    """No room is left on another disk than the content store's."""

    code = "disk-full"
    what = "There is no room left on the disk with {path}."
    where = "{path}"
    why = "{reason}"
    hint = "Free some space there, or set TMPDIR to a folder on a larger disk."


class StoreUnwritable(StoreError):
    """The system does not let us write into the content store."""

    code = "store-unwritable"
    what = "The content store cannot be written."
    where = "{path}"
    why = "{reason}"
    hint = "Check who owns the folder, or choose another one for the store."


class StoreUnreadable(StoreError):
    """The system does not let us read a file of the content store."""

    code = "store-unreadable"
    what = "The content store cannot be read."
    where = "{path}"
    why = "{reason}"
    hint = "Check who owns the folder and the disk's health, or choose another folder for the store."


class DigestUnknown(StoreError):
    """A digest of a kind that the store does not keep, or no digest at all."""

    code = "digest-unknown"
    what = "{digest} is not a digest that the content store can hold."
    why = "It keeps sha256: followed by 64 lower-case hexadecimal digits."
    hint = "Push the image again with a current tool, or choose another one."


class ContentMissing(StoreError):
    """A blob that an image needs is not in the store."""

    code = "content-missing"
    what = "{digest} is not in the content store."
    why = "The image was read without its layers, or the store was cleaned up."
    hint = "Pull or build the image again."


class ContentDamaged(StoreError):
    """Bytes that are not what their digest or size promises."""

    code = "content-damaged"
    what = "Content does not match its digest {digest}."
    why = "Expected {expected}, got {found}."
    hint = "Nothing of it is kept. Try again; if it stays, its origin is damaged."


class ManifestUnreadable(StoreError):
    """A manifest or image configuration that is not one."""

    code = "manifest-unreadable"
    what = "The description of the image cannot be read."
    why = "{reason}"
    hint = "Push the image again with a current tool, or choose another one."


class FileChanged(StoreError):
    """A file was written to while it was put into a layer."""

    code = "file-changed"
    what = "{path} changed while it was put into the image."
    why = "It was {expected} bytes long, and then {found}."
    hint = "Wait until nothing writes to it any more, then build again."


class FileUnreadable(StoreError):
    """A file or folder that belongs into a layer cannot be read."""

    code = "file-unreadable"
    what = "{path} cannot be put into the image."
    why = "{reason}"
    hint = "Check that it still exists and that you may read it."


class SlicePatternBad(StoreError):
    """A slice's path pattern is malformed."""

    code = "slice-pattern-bad"
    what = "The path pattern {pattern} of a slice is malformed."
    why = "A bracket or a backslash is left open, or a range in brackets is incomplete."
    hint = "Correct the pattern in the buildpack that wrote it (launch.toml, [[slices]])."


class OutputUnwritable(StoreError):
    """An image cannot be written to the place where the user wants it."""

    code = "output-unwritable"
    what = "The image cannot be written to {path}."
    why = "{reason}"
    hint = "Check the folder's owner and free space, or choose another place; the image is kept in the store."


class OutputOccupied(StoreError):
    """The place holds something else."""

    code = "output-occupied"
    what = "{path} holds something else already."
    why = "{reason}"
    hint = "Choose another place, or remove what is there."


class LayerUnsafe(StoreError):
    """An entry of a layer that would land outside its root."""

    code = "layer-unsafe"
    what = "A layer of the image is not safe to unpack: {name}."
    where = "{digest}"
    why = "{reason}"
    hint = "Do not use this image; tell those who made it."


class LayerDamaged(StoreError):
    """A layer that cannot be unpacked."""

    code = "layer-damaged"
    what = "A layer of the image cannot be unpacked."
    where = "{digest}"
    why = "{reason}"
    hint = "Pull or build the image again."


# --- engines --------------------------------------------------------------------------------------------------


class EngineError(MlpackError):
    """A job could not be started or followed."""

    exit_code = 8


class EngineUnknown(EngineError):
    """No engine has that name."""

    code = "engine-unknown"
    exit_code = 2
    what = "There is no engine called {name}."
    hint = "Engines: {known}."


class EngineUnavailable(EngineError):
    """No engine can run anything here."""

    code = "engine-unavailable"
    what = "Nothing here can run the image."
    why = "{reasons}"
    hint = (
        "Enable one of them, or run the image elsewhere: it is an ordinary image, jupyter mlpack "
        "push brings it there."
    )


class NotLinux(EngineError):
    """The process engine needs Linux."""

    code = "engine-not-linux"
    what = "The process engine cannot run images on {system}."
    why = "It uses Linux namespaces."
    hint = "Use --engine docker with Docker Desktop, or another Docker daemon."


class NamespacesSwitchedOff(EngineError):
    """A kernel switch forbids user namespaces."""

    code = "engine-namespaces-switched-off"
    what = "The kernel does not let this user make a user namespace."
    why = "{switch} is {value}."
    hint = "An administrator can allow it: sysctl -w {switch}={allows}. Or use --engine docker."


class NamespacesExhausted(EngineError):
    """A limit on the number of user namespaces is reached."""

    code = "engine-namespaces-exhausted"
    what = "The kernel makes no further user namespace ({error})."
    why = "A limit on their number or depth is reached, here or in a container around this process."
    hint = "An administrator can raise it: sysctl -w user.max_user_namespaces=10000. Or use --engine docker."


class NamespacesForbidden(EngineError):
    """A container or security module around us forbids user namespaces."""

    code = "engine-namespaces-forbidden"
    what = "This process may not make a user namespace ({error})."
    why = "The container around it (its seccomp profile) or a security module forbids it; no kernel switch does."
    hint = "Allow the unshare system call in the container's seccomp profile, or use --engine docker."


class SandboxRefused(EngineError):
    """A later step into the sandbox was refused."""

    code = "engine-sandbox-refused"
    what = "The kernel refused a step of the sandbox: {step} {path} ({error})."
    why = "The container or security module around this process limits what a user namespace may do."
    hint = (
        "Allow mounts in user namespaces (AppArmor: "
        "kernel.apparmor_restrict_unprivileged_userns=0; Kubernetes: procMount and seccomp "
        "profile Unconfined), or use --engine docker."
    )


class CommandNotExecutable(EngineError):
    """The image's entry point cannot be executed."""

    code = "engine-command-not-executable"
    what = "The image's command {command} cannot be executed ({error})."
    why = "The file is missing or damaged in the image, or was built for another processor."
    hint = "Build the image again; jupyter mlpack inspect shows what it is made of."


class JobLost(EngineError):
    """The engine does not know the job."""

    code = "engine-job-lost"
    what = "The engine {engine} knows no job {id}."
    why = "It was started by another process, or its container was removed."
    hint = "Start the job again."



class ImageForOtherMachine(EngineError):
    """The image's processor is not this one."""

    code = "job-image-for-other-machine"
    what = "{image} is for {architecture}, this machine is {machine}."
    hint = "Build it for this machine, or run it on a {architecture} one."


class ImageWithoutTraining(EngineError):
    """The image has no process train."""

    code = "job-image-without-training"
    exit_code = 2
    what = "{image} has no training process."
    why = "Its processes: {processes}."
    hint = "Build the notebook for training: jupyter mlpack build NOTEBOOK --purpose training"


class ParameterUnknown(EngineError):
    """A parameter that the notebook does not have."""

    code = "job-parameter-unknown"
    exit_code = 2
    what = "The notebook has no parameter {name}."
    why = "{known}"
    hint = "Check the spelling; a parameter is a variable of the cell tagged parameters."


class OutputNotEmpty(EngineError):
    """The output folder holds something already."""

    code = "job-output-not-empty"
    exit_code = 2
    what = "The output folder {path} is not empty."
    why = "A run never mixes its files with those of another."
    hint = "Name another folder, for example {example}, or empty this one."


class OutputNotWritable(EngineError):
    """The output folder cannot be made or written."""

    code = "job-output-not-writable"
    exit_code = 2
    what = "The output folder {path} cannot be written."
    why = "{reason}"
    hint = "Name a folder that you may write to."


class CellFailed(EngineError):
    """A cell of the notebook raised."""

    code = "job-cell-failed"
    what = "Code cell {cell} failed: {message}"
    hint = "The executed notebook in {output} holds the whole traceback."


class OutOfMemory(EngineError):
    """The container's memory ran out."""

    code = "job-out-of-memory"
    what = "The job ran out of memory and was killed."
    why = "The container engine says so (exit status 137)."
    hint = "Allow it more memory, or use less: a smaller batch, fewer data loader workers."


class JobKilled(EngineError):
    """SIGKILL came from outside."""

    code = "job-killed"
    what = "The job was killed (SIGKILL, exit status 137)."
    why = "We did not do it. Mostly the kernel does, when the machine or the container around it has no memory left."
    hint = "Allow it more memory, or use less: a smaller batch, fewer data loader workers. dmesg may say more."


class DockerUnreachable(EngineError):
    """No Docker daemon answers."""

    code = "docker-unreachable"
    what = "No Docker daemon answers at {address}."
    why = "{reason}"
    hint = "Start Docker, or set DOCKER_HOST; --engine process needs none."


class DockerRefused(EngineError):
    """The Docker daemon could not do something."""

    code = "docker-refused"
    what = "The Docker daemon could not {action}."
    why = "{reason}"
    hint = "The daemon's log says more; docker info shows whether it is healthy."


# --- stopped --------------------------------------------------------------------------------------------------


class StoppedError(MlpackError):
    """The user stopped the command: Ctrl-C, or a signal that asks it to end."""

    exit_code = 130


class Interrupted(StoppedError):
    """Nothing was finished."""

    code = "interrupted"
    what = "Stopped. No image name was changed; what was finished is kept for the next time."
    hint = "Run the same command again to go on."


class InterruptedAfterBuild(StoppedError):
    """The image was finished already."""

    code = "interrupted-after-build"
    what = "Stopped. The image {image} is finished and kept in the store; not all that was to be done with it is done."
    hint = "Deliver it again: jupyter mlpack images {image} --help"
