import polars as pl
import pytest
from made_tables import censor, drawn, judged, lanes, lose, noise, outcomes, table

from nominima.drawing.cells import rows

CLAIM = "c4b_near_convex"
UNTIL = ("stop", "0.75", "0.5")
ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def gaps(gap=0.004, other=0.5, levels=None, per_size=0.0, **changes):
    """Mean gaps about `gap`, growing by `per_size` with each doubling; those of another seed about `other`."""
    for lane in lanes(**changes):
        mean = gap + per_size * (lane["size"].bit_length() - 3)
        own = abs(mean * (1 + 0.05 * noise(lane["seed"], lane["size"])))
        away = other * (1 + 0.05 * noise(lane["seed"], lane["size"], "other"))
        for until in UNTIL:
            told = own if until == "stop" or levels is None else levels
            yield lane | {
                "until": until, "points": 20, "fall": 2.0, "gap": told, "gap_in_time": 2 * told,
                "gap_in_loss": 3 * told, "largest": 10 * told, "satisfied": 0.8,
                "other": away if until == "stop" else None,
            }  # fmt: skip


def line(bent=True, **changes):
    """A straight fall, with a hump on its second half."""
    for lane in lanes(**changes):
        for alpha in ALPHAS:
            yield lane | {"target": "own", "alpha": alpha, "train_loss": 2 - alpha + 0.1 * bent * (alpha == 0.75)}


def downward(mass=0.1, **changes):
    """A spectrum of which a tenth is negative, down to a fiftieth of the largest."""
    for lane in lanes(**changes):
        yield lane | {"lambda_min": -0.04, "lambda_max": 2.0, "mass": mass * (1 + 0.05 * noise(lane["seed"]))}


def tables(**changes):
    knobs = {name: its for name, its in changes.items() if name in ("seeds", "sizes", "noises", "tuned", "dataset")}
    made = {"tangent_gaps": gaps(**changes), "line": line(**knobs), "downward_curvature": downward(**knobs)}
    return {measure: table(measure, rows) for measure, rows in made.items()}


def world():
    return tables()


def told(**changes):
    return judged(CLAIM, **tables(**changes))


def beside(found, name):
    return {cell.cell: cell.estimate.value for cell in found.beside if cell.name == name}


def test_supported_where_the_gaps_are_small():
    found = told()
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == {"mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported"}
    cell = found.primary.cells[0]
    assert cell.estimate.value == pytest.approx(0.004, rel=0.1)
    assert (cell.estimate.n, cell.runs) == (8, 8), "the seeds of the largest size"


def test_contradicted_where_they_are_large():
    found = told(gap=0.03)
    assert (found.outcome, found.primary.cells[0].firm) == ("contradicted", True)


def test_undecided_where_seeds_lie_on_both_sides():
    one = tables()["tangent_gaps"]
    apart = pl.when(pl.col("seed") % 2 == 0).then(0.002).otherwise(0.018)
    found = judged(CLAIM, **tables() | {"tangent_gaps": one.with_columns(gap=apart)})
    assert found.outcome == "inconclusive"


@pytest.mark.parametrize(("largest", "word"), [(0.0099, "supported"), (0.0101, "contradicted")])
def test_the_limit_is_a_hundredth_of_the_fall_at_the_largest_size(largest, word):
    gap = pl.when(pl.col("size") == 32).then(largest).otherwise(0.0101 if word == "supported" else 0.0)
    found = judged(CLAIM, **tables() | {"tangent_gaps": tables()["tangent_gaps"].with_columns(gap=gap)})
    assert found.outcome == word
    worst = beside(found, "gap, worst size of each seed")
    assert list(worst.values()) == pytest.approx([0.0101, 0.0101])


def test_truer_with_size_where_the_gaps_shrink():
    assert told(gap=0.008, per_size=-0.002).truer.word == "grows"
    assert told(gap=0.001, per_size=0.002).truer.word == "shrinks"
    assert told(gap=0.004, per_size=-0.00001).truer.word != "differs"


