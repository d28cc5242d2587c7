"""What `of_module` refuses, each in one sentence that says what to do."""

import copy
import re

import pytest
import torch
from modules import CE, Attentive, Backbone, Embedded, F, classes, contents, dense, normalised, rows
from torch import nn
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

from nominima.ground.files import Refusal
from nominima.landscape.checks import differentiating
from nominima.landscape.module import of_module

pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script.* is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning"),
    pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning"),
    pytest.mark.filterwarnings("ignore:Complex modules are a new feature:UserWarning"),
]


class Unregistered(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 3)
        self.kept = [self.layer.weight]

    def forward(self, x):
        return F.linear(x, self.kept[0], self.layer.bias)


class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):  # pyright: ignore
        ctx.save_for_backward(x)
        return x.square()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):  # pyright: ignore
        return 2 * ctx.saved_tensors[0] * grad


class Squared(nn.Module):
    def forward(self, x):
        return Once.apply(x)


class Checkpointed(nn.Module):
    """Computes its forward pass again in the backward pass, by its own parameters."""

    def __init__(self, reentrant):
        super().__init__()
        self.layer, self.reentrant = dense(nn.GELU), reentrant

    def forward(self, x):
        return checkpoint(self.layer, x, use_reentrant=self.reentrant)


class Straight(nn.Module):
    """Rounds, and says that its slope is 1."""

    def forward(self, x):
        return x + (x.round() - x).detach()


def norm_in_training():
    return nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3))


