"""What many test files share: one content store for the whole session, with run images made once; registries."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from jupyter_mlpack.errors import AptMissing, KeyringMissing, MirrorUnknown, MirrorUnreachable
from jupyter_mlpack.events import ignore
from jupyter_mlpack.oci.manifest import StoredImage
from jupyter_mlpack.oci.store import Store
from jupyter_mlpack.stack import StackSettings, ensure_run_image, read_stack

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

# A shell starts what runs in its background with these ignored, and so would they be in all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

STACKS = Path(__file__).parents[1] / "stacks"


LONGEST = 900
"""Seconds for a test, and for what it needs: on a crowded machine the slowest takes a fifth of that."""


def too_long(number: int, frame: object) -> None:
    """Wherever the test waits: that is in the traceback."""
    pytest.fail(f"not over after {LONGEST} seconds")


@contextmanager
def no_longer() -> Iterator[None]:
    """Fail what takes too long; what waits for ever would hold up all tests, and nobody would know which it is."""
    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """With a time limit, session fixtures included."""
    with no_longer():
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """With a time limit."""
    with no_longer():
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """With a time limit."""
    with no_longer():
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Side by side (``pytest -n 2``) a folder stays together: its tests share images."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFolder(LoadScopeScheduling):
        """Not ``--dist loadgroup``: with pytest 9.2 xdist 3.8 knows no groups."""

        def _split_scope(self, nodeid: str) -> str:
            return "/".join(nodeid.partition("::")[0].split("/")[:2])

    return ByFolder(config, log)


NOT_COMPARED = "NOT COMPARED with the official lifecycle"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say last, and in so many words, what nobody judged: a skipped comparison is none that passed."""
    yield
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if isinstance(report.longrepr, tuple)]
    reasons = Counter(str(report.longrepr[2]).partition("Skipped: ")[2] for report in skipped)
    missing = {reason: count for reason, count in reasons.items() if reason.startswith(NOT_COMPARED)}
    if missing:
        terminalreporter.section("THE REFEREE WAS MISSING", sep="!", red=True, bold=True)
        for reason, count in missing.items():
            terminalreporter.line(f"{count} tests {reason}", red=True, bold=True)
        terminalreporter.line("tests/official/install FOLDER builds it (Go needed); then set MLPACK_OFFICIAL=FOLDER.")


@pytest.fixture(scope="session")
def official_folder() -> Path:
    """The folder of the official programs: ``MLPACK_OFFICIAL``, which then must have them, else where they are on PATH.

    Without them the test is skipped, and the last lines of pytest say so.
    """
    named = os.environ.get("MLPACK_OFFICIAL")
    found = shutil.which("lifecycle", path=named)
    if found is not None and (Path(found).parent / "launcher").exists():
        return Path(found).parent
    if named:
        pytest.fail(f"MLPACK_OFFICIAL is {named}, where there is no official lifecycle and launcher")
    pytest.skip(f"{NOT_COMPARED}: it is neither on PATH nor in MLPACK_OFFICIAL")


