"""A module by nothing but `loss(module(x), y).backward()`, in float64."""

import torch
from cases import built
from torch.nn.attention import SDPBackend, sdpa_kernel


class Plain:
    def __init__(self, name):
        self.name, self.case = name, built(name)
        asked = self.case.options.get("parameters")
        named = self.case.module.named_parameters()
        self.free = [p for n, p in named if (p.requires_grad if asked is None else {n, n.partition(".")[0]} & {*asked})]
        for one in self.free:
            one.requires_grad_()

    @property
    def theta(self):
        return torch.cat([one.detach().reshape(-1) for one in self.free])

    def value(self, theta=None):
        pieces = (self.theta if theta is None else theta).split([one.numel() for one in self.free])
        for one, piece in zip(self.free, pieces, strict=True):
            one.data.copy_(piece.view(one.shape))
        with sdpa_kernel(SDPBackend.MATH):
            return self.case.loss(self.case.module(self.case.x) if not isinstance(self.case.x, tuple | dict)
                                  else self.case.module(**self.case.x) if isinstance(self.case.x, dict)
                                  else self.case.module(*self.case.x), self.case.y)  # fmt: skip

    def gradient(self):
        found = torch.autograd.grad(self.value(), self.free, create_graph=True, materialize_grads=True)
        return torch.cat([one.reshape(-1) for one in found])

    def gradient_at(self, theta):
        """The module stays there."""
        self.value(theta)
        return self.gradient().detach()

    def product(self, probe, step=1e-5):
        gradient = self.gradient()
        if self.name == "weight norm":  # torch's own second derivative of it is wrong
            here = self.theta
            ahead, behind = (self.gradient_at(here + sign * step * probe) for sign in (1, -1))
            self.value(here)
            return (ahead - behind) / (2 * step)
        along = torch.autograd.grad(gradient @ probe, self.free, materialize_grads=True)
        return torch.cat([one.reshape(-1) for one in along])

    def differences(self, theta, step=1e-5):
        ends = [[self.gradient_at(theta + sign * step * unit) for sign in (1, -1)]
                for unit in torch.eye(len(theta), dtype=theta.dtype)]  # fmt: skip
        self.value(theta)
        return torch.stack([(ahead - behind) / (2 * step) for ahead, behind in ends])

    def hessian(self):
        gradient = self.gradient()
        if not gradient.requires_grad:
            return torch.zeros(len(gradient), len(gradient), dtype=gradient.dtype)
        if self.name == "weight norm":  # torch's own second derivative of it is wrong
            return self.differences(self.theta)
        found = [torch.autograd.grad(one, self.free, retain_graph=True, materialize_grads=True) for one in gradient]
        return torch.stack([torch.cat([one.reshape(-1) for one in row]) for row in found])
