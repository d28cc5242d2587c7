"""What a module has to show on a few examples before its landscape is believed."""

import copy
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from nominima.ground.files import Refusal
from nominima.landscape.bound import Bound, evaluate
from nominima.landscape.chunked import chunked, near
from nominima.landscape.examples import Examples
from nominima.landscape.loss import Landscape

VERY_FEW = 32
"""Examples on which a product is compared with a difference of gradients."""
STEP = 1e-10
"""Length of that difference in each parameter, in float64: too short to cross a kink."""


def refuse_unsteady(bound: Bound, theta: Tensor, few: Examples) -> None:
    """Refuse a loss that is no real number, changes buffers or draws at random."""
    draw = torch.randn(len(theta), generator=torch.Generator().manual_seed(0)).to(theta)
    held = {name: one.clone() for name, one in bound.fixed.items()}
    with _same_draws(theta):
        once = evaluate(bound, theta, few, held)
        evaluate(bound, theta + 0.01 * theta.abs() * draw, few, held)
        again = evaluate(bound, theta, few)
    for name, before in bound.fixed.items():
        if not held[name].equal(before):
            raise Refusal(f"a forward pass changes {name} of the module; put the module into eval()")
    if not torch.allclose(once, again, rtol=0, atol=0, equal_nan=True):
        raise Refusal("the loss of the same parameters came out twice different; put the module into eval() or fix "
                      "what it draws")  # fmt: skip


def _same_draws(like: Tensor) -> AbstractContextManager[None]:
    """Leave the user's random numbers as they are."""
    return torch.random.fork_rng([like.device] if like.is_cuda else [])


def plain_autograd(bound: Bound, free: dict[str, nn.Parameter], few: Examples) -> tuple[Tensor, Tensor]:
    """Loss and gradient (param,) of the module itself; NaN along parameters that require none."""
    first, *_ = free.values()
    some = [one for one in free.values() if one.requires_grad]
    with torch.enable_grad(), _same_draws(first):
        loss = bound.itself(few, first)
        found = iter(torch.autograd.grad(loss, some, materialize_grads=True) if loss.requires_grad and some else ())
    pieces = [
        next(found, torch.zeros_like(one)) if one.requires_grad else torch.full_like(one, torch.nan)
        for one in free.values()
    ]
    return loss.detach(), torch.cat([piece.detach().reshape(-1) for piece in pieces])


def same(landscape: Landscape, theta: Tensor, own: tuple[Tensor, Tensor]) -> bool:
    """Whether value and gradient are those of the module itself."""
    (loss,), (gradient,) = landscape.gradient(theta)
    known, rounding = own[1].isfinite(), 100 * torch.finfo(theta.dtype).eps * (1 + loss.abs().nan_to_num())
    apart, size = (gradient - own[1])[known].norm(), own[1][known].norm()
    return near(loss, own[0]) and bool(apart <= 0.01 * size + rounding)


def refuse_wrong_curvature(bound: Bound, theta: Tensor, few: Examples) -> None:
    """Refuse a loss whose second derivatives by torch are not the derivatives of its gradient.

    Compared in float64, also for a float32 module, unless the module can be computed in float32 only.

    Raises:
        Refusal: a layer cannot be differentiated twice, or comes out wrong.
    """
    few = few[:VERY_FEW]
    if theta.dtype == torch.float64:
        right = _curvature_holds(chunked(bound, theta, few, len(few)), theta)
    else:
        loss = copy.deepcopy(bound.loss).double() if isinstance(bound.loss, nn.Module) else bound.loss
        wide = replace(bound, loss=loss, fixed=_double(bound.fixed))
        try:
            examples = Examples(_double(few.x), _double(few.y))
            right = _curvature_holds(chunked(wide, theta.double(), examples, len(few)), theta.double())
        except Refusal:
            raise
        except Exception:  # written for float32 only: nothing to compare with
            return
    if not right:
        raise Refusal("torch's second derivatives of this loss are not the derivatives of its gradient; "
                      "replace the layer whose backward pass cannot be differentiated")  # fmt: skip


def _double(tree: Any) -> Any:
    def wide(leaf: Tensor) -> Tensor:
        return leaf.detach().double().requires_grad_(leaf.requires_grad) if leaf.is_floating_point() else leaf

    return tree_map_only(Tensor, wide, tree)


def _curvature_holds(landscape: Landscape, theta: Tensor) -> bool:
    """Whether a product is the difference of two gradients, along either of two directions."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):
        direction = torch.randn(theta.shape, generator=generator).sign().to(theta)
        ahead, behind = theta + STEP * direction, theta - STEP * direction
        found = landscape.product(theta)(((ahead - behind) / (2 * STEP))[None])[0, 0]
        gradients = landscape.gradient(torch.cat([ahead, behind]))[1]
        apart = (gradients[0] - gradients[1]) / (2 * STEP) - found
        rounding = 100 * torch.finfo(theta.dtype).eps / STEP * gradients.norm()
        if not apart.isfinite().all() or apart.norm() <= 0.01 * found.norm() + rounding:
            return True
    return False
