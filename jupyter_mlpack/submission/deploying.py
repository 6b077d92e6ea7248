"""An inference image handed to a cluster as a service: checked, pushed, made or changed, waited for.

The cluster is asked whether it would take the objects before anything is pushed. No ledger knows of them: they belong
to the cluster, where whoever may look finds them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from jupyter_mlpack import errors
from jupyter_mlpack.engines.declared import declared_mounts
from jupyter_mlpack.engines.engine import open_engine
from jupyter_mlpack.engines.kubernetes_service import KSERVE, Claim, Wanted, printable, secrets_of
from jupyter_mlpack.events import Emit, LogLines
from jupyter_mlpack.frozen import dataclass, replace
from jupyter_mlpack.jobs import find_image
from jupyter_mlpack.oci.reference import parse_reference
from jupyter_mlpack.pattern import pattern
from jupyter_mlpack.publish import Outputs, publish
from jupyter_mlpack.services import PROCESS
from jupyter_mlpack.submission.choosing import unknown
from jupyter_mlpack.submission.submitting import (
    LONGEST_USER,
    OTHERS,
    Order,
    Wish,
    pushed_tag,
    reference_of,
    user_name,
    wish_of,
)
from jupyter_mlpack.values import JobTarget, Json

if TYPE_CHECKING:
    from jupyter_mlpack.engines.kubernetes import KubernetesEngine
    from jupyter_mlpack.engines.kubernetes_deploy import Deployments
    from jupyter_mlpack.engines.kubernetes_rollout import Deployed
    from jupyter_mlpack.oci.manifest import StoredImage
    from jupyter_mlpack.oci.store import Store

ENGINE = "kubernetes"
NAMES = pattern(r"[a-z](?:[a-z0-9-]{0,48}[a-z0-9])?")
"""Of a Service (RFC 1035), with room for what KServe and a Secret add."""

LONGEST = 50


@dataclass(frozen=True)
class Offer:
    """What is wished of a service beside its order: its name (empty: the image's), how many, and ``CLAIM:PATH``."""

    name: str = ""
    replicas: int = 0
    claims: tuple[str, ...] = ()


def deploy_image(  # noqa: PLR0913 (each is a different noun)
    name: str, targets: Mapping[str, JobTarget], order: Order, offer: Offer, store: Store, *, emit: Emit
) -> Deployed:
    """Make or change a service, and wait until it is ready. Ctrl-C only stops waiting.

    Raises ``InputError`` and ``EngineError`` leaves, ``PublishError``.
    """
    image = find_image(store, name)
    check_service(image)
    wish = wish_of(name, clusters(targets, order.on), order, store)
    wanted = wanted_of(wish, offer)
    wanted = with_claims(wanted, wish.target, offer, image)
    tag = pushed_tag(wish)
    if not tag:
        raise errors.TargetWithoutRegistry(target=wish.target.name)
    there = deployments_on(wish.target, store)
    there.check(wanted, image.config)
    hosts = (parse_reference(tag).registry,) if wish.target.insecure else ()
    publish(name, Outputs(push=(tag,), insecure=wish.target.insecure, insecure_hosts=hosts), store, emit)
    there.apply(wanted, image.config)

    def tell(text: str) -> None:
        emit(LogLines("run", (f"[mlpack] {wanted.name}: {text}",)))

    return there.wait(wanted, tell)


def objects_of(wish: Wish, offer: Offer, store: Store) -> list[dict[str, Json]]:
    """What would be made, with stars for secrets; nothing is asked, pushed or made.

    Of a notebook that is not built yet the digest is zeros, and what its image says of user, processor and mounts is
    missing. The end of a Secret's name is random, and zeros here. Raises as ``deploy_image`` before it asks anybody.
    """
    from jupyter_mlpack.engines import kubernetes_deploy
    from jupyter_mlpack.engines.kubernetes_deploy import ZEROS

    image = store.image(wish.image) if not wish.digest.endswith(64 * "0") else None
    if image is not None:
        check_service(image)
    wanted = with_claims(wanted_of(wish, offer), wish.target, offer, image)
    secret = f"{wanted.name}-{ZEROS}"
    made = [secrets_of(wanted, secret)] if wanted.secrets else []
    made += kubernetes_deploy.objects_of(wanted, dict(wish.target.options), secret, image.config if image else None)
    return [printable(document) for document in made]


def deployments_on(target: JobTarget, store: Store) -> Deployments:
    """The services of a target. Raises ``KubernetesClientMissing``, ``KubernetesNotConfigured``, ``TargetWrong``."""
    from jupyter_mlpack.engines.kubernetes_deploy import Deployments

    options = dict(target.options)
    if options.get("serving", KSERVE) not in ("", KSERVE):
        raise errors.TargetWrong(target=target.name, problem=f"serving is kserve or left out, not {options['serving']}")
    engine = cast("KubernetesEngine", open_engine(ENGINE, store, None, options))
    return Deployments(engine.api, options, target.name)


def clusters(targets: Mapping[str, JobTarget], named: str) -> dict[str, JobTarget]:
    """Targets on which something can be deployed. Raises ``DeployEngineWrong``, ``DeployNoTarget``."""
    if named in targets and targets[named].engine != ENGINE:
        raise errors.DeployEngineWrong(target=named, engine=targets[named].engine)
    found = {name: target for name, target in targets.items() if target.engine == ENGINE}
    if not found:
        raise errors.DeployNoTarget()
    if named and named not in found:
        raise unknown(named, found)
    return found


def one_cluster(targets: Mapping[str, JobTarget], named: str) -> JobTarget:
    """The one that is named, or the only one. Raises ``DeployTargetOpen`` and as ``clusters``."""
    found = clusters(targets, named)
    if not named and len(found) > 1:
        raise errors.DeployTargetOpen(known=", ".join(found))
    return found[named] if named else next(iter(found.values()))


# --- steps --------------------------------------------------------------------------------------------------------


def check_service(image: StoredImage) -> None:
    """Raises ``ImageWithoutService`` unless the image's entry point is the serve process."""
    process = Path((image.config.entrypoint or ("nothing",))[0]).name
    if process != PROCESS:
        raise errors.ImageWithoutService(image=image.name, process=process)


def wanted_of(wish: Wish, offer: Offer) -> Wanted:
    """The service, without claims. Raises ``DeployNameWrong``."""
    name = offer.name or name_of(wish.image)
    order, reference = wish.order, reference_of(wish)
    if not NAMES.fullmatch(name):
        raise errors.DeployNameWrong(name=name)
    return Wanted(
        name, owner(), wish.image, reference, offer.replicas, order.resources, order.variables, tuple(order.secrets)
    )


def name_of(image: str) -> str:
    """``team/Digits_2:inference`` -> ``digits-2``."""
    word = parse_reference(image).repository.rpartition("/")[2]
    return OTHERS.sub("-", word.lower()).strip("-")[:LONGEST].rstrip("-")


def owner() -> str:
    """Whose it is: the hub's user, else the system's, as a label may say it."""
    return OTHERS.sub("-", user_name().lower()).strip("-")[:LONGEST_USER].rstrip("-")


def with_claims(wanted: Wanted, target: JobTarget, offer: Offer, image: StoredImage | None) -> Wanted:
    """With the claims of the command and the target's own, at absolute paths; the command's win.

    Raises ``DeployClaimWrong``, ``DeployMountMissing``.
    """
    home = (image.config.working_dir if image else "") or "/workspace"
    kept = dict(target.options).get("claims")
    configured = (f"{claim}:{path}" for claim, path in (kept.items() if isinstance(kept, dict) else ()))
    found = {claim.path: claim for claim in read_claims((*configured, *offer.claims), home)}
    for path, required in declared_mounts(image).items() if image else ():
        if required and not any(path == given or path.startswith(f"{given}/") for given in found):
            raise errors.DeployMountMissing(image=wanted.image, path=path)
    return replace(wanted, claims=tuple(found[path] for path in sorted(found)))


def read_claims(words: Iterable[str], home: str) -> Iterator[Claim]:
    """``CLAIM:PATH``, ``CLAIM/FOLDER:PATH``; a relative path counts from ``home``. Raises ``DeployClaimWrong``."""
    for word in words:
        source, colon, path = word.partition(":")
        claim, _, folder = source.partition("/")
        placed = posixpath.normpath(posixpath.join(home, path))
        if not colon or not claim or not path or placed in ("/", "//"):
            raise errors.DeployClaimWrong(text=word, reason="It is not of the form CLAIM:PATH or CLAIM/FOLDER:PATH.")
        if ".." in folder.split("/") or ".." in path.split("/"):
            raise errors.DeployClaimWrong(text=word, reason="It leads out of its folder.")
        yield Claim(claim, folder.strip("/"), placed)
