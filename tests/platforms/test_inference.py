"""One inference image on the platforms: plain containers without rights, and SageMaker's own SDK."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import nbformat
import pytest

from .conftest import BuildImage, SageMaker

pytestmark = [pytest.mark.docker, pytest.mark.network]

CELLS = (
    ("", "data = open('never.csv').read()\nmodel = {'weights': [float(x) for x in data.split()]}"),
    ("", "import json\nwith open('model.json', 'w') as file:\n    json.dump(model, file)"),
    (
        "predict",
        "import json\nmodel = json.loads(open('model.json').read())\n\n"
        "def predict(x: list[float]) -> float:\n    return sum(a * b for a, b in zip(x, model['weights']))",
    ),
)
DEPLOY = """
import os
os.mkdir(folder + "/export")
open(folder + "/export/model.json", "w").write('{"weights": [1, 10, 100]}')
import tarfile
with tarfile.open(folder + "/model.tar.gz", "w:gz") as archive:
    archive.add(folder + "/export/model.json", "model.json")
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer, JSONSerializer
from sagemaker.deserializers import JSONDeserializer
data = "file://" + folder + "/model.tar.gz"
model = Model(image, model_data=data, role=ROLE, sagemaker_session=session, predictor_cls=Predictor)
predictor = model.deploy(1, "local")
try:
    predictor.serializer, predictor.deserializer = JSONSerializer(), JSONDeserializer()
    answers = [predictor.predict([1, 2, 3]), predictor.predict({"instances": [[1, 0, 0], [0, 1, 0]]})]
    predictor.serializer = CSVSerializer()
    answers.append(predictor.predict([[1, 2, 3], [0, 0, 1]]))
    with open(folder + "/answers.json", "w") as file:  # the output is mixed with that of the containers
        json.dump(answers, file)
finally:
    predictor.delete_endpoint()
"""


@pytest.fixture(scope="session")
def inference_image(build_image: BuildImage, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of the notebook above, with a model file of its own."""
    folder = tmp_path_factory.mktemp("inference")
    v4 = nbformat.v4
    cells = [v4.new_code_cell(source, metadata={"tags": [tag] if tag else []}) for tag, source in CELLS]
    nbformat.write(v4.new_notebook(cells=cells), folder / "weigh.ipynb")
    (folder / "model.json").write_text('{"weights": [1, 2, 3]}')
    return build_image(folder / "weigh.ipynb", "--purpose", "inference", "--model", str(folder / "model.json"))


Start = Callable[..., str]


@pytest.fixture
def start(docker: str, inference_image: str) -> Iterator[Start]:
    """``start(*options)`` runs a container; its address when it is ready."""
    made: list[str] = []

    def run(*options: str, words: tuple[str, ...] = (), port: int = 8080, ready: str = "/ready") -> str:
        command = [docker, "run", "--detach", "--publish", f"127.0.0.1::{port}", *options, inference_image, *words]
        made.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
        published = subprocess.run(
            [docker, "port", made[-1], str(port)], check=True, capture_output=True, text=True
        ).stdout
        address = f"http://{published.split()[0]}"
        for _ in range(300):
            if is_ready(address + ready):
                return address
            time.sleep(0.1)
        log = subprocess.run([docker, "logs", made[-1]], check=False, capture_output=True, text=True)
        pytest.fail(log.stdout + log.stderr)

    yield run
    for name in made:
        subprocess.run([docker, "rm", "--force", name], check=False, capture_output=True)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def ask(address: str, body: object) -> object:
    answer = httpx.post(address, json=body, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("options", "words", "port"),
    [
        ((), (), 8080),
        (("--read-only", "--user", "12345:0", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"), (), 8080),
        (("--env", "PORT=9000", "--env", "K_SERVICE=weigh"), (), 9000),
        (("--env", "SAGEMAKER_BIND_TO_PORT=9001", "--env", "PORT=1"), ("serve",), 9001),
        (("--entrypoint", "serve"), (), 8080),
    ],
    ids=["plain", "no rights", "Cloud Run", "SageMaker", "Kubernetes command"],
)
def test_container__platforms_start__answers(
    start: Start, options: tuple[str, ...], words: tuple[str, ...], port: int
) -> None:
    assert ask(start(*options, words=words, port=port) + "/predict", {"x": [1, 1, 1]}) == 6.0


def test_container__vertex__its_routes_and_port(start: Start) -> None:
    routes = (
        "--env",
        "AIP_HTTP_PORT=8085",
        "--env",
        "AIP_HEALTH_ROUTE=/isalive",
        "--env",
        "AIP_PREDICT_ROUTE=/predict",
    )
    address = start(*routes, port=8085, ready="/isalive")
    assert ask(address + "/predict", {"instances": [[1, 1, 1]]}) == {"predictions": [6.0]}


def test_container__mounted_model__is_loaded(start: Start, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps({"weights": [0, 0, 7]}))
    tmp_path.chmod(0o755)
    mounted = start("--volume", f"{tmp_path}:/opt/ml/model:ro", "--read-only", "--tmpfs", "/tmp")
    assert ask(mounted + "/predict", {"x": [1, 1, 1]}) == 7.0


def test_container__stop__ends_with_0(docker: str, start: Start) -> None:
    name = f"mlpack-test-{os.getpid()}"
    start("--name", name)
    begun = time.monotonic()
    subprocess.run([docker, "stop", name], check=True, capture_output=True)
    assert time.monotonic() - begun < 8
    command = [docker, "inspect", "--format", "{{.State.ExitCode}}", name]
    state = subprocess.run(command, check=True, capture_output=True, text=True)
    assert state.stdout.strip() == "0"


def test_image__content__no_training(docker: str, inference_image: str) -> None:
    script = (
        "import os, importlib.util as u; print(sorted(os.listdir()), u.find_spec('papermill'), u.find_spec('nbformat'))"
    )
    command = [docker, "run", "--rm", "--entrypoint", "python", inference_image, "-c", script]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert listed == "['.mlpack', 'model.json'] None None\n"


def test_deploy__sagemakers_sdk__predicts_with_its_model(
    sagemaker: SageMaker, inference_image: str, tmp_path: Path
) -> None:
    ran = sagemaker.run(DEPLOY, inference_image, tmp_path)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    answers = json.loads((tmp_path / "answers.json").read_text())
    assert answers == [321.0, {"predictions": [1.0, 10.0]}, [321.0, 100.0]]
