"""Anybody's torch module as a landscape: its own loss to rounding, or a refusal that says what to do."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves

from nominima.ground.files import Refusal
from nominima.landscape.bound import Bound, Loss
from nominima.landscape.checks import (
    differentiating,
    plain_autograd,
    refuse_unsteady,
    refuse_wrong_derivatives,
    same,
)
from nominima.landscape.chunked import chunked
from nominima.landscape.examples import Examples
from nominima.landscape.loss import Landscape
from nominima.landscape.parts import ROWS
from nominima.landscape.perceptron import Perceptron, perceptrons

FEW = 256
"""Examples on which a landscape is compared with the module itself."""
ELSEWHERE = "what is no example, such as a mask or the edges of a graph, belongs into a buffer or an attribute"


@torch.inference_mode(mode=False)
def of_module(
    module: nn.Module,
    loss: Loss,
    x: Any,
    y: Any,
    *,
    parameters: Iterable[str] | None = None,
    decay: float = 0.0,
    rows: int = ROWS,
    reference: bool = False,
) -> tuple[Landscape, Tensor]:
    """Landscape of anybody's torch module, and the place (1, param) where the module stands in it.

    The module, its buffers and its attributes are left as they are. On some examples, value and gradient are compared
    with plain autograd of the module, and a product with differences of gradients; where there are several chunks,
    each two neighbours are compared with both together. The whole is the user's own loss of all examples.

    Args:
        module: float32 or float64; in `eval()` if it has dropout or batch normalisation.
        loss: (outputs, y) → one number, a mean or a sum over examples.
        x: all examples, first axis first: a tensor, a tuple of the module's arguments or a dict of its keywords.
        y: their targets, a tensor or a tuple, list or dict of tensors.
        parameters: names of the parameters that θ consists of, or of submodules for all of theirs; default: those
            that require a gradient. The others stay as they are.
        decay, rows, reference: as in `of_model`.

    Raises:
        Refusal: the module or its loss cannot be measured, or its loss comes out twice different.
    """
    _refuse_wrapped(module)
    if rows < 1:
        raise Refusal(f"rows: {rows}: give at least 1, the number of examples that are computed at once")
    free = _chosen(module, parameters)
    examples, bound = _examples(x, y), Bound.of(module, loss, free)
    theta = torch.cat([one.detach().clone().reshape(-1) for one in free.values()])[None]
    few = examples[: min(FEW, rows)]
    refuse_unsteady(bound, theta[0], few)
    with differentiating():
        own = plain_autograd(bound, free, few)
        shape = None if reference or bound.fixed else Perceptron.of_module(module, loss, examples, theta)
        if shape is not None and same(_by_hand(shape, few), theta, own):
            return _by_hand(shape, examples, decay=decay), theta
        if not same(chunked(bound, theta, few, rows), theta, own):
            raise Refusal("the module's parameters do not reach its loss where torch.func.functional_call puts them, "
                          "or hooks change their gradients; let forward() use the parameters registered in self only, "
                          "and take such hooks off")  # fmt: skip
        refuse_wrong_derivatives(bound, theta, few)
    return chunked(bound, theta, examples, rows, decay=decay), theta


def _refuse_wrapped(module: nn.Module) -> None:
    """Refuse modules that stand for another one or are not finished."""
    for one in module.modules():
        if hasattr(one, "_orig_mod") or getattr(one, "_compiled_call_impl", None) is not None:
            raise Refusal("a compiled module cannot be differentiated twice; give the module as it was before "
                          "torch.compile (`module._orig_mod`)")  # fmt: skip
        if isinstance(one, torch.jit.ScriptModule):
            raise Refusal("a scripted or traced module takes no other parameters; give the module as it was before "
                          "torch.jit")  # fmt: skip
        if isinstance(one, nn.DataParallel | nn.parallel.DistributedDataParallel):
            raise Refusal(f"{type(one).__name__} only hands examples to the module inside; give `module.module`")
    if any(is_lazy(one) for one in [*module.parameters(), *module.buffers()]):
        raise Refusal("the module has lazy layers without a shape; call it once on an example first")
    if any(one.is_meta for one in [*module.parameters(), *module.buffers()]):
        raise Refusal("the module is on the meta device, where it has no numbers; give it some first")
    if any(one.is_inference() for one in module.parameters()):
        raise Refusal("the module was made under inference_mode, in which torch cannot differentiate; make it outside")


def _examples(x: Any, y: Any) -> Examples:
    """Inputs and targets, all dense and with the same number of rows."""
    if not any(isinstance(leaf, Tensor) for leaf in tree_leaves(y)):
        raise Refusal(f"y is a {type(y).__name__}: give a tensor, or a tuple, list or dict of tensors")
    for leaf in tree_leaves((x, y)):
        if isinstance(leaf, Tensor) and (leaf.layout != torch.strided or leaf.is_nested):
            raise Refusal(f"x or y holds a sparse or nested tensor: give dense ones; {ELSEWHERE}")
    try:
        return Examples.of(x, y)
    except Refusal as refusal:
        raise Refusal(f"{refusal}; examples lie along the first axis (`batch_first=True`), and {ELSEWHERE}") from None


def _chosen(module: nn.Module, parameters: Iterable[str] | None) -> dict[str, nn.Parameter]:
    """The parameters that θ consists of, in the module's order."""
    named = dict(module.named_parameters())
    given = [parameters] if isinstance(parameters, str) else parameters
    asked = [name for name, one in named.items() if one.requires_grad] if given is None else list(given)
    if not all(isinstance(one, str) for one in asked):
        raise Refusal("parameters: give names, as `module.named_parameters()` has them, not the tensors")
    for one in asked:
        if not any(_within(name, one) for name in named):
            raise Refusal(f"parameters: {one!r} is none of the module's; give some of {', '.join(named)}")
    free = {name: one for name, one in named.items() if any(_within(name, some) for some in asked)}
    if not free:
        raise Refusal("no parameter of the module requires a gradient; say with `parameters=` which are meant")
    kinds = sorted({str(one.dtype).removeprefix("torch.") for one in free.values()})
    if kinds not in (["float32"], ["float64"]):
        raise Refusal(f"parameters are {' and '.join(kinds)}: curvature needs float32 or float64 throughout; "
                      f"give a real module after .double() or .float()")  # fmt: skip
    return free


def _within(name: str, asked: str) -> bool:
    return name == asked or name.startswith(asked + ".")


def _by_hand(shape: Perceptron, examples: Examples, *, decay: float = 0.0) -> Landscape:
    size = sum(o * (i + 1) for i, o in pairwise(shape.widths))
    return Landscape(tuple(perceptrons(shape, examples.x, examples.y)), size, decay)
