import polars as pl
import pytest
from made_tables import found, judged, noise, outcomes, table

CLAIM = "c3a_collinear_twins"
SUMS, UNLIKE = {"best": 0.95, "end": 0.9}, {"best": 0.7, "end": 0.7}


def rows(difference=(0.0, 0.0), sums=SUMS, unlike=UNLIKE, undone=0.7, rise=0.4, spread=0.05, pairs=40):
    """Pairs of sets with these correlations at the optimum and at the end; of each rise so much is undone."""
    at = dict(zip(("best", "end"), difference, strict=True))
    for copy in (0.05, 1.0):
        for seed in range(10000, 10000 + pairs):
            for point in ("best", "end"):
                mean = unlike[point] if copy == 1 else at[point]
                its = rise * (1 + 0.3 * noise(copy, seed))
                validation = 1.2 + its * (point == "end")
                yield {
                    "copy": copy, "seed": seed, "point": point, "status": "ok", "never_stopped": seed % 20 == 0,
                    "coefficients": 40, "difference": mean + spread * noise(copy, seed, point),
                    "sum": sums[point] + 0.01 * noise(seed, point), "validation": validation,
                    "validation_symmetrised": validation - undone * its * (point == "end"), "risk": validation + 0.1,
                    "risk_symmetrised": validation + 0.1 - (undone + 0.1) * its * (point == "end"),
                    "harm_after_parting": 0.5 + 0.1 * noise(seed) if seed % 10 else None,
                }  # fmt: skip


def networks():
    """Perceptrons that agree on the sum, and on the difference of unlike twins; one of ten has no optimum."""
    for copy, difference in ((0.05, 0.02), (1.0, 0.4)):
        for seed in range(10000, 10020):
            for point in ("best", "end"):
                gone = seed % 10 == 0 and point == "best"
                numbers = {"difference": difference, "sum": 0.8 if point == "best" else 0.6, "validation": 0.5}
                yield {"copy": copy, "seed": seed, "point": point, "status": "censored" if gone else "ok",
                       "coefficients": 1280} | (dict.fromkeys(numbers) if gone else numbers)  # fmt: skip


def world(**changes):
    made = {"collinear_twins": rows(**changes), "perceptron_twins": networks()}
    return {name: table(name, its) for name, its in made.items()}


def told(**changes):
    return judged(CLAIM, **world(**changes))


def shown(**changes):
    return {row.name: row.estimate.value for row in told(**changes).beside}


def test_supported_where_nothing_of_the_difference_is_common():
    found = told()
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == {"all": "supported"}
    assert [number.name for number in found.primary.cells[0].numbers] == [
        "difference, at the optimum",
        "difference, at the end",
    ]
    assert [guard.behaves for guard in found.primary.cells[0].guards] == [True] * 4


@pytest.mark.parametrize(
    ("difference", "outcome"),
    [
        ((0.2, 0.0), "contradicted"),
        ((0.0, 0.2), "contradicted"),
        ((-0.2, 0.0), "contradicted"),
        ((0.05, 0.0), "inconclusive"),
        ((0.0, -0.05), "inconclusive"),
    ],
)
def test_either_point_can_contradict_or_leave_it_open(difference, outcome):
    assert told(difference=difference).primary.outcome == outcome


def test_contradicted_although_the_controls_misbehave_but_not_where_sums_differ():
    found = told(difference=(0.2, 0.2), unlike={"best": 0.0, "end": 0.0})
    assert (found.primary.outcome, found.outcome) == ("contradicted", "mixed")  # the part holds
    assert told(difference=(0.2, 0.2), undone=0.0).outcome == "contradicted"
    assert told(difference=(0.2, 0.2), sums={"best": 0.4, "end": 0.9}).outcome == "untested"


