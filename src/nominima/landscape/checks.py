"""What a module has to show on a few examples before its landscape is believed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor, nn

from nominima.ground.files import Refusal
from nominima.landscape.bound import Bound, double, evaluate, moved, works_in_double
from nominima.landscape.chunked import chunked, near
from nominima.landscape.examples import Examples
from nominima.landscape.loss import Landscape

VERY_FEW = 32
"""Examples on which derivatives are compared with differences."""
STEP = 1e-10
"""Length of those differences in each parameter, in float64: too short to cross a kink."""


@contextmanager
def differentiating() -> Iterator[None]:
    """Refuse what torch fails to differentiate, whatever it raises but a lack of memory."""
    try:
        yield
    except (Refusal, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        first = str(error).strip().split("\n")[0]
        raise Refusal(f"torch cannot differentiate the loss by the module's parameters ({type(error).__name__}: "
                      f"{first}); take out what is not plain autograd, such as activation checkpointing or sparse "
                      f"gradients") from error  # fmt: skip


def refuse_unsteady(bound: Bound, theta: Tensor, few: Examples) -> None:
    """Refuse a loss that is no real number, changes parameters or buffers, or draws at random."""
    place = theta.clone()
    held = {name: one.clone() for name, one in bound.fixed.items()}
    with _same_draws(theta):
        once = evaluate(bound, place, few, held)
        evaluate(bound, moved(theta), few, held)
        again = evaluate(bound, theta.clone(), few)
    if not torch.allclose(place, theta, rtol=0, atol=0, equal_nan=True):
        raise Refusal("a forward pass changes the module's parameters, as `max_norm` of an embedding does; "
                      "take that out")  # fmt: skip
    for name, before in bound.fixed.items():
        if not _unchanged(held[name], before):
            raise Refusal(f"a forward pass changes {name} of the module; put the module into eval()")
    if not torch.allclose(once, again, rtol=0, atol=0, equal_nan=True):
        raise Refusal("the loss of the same parameters came out twice different; put the module into eval() or fix "
                      "what it draws")  # fmt: skip


def _unchanged(now: Tensor, before: Tensor) -> bool:
    """Whether a buffer holds the same numbers, also where some are none or most are not stored."""
    one, other = (each if each.layout == torch.strided else each.to_dense() for each in (now, before))
    return one.shape == other.shape and bool(((one == other) | ((one != one) & (other != other))).all())


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


def refuse_wrong_derivatives(bound: Bound, theta: Tensor, few: Examples) -> None:
    """Refuse a loss whose gradient by torch is not the slope of its values, or whose product not that of its gradient.

    Compared in float64, also for a float32 module, unless the module can be computed in float32 only. The slope is
    taken beside theta, where a layer that holds on to the module's own parameters is found out.

    Raises:
        Refusal: a layer cannot be differentiated twice, or comes out wrong.
    """
    few = few[:VERY_FEW]
    if theta.dtype == torch.float32:
        if not works_in_double(bound, theta[0], few):  # nothing to compare with
            return
        bound, theta, few = bound.double(), theta.double(), double(few)
    landscape = chunked(bound, theta, few, len(few))
    if not _slope_holds(landscape, moved(theta)):
        raise Refusal("the gradient of this loss by torch is not the slope of its values; take out hooks that change "
                      "gradients, checkpointing, detach() and the like, or leave the parameters behind them out with "
                      "`parameters=`")  # fmt: skip
    if not _curvature_holds(landscape, theta):
        raise Refusal("torch's second derivatives of this loss are not the derivatives of its gradient; "
                      "replace the layer whose backward pass cannot be differentiated")  # fmt: skip


def _slope_holds(landscape: Landscape, theta: Tensor) -> bool:
    """Whether a gradient gives the difference of two losses, along either of two directions."""
    (loss,), gradient = landscape.gradient(theta)
    rounding = 100 * torch.finfo(theta.dtype).eps / STEP * (1 + loss.abs())
    for direction, ahead, behind in _aside(theta):
        losses = landscape.value(torch.cat([ahead, behind]))
        found = (gradient * (ahead - behind)).sum() / (2 * STEP)
        apart = (losses[0] - losses[1]) / (2 * STEP) - found
        if not apart.isfinite() or apart.abs() <= 0.01 * (gradient * direction).norm() + rounding:
            return True
    return False


def _curvature_holds(landscape: Landscape, theta: Tensor) -> bool:
    """Whether a product is the difference of two gradients, along either of two directions."""
    for _, ahead, behind in _aside(theta):
        found = landscape.product(theta)(((ahead - behind) / (2 * STEP))[None])[0, 0]
        gradients = landscape.gradient(torch.cat([ahead, behind]))[1]
        apart = (gradients[0] - gradients[1]) / (2 * STEP) - found
        rounding = 100 * torch.finfo(theta.dtype).eps / STEP * gradients.norm()
        if not apart.isfinite().all() or apart.norm() <= 0.01 * found.norm() + rounding:
            return True
    return False


def _aside(theta: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Two random directions, ±1 in each parameter, and a place on either side of theta along each."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):
        direction = torch.randn(theta.shape, generator=generator).sign().to(theta)
        yield direction, theta + STEP * direction, theta - STEP * direction
