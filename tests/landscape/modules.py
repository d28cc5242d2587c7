"""Other people's networks: each a module, its loss, its examples and what else is handed to `of_module`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

F = nn.functional
Loss = Callable[[Any, Any], Tensor]


@dataclass(frozen=True)
class Case:
    module: nn.Module
    loss: Loss
    x: Any
    y: Any
    options: dict[str, Any] = field(default_factory=dict)


def rows(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def classes(count: int = 30, kinds: int = 3) -> Tensor:
    return torch.randint(kinds, (count,), generator=torch.Generator().manual_seed(2))


def dense(middle: type[nn.Module] = nn.Tanh) -> Any:
    return nn.Sequential(nn.Linear(5, 4), middle(), nn.Linear(4, 3))


def padded() -> Tensor:
    return torch.cat([torch.full((13,), -100), classes()[13:]])


def hooked() -> nn.Module:
    module = dense()
    module[0].register_forward_hook(lambda _module, _inputs, out: 1.5 * out)
    return module


def replaced() -> nn.Module:
    module = dense()
    module[0].forward = lambda x: torch.sin(nn.Linear.forward(module[0], x))
    return module


def pruned() -> nn.Module:
    module = dense()
    for layer in (module[0], module[2]):
        prune.l1_unstructured(layer, "weight", amount=0.6)
    return module


def tied() -> nn.Module:
    module = nn.Sequential(nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 3))
    module[2].weight = module[0].weight
    return module


def shared() -> nn.Module:
    layer = nn.Linear(5, 5)
    return nn.Sequential(layer, nn.Tanh(), layer, nn.Tanh(), nn.Linear(5, 3))


def normalised(wrap: Callable[..., nn.Module]) -> nn.Module:
    return nn.Sequential(wrap(nn.Linear(5, 4)), nn.Tanh(), wrap(nn.Linear(4, 3)))


def frozen() -> nn.Module:
    module = dense(nn.GELU)
    module[0].requires_grad_(False)
    return module


def convolution() -> Any:
    pooled = (nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), *pooled, nn.Linear(3, 3))


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.last = dense(nn.GELU), None
        self.scale: Tensor
        self.register_buffer("scale", torch.tensor([1.0, 2.0, 0.5]))

    def forward(self, x: Tensor) -> Tensor:
        self.last = self.inner(x) * self.scale
        return self.last


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.LSTM] | type[nn.GRU]) -> None:
        super().__init__()
        self.body, self.head = kind(3, 2, batch_first=True), nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x)[0][:, -1])


class Attentive(nn.Module):
    """Returns a tuple, as attention does."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.head = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mixed, weights = self.attention(x, x, x)
        return self.head(mixed.mean(1)), weights


class Text(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(6, 4), nn.Linear(4, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, scale: float = 1.0) -> dict[str, Tensor]:
        seen = torch.tanh(self.embed(input_ids)) * attention_mask[..., None]
        return {"logits": scale * self.head(seen.mean(1))}


class Branching(nn.Module):
    """Goes another way where its parameters say so."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(5, 3), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        out = self.one(x)
        return torch.tanh(out) + self.other(x) if self.one.bias.sum() > 0 else out * self.other(x)


class Residual(nn.Module):
    """u'' + sin(x), by differentiating inside."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = x if x.requires_grad else x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(self.net(x).sum(), x, create_graph=True)
        (bend,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
        return bend + torch.sin(x)


CE = nn.CrossEntropyLoss
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
    "replaced forward": lambda: Case(replaced(), CE(), rows(30, 5), classes()),
    "pruned": lambda: Case(pruned(), CE(), rows(30, 5), classes()),
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
    "frozen body": lambda: Case(frozen(), CE(), rows(30, 5), classes()),
    "chosen head": lambda: Case(dense(), CE(), rows(30, 5), classes(), {"parameters": ["2"]}),
    "chosen frozen bias": lambda: Case(frozen(), CE(), rows(30, 5), classes(), {"parameters": ["0.bias", "2.weight"]}),
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


def contents(module):
    kept = {name: one.clone() for name, one in module.state_dict(keep_vars=False).items()}
    return kept, [sorted(one.__dict__) for one in module.modules()], [p.grad for p in module.parameters()]
