"""Stacked lanes in torch without an engine: torch.func's vmap, and batched layers with autograd; Adam by hand."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.functional import conv1d, cross_entropy

from benchmarks.peers.loop import loaded, module, renamed
from benchmarks.peers.problem import BETAS, EPSILON, Problem
from nominima.training.model import Parameters

Gradients = Callable[[Parameters, Tensor, Tensor], Parameters]
"""(stacked parameters, x (lane, batch, length), y (lane, batch)) ↦ their gradients by name."""


class Stacked:
    """Lanes trained together on examples drawn beforehand."""

    def __init__(
        self, problem: Problem, parameters: Parameters, gradients: Gradients, load: Callable[[Parameters], nn.Module]
    ) -> None:
        """load: a module with the parameters of one lane."""
        self._load = load
        self._problem, self._gradients, self._t = problem, gradients, 0
        self._parameters = {name: leaf.clone() for name, leaf in parameters.items()}
        self._memory = {name: (torch.zeros_like(leaf), torch.zeros_like(leaf)) for name, leaf in parameters.items()}

    def train(self, order: Tensor) -> None:
        """order: int64 (step, lane, batch)."""
        for at in order:
            self._t += 1
            found = self._gradients(self._parameters, self._problem.x[at], self._problem.y[at])
            for name, g in found.items():
                m, v = self._memory[name]
                m.lerp_(g, 1 - BETAS[0])
                v.mul_(BETAS[1]).addcmul_(g, g, value=1 - BETAS[1])
                scale = (v / (1 - BETAS[1] ** self._t)).sqrt_().add_(EPSILON)
                rate = self._problem.training.rates[0] / (1 - BETAS[0] ** self._t)
                self._parameters[name].addcdiv_(m, scale, value=-rate)

    def nets(self) -> list[nn.Module]:
        """A module for each lane."""
        lanes = range(self._problem.training.seeds)
        return [self._load({name: leaf[lane] for name, leaf in self._parameters.items()}) for lane in lanes]


def vmapped(problem: Problem) -> Stacked:
    """One module, its gradient vectorised over stacked parameters and batches."""
    net = module(problem)

    def loss(parameters: Parameters, x: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(functional_call(net, parameters, (x,)), y)

    def load(leaves: Parameters) -> nn.Module:
        filled = module(problem)
        filled.load_state_dict(leaves, strict=False)
        return filled

    return Stacked(problem, renamed(net, problem.leaves), vmap(grad(loss)), load)


def batched(problem: Problem) -> Stacked:
    """Batched products (mlp) or grouped convolutions (cnn) written out, their gradient by autograd."""
    forward = {"mlp": _mlp, "cnn": _cnn}[problem.training.model]

    def gradients(parameters: Parameters, x: Tensor, y: Tensor) -> Parameters:
        leaves = {name: leaf.detach().requires_grad_() for name, leaf in parameters.items()}
        loss = cross_entropy(forward(leaves, x).flatten(0, 1), y.flatten(), reduction="sum") / y.shape[1]
        return dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))

    def load(leaves: Parameters) -> nn.Module:
        return loaded(problem, {name: leaf.unsqueeze(0) for name, leaf in leaves.items()}, 0)

    return Stacked(problem, problem.leaves, gradients, load)


def _mlp(parameters: Parameters, x: Tensor) -> Tensor:
    for layer in (1, 2, 3):
        x = torch.baddbmm(parameters[f"bias{layer}"].unsqueeze(1), x, parameters[f"weight{layer}"].mT)
        x = torch.relu(x) if layer < 3 else x
    return x


def _cnn(parameters: Parameters, x: Tensor) -> Tensor:
    lanes, h = len(x), x.transpose(0, 1)  # (batch, lane·channel, place)
    for layer in (1, 2, 3):
        weight, bias = parameters[f"weight{layer}"].flatten(0, 1), parameters[f"bias{layer}"].flatten()
        h = torch.relu(conv1d(h, weight, bias, stride=2, padding=weight.shape[2] // 2, groups=lanes))
    features = h.unflatten(1, (lanes, -1)).flatten(2).transpose(0, 1)
    return torch.baddbmm(parameters["bias4"].unsqueeze(1), features, parameters["weight4"].mT)
