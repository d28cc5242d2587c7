"""What is called converged is right, on spectra on which a small residual says little."""

import math

import numpy as np
import pytest
import torch
from landscapes import planted

from benchmarks.landscape.spectra import SHAPES, at_its_spectrum, networks, shaped
from nominima.landscape.downward import _decided, curves_down
from nominima.landscape.extremes import ends, most_negative
from nominima.landscape.lanczos import random_starts, tridiagonalise
from nominima.landscape.ritz import Ritz, ritz_of

ASKED = [(1e-2, 1e-3), (0.05, 2e-5), (1e-4, 1e-7)]


def exact(values, low=1, high=1):
    return torch.cat([values[:low], values[len(values) - high :]])


@pytest.mark.parametrize(("tolerance", "floor"), ASKED)
@pytest.mark.parametrize("shape", SHAPES)
def test_ends_that_converged_are_right(shape, tolerance, floor):
    converged = 0
    for seed in range(4):
        values = shaped(shape, tolerance, seed)
        (found,) = ends(at_its_spectrum(values.shape[1]), values, tolerance=tolerance, floor=floor, seed=seed)
        wanted = exact(values[0])
        off, scale = (found.values - wanted).abs(), values.abs().max()
        assert (off <= found.errors + 1e-14 * scale).all()
        if found.converged:
            converged += 1
            assert (off <= torch.maximum(tolerance * wanted.abs(), floor * scale)).all()
    assert converged == 4


@pytest.mark.parametrize("shape", ["copies", "cluster below"])
def test_several_pairs_that_converged_are_those_of_their_rank(shape):
    for seed in range(3):
        values = shaped(shape, 1e-3, seed)
        (found,) = ends(at_its_spectrum(values.shape[1]), values, low=4, high=4, tolerance=1e-3, seed=seed)
        off, wanted = (found.values - exact(values[0], 4, 4)).abs(), exact(values[0], 4, 4)
        assert found.converged
        assert (off <= torch.maximum(1e-3 * wanted.abs(), torch.tensor(1e-7))).all()
        assert (off <= found.errors + 1e-14).all()


def test_ends_of_real_networks_are_right():
    for family, landscape, places, spectra in networks():
        for place, spectrum in zip(places, spectra, strict=True):
            for tolerance, floor in ASKED:
                (found,) = ends(landscape, place[None], tolerance=tolerance, floor=floor)
                wanted = exact(spectrum)
                allowed = torch.maximum(tolerance * wanted.abs(), floor * spectrum.abs().max())
                assert found.converged, family
                assert ((found.values - wanted).abs() <= allowed).all(), family


def test_pairs_that_one_more_product_does_not_confirm_are_not_converged(monkeypatch):
    """As if rounding had turned the basis: the search sees one matrix, the product made at its end another."""
    landscape, other = planted(list(range(1, 41))), planted([0.05] * 20 + [-0.05] * 20, seed=1)
    theta, seen = torch.zeros(1, 40, dtype=torch.float64), []

    def product(at):
        seen.append(at)
        first, more = exact_product(landscape, at), exact_product(other, at)
        return first if len(seen) == 1 else lambda vectors: first(vectors) + more(vectors)

    exact_product = type(landscape).product
    monkeypatch.setattr(type(landscape), "product", lambda self, at: product(at))
    (found,) = ends(landscape, theta)
    assert len(seen) == 2
    assert found.residuals.min() > 0.01
    assert (found.errors >= 0.99 * found.residuals).all()
    assert found.status == "not converged"


def test_no_start_hides_more_than_the_bound_says():
    """|⟨start, v⟩| of an eigenvector outside of the Ritz values is at most what the bound takes for its size."""
    values = shaped("small negative end", 0, 0)[0]
    compared = 0
    for seed in range(10):
        start = random_starts(1, 1, values[None], seed).clone()
        start[..., [0, -1]] *= 1e-3
        for steps in (3, 6, 12, 20, 30):
            found = ritz_of(tridiagonalise(lambda probes: probes * values, start, steps), 0)
            for side, at in ((-1, 0), (1, -1)):
                if abs(found.values[at] - float(values[at])) < 1e-9:
                    continue  # found to rounding
                bound, part = found.missed(float(values[at]), side), start[0, 0, at].abs().item()
                compared += bound < 1
                assert min(1.0, math.sqrt(2 / math.pi) * part) <= bound * (1 + 1e-6)
    assert compared > 30


def test_the_bound_decides_how_far_out_something_may_lie():
    values = shaped("small negative end", 0, 1)[0]
    known = tridiagonalise(lambda probes: probes * values, random_starts(1, 1, values[None], 0), 12)
    found = ritz_of(known, 0)
    for side, extreme in ((-1, found.values[0]), (1, found.values[-1])):
        assert found.missed(extreme + side * found.beyond(side, 0.01), side) == pytest.approx(0.01, rel=1e-3)
        assert found.missed(extreme, side) == 1
    early = ritz_of(tridiagonalise(lambda probes: probes * values, random_starts(1, 1, values[None], 0), 2), 0)
    assert early.beyond(-1, 0.01) == math.inf


