"""A Kubernetes API server as five verbs over JSON. The client library only reads who we are there, and where it is."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jupyter_mlpack import errors

if TYPE_CHECKING:
    import httpx

SECONDS = 30.0
"""Without an answer for so long, an attempt is given up. Of a log: without a line, so it is asked for again."""
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
MERGE = "application/merge-patch+json"

GROUPS = {
    "jobs": "/apis/batch/v1",
    "trainjobs": "/apis/trainer.kubeflow.org/v1alpha1",
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "inferenceservices": "/apis/serving.kserve.io/v1beta1",
}
"""Kinds that are not of the core group."""

Document = dict[str, Any]


class Api:
    """One API server, and the namespace in which jobs are made. Raises ``KubernetesNotConfigured`` and the like."""

    def __init__(self, kubeconfig: str = "", context: str = "", namespace: str = "") -> None:
        import httpx

        self.settings, own = load_settings(kubeconfig, context)
        self.namespace = namespace or own or "default"
        self.address = str(self.settings.host)
        proxy = getattr(self.settings, "proxy", None)
        self.client = httpx.Client(
            base_url=self.address, verify=trust(self.settings), timeout=SECONDS, trust_env=not proxy, proxy=proxy
        )

    def place(self, kind: str, name: str = "") -> str:
        """The path of a kind in our namespace (``pods``, ``jobs``), or of one object."""
        group = GROUPS.get(kind, "/api/v1")
        return f"{group}/namespaces/{self.namespace}/{kind}{'/' if name else ''}{name}"

    def get(self, path: str, **query: str) -> Document:
        """Raises ``KeyError`` for what is not there, else ``EngineError`` leaves; so do the others."""
        return self.ask("GET", path, "read what is there", query=query)

    def create(self, path: str, document: Document, action: str) -> Document:
        """``FileExistsError`` for a name that is taken."""
        return self.ask("POST", path, action, document)

    def patch(self, path: str, document: Document, action: str) -> Document:
        """A merge patch."""
        return self.ask("PATCH", path, action, document)

    def delete(self, path: str, action: str) -> None:
        """An object and what it owns; what is not there is deleted."""
        try:
            self.ask("DELETE", path, action, {"propagationPolicy": "Background"})
        except KeyError:
            return

    @contextmanager
    def log(self, pod: str, **query: str) -> Iterator[Iterator[bytes]]:
        """What a pod says, in pieces as they come."""
        path = self.place("pods", pod) + "/log"
        with self.reaching(), self.client.stream("GET", path, params=query, headers=self.identity()) as response:
            if response.status_code != 200:
                response.read()
                self.judge(response, "read the job's log")
            yield response.iter_raw()

    def ask(
        self, method: str, path: str, action: str, body: Document | None = None, query: Mapping[str, str] | None = None
    ) -> Document:
        """One request; its answer."""
        headers = self.identity()
        if body is not None:
            headers["Content-Type"] = MERGE if method == "PATCH" else "application/json"
        content = json.dumps(body).encode() if body is not None else None
        with self.reaching():
            response = self.client.request(method, path, content=content, headers=headers, params=query)
        self.judge(response, action)
        return dict(response.json())

    def identity(self) -> dict[str, str]:
        """Who we are; asked for each time, because tokens of clouds last an hour."""
        found = self.settings.auth_settings().get("BearerToken")
        return {"Authorization": str(found["value"])} if found and found.get("value") else {}

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Raises ``KubernetesUnreachable`` for what the network does."""
        import httpx

        try:
            yield
        except httpx.TimeoutException:
            raise errors.KubernetesUnreachable(address=self.address, reason="It took too long.") from None
        except (httpx.HTTPError, OSError) as error:
            raise errors.KubernetesUnreachable(address=self.address, reason=f"{error}.") from error

    def judge(self, response: httpx.Response, action: str) -> None:
        """Raises what an answer means that is not a success."""
        if response.is_success:
            return
        said = message_of(response)
        if response.status_code == 404:
            raise KeyError(said)
        if response.status_code == 409 and "already exists" in said:
            raise FileExistsError(said)
        if response.status_code in (401, 403) and "exceeded quota" not in said:
            raise errors.KubernetesForbidden(action=action, namespace=self.namespace, reason=said)
        if response.status_code in (429, 500, 502, 503, 504):
            raise errors.KubernetesUnreachable(address=self.address, reason=said)
        raise errors.KubernetesRefused(action=action, reason=said)


def message_of(response: httpx.Response) -> str:
    """What the server says in a ``Status`` object, as a sentence."""
    try:
        said = str(response.json().get("message") or "")
    except (ValueError, AttributeError):
        said = ""
    said = said.strip() or f"It answered {response.status_code}"
    return said if said.endswith(".") else f"{said}."


def load_settings(kubeconfig: str, context: str) -> tuple[Any, str]:
    """The client library's configuration and the context's namespace; inside a pod without a file, the pod's own."""
    try:
        from kubernetes import client
        from kubernetes import config as library
        from kubernetes.config.config_exception import ConfigException
    except ImportError:
        raise errors.KubernetesClientMissing() from None
    settings, config = client.Configuration(), cast(Any, library)
    try:
        try:
            config.load_kube_config(kubeconfig or None, context or None, settings, persist_config=False)
        except ConfigException:
            if kubeconfig or context:
                raise
            config.load_incluster_config(settings)
            return settings, NAMESPACE_FILE.read_text(encoding="ascii").strip()
        contexts, current = config.list_kube_config_contexts(kubeconfig or None)
        chosen = next((entry for entry in contexts if entry["name"] == context), current)
        return settings, str(chosen["context"].get("namespace") or "")
    except (ConfigException, OSError) as error:
        raise errors.KubernetesNotConfigured(reason=f"{str(error).rstrip('.')}.") from error


def trust(settings: Any) -> ssl.SSLContext | bool:
    """Whom we trust, and our certificate if that is how we are known."""
    if not str(settings.host).startswith("https"):
        return True
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert or None)
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file or None)
    return context
