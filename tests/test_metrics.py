"""Lines as frameworks and people print them, and lines that only look like it."""

from __future__ import annotations

import pytest

from jupyter_mlpack.events import MetricsRecorded
from jupyter_mlpack.metric_lines import FULL, MAX_NAMES, parse_metrics
from jupyter_mlpack.metrics import Recorder

SAYS: dict[str, tuple[str, dict[str, float], int | None]] = {
    "equals": ("loss=0.31", {"loss": 0.31}, None),
    "colon": ("loss: 0.31", {"loss": 0.31}, None),
    "several": ("train_loss=0.4, val_loss=0.5, acc=91.2%", {"train_loss": 0.4, "val_loss": 0.5, "acc": 91.2}, None),
    "by hand": ("epoch 3/10 loss 0.3", {"loss": 0.3}, 3),
    "by hand, two": ("epoch 3: loss=0.3 acc=1", {"loss": 0.3, "acc": 1.0}, 3),
    "own name": ("epoch 3 | churned=0.25", {"churned": 0.25}, 3),
    "words": ("Test accuracy: 0.93", {"test_accuracy": 0.93}, None),
    "sentence": ("Final test loss: 1.2e-3.", {"test_loss": 0.0012}, None),
    "negative": ("mean reward: -12.5", {"mean_reward": -12.5}, None),
    "logger": ("2024-05-01 12:00:03,123 INFO trainer: loss: 0.4", {"loss": 0.4}, None),
    "keras 2": (
        "469/469 [==============================] - 2s 3ms/step - loss: 0.3 - accuracy: 0.9 - val_loss: 0.25",
        {"loss": 0.3, "accuracy": 0.9, "val_loss": 0.25},
        None,
    ),
    "keras 3": (
        "\x1b[1m469/469\x1b[0m \x1b[32m━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m2s\x1b[0m 3ms/step - accuracy: 0.87"
        " - loss: 0.42 - learning_rate: 0.001",
        {"accuracy": 0.87, "loss": 0.42},
        None,
    ),
    "keras header": ("Epoch 3/10", {}, 3),
    "transformers": (
        "{'loss': 0.31, 'grad_norm': 1.5, 'learning_rate': 5e-05, 'epoch': 2.0}",
        {"loss": 0.31, "grad_norm": 1.5, "learning_rate": 5e-05},
        2,
    ),
    "transformers, in between": ("{'loss': 0.31, 'epoch': 0.52}", {"loss": 0.31}, None),
    "transformers, end": (
        "{'train_runtime': 12.3, 'train_samples_per_second': 80.1, 'train_loss': 0.2, 'epoch': 3.0}",
        {"train_loss": 0.2},
        3,
    ),
    "json": ('{"epoch": 4, "rmse": 0.3, "note": "x"}', {"rmse": 0.3}, 4),
    "scrapbook": ("{'name': 'auc', 'data': 0.91, 'encoder': 'json', 'version': 1}", {"auc": 0.91}, None),
    "lightning": (
        "Epoch 3: 100%|██████████| 120/120 [00:05<00:00, 22.10it/s, v_num=0, train_loss=0.310, val_loss=0.29]",
        {"train_loss": 0.31, "val_loss": 0.29},
        3,
    ),
    "pytorch example": ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.300039", {"loss": 2.300039}, 1),
    "pytorch example, test": (
        "Test set: Average loss: 0.0474, Accuracy: 9845/10000 (98%)", {"average_loss": 0.0474}, None,
    ),
    "pytorch tutorial": ("Epoch [3/10], Step [100/600], Loss: 0.3", {"loss": 0.3}, 3),
    "xgboost": (
        "[12]\tvalidation_0-rmse:0.31\tvalidation_1-rmse:0.4",
        {"validation_0-rmse": 0.31, "validation_1-rmse": 0.4},
        12,
    ),
    "lightgbm": (
        "[100]\ttraining's l2: 0.02\tvalid_1's l2: 0.03", {"training_l2": 0.02, "valid_1_l2": 0.03}, 100,
    ),
    "catboost": (
        "7:\tlearn: 0.61\ttest: 0.7\tbest: 0.7 (7)\ttotal: 52.1ms\tremaining: 5.2s",
        {"learn": 0.61, "test": 0.7, "best": 0.7},
        7,
    ),
    "scikit-learn": ("Iteration 12, loss = 0.69314718", {"loss": 0.69314718}, 12),
    "tqdm": ("100%|██████████| 10/10 [00:00<00:00, 93.21it/s, loss=0.31]", {"loss": 0.31}, None),
    "tqdm, described": ("loss=0.31:  45%|████▌     | 45/100 [00:01<00:01, 39.9it/s]", {"loss": 0.31}, None),
    "camel": ("Epoch 2 valLoss=0.5", {"valLoss": 0.5}, 2),
    "f1": ("macro_f1: 0.8, precision@5=0.4", {"macro_f1": 0.8, "precision@5": 0.4}, None),
}  # fmt: skip


