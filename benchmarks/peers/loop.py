"""The loop that a user of torch would write: a module, a DataLoader and torch.optim.Adam, one seed after another."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.peers.problem import BETAS, EPSILON, Problem
from nominima.training.model import Parameters

PATCH, BLOCKS, HEAD = 4, 2, 8


class Encoder(nn.Module):
    """torch's own encoder layers on patches of a signal, as our transformer has them."""

    def __init__(self, size: int, length: int, classes: int) -> None:
        super().__init__()
        heads = size // HEAD if size % HEAD == 0 else 1
        layer = nn.TransformerEncoderLayer(size, heads, 4 * size, 0.0, "relu", batch_first=True, norm_first=True)
        self.embed = nn.Linear(PATCH, size)
        self.blocks = nn.TransformerEncoder(layer, BLOCKS, nn.LayerNorm(size), enable_nested_tensor=False)
        self.head = nn.Linear(size, classes)
        self.register_buffer("positions", positions(length // PATCH, size))

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, length) → logits (batch, class)."""
        h = self.embed(x.unflatten(-1, (-1, PATCH))) + self.positions
        return self.head(self.blocks(h).mean(-2))


def positions(tokens: int, size: int) -> Tensor:
    """Vaswani 2017, (token, feature)."""
    table = torch.zeros(tokens, size)
    angle = torch.arange(tokens).unsqueeze(1) * torch.exp(torch.arange(0, size, 2) * (-math.log(10_000) / size))
    table[:, 0::2], table[:, 1::2] = angle.sin(), angle.cos()
    return table


def module(problem: Problem) -> nn.Module:
    """The family as a module of torch."""
    size, length, classes = problem.training.size, problem.x.shape[1], problem.classes
    if problem.training.model == "mlp":
        return nn.Sequential(nn.Linear(length, size), nn.ReLU(), nn.Linear(size, size), nn.ReLU(),
                             nn.Linear(size, classes))  # fmt: skip
    if problem.training.model == "cnn":
        layers = [nn.Unflatten(1, (1, -1))]
        for below, kernel in ((1, 5), (size, 3), (size, 3)):
            layers += [nn.Conv1d(below, size, kernel, stride=2, padding=kernel // 2), nn.ReLU()]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(size * math.ceil(length / 8), classes))
    return Encoder(size, length, classes)


def renamed(net: nn.Module, leaves: Parameters) -> Parameters:
    """Our leaves (lane, *shape) under the module's names, in its order."""
    if not isinstance(net, Encoder):
        return dict(zip((name for name, _ in net.named_parameters()), leaves.values(), strict=True))
    ours = {f"{name}.{part}": f"{name}.{part}" for name in ("embed", "head") for part in ("weight", "bias")}
    ours |= {"blocks.norm.weight": "norm.scale", "blocks.norm.bias": "norm.shift"}
    for block in range(BLOCKS):
        names = {"norm1": "norm{}a", "norm2": "norm{}b", "self_attn.in_proj": "qkv{}", "self_attn.out_proj": "mix{}",
                 "linear1": "up{}", "linear2": "down{}"}  # fmt: skip
        for theirs, name in names.items():
            mine, joint = name.format(block + 1), "_" if theirs.endswith("in_proj") else "."
            parts = {"weight": "scale", "bias": "shift"} if "norm" in theirs else {"weight": "weight", "bias": "bias"}
            ours |= {f"blocks.layers.{block}.{theirs}{joint}{part}": f"{mine}.{leaf}" for part, leaf in parts.items()}
    # Ours keeps a normalisation's gain as its distance from 1.
    return {name: leaves[ours[name]] + ours[name].endswith(".scale") for name, _ in net.named_parameters()}


def loaded(problem: Problem, leaves: Parameters, lane: int) -> nn.Module:
    """The module with one lane's parameters, in their precision."""
    net = module(problem)
    state = {name: leaf[lane] for name, leaf in renamed(net, leaves).items()}
    net.to(next(iter(state.values())).dtype).load_state_dict(state, strict=False)
    return net


def train(net: nn.Module, optimizer: torch.optim.Optimizer, batches: Iterable[list[Tensor]]) -> None:
    """A step for each batch."""
    criterion = nn.CrossEntropyLoss()
    for x, y in batches:
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()


def adam(net: nn.Module, rate: float) -> torch.optim.Adam:
    """torch's Adam with its defaults."""
    return torch.optim.Adam(net.parameters(), lr=rate, betas=BETAS, eps=EPSILON)


class Loop:
    """The first seed alone: what several cost is a multiple of it."""

    def __init__(self, problem: Problem) -> None:
        self._net = loaded(problem, problem.leaves, 0)
        self._optimizer = adam(self._net, problem.training.rates[0])
        self._batches = DataLoader(TensorDataset(problem.x, problem.y), problem.training.batch, shuffle=True)
        self.units = len(problem.x)

    def epoch(self) -> None:
        """See all examples once, `units` of them."""
        train(self._net, self._optimizer, self._batches)


def trained(problem: Problem, order: Tensor, dtype: torch.dtype) -> list[nn.Module]:
    """Every lane trained by the loop on examples in a given order, (step, lane, batch)."""
    nets = [
        loaded(problem, {k: v.to(dtype) for k, v in problem.leaves.items()}, lane) for lane in range(order.shape[1])
    ]
    for lane, net in enumerate(nets):
        batches = [[problem.x[at].to(dtype), problem.y[at]] for at in order[:, lane]]
        train(net, adam(net, problem.training.rates[0]), batches)
    return nets


def losses(problem: Problem, nets: Iterable[nn.Module]) -> Tensor:
    """Each lane's mean cross-entropy over all examples in float64."""
    with torch.no_grad():
        return torch.stack([nn.functional.cross_entropy(net.double()(problem.x.double()), problem.y) for net in nets])


def flops(problem: Problem) -> float:
    """Floating-point operations of the products in a training step's two passes, per example."""
    net, batch = module(problem), problem.training.batch
    with FlopCounterMode(display=False) as counter:
        nn.functional.cross_entropy(net(problem.x[:batch]), problem.y[:batch]).backward()
    return counter.get_total_flops() / batch
