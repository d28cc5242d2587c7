"""The project's own families, as landscapes: products, spectra, memory, permutations and curves."""

import numpy as np
import pytest
import torch
from landscapes import examples

from nominima.landscape.extremes import ends
from nominima.landscape.loss import of_model
from nominima.landscape.matching import match, permuted, sequential
from nominima.landscape.newton import minimise
from nominima.landscape.parts import Traced
from nominima.landscape.paths import along, barrier, bezier, connect, straight
from nominima.models import cnn, mlp, transformer

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
FAMILIES = {
    "cnn of signals": cnn.build(2, (12,), 3),
    "cnn of images": cnn.build(2, (5, 6), 3),
    "transformer": transformer.build(4, (12,), 3),
    "mlp": mlp.build(4, (12,), 3),
}
FAMILY = pytest.mark.parametrize("model", FAMILIES.values(), ids=FAMILIES)


def drawn(model, *seeds, dtype=torch.float64):
    """Starts moved a little, since biases of zero put units without input exactly on a ReLU's kink."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    return torch.stack([model.initial(one) + 0.1 * torch.randn(model.size, generator=one) for one in generators]).to(
        dtype
    )


def data(model, count=30, dtype=torch.float64):
    shape = (5, 6) if model is FAMILIES["cnn of images"] else (12,)
    x = torch.randn(count, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return x.to(dtype), torch.randint(3, (count,), generator=torch.Generator().manual_seed(2))


@FAMILY
def test_products_are_the_directional_derivative_of_the_gradient(model):
    x, y = data(model)
    theta = drawn(model, 0, 1)
    landscape = of_model(model, x, y, decay=0.1, rows=11)
    probes = torch.randn(2, 3, model.size, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = landscape.product(theta)(probes)
    step = 1e-7
    for probe in range(3):
        ahead, behind = (landscape.gradient(theta + sign * step * probes[:, probe])[1] for sign in (1, -1))
        torch.testing.assert_close(found[:, probe], (ahead - behind) / (2 * step), atol=1e-6, rtol=1e-6)


@FAMILY
def test_gradients_and_products_are_those_of_forward_mode(model):
    x, y = data(model)
    theta = drawn(model, 0)[0]

    def loss(vector):
        return torch.nn.functional.cross_entropy(model.forward(model.views(vector[None]), x)[0], y)

    tangent = torch.linspace(-1, 1, model.size, dtype=torch.float64)
    gradient, product, *_ = torch.func.jvp(torch.func.grad(loss), (theta,), (tangent,))
    landscape = of_model(model, x, y, rows=30)
    torch.testing.assert_close(landscape.gradient(theta[None])[1][0], gradient)
    torch.testing.assert_close(landscape.product(theta[None])(tangent[None, None])[0, 0], product)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["cnn of signals", "cnn of images", "mlp"])
def test_both_ends_of_a_family_are_those_of_its_whole_hessian(name, dtype):
    model = FAMILIES[name]
    theta = drawn(model, 0, dtype=dtype)
    landscape = of_model(model, *data(model, dtype=dtype), decay=0.05)
    assert landscape.hessian(theta).dtype == dtype
    exact = torch.linalg.eigvalsh(landscape.hessian(theta)[0].double())
    (found,) = ends(landscape, theta, low=2, high=3)
    assert found.converged
    torch.testing.assert_close(found.values, exact[[0, 1, -3, -2, -1]], rtol=2e-4, atol=1e-5)


def test_more_lanes_than_memory_holds_are_linearised_in_groups(monkeypatch):
    model = FAMILIES["cnn of signals"]
    theta, (x, y) = drawn(model, *range(5)), data(model)
    probes = torch.randn(5, 2, model.size, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    whole = of_model(model, x, y).product(theta)(probes)
    monkeypatch.setattr("nominima.landscape.parts.ROWS", 60)
    seen, once = [], Traced.product

    def watched(self, some):
        seen.append(len(some))
        return once(self, some)

    monkeypatch.setattr(Traced, "product", watched)
    torch.testing.assert_close(of_model(model, x, y).product(theta)(probes), whole)
    assert seen == [2, 2, 1]


@pytest.mark.parametrize("name", ["mlp", "cnn of signals", "cnn of images"])
def test_a_planted_permutation_of_a_family_is_undone_and_leaves_no_barrier(name):
    model = FAMILIES[name]
    symmetry = sequential([leaf.shape for leaf in model.layout])
    assert sum(int(np.prod(shape)) for shape in symmetry.shapes) == model.size
    theta, random = drawn(model, 0), np.random.default_rng(1)
    moved = permuted(symmetry, theta[0], [random.permutation(size)[::-1].copy() for size in symmetry.sizes])
    landscape = of_model(model, *data(model))
    torch.testing.assert_close(landscape.value(moved[None]), landscape.value(theta))
    found, _ = match(symmetry, theta[0], moved)
    assert found.equal(theta[0])
    assert float(barrier(along(landscape, straight(theta, found[None])))) < 1e-15


def test_a_curve_between_two_trained_networks_is_lower_than_the_line():
    model = mlp.build(3, (5,), 3, activation="tanh")
    landscape = of_model(model, *examples(60), decay=1e-2)
    start, end = (one.theta[None] for one in minimise(landscape, drawn(model, 0, 2)))
    line = barrier(along(landscape, straight(start, end)))
    curve = barrier(along(landscape, bezier(start, connect(landscape, start, end), end)))
    assert float(line) > 0.05
    assert float(curve) < 0.5 * float(line)
