"""A module and its loss as a function of flat parameters that leaves the module as it is."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

from nominima.ground.files import Refusal
from nominima.landscape.examples import Examples

Loss = Callable[[Any, Any], Tensor]
"""(outputs, targets) → one number."""


@dataclass(frozen=True)
class Bound:
    """A module and its loss.

    free: names and shapes of the parameters that θ consists of. fixed: all other parameters and all buffers, as they
    were. tied: other names of those that lie in more than one module, by the first.
    """

    module: nn.Module
    loss: Loss
    free: tuple[tuple[str, torch.Size], ...]
    fixed: dict[str, Tensor]
    tied: dict[str, str]

    @classmethod
    def of(cls, module: nn.Module, loss: Loss, free: dict[str, nn.Parameter]) -> Self:
        """Take parameters and buffers as they are now."""
        named = [*module.named_parameters(), *module.named_buffers()]
        fixed = {name: held.detach().clone() for name, held in named if name not in free}
        first = {id(held): name for name, held in reversed(named)}
        tied = {name: first[id(held)] for name, held in _slots(module) if name != first[id(held)]}
        return cls(module, loss, tuple((name, one.shape) for name, one in free.items()), fixed, tied)

    def __call__(self, vector: Tensor, examples: Examples) -> Tensor:
        """The loss of some examples at flat parameters (param,)."""
        return self.moving(vector, examples, dict(self.fixed))

    def moving(self, vector: Tensor, examples: Examples, held: dict[str, Tensor]) -> Tensor:
        """The loss with `held` as fixed; what the pass puts in the place of a buffer is left there."""
        views = vector.split([size.numel() for _, size in self.free])
        held |= {name: view.view(size) for (name, size), view in zip(self.free, views, strict=True)}
        held |= {name: held[first] for name, first in self.tied.items()}
        with _twice_differentiable(vector), _untouched(self.module):
            # torch's own tying leaves the last values in a layer that is used twice
            out = torch.func.functional_call(self.module, held, *examples.arguments, tie_weights=False)
            return self.loss(out, examples.y)

    def itself(self, examples: Examples, like: Tensor) -> Tensor:
        """The loss of the module itself, called as its user does."""
        arguments, keywords = examples.arguments
        with _twice_differentiable(like), _untouched(self.module):
            return self.loss(self.module(*arguments, **keywords), examples.y)

    def double(self) -> Self:
        """The same for θ in float64; parts of the loss that are no tensors of a module stay as they are."""
        loss = copy.deepcopy(self.loss).double() if isinstance(self.loss, nn.Module) else self.loss
        return replace(self, loss=loss, fixed=_doubled(self.fixed))


def _slots(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Every place of a parameter or buffer, each module once."""
    for prefix, one in module.named_modules():
        for name, held in [*one.named_parameters(recurse=False), *one.named_buffers(recurse=False)]:
            yield f"{prefix}.{name}" if prefix else name, held


def evaluate(bound: Bound, theta: Tensor, examples: Examples, held: dict[str, Tensor] | None = None) -> Tensor:
    """The loss at theta (param,) without a graph.

    Raises:
        Refusal: module or loss fail, or the loss is not one real number of theta's dtype.
    """
    with torch.enable_grad():
        try:
            found = bound.moving(theta, examples, dict(bound.fixed) if held is None else held)
        except Exception as error:
            raise Refusal(_failure(bound, theta, examples, error)) from error
    if not isinstance(found, Tensor) or found.ndim or found.dtype != theta.dtype:
        told = f"{str(found.dtype)[6:]} {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
        raise Refusal(f"the loss is {told}: give one number in the parameters' {str(theta.dtype)[6:]}, for instance "
                      f"with reduction='mean'")  # fmt: skip
    return found.detach()


def moved(theta: Tensor) -> Tensor:
    """Another place close by: each parameter by about a hundredth of its size."""
    draw = torch.randn(theta.shape[-1], generator=torch.Generator().manual_seed(0)).to(theta)
    return theta + 0.01 * theta.abs() * draw


def double(examples: Examples) -> Examples:
    """The same in float64."""
    return Examples(_doubled(examples.x), _doubled(examples.y))


def works_in_double(bound: Bound, theta: Tensor, examples: Examples) -> bool:
    """Whether a loss for float32 can be computed in float64 too."""
    try:
        evaluate(bound.double(), theta.double(), double(examples))
    except Refusal:
        return False
    return True


def _failure(bound: Bound, theta: Tensor, examples: Examples, error: Exception) -> str:
    """Why a loss could not be computed: because of the module, or only with parameters put into it."""
    first = str(error).strip().split("\n")[0]
    told = f"{type(error).__name__}: {first}"
    try:
        replace(bound, module=copy.deepcopy(bound.module)).itself(examples, theta)
    except Exception:
        return f"the module's own loss fails with {told}; make `loss(module(x), y)` work first"
    return (f"`loss(module(x), y)` works, but not with parameters that torch.func.functional_call puts into the module "
            f"({told}); a module that differentiates by its own parameters cannot be measured")  # fmt: skip


def _doubled(tree: Any) -> Any:
    def wide(leaf: Tensor) -> Tensor:
        return leaf.detach().double().requires_grad_(leaf.requires_grad) if leaf.is_floating_point() else leaf

    return tree_map_only(Tensor, wide, tree)


class _Composed(TorchFunctionMode):
    """Weight norm from parts: the second derivative of torch's own kernel takes the norm for a constant."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.__name__ == "_weight_norm":
            direction, size, dim = args
            return direction * (size / torch.norm_except_dim(direction, 2, dim))
        return func(*args, **(kwargs or {}))


@contextmanager
def _twice_differentiable(like: Tensor) -> Iterator[None]:
    """Kernels that can be differentiated twice, at the precision of the parameters."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH), torch.autocast(like.device.type, enabled=False), _Composed():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


@contextmanager
def _untouched(module: nn.Module) -> Iterator[None]:
    """Undo what a forward pass or a hook writes into attributes, such as the weight of a pruned layer."""
    before = [(one, dict(one.__dict__)) for one in module.modules()]
    try:
        yield
    finally:
        for one, attributes in before:
            one.__dict__.clear()
            one.__dict__.update(attributes)