class TestControl:
    def test_another_seeds_way_without_gaps_leaves_its_cell_inconclusive(self):
        easy = table("tangent_gaps", gaps(), gaps(other=0.01, dataset="digits"))
        found = judged(CLAIM, tangent_gaps=easy, line=table("line", line(), line(dataset="digits")))
        assert outcomes(found.primary) == {
            "digits, noise 0.0": "inconclusive", "digits, noise 0.2": "inconclusive",
            "mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported",
        }  # fmt: skip
        assert "gap to another seed" in found.primary.cells[0].why
        noted = {row.name: row.note for row in rows(found)}
        assert [name for name, note in noted.items() if note == "control misbehaves"] == [
            "digits, noise 0.0", "digits, noise 0.2"
        ]  # fmt: skip

    @pytest.mark.parametrize(("other", "word"), [(0.12, "supported"), (0.08, "inconclusive")])
    def test_it_must_exceed_a_tenth(self, other, word):
        assert told(other=other).outcome == word

    def test_without_another_seed_nothing_is_tested(self):
        alone = tables()["tangent_gaps"].with_columns(other=pl.lit(None, pl.Float64))
        assert judged(CLAIM, **tables() | {"tangent_gaps": alone}).outcome == "untested"

    def test_what_is_contradicted_needs_none(self):
        assert told(gap=0.03, other=0.01).outcome == "contradicted"


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
@pytest.mark.parametrize("late", [True, False])
def test_lost_and_censored_networks_are_counted(share, word, late):
    made = tables(seeds=tuple(range(300, 316)))
    gone = {name: censor(each, share) if late else lose(name, each, share) for name, each in made.items()}
    found = judged(CLAIM, **gone)
    assert found.primary.outcome == word, found.reason
    assert found.primary.cells[0].lost == {"censored" if late else "diverged": round(share * 16)}


def test_a_way_that_does_not_fall_is_lost():
    """As where next to nothing can be learned: no share of nothing."""
    level = pl.col("seed") < 304
    made = tables()["tangent_gaps"].with_columns(
        pl.when(level).then(pl.lit("no_drop")).otherwise("status").alias("status"),
        *(pl.when(~level).then(name).alias(name) for name in ("gap", "gap_in_time", "gap_in_loss", "largest", "other")),
    )
    cell = judged(CLAIM, **tables() | {"tangent_gaps": made}).primary.cells[0]
    assert (cell.outcome, cell.lost) == ("inconclusive", {"no_drop": 4})


def test_a_tuned_rate_is_a_variant():
    both = table("tangent_gaps", gaps(), gaps(gap=0.05, tuned=True, noises=(0.2,)))
    found = judged(CLAIM, tangent_gaps=both, line=table("line", line(), line(tuned=True, noises=(0.2,))))
    assert found.outcome == "supported"
    assert [cell.outcome for cell in found.primary.cells if not cell.decides] == ["contradicted"]


def test_other_weights_and_levels_are_shown_and_decide_nothing():
    found = told(levels=0.5)
    assert found.outcome == "supported"
    for name, value in {"gap, pairs weighted by ln t": 0.008, "gap, at even heights of the loss": 0.012,
                        "gap down to half of the loss of guessing": 0.5, "share of pairs without a gap": 0.8,
                        "share of the line that bends down": 1 / 3}.items():  # fmt: skip
        assert list(beside(found, name).values()) == [pytest.approx(value, rel=0.1)] * 2, name


def test_the_negative_part_of_the_spectrum_is_shown_and_decides_nothing():
    found, made = told(), tables()
    assert (
        list(beside(found, "share of the curvature at the stop that is negative").values())
        == [pytest.approx(0.1, rel=0.1)] * 2
    )
    assert list(beside(found, "|λ_min|/λ_max at the stop, at least").values()) == [pytest.approx(0.02)] * 2
    del made["downward_curvature"]
    without = judged(CLAIM, **made)
    assert (without.primary, without.truer, without.outcome) == (found.primary, found.truer, found.outcome)


@pytest.mark.parametrize("bent", [False, 1e-5])
def test_a_line_bends_nowhere_where_it_is_straight_but_for_rounding(bent):
    made = tables() | {"line": table("line", line(bent=bent))}
    assert set(beside(judged(CLAIM, **made), "share of the line that bends down").values()) == {0.0}


def test_the_limit_and_the_control_are_drawn():
    text = drawn(CLAIM, **tables())
    assert "the claim puts the largest networks below" in text
    assert "the control must lie above" in text
