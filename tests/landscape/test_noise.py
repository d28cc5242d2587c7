import pytest
import torch
from landscapes import examples, network, perceptron
from torch import nn

from nominima.ground.files import Refusal
from nominima.landscape.gradients import agreement, noise, participation, travel_dimension
from nominima.landscape.loss import of_stack
from nominima.landscape.module import of_module


def split(sizes, offset=0.0):
    x, y = examples(sum(sizes))
    module = perceptron()
    parts = zip(x.split(sizes), y.split(sizes), strict=True)
    return [(len(a), of_module(module, nn.CrossEntropyLoss(), a + offset, b)[0]) for a, b in parts]


def test_full_gradient_is_the_mean_whatever_the_split():
    full, theta = network()
    found = noise(split([10, 25, 15]), theta)
    torch.testing.assert_close(found.gradient, full.gradient(theta)[1])
    assert found.status == ["ok"]


def test_scatter_of_single_examples_is_their_covariance_trace():
    _, theta = network()
    batches = split([1] * 50)
    each = torch.stack([landscape.gradient(theta)[1][0] for _, landscape in batches])
    found = noise(batches, theta)
    torch.testing.assert_close(found.scatter[0], each.var(0).sum())
    square = each.mean(0).square().sum()
    torch.testing.assert_close(found.signal[0], square - each.var(0).sum() / 50)
    torch.testing.assert_close(found.ratio[0], each.var(0).sum() / 50 / square)
    torch.testing.assert_close(found.noise_scale[0], found.scatter[0] / found.signal[0])


def test_scatter_is_unbiased_for_unequal_batches():
    generator = torch.Generator().manual_seed(0)
    traces = []
    for _ in range(800):
        draws = [torch.randn(n, 3, generator=generator, dtype=torch.float64).mean(0) for n in (1, 2, 5)]
        batches = [(n, of_stack(lambda t, g=g: t @ g, 3)) for n, g in zip((1, 2, 5), draws, strict=True)]
        traces.append(noise(batches, torch.zeros(1, 3, dtype=torch.float64)).scatter)
    samples = torch.cat(traces)
    assert abs(samples.mean() - 3) < 4 * samples.std() / len(samples) ** 0.5


def test_zero_and_broken_gradients_are_told():
    flat = of_stack(lambda theta: theta.square().sum(-1), 2)
    theta = torch.tensor([[0.0, 0.0], [1.0, 0.0], [torch.nan, 0.0]])
    found = noise([(3, flat), (4, flat)], theta)
    assert found.status == ["zero gradient", "ok", "not finite"]
    assert found.ratio.isnan().tolist() == [True, False, True]
    assert found.ratio[1] == 0
    with pytest.raises(Refusal, match="at least two"):
        noise([(3, flat)], theta)


def test_pure_noise_has_infinite_noise_scale():
    up, down = of_stack(lambda t: t[:, 0] * 1.01, 1), of_stack(lambda t: -t[:, 0], 1)
    found = noise([(1, up), (1, down)], torch.zeros(1, 1, dtype=torch.float64))
    assert found.signal < 0
    assert found.noise_scale.isinf().all()


def test_a_data_set_agrees_with_itself_and_not_with_its_opposite():
    landscape, theta = network()
    same = agreement(landscape, landscape, theta, rate=1e-3)
    torch.testing.assert_close(torch.cat([same.cosine, same.slope, same.ratio]), torch.ones(3, dtype=torch.float64))
    bowl, hill = of_stack(lambda t: t.square().sum(-1), 2), of_stack(lambda t: -t.square().sum(-1), 2)
    against = agreement(bowl, hill, torch.ones(1, 2, dtype=torch.float64), rate=0.1)
    assert (against.cosine.item(), against.slope.item()) == pytest.approx((-1, -1))
    assert against.ratio.item() == pytest.approx(-1)


def test_a_small_step_has_the_slope_as_ratio():
    landscape, theta = network()
    (_, other), *_ = split([50], offset=0.5)
    found = agreement(landscape, other, theta, rate=1e-6)
    torch.testing.assert_close(found.ratio, found.slope, rtol=1e-4, atol=0)


def test_a_step_that_climbs_has_no_ratio():
    steep = of_stack(lambda t: t.square().sum(-1), 1)
    assert agreement(steep, steep, torch.ones(1, 1), rate=3.0).ratio.isnan().all()


def test_a_step_whose_gain_is_rounding_has_no_ratio():
    high = of_stack(lambda t: 1000 + t.square().sum(-1) / 2, 3)
    theta = torch.ones(2, 3)
    assert agreement(high, high, theta, rate=1e-4).ratio.isnan().all(), "it wins 3e-4 of 1000"
    low = of_stack(lambda t: t.square().sum(-1) / 2, 3)
    assert agreement(low, high, theta, rate=1e-4).ratio.isnan().all(), "and the other loss must see it too"
    torch.testing.assert_close(agreement(high, high, theta, rate=0.1).ratio, torch.ones(2, dtype=torch.float64))


def test_participation_counts_what_matters():
    assert participation(torch.tensor([1.0, 1.0, 1.0, 0.0])).item() == pytest.approx(3)
    assert participation(torch.zeros(3)).isnan()


def test_a_straight_path_has_one_dimension_and_a_circle_two():
    line = torch.linspace(0, 1, 50)[:, None] * torch.tensor([1.0, 2.0, -3.0])
    angle = torch.arange(50) * 2 * torch.pi / 50
    circle = torch.stack([angle.cos(), angle.sin(), torch.zeros(50)], dim=1)
    found = travel_dimension(torch.stack([line, circle]))
    torch.testing.assert_close(found, torch.tensor([1.0, 2.0], dtype=torch.float64), rtol=1e-5, atol=0)
