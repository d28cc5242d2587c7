"""Every instrument and the training engine keep to one device, shown without a GPU."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
import torch
from device import DEVICE, Device, Elsewhere, Mixed

import nominima
from nominima import landscape as instruments
from nominima.landscape.loss import of_model, of_stack
from nominima.landscape.matching import sequential
from nominima.landscape.toy import Toy
from nominima.models import cnn, mlp, transformer
from nominima.planning.run import Run, Training
from nominima.training import engine
from nominima.training.dataset import Dataset, Examples

SHAPES = [(4, 36), (4,), (3, 4), (3,)]


class World:
    """What the instruments are asked about, on one device."""

    def __init__(self, device: torch.device) -> None:
        generator = torch.Generator().manual_seed(0)

        def draw(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64).to(device)

        self.x, self.y = draw(20, 6, 6), torch.randint(3, (20,), generator=generator).to(device)
        self.model = mlp.build(4, (6, 6), 3, depth=1, activation="tanh")
        self.net = of_model(self.model, self.x, self.y, decay=1e-2)
        self.half = of_model(self.model, self.x[:10], self.y[:10])
        self.theta = draw(2, self.model.size) / 3
        self.families = [of_model(one.build(size, (6, 6), 3), self.x, self.y)
                         for one, size in ((mlp, 3), (cnn, 1), (transformer, 2))]  # fmt: skip
        self.places = [draw(1, one.dimension) / 3 for one in self.families]
        self.bowl = of_stack(lambda t: (t.square() - 1).square().sum(-1), 5)
        self.near = 1 + draw(2, 5) / 10
        self.toy = Toy(self.x.flatten(1)[:, :6], self.y, 2)
        self.small = draw(self.toy.dimension)
        self.path = draw(2, 6, 5)
        self.values = draw(5)


ASKED = {
    "density": lambda w, n: n.density(w.net, w.theta, probes=3, steps=8)[0].below(),
    "ends": lambda w, n: [n.ends(w.net, w.theta, low=2, high=2, guess=w.theta), n.ends(w.net, w.theta)],
    "most_negative": lambda w, n: n.most_negative(w.net, w.theta),
    "curves_down": lambda w, n: n.curves_down(w.net, w.theta, guess=w.theta),
    "inertia": lambda w, n: n.inertia(w.net, w.theta),
    "spectrum": lambda w, n: [n.spectrum(one, place) for one, place in zip(w.families, w.places, strict=True)],
    "escape": lambda w, n: n.escape(w.net, w.theta[0], w.theta[1]),
    "kernel_residual": lambda w, n: n.kernel_residual(w.net, w.theta),
    "seek": lambda w, n: n.seek(w.bowl, w.near),
    "minimise": lambda w, n: n.minimise(w.bowl, w.near),
    "certify": lambda w, n: n.certify(w.bowl, (0 * w.near[0] + 1)),
    "Toy": lambda w, n: [w.toy.landscape(1e-2).hessian(w.small[None]), n.minimise(w.toy.landscape(0.1), w.small[None])],
    "along": lambda w, n: n.along(w.bowl, w.path),
    "barrier": lambda w, n: n.barrier(n.along(w.bowl, w.path), gain=w.values[:2].abs()),
    "bezier": lambda w, n: n.bezier(w.near, w.near + 1, w.near - 1, 5),
    "connect": lambda w, n: n.connect(w.bowl, w.near, -w.near, steps=5),
    "lines": lambda w, n: n.lines(w.net, w.theta, -w.theta, 5),
    "straight": lambda w, n: n.straight(w.near, -w.near, 5),
    "convexity": lambda w, n: n.convexity(w.path.sum(-1), w.path, w.path),
    "descent": lambda w, n: n.descent(w.path.sum(-1)),
    "concave_share": lambda w, n: n.concave_share(w.path.sum(-1)),
    "noise": lambda w, n: n.noise([(10, w.half), (20, w.net)], w.theta),
    "each_gradient": lambda w, n: n.each_gradient([(10, w.half), (20, w.net)], w.theta),
    "agreement": lambda w, n: n.agreement(w.net, w.half, w.theta, rate=0.01),
    "participation": lambda w, n: n.participation(w.values),
    "travel_dimension": lambda w, n: n.travel_dimension(w.path),
    "match": lambda w, n: n.match(sequential(SHAPES), w.theta[0], w.theta[1], restarts=2),
    "surface": lambda w, n: n.surface(w.net, w.theta[0], w.theta, points=3),
    "filter_directions": lambda w, n: n.filter_directions(SHAPES, w.theta[0]),
    "trajectory_plane": lambda w, n: n.trajectory_plane(w.path[0]),
    "population": lambda w, n: n.ends(n.population(2, 2), w.small[None, :4]),
    "LinearRegression": lambda w, n: _regression(w, n),
}
ELSEWHERE = {
    "Landscape", "of_model", "of_module", "of_stack", "of_vector", "permuted", "sequential",
    "distance_cv", "goe_all_positive", "reddi", "quadratic", "deep_linear", "deep_linear_minimum", "deep_linear_saddle",
}  # fmt: skip
"""Names that the others use, that hold no tensor, or that make their own landscape on the CPU."""


def _regression(world: World, names: Any) -> Any:
    linear = names.LinearRegression.of(world.path[0], world.path[1, :, 0])
    return [linear.flow(world.values.abs()), linear.ridge(world.values.abs())]


def numbers(found: Any) -> Iterator[Any]:
    """All that an answer holds, tensors brought to the CPU."""
    if isinstance(found, torch.Tensor):
        yield np.asarray(found.cpu().tolist(), dtype=float)
    elif is_dataclass(found):
        for field in fields(found):
            yield from numbers(getattr(found, field.name))
    elif isinstance(found, list | tuple):
        for one in found:
            yield from numbers(one)
    elif isinstance(found, np.ndarray | float | int | str):
        yield found


def test_every_instrument_is_asked():
    assert set(ASKED) | ELSEWHERE == set(instruments.__all__)


@pytest.mark.parametrize("name", ASKED)
def test_an_instrument_keeps_to_the_device(name):
    here = list(numbers(ASKED[name](World(torch.device("cpu")), nominima)))
    with Device():
        there = list(numbers(ASKED[name](World(DEVICE), nominima)))
    assert len(here) == len(there)
    assert len(here) > 0
    for one, other in zip(here, there, strict=True):
        if isinstance(one, str):
            assert other == one
        else:  # the order of terms in sums may differ
            np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9)


def test_the_stand_in_refuses_what_a_gpu_refuses():
    with Device():
        there = torch.ones(3).to(DEVICE)
        assert isinstance(there, Elsewhere)
        assert isinstance(torch.zeros(3, device=there.device) + there, Elsewhere)
        assert (there + torch.tensor(2.0)).tolist() == [3.0] * 3
        assert there[torch.tensor([0, 2])].tolist() == [1.0] * 2
        here = torch.zeros(3)
        here[:] = there
        assert here.tolist() == [1.0] * 3
        for mixed in (
            lambda: there + torch.ones(3),
            lambda: torch.stack([there, here]),
            lambda: here[there > 0],
            lambda: torch.where(there > 0, here, there),
            lambda: torch.randn(3, device=DEVICE, generator=torch.Generator()),
        ):
            with pytest.raises(Mixed):
                mixed()
        with pytest.raises((RuntimeError, TypeError)):
            there.numpy()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model": "cnn", "size": 1, "optimizer": "muon"},
        {"model": "transformer", "size": 4, "optimizer": "soap"},
        {"dropout": 0.2, "l2": 1e-3, "l1": 1e-4, "schedule": "linear", "optimizer": "sgd"},
    ],
    ids=["adam", "muon", "soap", "priors"],
)
def test_training_keeps_to_the_device(monkeypatch, changes):
    base = {"dataset": "made", "noise": 0.2, "model": "mlp", "size": 4, "optimizer": "adam", "rate": 0.01, "batch": 8}
    base |= {"steps": 12, "first_seed": 100, "seeds": 2}
    run = Run(stack="s/base", training=Training(**{**base, **changes}))
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((40, 6, 6)).astype(np.float32), draw.integers(0, 3, 40)
    data = Dataset(3, Examples(x[:20], y[:20]), Examples(x[20:30], y[20:30]), Examples(x[30:], y[30:]))

    def trained():
        return engine.fit([run], data, say=lambda _: None)[0]

    here, _ = trained()
    monkeypatch.setattr(engine, "chosen_device", lambda training: DEVICE)
    monkeypatch.setattr(
        torch, "inference_mode", lambda mode: torch.no_grad()
    )  # which takes no tensors of other classes
    with Device():
        there, _ = trained()
    # A GPU's square root differs in the last bit, which some optimizers blow up within a few steps.
    torch.testing.assert_close(there.theta[:2], here.theta[:2], rtol=1e-4, atol=1e-5)
    assert there.theta.isfinite().all()
