"""Other people's networks, and the numbers that they are asked about with."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize, prune

CE, F = nn.CrossEntropyLoss, nn.functional


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


def hooked_before() -> nn.Module:
    module = dense()
    module[0].register_forward_pre_hook(lambda _module, inputs: (2 * inputs[0],))
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


class Symmetric(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.triu() + x.triu(1).mT


def symmetric() -> nn.Module:
    module = nn.Sequential(nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 3))
    parametrize.register_parametrization(module[0], "weight", Symmetric())
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
    def __init__(self, kind: Any, **options: Any) -> None:
        super().__init__()
        self.body = kind(3, 2, batch_first=True, **options)
        self.head = nn.Linear(4 if options else 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x)[0][:, -1])


class Packed(nn.Module):
    """Of sequences that end early."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.GRU(3, 2, batch_first=True), nn.Linear(2, 3)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.head(self.body(packed)[1][-1])


class Embedded(nn.Module):
    """Takes whole numbers."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(6, 4, **options), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.embed(x)).mean(1))


class Backbone(nn.Module):
    """Of which only the head is trained, the body without a graph and in half precision if it is so."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(5, 4), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            seen = torch.tanh(self.body(x.to(self.body.weight.dtype)))
        return self.head(seen.to(self.head.weight.dtype))


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


class Laplacian(nn.Module):
    """u_xx + u_yy, by torch.func inside."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))

    def forward(self, x: Tensor) -> Tensor:
        bend = torch.func.vmap(torch.func.hessian(lambda at: self.net(at[None])[0, 0]))(x)
        return bend.diagonal(dim1=1, dim2=2).sum(-1)


def contents(module):
    kept = {name: one.clone() for name, one in module.state_dict(keep_vars=False).items()}
    return kept, [sorted(one.__dict__) for one in module.modules()], [p.grad for p in module.parameters()]