def test_a_guess_saves_products_and_a_wrong_one_does_not_mislead():
    values = shaped("small negative end", 0, 2)
    landscape, unit = at_its_spectrum(values.shape[1]), torch.eye(values.shape[1], dtype=torch.float64)
    (plain,) = curves_down(landscape, values)
    (led,) = curves_down(landscape, values, guess=unit[:1] + 0.01)
    assert (plain.answer, led.answer) == ("yes", "yes")
    assert led.products < plain.products
    for wrong in (unit[1:2], unit[300:301], unit[-1:], 0 * unit[:1], unit[:1] * torch.nan):
        (found,) = most_negative(landscape, values, tolerance=1e-3, guess=wrong)
        assert found.converged
        assert found.values[0] == pytest.approx(values[0, 0].item(), rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("lowest", "answer"), [(-1.3e-4, "yes"), (-0.7e-4, "no"), (-1e-2, "yes"), (1e-3, "no")])
def test_curving_down_is_answered(lowest, answer, dtype):
    values = torch.cat([torch.tensor([lowest]), torch.zeros(400) + max(lowest, 0), torch.linspace(0.01, 1, 30)])[None]
    (found,) = curves_down(at_its_spectrum(431), values.to(dtype))
    assert found.answer == answer
    assert found.vector.dtype == dtype
    if answer == "yes":
        curvature = (found.vector.double().square() * values[0]).sum().item()
        assert curvature == pytest.approx(found.low, rel=1e-3)
        assert curvature < -1e-4


def test_curving_down_is_not_answered_by_too_few_products_nor_by_rounding():
    values = shaped("small negative end", 0, 3)
    landscape = at_its_spectrum(values.shape[1])
    assert curves_down(landscape, values, steps=3)[0].answer == "not converged"
    for still in (torch.zeros(1, 50), torch.cat([torch.zeros(1, 49), torch.ones(1, 1)], dim=1)):
        assert curves_down(at_its_spectrum(50), still.double(), share=0.0)[0].answer == "no"
    assert curves_down(at_its_spectrum(50), -torch.ones(1, 50), share=0.5)[0].answer == "yes"


def test_a_space_that_ended_in_rounding_is_not_taken_for_the_whole():
    """Six of these float32 starts miss the lowest eigenvalue, which lies under the rounding that ended their spaces."""
    values, landscape = torch.zeros(1, 20), at_its_spectrum(20)
    values[0, 0], values[0, -1] = -1.3e-4, 1
    answers = [curves_down(landscape, values, seed=seed)[0].answer for seed in range(1000)]
    unseen = [seed for seed, answer in enumerate(answers) if answer == "not converged"]
    assert set(answers) == {"yes", "not converged"}
    assert len(unseen) < 20
    for seed in unseen:
        assert curves_down(landscape, values, seed=seed, share=0.0)[0].answer == "not converged"
        (found,) = ends(landscape, values, tolerance=0.05, floor=2e-5, seed=seed)
        assert found.values[0] > -1e-5
        assert not found.converged
        (whole,) = ends(landscape, values.double(), tolerance=0.05, floor=2e-5, seed=seed)
        assert whole.converged, "in float64 what rounding hides is far smaller than what is asked"


def test_a_lane_whose_space_ended_keeps_no_other_waiting():
    values, landscape = torch.zeros(2, 400), at_its_spectrum(400)
    values[0, 0], values[0, -1], values[1] = -1.3e-4, 1, torch.linspace(-1, 1, 400)
    top = torch.zeros(2, 400)
    top[:, -1] = 1
    for seed in range(20):
        closed, other = curves_down(landscape, values, seed=seed, guess=top)
        if closed.answer == "not converged":
            assert other.answer == "yes"
            assert other.products < 40
            return
    pytest.fail("every space stayed open")


def test_a_chance_of_one_in_a_thousand_is_asked_for():
    """At a chance of .3, two of these starts miss the lowest eigenvalue."""
    values = torch.cat([torch.zeros(400), torch.linspace(0.2, 1, 40), torch.tensor([-1e-2])]).double()[None]
    landscape = at_its_spectrum(values.shape[1])
    for seed in range(150):
        (found,) = ends(landscape, values, low=1, high=0, tolerance=0.05, floor=1e-4, seed=seed)
        assert found.values[0] == pytest.approx(-1e-2, rel=0.05)


def test_curving_down_waits_until_the_largest_eigenvalue_cannot_be_much_larger():
    """Curvature of −1 is less than −½ λ_max of what two steps saw, not of what their coupling of 100 leaves open."""
    seen = {"diagonal": np.array([-1.0, 1.0]), "scale": 1.0, "rest": 0.0}
    assert _decided(Ritz(off=np.array([1e-9, 1e-9]), **seen), share=0.5, rounding=1e-15) == "yes"
    assert _decided(Ritz(off=np.array([1e-9, 1e12]), **seen), share=0.5, rounding=1e-15) == "not converged"


def test_curving_down_knows_its_lanes():
    _, landscape, places, spectra = networks()[0]
    found = curves_down(landscape, torch.cat([places, places[:1] * torch.nan]))
    yes = ["yes" if one[0] < -1e-4 * one[-1] else "no" for one in spectra]
    assert [one.answer for one in found] == [*yes, "not finite"]
    assert found[-1].vector.isnan().all()
