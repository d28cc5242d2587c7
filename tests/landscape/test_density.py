"""What a density says of a share of eigenvalues holds within the error it gives."""

import pytest
import torch

from benchmarks.landscape.spectra import SHAPES, at_its_spectrum, networks, shaped
from nominima.landscape.lanczos import random_starts
from nominima.landscape.quadrature import density

EDGES = (0.0, -1e-4, -1e-3, -5e-3, 1e-3, 0.2, 0.8)


def seen_from(probes, vectors, values, edge):
    """Share below the edge as each probe sees it, (probe,), from the exact eigenpairs."""
    weights = (probes @ vectors).square()
    return (weights * (values < edge)).sum(-1) / weights.sum(-1)


@pytest.mark.parametrize("steps", [5, 20, 60])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_share_is_that_of_the_probe_within_what_the_quadrature_cannot_tell(shape, steps):
    values = shaped(shape, 1e-2, 0)
    (found,) = density(at_its_spectrum(values.shape[1]), values, probes=4, steps=steps, seed=3)
    probes = random_starts(1, 4, values, 3)[0]
    for edge in EDGES:
        exact = seen_from(probes, torch.eye(values.shape[1], dtype=torch.float64), values[0], edge - found.rounding)
        share = (found.weights * (found.nodes < edge - found.rounding)).sum(-1)
        assert ((share - exact).abs() <= found._unsure(edge - found.rounding) * (1 + 1e-6) + 1e-9).all()


def test_the_bulk_of_zeros_of_a_semidefinite_hessian_is_not_negative():
    values = torch.cat([torch.zeros(2000), torch.linspace(0, 1, 40)])[None]
    for dtype in (torch.float32, torch.float64):
        for steps, edge, most in ((10, -0.1, 0.1), (60, -1e-3, 1e-6)):
            (found,) = density(at_its_spectrum(2040), values.to(dtype), probes=6, steps=steps)
            assert found.below()[0] == 0
            share, error = found.below(edge)
            assert share == 0
            assert error < most


def test_real_networks_have_the_share_within_the_error():
    for family, landscape, places, spectra in networks():
        for found, spectrum in zip(density(landscape, places, probes=30, steps=30), spectra, strict=True):
            for edge in (-1e-3, -1e-2, 0.1):
                at = edge * float(spectrum[-1])
                share, error = found.below(at)
                assert abs(share - float((spectrum < at).double().mean())) <= 5 * error, family
