"""Single expressions and what they say of hardware: device names, questions, options that only a GPU has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from jupyter_mlpack.inspection.hardware.facts import words
from jupyter_mlpack.inspection.hardware.signal import Strength
from jupyter_mlpack.pattern import pattern

Use = tuple[str, Strength, str]
"""Kind, strength, and the text to show."""

DEVICE = pattern(r"^(cuda|hip|gpu|xla|hpu|mps|tpu|neuron)(:\d+)?$", re.I)
KINDS = {"cuda": "cuda", "gpu": "cuda", "hip": "rocm", "hpu": "gaudi", "mps": "mps", "tpu": "tpu", "xla": "tpu"}
KINDS |= {"neuron": "neuron"}
DEVICE_WORDS = frozenset(["device", "devices", "device_map", "map_location", "device_name", "accelerator"])
DEVICE_NAME = pattern(r"(^|_)(device|DEVICE|dev)s?$|^device")
GPU_WORDS = frozenset(["device", "accelerator", "task_type", "device_type"])
"""Where the word ``gpu`` alone (XGBoost, LightGBM, CatBoost, Lightning) means a device."""

TRUE_OPTIONS = {"load_in_4bit": "cuda", "load_in_8bit": "cuda", "fp16": "cuda", "use_tpu": "tpu"}
VALUED_OPTIONS = frozenset([("attn_implementation", "flash_attention_2"), ("tree_method", "gpu_hist")])
DEMANDS = {"require_gpu": "cuda", "TPUStrategy": "tpu", "TPUClusterResolver": "tpu", "initialize_tpu_system": "tpu"}
DEMANDS |= {"xla_device": "tpu", "setup_tpu": "tpu", "TPUEstimator": "tpu", "TPUConfig": "tpu", "connect_to_tpu": "tpu"}
DEMANDS |= {"BitsAndBytesConfig": "cuda"}
VARIABLES = {"CUDA_VISIBLE_DEVICES": "cuda", "COLAB_TPU_ADDR": "tpu", "TPU_NAME": "tpu", "HIP_VISIBLE_DEVICES": "rocm"}
VARIABLES |= {"HSA_OVERRIDE_GFX_VERSION": "rocm", "ROCR_VISIBLE_DEVICES": "rocm", "NEURON_RT_NUM_CORES": "neuron"}
VARIABLES |= {"NEURON_RT_VISIBLE_CORES": "neuron", "HABANA_VISIBLE_DEVICES": "gaudi", "PYTORCH_HIP_ALLOC_CONF": "rocm"}
DEMANDING = frozenset(["COLAB_TPU_ADDR", "TPU_NAME", "NEURON_RT_NUM_CORES", "NEURON_RT_VISIBLE_CORES"])
SENT_WITH = frozenset(
    ["instance_type", "machine_type", "accelerator_type", "train_instance_type", "compute", "compute_target", "size",
     "role", "base_job_name", "entry_point", "image_uri", "container_uri", "worker_pool_specs", "display_name"]
)  # fmt: skip
"""Options that only calls of an SDK have: ``fit`` and ``deploy`` alone are everybody's words."""


def dotted(node: ast.AST) -> str:
    """``torch.cuda.is_available``; what is no plain name on the left is left out."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts += [node.id] if isinstance(node, ast.Name) else []
    return ".".join(reversed(parts))


def _ends(name: str, kind: str) -> bool:
    """Whether a dotted name ends as one of the table's ``questions`` or ``demands`` does."""
    last = name.rsplit(".", 1)[-1]
    known = words("code", kind)
    return last in known or ".".join(name.rsplit(".", 2)[-2:]) in known


def is_question(value: ast.AST) -> bool:
    """Whether a call that asks for a device stands in ``value``."""
    return any(isinstance(node, ast.Call) and _ends(dotted(node.func), "questions") for node in ast.walk(value))


def asks(test: ast.AST, answers: frozenset[str]) -> bool:
    """Whether a condition asks for a device: by a call, by a name that holds the answer, or by its own name."""
    if is_question(test):
        return True
    for node in ast.walk(test):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in answers or re.search(r"(?i)(cuda|gpu|tpu|device)", name):
            return True
    return False