@pytest.mark.parametrize(("line", "values", "step"), SAYS.values(), ids=SAYS)
def test_parse_metrics__line__values_and_step(line: str, values: dict[str, float], step: int | None) -> None:
    found = parse_metrics(line)
    assert dict(found.values) == values
    assert found.step == step


SILENT = {
    "nothing": "",
    "prose": "The loss went down after 3 hours",
    "time": "12:30:01 started",
    "elapsed": "elapsed: 0.35",
    "date": "date=2024-05-01",
    "version": "torch version: 2.1.0",
    "version of a metric": "accuracy: 2.1.0",
    "memory": "GPU memory: 10.5 GB, loss scale",
    "memory in a step": "epoch 2 gpu_mem=3.20 time=4.5 batch_size=32.0 eta: 10.1",
    "unit": "epoch 2 took=3.5s",
    "path": "saved to runs/loss=0.31/model.ckpt",
    "checkpoint": "Saving epoch=3-val_loss=0.31.ckpt",
    "address": "serving at http://localhost:8080/accuracy:0.9/x",
    "error count": "Error: 3 files are missing",
    "whole": "score: 5",
    "fraction": "accuracy: 9845/10000",
    "percentage of progress": "Downloading: 45.1%",
    "parameter": "learning_rate = 0.05",
    "config": "epochs=10 lr=0.1 hidden=32.5",
    "traceback": "----> 2     loss = 0.5",
    "traceback beside": "      3     loss = 0.5",
    "ours": "[mlpack] cell 3 failed: ValueError: loss: 0.3",
    "dictionary": "{'alpha': 0.5, 'beta': 3}",
    "text in a dictionary": "{'loss': '0.3', 'ok': True}",
    "no dictionary": "{'loss': 0.3, **x}",
    "nan": "loss: nan",
    "nan in a dictionary": '{"loss": NaN}',
    "huge": "loss=1e999",
    "long": "loss=0.3 " * 1_000,
    "deep": "{" * 1_500 + "1" + "}" * 1_500,
    "list of layers": "dense_1 (Dense)   (None, 128)   100480",
    "index": "x[3] = 0.5",
    "hash": "sha256:0f3.1",
}


@pytest.mark.parametrize("line", SILENT.values(), ids=SILENT)
def test_parse_metrics__line_of_something_else__says_nothing(line: str) -> None:
    assert parse_metrics(line).values == ()


def record(*lines: str) -> list[MetricsRecorded]:
    recorder = Recorder()
    return [event for line in lines for event in recorder.read(line)]


def steps(name: str, *lines: str) -> list[int]:
    return [event.step for event in record(*lines) if name in dict(event.values)]


def test_recorder__no_step_is_named__counts_for_each_name() -> None:
    assert record("loss=0.5", "loss=0.4 acc=0.1") == [
        MetricsRecorded((("loss", 0.5),), 1),
        MetricsRecorded((("loss", 0.4),), 2),
        MetricsRecorded((("acc", 0.1),), 1),
    ]


def test_recorder__epoch_on_a_line_above__is_the_step() -> None:
    lines = [f"Epoch {n}/3\n 9/9 [==] - 1s - loss: 0.{n} - val_loss: 0.{n}" for n in (1, 2, 3)]
    assert steps("val_loss", *"\n".join(lines).split("\n")) == [1, 2, 3]


def test_recorder__failed_cell_is_explained__its_output_counts_once() -> None:
    lines = ("epoch 1 loss=0.5", "An error occurred while executing the following cell:", "epoch 1 loss=0.5")
    assert steps("loss", *lines) == [1]


def test_recorder__steps_never_fall_or_stay() -> None:
    assert steps("loss", *(f"Epoch [{e}/2], Step [{s}/3], Loss: 0.{s}" for e in (1, 2) for s in (1, 2, 3))) == [
        1, 2, 3, 4, 5, 6,
    ]  # fmt: skip
    halves = [f"{{'loss': 0.3, 'epoch': {epoch}}}" for epoch in (0.5, 1.0, 1.5, 2.0)]
    assert steps("loss", *halves) == [1, 2, 3, 4]
    assert steps("rmse", *(f"[{n}]\trmse:0.5" for n in (0, 10, 20))) == [0, 10, 20]


def test_recorder__endless_training__is_thinned_out() -> None:
    told = steps("loss", *["loss=0.5"] * 20_000)
    assert len(told) == FULL + 900 + 100
    assert told[-1] == 20_000


def test_recorder__more_names_than_any_training_has__are_left_out() -> None:
    names = {name for event in record(*(f"loss_{n}=0.5" for n in range(200))) for name, _ in event.values}
    assert len(names) == MAX_NAMES