@pytest.mark.parametrize("point", ["best", "end"])
def test_controls_are_asked_at_both_points(point):
    where = {"best": "at the optimum", "end": "at the end"}[point]
    alike = told(unlike=UNLIKE | {point: 0.0})
    assert (alike.outcome, f"copies unlike their originals, {where}" in alike.reason) == ("inconclusive", True)
    lost = told(sums=SUMS | {point: 0.4})
    assert (lost.outcome, f"sum, {where}" in lost.reason) == ("untested", True)


def test_untested_with_few_pairs():
    assert "5 of the 8 seeds that are needed" in told(pairs=5).reason


@pytest.mark.parametrize(("undone", "outcome"), [(0.7, "supported"), (0.3, "contradicted"), (0.5, "inconclusive")])
def test_the_part_on_symmetry(undone, outcome):
    found = told(undone=undone)
    assert found.parts[0].outcome == outcome
    assert found.outcome == {"contradicted": "mixed"}.get(outcome, "supported")


def test_what_is_undone_is_a_ratio_of_means_and_not_a_mean_of_ratios():
    """Of two pairs in ten the rise is small and wholly undone: their shares do not count as much as the others'."""
    made = table("collinear_twins", rows(undone=0.6, rise=0.5))
    little = (pl.col("seed") % 5 == 0) & (pl.col("point") == "end")
    end = {"validation": 1.205, "validation_symmetrised": 1.2}
    changed = made.with_columns(pl.when(little).then(value).otherwise(name).alias(name) for name, value in end.items())
    found = judged(CLAIM, **world() | {"collinear_twins": changed})
    assert found.parts[0].cells[0].estimate.value == pytest.approx(0.6, abs=0.003)
    beside = {row.name: row.estimate.value for row in found.beside}
    assert beside["pairs of sets with a rise below 0.01"] == pytest.approx(0.2)


def test_what_is_shown():
    beside = shown()
    assert beside["undone by symmetry, expected error"] == pytest.approx(0.8, abs=0.001)
    assert beside["rise of the validation error"] == pytest.approx(0.4, abs=0.06)
    assert beside["rise of the expected error"] == pytest.approx(beside["rise of the validation error"])
    assert beside["pairs of sets with a rise below 0.01"] == 0
    assert beside["pairs of sets of which one is best when arrived"] == 0.05
    assert beside["ln(time of the first harm / time when twins part)"] == pytest.approx(0.5, abs=0.02)


def test_perceptrons_are_shown_and_decide_nothing():
    found = told()
    beside = {row.name: row.estimate for row in found.beside if row.condition["model"] == "mlp"}
    assert {name: round(its.value or 0, 6) for name, its in beside.items()} == {
        "perceptrons, difference, at the optimum": 0.02, "perceptrons, difference, at the end": 0.02,
        "perceptrons, sum, at the optimum": 0.8, "perceptrons, sum, at the end": 0.6,
        "perceptrons, difference, copies unlike their originals, at the optimum": 0.4,
        "perceptrons, difference, copies unlike their originals, at the end": 0.4,
    }  # fmt: skip
    counts = {name: its.n for name, its in beside.items()}
    assert (counts["perceptrons, sum, at the optimum"], counts["perceptrons, sum, at the end"]) == (18, 20)
    assert {cell.condition["model"] for cell in found.primary.cells} == {"linear"}


def test_what_is_drawn_has_the_means_of_all_pairs():
    made = world()["collinear_twins"]
    views = {view.name: view.lanes for view in found(CLAIM, **world()).drawn}
    agreement, rise = views["agreement by copy"], views["rise by copy"]
    assert agreement.height == 2 * 2 * 4  # blocks, copies, series
    for copy, point, where in ((0.05, "best", "optimum"), (1.0, "end", "end")):
        rows = agreement.filter(place=copy, of=f"the difference, at the {where}")
        assert rows["value"].mean() == pytest.approx(made.filter(copy=copy, point=point)["difference"].mean(), abs=1e-5)
    closest = rise.filter(place=0.05)
    learned, equal = (closest.filter(twins=which)["value"].to_numpy() for which in ("as learned", "at their mean"))
    assert equal.mean() == pytest.approx(0.3 * learned.mean(), rel=1e-3)
