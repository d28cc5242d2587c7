import numpy as np
import polars as pl
import pytest
from made_tables import judged, noise, outcomes, table

CLAIM = "c1a_random_points"
DIMENSIONS = (16, 64, 256, 1024)
LAWS = {"gaussian": -0.5, "uniform": -0.5}
CONTROLS = {"cauchy": 0.0, "equicorrelated": -0.01, "random_radius": 0.0}


def points(laws=LAWS, controls=CONTROLS, exact=1.0, spread=0.01, dimensions=DIMENSIONS, seeds=8):
    for law, slope in (laws | controls).items():
        for dimension in dimensions:
            for seed in range(300, 300 + seeds):
                yield {
                    "law": law, "dimension": dimension, "seed": seed, "mean_distance": 1.0,
                    "cv": float(dimension**slope * np.exp(spread * noise(law, dimension, seed))),
                    "gaussian_exact": exact * dimension ** laws["gaussian"],
                }  # fmt: skip


def inputs():
    for seed in range(300, 308):
        yield {"dataset": "digits", "seed": seed, "cv": 0.2 + seed / 1e4, "dimension": 64, "effective_dimension": 8.0}


def world(**changes):
    made = table("random_points", points(**changes))
    return {"random_points": made, "input_distances": table("input_distances", inputs())}


def told(**changes):
    return judged(CLAIM, **world(**changes))


def test_supported_where_every_law_falls_with_the_root():
    found = told()
    assert (found.outcome, found.truer.word) == ("supported", "grows"), found.reason
    assert [cell.name for cell in found.primary.cells] == ["gaussian", "uniform"]
    assert [cell.estimate.value for cell in found.primary.cells] == pytest.approx([-0.5, -0.5], abs=0.005)
    assert [guard.behaves for cell in found.primary.cells for guard in cell.guards] == [True] * 8


@pytest.mark.parametrize(
    ("slope", "outcome"), [(-0.3, "contradicted"), (-0.7, "contradicted"), (-0.45, "inconclusive")]
)
def test_other_slopes(slope, outcome):
    assert outcomes(told(laws=LAWS | {"exponential": slope}).primary)["exponential"] == outcome


def test_contradicted_where_all_laws_fall_otherwise_and_mixed_where_some_do():
    assert told(laws={"gaussian": -0.3, "uniform": -0.4}).outcome == "contradicted"
    assert told(laws={"gaussian": -0.5, "uniform": -0.3}).outcome == "mixed"


@pytest.mark.parametrize("law", CONTROLS)
def test_a_law_that_must_not_fall_so_and_does_decides_nothing(law):
    found = told(controls=CONTROLS | {law: -0.5})
    assert (found.outcome, law in found.reason) == ("inconclusive", True)


def test_untested_where_normal_points_miss_their_closed_form():
    found = told(exact=1.2)
    assert (found.outcome, "closed form" in found.reason) == ("untested", True)


def test_untested_says_what_is_missing():
    assert "it has 1 size" in told(dimensions=(16,)).reason
    assert "5 of the 8 seeds that are needed" in told(seeds=5).reason


def test_the_inputs_of_data_sets_are_shown():
    shown = {row.name: row.estimate.value for row in told().beside if row.cell.endswith("digits")}
    assert shown == {"CV of the inputs": pytest.approx(0.23, abs=0.01), "1/√(2 × effective dimension)": 0.25}
    assert judged(CLAIM, random_points=world()["random_points"]).outcome == "supported"


def test_the_slope_far_out_is_shown():
    found = told(dimensions=(16, 64, 512, 1024))
    assert pl.DataFrame({"value": [row.estimate.value for row in found.beside if "from 400" in row.name]}).height == 2
