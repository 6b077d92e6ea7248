"""A true Kubernetes cluster of one node on this machine, for tests: Linux, root, no systemd, nothing downloaded.

The four parts of Kubernetes are one binary (``node/install`` builds it); etcd, containerd, runc and the CNI plugins are
Debian's. Names of services and pods are answered by CoreDNS, a binary beside it. All of it is in one folder, with its
own containerd socket; nobody's Docker Engine is touched. Addresses are those of a bridge that only this machine has.
``python tests/kubernetes/cluster.py BINARY`` runs one until Ctrl-C.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from jupyter_mlpack.oci.archive import write_docker_archive
from jupyter_mlpack.oci.manifest import ImageConfig
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.oci.tar import TarEntry, write_tar

BRIDGE, ADDRESS, SUBNET = "mlpkcni0", "10.213.97.1", "10.213.97.0/24"
DOMAIN = "cluster.local"
FORWARD = ("FORWARD", "-i", BRIDGE, "-o", BRIDGE, "-j", "ACCEPT")
"""From pod to pod: a Docker Engine of this machine lets nothing pass that it does not know."""
PAUSE = "localhost/mlpack/pause:1"
PROGRAMS = ("etcd", "containerd", "ctr", "runc", "ip", "iptables", "gcc", "openssl")
PLUGINS = Path("/usr/lib/cni")
SECONDS = 180.0
ADMIN, GUEST = "admin", "guest"

PAUSE_SOURCE = """
#include <signal.h>
#include <unistd.h>
static void end(int number) { _exit(0); }
int main(void) { signal(SIGTERM, end); signal(SIGINT, end); signal(SIGCHLD, SIG_IGN); for (;;) pause(); }
"""
CONTAINERD = """
version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"
[grpc]
address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{folder}/registries"
"""
COREFILE = """
{domain}:53 {{
  bind {address}
  kubernetes {domain} {{
    kubeconfig {kubeconfig}
  }}
  errors
}}
"""


def why_not() -> str:
    """What is missing here to run a cluster; empty when nothing is."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a cluster on this machine needs Linux and root"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if not (PLUGINS / "bridge").exists():
        missing.append("containernetworking-plugins")
    return f"not installed here: {', '.join(missing)}" if missing else ""


