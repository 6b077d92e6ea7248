"""Signs in code cells and install lines: what counts, how strongly, and what never does."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import inspect


def need(folder: Path, *sources: str) -> str:
    """``cuda``, ``cuda?`` where it is optional, with ``+remote``."""
    found = inspect(folder, {}, *sources).hardware.needed
    return f"{found.kind}{'?' if found.optional else ''}{'+remote' if found.remote else ''}"


NEEDED = [
    ('model.to("cuda")', "cuda"),
    ('model.to(device="cuda:1")', "cuda"),
    ("model.cuda()", "cuda"),
    ("model.cuda(0)", "cuda"),
    ('device = torch.device("cuda")', "cuda"),
    ('DEVICE = "cuda:0"', "cuda"),
    ('def run(x, device="cuda"): pass', "cuda"),
    ('def run(x, *, device="cuda"): pass', "cuda"),
    ('pipe = pipeline("x", device=0)', "cuda"),
    ('load("m", device_map="cuda")', "cuda"),
    ('load("m", device_map={"": "cuda:0"})', "cuda"),
    ('load("m", load_in_4bit=True)', "cuda"),
    ('load("m", load_in_8bit=True)', "cuda"),
    ("TrainingArguments(fp16=True)", "cuda"),
    ('load("m", attn_implementation="flash_attention_2")', "cuda"),
    ('Trainer(accelerator="gpu")', "cuda"),
    ("Trainer(gpus=2)", "cuda"),
    ('XGBClassifier(tree_method="gpu_hist")', "cuda"),
    ('XGBClassifier(device="cuda")', "cuda"),
    ('LGBMClassifier(device="gpu")', "cuda"),
    ('CatBoostClassifier(task_type="GPU")', "cuda"),
    ("spacy.require_gpu()", "cuda"),
    ("torch.cuda.set_device(0)", "cuda"),
    ("print(torch.cuda.get_device_name(0))", "cuda"),
    ("assert torch.cuda.is_available()", "cuda"),
    ("if not torch.cuda.is_available():\n    raise RuntimeError('no GPU')", "cuda"),
    ("if torch.cuda.is_available():\n    x = 1\nelse:\n    raise SystemExit", "cuda"),
    ("import cudf", "cuda"),
    ("from cuml.svm import SVC", "cuda"),
    ("import cupy as cp", "cuda"),
    ("from numba import cuda", "cuda"),
    ("import unsloth", "cuda"),
    ("from vllm import LLM", "cuda"),
    ("import flash_attn", "cuda"),
    ("try:\n    import cudf\nexcept ImportError:\n    raise", "cuda"),
    ("!python train.py --policy.device=cuda", "cuda"),
    ("!pip install jax[cuda12]", "cuda"),
    ("!pip install tensorflow[and-cuda]", "cuda"),
    ("!pip install onnxruntime-gpu", "cuda"),
    ("!pip install cupy-cuda12x", "cuda"),
    ("!pip install torch==2.1.0+cu118", "cuda"),
    ("!pip install torch --index-url https://example.org/whl/cu126", "cuda"),
    ("!uv pip install torch --torch-backend=cu128", "cuda"),
    ("!pip install torch --index-url https://example.org/whl/rocm6.4\nimport torch; x.cuda()", "rocm"),
    ("!pip install 'unsloth[amd]'\nimport unsloth", "rocm"),
    ("!pip install torch==2.5.0+rocm6.2", "rocm"),
    ("!pip install jax[tpu]", "tpu"),
    ("!pip install torch_xla[tpu]", "tpu"),
    ("resolver = tf.distribute.cluster_resolver.TPUClusterResolver()", "tpu"),
    ("strategy = tf.distribute.TPUStrategy(r)", "tpu"),
    ("import torch_xla.core.xla_model as xm", "tpu"),
    ("import jax.tools.colab_tpu", "tpu"),
    ("tpu = os.environ['COLAB_TPU_ADDR'] = 'x'", "tpu"),
    ("from optimum.neuron import NeuronModelForCausalLM", "neuron"),
    ("!optimum-cli export neuron --model x", "neuron"),
    ("%pip install torch-neuronx --extra-index-url https://pip.repos.neuron.amazonaws.com", "neuron"),
    ("import habana_frameworks.torch.core", "gaudi"),
    ('model.to("hpu")', "gaudi"),
    ('model.to("mps")', "mps"),
    ("from mlx_lm import load", "mps"),
    ('model.to("mps")\nif torch.cuda.is_available():\n    pass', "cuda?"),
]

TAKEN = [
    ('device = "cuda" if torch.cuda.is_available() else "cpu"', "cuda?"),
    ('device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")', "cuda?"),
    ('device = "cuda" if args.fast else "cpu"', "cuda?"),
    ("if torch.cuda.is_available():\n    model.cuda()", "cuda?"),
    ("ok = torch.cuda.is_available()\nif ok:\n    model.cuda()", "cuda?"),
    ("if use_gpu:\n    model.cuda()", "cuda?"),
    ("print(torch.cuda.is_available())", "cuda?"),
    ("tf.config.list_physical_devices('GPU')", "cuda?"),
    ("try:\n    import cudf\nexcept ImportError:\n    cudf = None", "cuda?"),
    (
        "try:\n    r = tf.distribute.cluster_resolver.TPUClusterResolver()\nexcept ValueError:\n    r = None",
        "tpu?",
    ),
    ('load("m", device_map="auto")', "cuda?"),
    ("os.environ['CUDA_VISIBLE_DEVICES'] = '0'", "cuda?"),
    ("!nvidia-smi", "cuda?"),
    ("import torch", "cuda?"),
    ("import tensorflow as tf", "cuda?"),
    ("from sentence_transformers import SentenceTransformer", "cuda?"),
    ("import bitsandbytes", "cuda?"),
    ("!pip install bitsandbytes", "cuda?"),
    ("if 'google.colab' in sys.modules:\n    !pip install jax[cuda12]", "cuda?"),
    ("with torch.autocast(device_type='cuda'):\n    pass", "cpu"),
]

NOT_LOCAL = [
    ("# model.to('cuda')", "cpu"),
    ("text = 'run it with model.cuda() on a GPU'", "cpu"),
    ("'''model.cuda()'''", "cpu"),
    ("%%writefile train.py\nimport torch\nmodel.cuda()", "cpu"),
    ("names = ['cpu', 'cuda']", "cpu"),
    ("if backend == 'cuda': pass", "cpu"),
    ("os.environ['CUDA_VISIBLE_DEVICES'] = ''", "cpu"),
    ("os.environ['CUDA_VISIBLE_DEVICES'] = '-1'", "cpu"),
    ("gpu = {'instance_type': 'ml.g5.xlarge'}", "cpu"),
    ("# !pip install onnxruntime-gpu", "cpu"),
    ("import sagemaker\ngpu_type = 'ml.p3.2xlarge'", "cpu+remote"),
    ("from google.cloud import aiplatform\naiplatform.CustomJob(accelerator_type='NVIDIA_L4')", "cpu+remote"),
    ("from azure.ai.ml import command\ncommand(compute='gpu-cluster')", "cpu+remote"),
    (
        "import kfp\nfrom kfp import dsl\n@dsl.component(base_image='x')\ndef train():\n    model.cuda()",
        "cpu+remote",
    ),
    ("import modal\n@app.function(gpu='A100')\ndef train():\n    model.to('cuda')", "cpu+remote"),
    (
        "import sagemaker\nfrom sagemaker.pytorch import PyTorch\nPyTorch(instance_type='ml.g5.xlarge', device='cuda')",
        "cpu+remote",
    ),
    ("client = boto3.client('sagemaker')", "cpu+remote"),
    ("import sagemaker\nimport torch\nmodel.cuda()", "cuda+remote"),
    ("import pandas", "cpu"),
]


@pytest.mark.parametrize(("source", "expected"), NEEDED, ids=[row[0][:60] for row in NEEDED])
def test_find_hardware__code_that_cannot_do_without__needed(tmp_path: Path, source: str, expected: str) -> None:
    assert need(tmp_path, source) == expected


@pytest.mark.parametrize(("source", "expected"), TAKEN, ids=[row[0][:60] for row in TAKEN])
def test_find_hardware__code_that_asks_first__optional(tmp_path: Path, source: str, expected: str) -> None:
    assert need(tmp_path, source) == expected


@pytest.mark.parametrize(("source", "expected"), NOT_LOCAL, ids=[row[0][:60] for row in NOT_LOCAL])
def test_find_hardware__comments_strings_and_remote_work__never_count(
    tmp_path: Path, source: str, expected: str
) -> None:
    assert need(tmp_path, source) == expected


def test_find_hardware__question_in_one_cell__answers_in_the_next(tmp_path: Path) -> None:
    assert need(tmp_path, "ready = torch.cuda.is_available()", "if ready:\n    model.cuda()") == "cuda?"


def test_find_hardware__one_cell_asks_another_does_not__needed(tmp_path: Path) -> None:
    assert need(tmp_path, "print(torch.cuda.is_available())", 'model.to("cuda")') == "cuda"


def test_find_hardware__local_file_that_needs_a_gpu__needed(tmp_path: Path) -> None:
    (tmp_path / "frames.py").write_text("import cudf\n")
    found = inspect(tmp_path, {}, "import frames").hardware.needed
    assert found.kind == "cuda"
    assert found.evidence[0].location.path == "frames.py"


def test_find_hardware__deep_nesting__an_answer(tmp_path: Path) -> None:
    assert need(tmp_path, "x = " + "(" * 150 + "1" + ")" * 150, "a" + ".b" * 20_000 + ".cuda()") in ("cpu", "cuda")


def test_find_hardware__password_in_an_index__not_in_the_evidence(tmp_path: Path) -> None:
    install = "!pip install torch --index-url https://user:secret@example.org/whl/cu126"
    assert "secret" not in str(inspect(tmp_path, {}, install).hardware)
