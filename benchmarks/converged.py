"""How often what `ends` calls converged is wrong: spectra shaped like networks', and small networks of all families.

Prints a table for docs/instruments.md: shape × tolerance, with how many of the results were called converged, how many
of those were wrong, and the products of one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.landscape.spectra import SHAPES, at_its_spectrum, networks, shaped
from nominima import Landscape, ends

ASKED = {"5 %, floor 2·10⁻⁵": (0.05, 2e-5), "1 %, floor 10⁻³": (1e-2, 1e-3), "10⁻⁴, floor 10⁻⁷": (1e-4, 1e-7)}
DRAWS, STARTS = 40, 15


class Count(NamedTuple):
    """Of one row: results, those called converged, those of them that are wrong, products of all."""

    results: int = 0
    converged: int = 0
    wrong: int = 0
    products: int = 0

    def and_of(
        self, landscape: Landscape, theta: Tensor, exact: Tensor, asked: tuple[float, float], seed: int
    ) -> "Count":
        """With one more result, at theta (1, param) with eigenvalues `exact` (param,)."""
        tolerance, floor = asked
        (found,) = ends(landscape, theta, tolerance=tolerance, floor=floor, seed=seed)
        wanted = exact[[0, -1]]
        allowed = torch.maximum(tolerance * wanted.abs(), floor * exact.abs().max())
        wrong = found.converged and bool(((found.values - wanted).abs() > allowed).any())
        return Count(
            self.results + 1, self.converged + found.converged, self.wrong + wrong, self.products + found.products
        )


def rows() -> Iterator[tuple[str, str, Count]]:
    """(spectrum, asked, count)."""
    for name, asked in ASKED.items():
        for shape in SHAPES:
            count = Count()
            for seed in range(DRAWS):
                values = shaped(shape, asked[0], seed)
                count = count.and_of(at_its_spectrum(values.shape[1]), values, values[0], asked, seed)
            yield shape, name, count
        for family, landscape, places, spectra in networks():
            count = Count()
            for seed in range(STARTS):
                for place, exact in zip(places, spectra, strict=True):
                    count = count.and_of(landscape, place[None], exact, asked, seed)
            yield f"{family}, start to end of training", name, count


if __name__ == "__main__":
    print("| spectrum | asked | converged | of them wrong | products |\n| --- | --- | --- | --- | --- |")
    for spectrum, asked, count in rows():
        told = f"{count.converged} of {count.results}"
        print(f"| {spectrum} | {asked} | {told} | {count.wrong} | {count.products / count.results:.0f} |", flush=True)