class Cluster:
    """``start`` returns when the node takes pods, ``stop`` leaves nothing behind. ``kubeconfig`` is an admin's."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary, self.folder = binary, folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.tokens = {ADMIN: secrets.token_hex(16), GUEST: secrets.token_hex(16)}
        self.port, self.etcd_port = free_port(), free_port()
        self.address = f"https://127.0.0.1:{self.port}"
        self.kubeconfig, self.guest = folder / "kubeconfig", folder / "guest"
        self.client = httpx.Client(base_url=self.address, verify=False, trust_env=False, timeout=30)
        self.client.headers["Authorization"] = f"Bearer {self.tokens[ADMIN]}"

    def start(self) -> None:
        """All parts, each as soon as what it needs answers."""
        self.make_bridge()
        self.configure()
        self.start_etcd()
        self.start_server()
        self.start_containerd()
        for name, path in ((self.kubeconfig, ADMIN), (self.guest, GUEST)):
            self.write_kubeconfig(name, path)
        self.start_others()
        self.wait(self.is_ready, "node")

    def stop(self) -> None:
        """Containers first, while something knows them; then the processes, the mounts, the bridge."""
        for process in reversed(self.processes[1:]):
            process.terminate()
        for process in self.processes[1:]:
            end(process)
        self.remove_containers()
        for process in self.processes[:1]:
            process.terminate()
            end(process)
        unmount_below(self.folder)
        subprocess.run(["iptables", "-D", *FORWARD], capture_output=True, check=False)
        for network in Path("/var/run/netns").glob("cni-*"):
            subprocess.run(["ip", "netns", "delete", network.name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "delete", BRIDGE], capture_output=True, check=False)
        self.client.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method: str, path: str, document: object = None, kind: str = "application/json") -> httpx.Response:
        """A request of the admin's."""
        content = json.dumps(document) if document is not None else None
        return self.client.request(method, path, content=content, headers={"Content-Type": kind})

    def trust_registry(self, host: str) -> None:
        """The node pulls from ``host`` without TLS."""
        folder = self.folder / "registries" / host
        folder.mkdir(parents=True, exist_ok=True)
        able = f'server = "http://{host}"\n[host."http://{host}"]\ncapabilities = ["pull", "resolve"]\n'
        (folder / "hosts.toml").write_text(able)

    def node(self) -> str:
        """The node's name."""
        return str(self.ask("GET", "/api/v1/nodes").json()["items"][0]["metadata"]["name"])

    def give_gpus(self, count: int) -> None:
        """The node says that it has GPUs, as a device plugin would; pods are placed by that, and get none."""
        name = "/status/capacity/nvidia.com~1gpu"
        patch = {"op": "add", "path": name, "value": str(count)} if count else {"op": "remove", "path": name}
        path = f"/api/v1/nodes/{self.node()}/status"
        self.ask("PATCH", path, [patch], "application/json-patch+json").raise_for_status()

    # --- steps ----------------------------------------------------------------------------------------------------

    def make_bridge(self) -> None:
        subprocess.run(["ip", "link", "delete", BRIDGE], capture_output=True, check=False)
        for words in (
            ["link", "add", BRIDGE, "type", "bridge"],
            ["address", "add", f"{ADDRESS}/24", "dev", BRIDGE],
            ["link", "set", BRIDGE, "up"],
        ):
            subprocess.run(["ip", *words], check=True)
        subprocess.run(["iptables", "-I", *FORWARD], check=True)

    def configure(self) -> None:
        for name in ("cni", "registries", "containerd", "certificates", "kubelet", "etcd", "logs", "volumes"):
            (self.folder / name).mkdir(parents=True)
        network = {
            "cniVersion": "0.4.0", "name": "mlpack", "type": "bridge", "bridge": BRIDGE, "isGateway": True,
            "ipam": {"type": "host-local", "subnet": SUBNET, "dataDir": str(self.folder / "cni-addresses")},
        }  # fmt: skip
        (self.folder / "cni/10-mlpack.conf").write_text(json.dumps(network))
        words = {"folder": self.folder, "pause": PAUSE, "plugins": PLUGINS}
        (self.folder / "containerd.toml").write_text(CONTAINERD.format(**words))
        key = self.folder / "certificates/accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        lines = [f'{self.tokens[ADMIN]},{ADMIN},1,"system:masters"', f"{self.tokens[GUEST]},{GUEST},2"]
        (self.folder / "tokens.csv").write_text("\n".join(lines) + "\n")
        (self.folder / "tokens.csv").chmod(0o600)
        kubelet = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "address": ADDRESS,
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"}, "cgroupDriver": "cgroupfs", "failCgroupV1": False,
            "failSwapOn": False, "enforceNodeAllocatable": [], "localStorageCapacityIsolation": False,
            "oomScoreAdj": 0, "evictionHard": {"memory.available": "1%", "nodefs.available": "1%"},
            "imageGCHighThresholdPercent": 100, "registryPullQPS": 0, "healthzPort": 0, "syncFrequency": "5s",
            "containerRuntimeEndpoint": f"unix://{self.folder}/containerd.sock", "nodeStatusUpdateFrequency": "5s",
            "volumePluginDir": str(self.folder / "plugins"), "serializeImagePulls": False, "resolvConf": "",
            "podLogsDir": str(self.folder / "pods"), "readOnlyPort": 0, "memorySwap": {}, "clusterDNS": [ADDRESS],
            "clusterDomain": DOMAIN,
        }  # fmt: skip
        (self.folder / "kubelet.json").write_text(json.dumps(kubelet))

    def start_containerd(self) -> None:
        self.run("containerd", [self.found("containerd"), "--config", f"{self.folder}/containerd.toml"])
        # The processes that end last come first.
        self.processes.insert(0, self.processes.pop())
        self.wait(lambda: self.ctr("version").returncode == 0, "containerd")
        archive = self.folder / "pause.tar"
        write_pause(self.folder, archive)
        self.ctr("images", "import", str(archive)).check_returncode()

    def start_etcd(self) -> None:
        url, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{free_port()}"
        self.run("etcd", [
            self.found("etcd"), "--data-dir", f"{self.folder}/etcd", "--listen-client-urls", url,
            "--advertise-client-urls", url, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"default={peer}", "--unsafe-no-fsync",
        ])  # fmt: skip

    def start_server(self) -> None:
        key = f"{self.folder}/certificates/accounts.key"
        self.run("kube-apiserver", [
            str(self.binary), "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            "--bind-address=127.0.0.1", f"--secure-port={self.port}", f"--cert-dir={self.folder}/certificates",
            "--service-cluster-ip-range=10.213.98.0/24", "--endpoint-reconciler-type=none",
            f"--token-auth-file={self.folder}/tokens.csv", "--authorization-mode=RBAC", "--anonymous-auth=false",
            "--service-account-issuer=https://mlpack.test", f"--service-account-signing-key-file={key}",
            f"--service-account-key-file={key}", "--kubelet-preferred-address-types=InternalIP",
            "--allow-privileged=false", "--profiling=false", "--event-ttl=10m",
        ])  # fmt: skip
        self.wait(lambda: self.ask("GET", "/readyz").status_code == 200, "kube-apiserver")

    def start_others(self) -> None:
        admin = f"--kubeconfig={self.kubeconfig}"
        key = f"{self.folder}/certificates/accounts.key"
        self.run("kube-controller-manager", [
            str(self.binary), "kube-controller-manager", admin, "--leader-elect=false", "--profiling=false",
            f"--service-account-private-key-file={key}", "--use-service-account-credentials=false",
            "--bind-address=127.0.0.1", f"--secure-port={free_port()}", f"--cert-dir={self.folder}/certificates",
        ])  # fmt: skip
        self.run("kube-scheduler", [
            str(self.binary), "kube-scheduler", admin, "--leader-elect=false", "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}", f"--cert-dir={self.folder}/certificates", "--profiling=false",
        ])  # fmt: skip
        self.run("kubelet", [
            str(self.binary), "kubelet", admin, f"--config={self.folder}/kubelet.json", "--hostname-override=node",
            f"--root-dir={self.folder}/kubelet", f"--cert-dir={self.folder}/certificates", f"--node-ip={ADDRESS}",
        ])  # fmt: skip
        corefile = self.folder / "Corefile"
        corefile.write_text(COREFILE.format(domain=DOMAIN, address=ADDRESS, kubeconfig=self.kubeconfig))
        self.run("dns", [str(self.binary.with_name("dns")), "-conf", str(corefile)])

    def is_ready(self) -> bool:
        nodes = self.ask("GET", "/api/v1/nodes").json().get("items") or []
        words = [word for node in nodes for word in node["status"]["conditions"]]
        ready = any(word["type"] == "Ready" and word["status"] == "True" for word in words)
        account = self.ask("GET", "/api/v1/namespaces/default/serviceaccounts/default").status_code == 200
        return ready and account

    def write_kubeconfig(self, path: Path, user: str) -> None:
        config = {
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {
                "server": self.address, "certificate-authority": f"{self.folder}/certificates/apiserver.crt",
            }}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user, "namespace": "default"}}],
            "users": [{"name": user, "user": {"token": self.tokens[user]}}],
        }  # fmt: skip
        path.write_text(json.dumps(config))
        path.chmod(0o600)

    def run(self, name: str, command: list[str]) -> None:
        log = (self.folder / "logs" / name).open("wb")
        # No proxy, no credentials of the person who runs the tests.
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        with log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        self.processes.append(process)

    def found(self, program: str) -> str:
        return shutil.which(program) or program

    def wait(self, question: Callable[[], bool], name: str) -> None:
        limit = time.monotonic() + SECONDS
        while time.monotonic() < limit:
            dead = [process.args for process in self.processes if process.poll() is not None]
            if dead:
                break
            with contextlib.suppress(httpx.HTTPError, KeyError):
                if question():
                    return
            time.sleep(0.3)
        tails = {path.name: path.read_text(errors="replace")[-1500:] for path in (self.folder / "logs").iterdir()}
        raise RuntimeError(f"{name} does not get ready:\n" + "\n".join(f"== {k}\n{v}" for k, v in tails.items()))

    def ctr(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        command = ["ctr", "--address", f"{self.folder}/containerd.sock", "--namespace", "k8s.io", *words]
        return subprocess.run(command, capture_output=True, check=False)

    def remove_containers(self) -> None:
        for _ in range(3):
            names = self.ctr("tasks", "list", "--quiet").stdout.decode().split()
            for name in names:
                self.ctr("tasks", "kill", "--signal", "SIGKILL", name)
                self.ctr("tasks", "delete", "--force", name)
            for name in self.ctr("containers", "list", "--quiet").stdout.decode().split():
                self.ctr("containers", "delete", name)


def write_pause(folder: Path, archive: Path) -> None:
    """An image with one static program that does nothing: what holds a pod together."""
    (folder / "pause.c").write_text(PAUSE_SOURCE)
    program = folder / "pause"
    subprocess.run(["gcc", "-Os", "-static", "-s", "-o", str(program), f"{folder}/pause.c"], check=True)
    store = Store(folder / "store")
    entry = TarEntry("/pause", "file", 0o755, 0, 0, size=program.stat().st_size, source=program)
    layer = store.add_layer(lambda out: write_tar(out, [entry]))
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    config = ImageConfig(
        architecture=architecture, os="linux", diff_ids=(layer.diff_id,), history=(), env=(), entrypoint=("/pause",),
        cmd=(), working_dir="/", user="65535:65535", labels=(),
    )  # fmt: skip
    write_docker_archive(store, store.add_image(config, [layer]), archive, PAUSE)


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was asked to end."""
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def unmount_below(folder: Path) -> None:
    """What containers and the kubelet left mounted."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    places = [line.split()[1].replace("\\040", " ") for line in lines]
    for place in sorted((place for place in places if place.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def running_cluster(binary: Path) -> Iterator[Cluster]:
    """A cluster for as long as it is needed. There is one bridge, so another process's cluster is waited for."""
    with Path("/tmp/mlpack-node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cluster = Cluster(binary, Path(tempfile.mkdtemp(prefix="mlpack-node-", dir="/tmp")))
        cluster.folder.chmod(0o755)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


if __name__ == "__main__":
    with running_cluster(Path(sys.argv[1]).absolute()) as running, contextlib.suppress(KeyboardInterrupt):
        print(f"export KUBECONFIG={running.kubeconfig}", flush=True)
        signal.pause()