@pytest.fixture(scope="session")
def machine_store() -> Iterator[Store]:
    """A store for the session; ``MLPACK_TEST_STORE`` names a folder to keep it in, so that the next one starts warm.

    Others may enter it: some tests read it as another user.
    """
    kept = os.environ.get("MLPACK_TEST_STORE")
    folder = Path(kept or tempfile.mkdtemp(prefix="mlpack-test-store-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    yield Store(folder)
    if not kept:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run_image(machine_store: Store) -> Callable[..., StoredImage]:
    """``run_image("bookworm", "amd64")`` -> the assembled run image; skips where packages cannot be had."""

    def make(stack: str, arch: str = "amd64") -> StoredImage:
        try:
            return ensure_run_image(read_stack(STACKS / stack), arch, machine_store, StackSettings(), ignore)
        except (AptMissing, KeyringMissing, MirrorUnknown, MirrorUnreachable) as failure:
            pytest.skip(f"NO RUN IMAGE HERE: {failure} {failure.sentence('why')}")

    return make


@pytest.fixture(scope="session", name="base_and_locks")
def give_base_and_locks() -> Callable[[Path, Path], None]:
    """``copy_base_and_locks`` below."""
    return copy_base_and_locks


def copy_base_and_locks(home: Path, fresh: Path) -> None:
    """A new store with the run image and the locks of another: no layer of a notebook."""
    old, new = Store(home), Store(fresh)
    for image in old.images():
        if image.name.startswith("mlpack/run:"):
            for layer in image.layers:
                copy_blob(old, new, layer.descriptor.digest)
                new.remember(layer)
            for digest in (image.manifest.config.digest, image.descriptor.digest):
                copy_blob(old, new, digest)
            new.tag(image.name, image.descriptor)
    for folder in ("locks", "stacks"):
        if (home / folder).is_dir():
            shutil.copytree(home / folder, fresh / folder, symlinks=True)


def make_object(needed: Sequence[str] = (), soname: str = "", machine: int = 62) -> bytes:
    """A shared object of 64 bit with nothing in it but its dynamic section: header, two segments, entries, names."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in (*needed, soname))
    places = {name: names.index(b"\0" + name.encode() + b"\0") + 1 for name in (*needed, soname)}
    start = 64 + 2 * 56
    entries = [(1, places[name]) for name in needed] + ([(14, places[soname])] if soname else [])
    size = 16 * (len(entries) + 3)
    entries += [(5, start + size), (10, len(names)), (0, 0)]
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    whole = start + size + len(names)
    load = struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, whole, whole, 4096)
    dynamic = struct.pack("<IIQQQQQQ", 2, 4, start, start, start, size, size, 8)
    return head + load + dynamic + b"".join(struct.pack("<qQ", *entry) for entry in entries) + names


@pytest.fixture(scope="session", name="make_object")
def give_make_object() -> Callable[..., bytes]:
    """``make_object`` above."""
    return make_object


def copy_blob(old: Store, new: Store, digest: str) -> None:
    """One blob, verified."""
    new.path(digest).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(old.path(digest), new.path(digest))


@dataclass(frozen=True)
class RunningRegistry:
    """A registry process: ``host`` is its address, ``log`` its log file."""

    host: str
    log: Path
    process: subprocess.Popen[bytes]


StartRegistry = Callable[..., RunningRegistry]


@contextmanager
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRegistry]:
    """Starts registries of the distribution project, and ends them."""
    program = shutil.which("docker-registry") or shutil.which("registry")
    if program is None:
        pytest.skip("LOUD: no registry program; install Debian's package docker-registry to run this test")
    running: list[RunningRegistry] = []

    def start(further: str = "", address: str = "127.0.0.1") -> RunningRegistry:
        folder = tmp_path_factory.mktemp("registry")
        host = f"{address}:{free_port()}"
        storage = f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}, delete: {{enabled: true}}}}"
        (folder / "config.yml").write_text(f'version: 0.1\n{storage}\nhttp: {{addr: "{host}"}}\n{further}\n')
        with (folder / "log").open("wb") as log:
            command = [program, "serve", str(folder / "config.yml")]
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        registry = RunningRegistry(host, folder / "log", process)
        running.append(registry)
        wait_until_it_answers(registry)
        return registry

    try:
        yield start
    finally:
        for registry in running:
            registry.process.terminate()
            registry.process.wait(10)


@pytest.fixture
def start_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRegistry]:
    """Starts the distribution project's registry; the argument is further configuration (YAML)."""
    with registries(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def shared_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """One for the whole session: repositories are told apart by their names."""
    with registries(tmp_path_factory) as start:
        yield start("")


@pytest.fixture(scope="session")
def registry_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunningRegistry]]:
    """Starts one for the whole session at an address of this machine."""
    with registries(tmp_path_factory) as start:
        yield lambda address: start("", address)


@pytest.fixture
def registry(start_registry: StartRegistry) -> RunningRegistry:
    """A registry that lets everybody in."""
    return start_registry("")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate for 127.0.0.1, and the certificate of an authority that signed it, in one file."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.timezone.utc)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("127.0.0.1", "An organisation")]
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])

    def made(number: int) -> bytes:
        builder = (
            x509.CertificateBuilder().subject_name(names[number]).issuer_name(names[1])
            .public_key(keys[number].public_key()).serial_number(number + 1)
            .not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
            .add_extension(x509.BasicConstraints(ca=bool(number), path_length=None), critical=True)
        )  # fmt: skip
        builder = builder if number else builder.add_extension(address, critical=True)
        return builder.sign(keys[1], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    form = serialization.PrivateFormat.PKCS8
    secret = keys[0].private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(secret + made(0) + made(1))
    return path


@pytest.fixture
def authority(certificate: Path, tmp_path: Path) -> Path:
    """The certificate of who signed it, as an organisation hands it out."""
    path = tmp_path / "authority.pem"
    _, begin, rest = certificate.read_text().rpartition("-----BEGIN CERT")
    path.write_text(f"# An organisation's own\n{begin}{rest}")
    return path


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def tls_site(certificate: Path) -> Iterator[Callable[[Path], str]]:
    """``tls_site(folder)``: its address on this machine, with a certificate that nobody knows."""
    running: list[ThreadingHTTPServer] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that do not trust us hang up
        server.socket = context.wrap_socket(server.socket, server_side=True)
        running.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return f"https://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_it_answers(registry: RunningRegistry) -> None:
    for _ in range(200):
        try:
            httpx.get(f"http://{registry.host}/v2/", trust_env=False)
            return
        except httpx.TransportError:  # noqa: PERF203 (waiting is what the loop is for)
            assert registry.process.poll() is None, registry.log.read_text()
            time.sleep(0.05)
    raise AssertionError(f"the registry does not answer: {registry.log.read_text()}")


class StallingServer:
    """Answers the first ``/v2/`` of a client like a registry, then reads and says nothing, for ever."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.stalled = threading.Event()
        self.kept: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            self.kept.append(near)
            threading.Thread(target=self.answer, args=(near,), daemon=True).start()

    def answer(self, near: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                if data.startswith(b"GET /v2/ "):
                    near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                else:
                    self.stalled.set()


@pytest.fixture
def stalling_server() -> Iterator[StallingServer]:
    server = StallingServer()
    yield server
    server.server.close()
    for near in server.kept:
        near.close()