def find_uses(node: ast.AST) -> Iterator[Use]:
    """What this one node says (not those below it)."""
    if isinstance(node, ast.Call):
        yield from _call(node)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        yield from _assigned(node)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from _defaults(node)
    elif isinstance(node, ast.IfExp):
        yield from _devices((node.body, node.orelse), Strength.ASKED, "")


def _call(node: ast.Call) -> Iterator[Use]:
    name = dotted(node.func)
    last = name.rsplit(".", 1)[-1] or getattr(node.func, "attr", "")
    if _ends(name, "questions"):
        yield _question_kind(node, name), Strength.ASKED, f"{name}()"
    elif _ends(name, "demands"):
        yield "cuda", Strength.SURE, f"{name}()"
    elif last == "cuda" and isinstance(node.func, ast.Attribute):
        yield "cuda", Strength.SURE, ".cuda()"
    elif last in DEMANDS:
        kind = DEMANDS[last]
        yield kind, Strength.SURE, f"{last}()"
    elif last in ("to", "device", "Device", "devices", "local_devices"):
        yield from _devices(node.args, Strength.SURE, f".{last}")
    elif last == "client" and node.args and _constant(node.args[0]) in words("remote", "services"):
        yield "remote", Strength.SURE, f'{last}("{_constant(node.args[0])}")'
    for word in node.keywords:
        yield from _keyword(last, word)


def _question_kind(node: ast.Call, name: str) -> str:
    said = " ".join(str(_constant(argument)) for argument in node.args).lower()
    return "mps" if ".mps." in name else "gaudi" if "hpu" in name else "tpu" if "tpu" in said + name else "cuda"


def _keyword(function: str, word: ast.keyword) -> Iterator[Use]:
    """One ``name=value`` of a call. ``autocast`` only warns without a GPU."""
    value, name = _constant(word.value), word.arg or ""
    if function in ("autocast", "BitsAndBytesConfig"):
        return
    text = f"{name}={value!r}"
    if name in TRUE_OPTIONS and value is True:
        yield TRUE_OPTIONS[name], Strength.SURE, text
    elif (name, value) in VALUED_OPTIONS or _is_card(function, name, value):
        yield "cuda", Strength.SURE, text
    elif name == "device_map" and value == "auto":
        yield "cuda", Strength.ASKED, text
    elif name in DEVICE_WORDS:
        yield from _devices((word.value,), Strength.SURE, name)


def _is_card(function: str, name: str, value: object) -> bool:
    """``accelerator="gpu"``, ``gpus=2`` (Lightning), ``pipeline(device=0)`` (transformers)."""
    if isinstance(value, str):
        return name in GPU_WORDS and value.lower() == "gpu"
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return (name == "gpus" and value != 0) or (name == "device" and function == "pipeline" and value >= 0)


def _assigned(node: ast.Assign | ast.AnnAssign) -> Iterator[Use]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        variable = _constant(target.slice) if isinstance(target, ast.Subscript) else None
        value = node.value
        if isinstance(variable, str) and variable in VARIABLES and _constant(value) not in ("", "-1"):
            strength = Strength.SURE if variable in DEMANDING else Strength.ASKED
            yield VARIABLES[variable], strength, variable
        name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", "")
        if value is not None and DEVICE_NAME.search(name):
            yield from _devices((value,), Strength.SURE, name)


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Use]:
    named = node.args.args[len(node.args.args) - len(node.args.defaults) :]
    pairs = [*zip(named, node.args.defaults, strict=True)]
    pairs += [(name, value) for name, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if value]
    for name, value in pairs:
        if DEVICE_NAME.search(name.arg):
            yield from _devices((value,), Strength.SURE, f"{name.arg}")


def _devices(nodes: tuple[ast.expr, ...] | list[ast.expr], strength: Strength, where: str) -> Iterator[Use]:
    """Literal device names; ``{"": "cuda:0"}`` and ``["cuda"]`` hold them, too."""
    for node in nodes:
        inner = node.values if isinstance(node, ast.Dict) else node.elts if isinstance(node, ast.List) else [node]
        for value in map(_constant, inner):
            found = DEVICE.match(value) if isinstance(value, str) else None
            if found:
                yield KINDS[found.group(1).lower()], strength, f"{where} {value!r}".strip()


def _constant(node: ast.AST | None) -> object:
    """A literal's value, else ``None``."""
    return node.value if isinstance(node, ast.Constant) else None
