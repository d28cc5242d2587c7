"""Networks that `of_module` takes: each a module, its loss, its examples and what else is handed to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from modules import (
    CE,
    Attentive,
    Backbone,
    Branching,
    Embedded,
    F,
    Laplacian,
    Packed,
    Recurrent,
    Residual,
    Scaled,
    Text,
    classes,
    convolution,
    dense,
    frozen,
    hooked,
    hooked_before,
    normalised,
    padded,
    pruned,
    replaced,
    rows,
    shared,
    symmetric,
    tied,
)
from torch import Tensor, nn
from torch.nn.utils import parametrizations

Loss = Callable[[Any, Any], Tensor]


@dataclass(frozen=True)
class Case:
    module: nn.Module
    loss: Loss
    x: Any
    y: Any
    options: dict[str, Any] = field(default_factory=dict)


TEXT: dict[str, Any] = {
    "input_ids": torch.randint(6, (30, 5), generator=torch.Generator().manual_seed(3)),
    "attention_mask": torch.ones(30, 5, dtype=torch.float64).tril(),
    "scale": 2.0,
}
PAIR = {"class": classes(), "height": rows(30)}
CASES: dict[str, Callable[[], Case]] = {
    "perceptron": lambda: Case(dense(), CE(), rows(30, 5), classes()),
    "functional cross-entropy": lambda: Case(dense(nn.GELU), F.cross_entropy, rows(30, 5), classes()),
    "distributions": lambda: Case(dense(), CE(), rows(30, 5), rows(30, 3).softmax(-1)),
    "ignored class": lambda: Case(dense(), CE(ignore_index=0), rows(30, 5), classes()),
    "padded labels": lambda: Case(dense(), CE(), rows(30, 5), padded()),
    "class weights": lambda: Case(dense(), CE(weight=torch.tensor([0.2, 1, 3])), rows(30, 5), classes()),
    "weights, padding and smoothing": lambda: Case(
        dense(), CE(weight=torch.tensor([0.2, 1, 3]), label_smoothing=0.1), rows(30, 5), padded()
    ),
    "log likelihood": lambda: Case(
        nn.Sequential(dense(), nn.LogSoftmax(-1)), nn.NLLLoss(torch.tensor([0.2, 1, 3])), rows(30, 5), classes()
    ),
    "sum": lambda: Case(dense(), CE(reduction="sum"), rows(30, 5), classes()),
    "sum by hand": lambda: Case(
        dense(), lambda out, y: F.cross_entropy(out, y, reduction="none").sum(), rows(30, 5), classes()
    ),
    "label smoothing": lambda: Case(dense(), CE(label_smoothing=0.1), rows(30, 5), classes()),
    "squares": lambda: Case(dense(nn.SiLU), nn.MSELoss(), rows(30, 5), rows(30, 3)),
    "segments": lambda: Case(nn.Conv1d(2, 3, 3, padding=1), CE(), rows(30, 2, 4), classes(120).view(30, 4)),
    "hook": lambda: Case(hooked(), CE(), rows(30, 5), classes()),
    "hook before": lambda: Case(hooked_before(), CE(), rows(30, 5), classes()),
    "replaced forward": lambda: Case(replaced(), CE(), rows(30, 5), classes()),
    "pruned": lambda: Case(pruned(), CE(), rows(30, 5), classes()),
    "symmetric": lambda: Case(symmetric(), CE(), rows(30, 5), classes()),
    "weight norm": lambda: Case(normalised(parametrizations.weight_norm), CE(), rows(30, 5), classes()),
    "spectral norm": lambda: Case(normalised(parametrizations.spectral_norm).eval(), CE(), rows(30, 5), classes()),
    "tied": lambda: Case(tied(), CE(), rows(30, 5), classes()),
    "shared": lambda: Case(shared(), CE(), rows(30, 5), classes()),
    "buffers and attributes": lambda: Case(Scaled(), CE(), rows(30, 5), classes()),
    "batch norm and dropout in eval": lambda: Case(
        nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(), nn.Linear(4, 3)).eval(),
        CE(),
        rows(30, 5),
        classes(),
    ),
    "encoder": lambda: Case(
        nn.Sequential(nn.TransformerEncoderLayer(4, 2, 4, dropout=0, batch_first=True), nn.Flatten(), nn.Linear(12, 3)),
        CE(),
        rows(30, 3, 4),
        classes(),
    ),
    "encoder in eval": lambda: Case(
        nn.Sequential(
            nn.TransformerEncoderLayer(4, 2, 4, batch_first=True), nn.Flatten(), nn.Linear(12, 3)
        ).eval(),
        CE(),
        rows(30, 3, 4),
        classes(),
    ),
    "attention and tuples": lambda: Case(
        Attentive(), lambda out, y: F.cross_entropy(out[0], y) + out[1].square().mean(), rows(30, 3, 4), classes()
    ),
    "lstm": lambda: Case(Recurrent(nn.LSTM), CE(), rows(30, 4, 3), classes()),
    "gru": lambda: Case(Recurrent(nn.GRU), CE(), rows(30, 4, 3), classes()),
    "in both directions": lambda: Case(
        Recurrent(nn.RNN, bidirectional=True), CE(), rows(30, 4, 3), classes()
    ),
    "sequences of unequal length": lambda: Case(
        Packed(), CE(), (rows(30, 4, 3), torch.arange(30) % 4 + 1), classes()
    ),
    "body under no_grad": lambda: Case(Backbone(), CE(), rows(30, 5), classes(), {"parameters": ["head"]}),
    "frozen body": lambda: Case(frozen(), CE(), rows(30, 5), classes()),
    "chosen head": lambda: Case(dense(), CE(), rows(30, 5), classes(), {"parameters": ["2"]}),
    "chosen frozen bias": lambda: Case(frozen(), CE(), rows(30, 5), classes(), {"parameters": ["0.bias", "2.weight"]}),
    "whole numbers": lambda: Case(Embedded(), CE(), TEXT["input_ids"], classes()),
    "keywords": lambda: Case(Text(), lambda out, y: F.cross_entropy(out["logits"], y), TEXT, classes()),
    "several arguments": lambda: Case(nn.Bilinear(2, 3, 3), CE(), (rows(30, 2), rows(30, 3)), classes()),
    "several targets": lambda: Case(
        dense(), lambda out, y: F.cross_entropy(out, y["class"]) + (out[:, 0] - y["height"]).square().mean(),
        rows(30, 5), PAIR,
    ),
    "channels last": lambda: Case(
        convolution().to(memory_format=torch.channels_last),
        CE(),
        rows(30, 2, 4, 4).to(memory_format=torch.channels_last),
        classes(),
    ),
    "control flow": lambda: Case(Branching(), CE(), rows(30, 5), classes()),
    "physics": lambda: Case(Residual(), nn.MSELoss(), rows(30, 1), 0 * rows(30, 1)),
    "physics by torch.func": lambda: Case(Laplacian(), nn.MSELoss(), rows(30, 2), rows(30)),
    "physics of a leaf": lambda: Case(Residual(), nn.MSELoss(), rows(30, 1).requires_grad_(), 0 * rows(30, 1)),
}  # fmt: skip


def built(name: str) -> Case:
    """A case with its own random module, in float64; the same each time."""
    torch.manual_seed(4)
    case = CASES[name]()
    case.module.double()
    if isinstance(case.loss, nn.Module):
        case.loss.double()
    return case