class Inner(nn.Module):
    """Takes a step down its own loss before it answers."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(rows(5, 3).float())

    def forward(self, x):
        (slope,) = torch.autograd.grad((x @ self.w).square().mean(), self.w, create_graph=True)
        return x @ (self.w - 0.1 * slope)


def compiled():
    module = dense()
    module.compile()
    return module


def contrast(out, y):
    return -torch.log_softmax(out @ out.mT, -1).diagonal().mean() + 0 * y.sum()


def gradient_hook():
    module = dense()
    module[0].weight.register_hook(lambda gradient: 2 * gradient)
    return module


def kept_only(out, y):
    return F.cross_entropy(out[y > 0], y[y > 0])


def mixed():
    module = dense(nn.GELU).double()
    module[0].float()
    return module


WHOLE = torch.randint(6, (30, 5), generator=torch.Generator().manual_seed(3))
REFUSED = {
    "batch norm in training": (norm_in_training, CE(), {}, "1.running_mean of the module; put the module into eval()"),
    "dropout in training": (lambda: nn.Sequential(nn.Dropout(), dense()), CE(), {}, "twice different; put the module"),
    "spectral norm in training": (lambda: normalised(parametrizations.spectral_norm), CE(), {}, "into eval()"),
    "half": (lambda: dense().half(), CE(), {}, "parameters are float16: curvature needs float32 or float64"),
    "bfloat16": (lambda: dense().bfloat16(), CE(), {}, "give a real module after .double()"),
    "complex": (lambda: dense().to(torch.complex64), CE(), {}, "parameters are complex64"),
    "two precisions": (mixed, CE(), {}, "parameters are float32 and float64"),
    "compiled": (compiled, CE(), {}, "as it was before torch.compile"),
    "parallel": (lambda: nn.DataParallel(dense()), CE(), {}, "give `module.module`"),
    "lazy": (lambda: nn.LazyLinear(3), CE(), {}, "call it once on an example first"),
    "no reduction": (dense, CE(reduction="none"), {}, r"the loss is float32 (30,): give one number"),
    "all frozen": (lambda: dense().requires_grad_(False), CE(), {}, "say with `parameters=` which are meant"),
    "unknown parameter": (dense, CE(), {"parameters": ["3"]}, "'3' is none of the module's; give some of 0.weight"),
    "parameters themselves": (dense, CE(), {"parameters": [torch.ones(3)]}, "give names, as `module.named_parameters"),
    "no rows": (dense, CE(), {"rows": 0}, "rows: 0: give at least 1"),
    "scripted": (lambda: torch.jit.script(dense()), CE(), {}, "as it was before torch.jit"),
    "meta": (lambda: nn.Linear(5, 3, device="meta"), CE(), {}, "where it has no numbers"),
    "its own derivative": (Inner, CE(), {}, "a module that differentiates by its own parameters"),
    "sparse inputs": (dense, CE(), {"x": rows(30, 5).to_sparse()}, "holds a sparse or nested tensor: give dense ones"),
    "no targets": (dense, CE(), {"y": None}, "y is a NoneType: give a tensor"),
    "a mask": (dense, CE(), {"x": (rows(30, 5), rows(5, 5))}, "such as a mask or the edges of a graph"),
    "list": (dense, CE(), {"x": [rows(5)]}, "x is a list: give a tensor, a tuple"),
    "nothing": (dense, CE(), {"x": rows(0, 5), "y": classes(0)}, "0 inputs and 0 targets"),
    "too few targets": (dense, CE(), {"y": classes(20)}, "30 inputs and 20 targets"),
    "uneven keywords": (dense, CE(), {"x": {"a": rows(30, 1), "b": rows(4, 1)}}, "4 or 30 inputs and 30 targets"),
    "wrong shape": (dense, CE(), {"x": torch.ones(30, 4)}, "fails with RuntimeError: mat1 and mat2"),
    "tuple": (lambda: Attentive(), CE(), {"x": torch.ones(30, 3, 4)}, "make `loss(module(x), y)` work first"),
    "no number": (dense, lambda *_: 1.0, {}, "the loss is float: give one number"),
    "coupled": (dense, contrast, {"rows": 11}, "not clearly their mean or their sum; give rows=30"),
    "uneven": (dense, kept_only, {"rows": 11}, "give rows=30"),
    "max norm": (lambda: Embedded(max_norm=0.5), CE(), {"x": WHOLE}, "changes the module's parameters, as `max_norm`"),
    "sparse": (lambda: Embedded(sparse=True), CE(), {"x": WHOLE}, "cannot differentiate the loss by the module's"),
    "checkpointing": (lambda: Checkpointed(False), CE(), {}, "such as activation checkpointing"),
    "reentrant checkpointing": (lambda: Checkpointed(True), CE(), {}, "is not the slope of its values"),
    "straight through": (lambda: nn.Sequential(dense(), Straight()), CE(), {}, "is not the slope of its values"),
    "body under no_grad": (Backbone, CE(), {}, "leave the parameters behind them out with `parameters=`"),
    "padding that counts": (lambda: Embedded(padding_idx=1), CE(), {"x": WHOLE}, "is not the slope of its values"),
    "scaled by frequency": (lambda: Embedded(scale_grad_by_freq=True), CE(), {"x": WHOLE}, "is not the slope of its"),
    "hook on a gradient": (gradient_hook, CE(), {}, "or hooks change their gradients"),
    "unregistered": (Unregistered, CE(), {}, "the parameters registered in self only"),
}  # fmt: skip


@pytest.mark.parametrize(("build", "loss", "changes", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_measured_is_refused_in_one_sentence(build, loss, changes, said):
    torch.manual_seed(0)
    module = build()
    numberless = "Lazy" in type(module).__name__ or next(module.parameters()).is_meta
    before = {} if numberless else copy.deepcopy(contents(module)[0])
    data = {"x": rows(30, 5), "y": classes()} | changes
    if isinstance(data["x"], torch.Tensor) and data["x"].is_floating_point():
        data["x"] = data["x"].float()
    with pytest.raises(Refusal, match=re.escape(said)):
        of_module(module, loss, **data)
    assert all(torch.equal(one, module.state_dict()[key]) for key, one in before.items())


@pytest.mark.parametrize(
    "layer", [nn.EmbeddingBag(6, 5), nn.Sequential(nn.Embedding(6, 5), nn.Flatten(), nn.Linear(10, 5), Squared())]
)
def test_what_torch_cannot_differentiate_twice_is_refused(layer):
    module = nn.Sequential(layer, nn.Tanh(), nn.Linear(5, 3))
    x = torch.randint(6, (30, 2), generator=torch.Generator().manual_seed(0))
    with pytest.raises(Refusal, match=r"cannot (be )?differentiate"):
        of_module(module, CE(), x, classes())


@pytest.mark.parametrize("lack", [MemoryError, torch.OutOfMemoryError])
def test_a_lack_of_memory_is_not_taken_for_what_cannot_be_differentiated(lack: type[Exception]) -> None:
    with pytest.raises(lack), differentiating():
        raise lack("too large")
