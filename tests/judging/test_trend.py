import numpy as np
import polars as pl
import pytest
from made_lanes import ABOVE, NOISE, SEEDS, cells, lanes
from scipy import stats

from nominima.judging.parts import Findings, Part, View, narrowed
from nominima.judging.trend import record, truer, turn, word_of

SIZES = tuple(4.0**at for at in range(1, 7))


def rise(_, size):
    return np.log(size)


def found(value, decides=None, **world):
    view = View("trend", lanes(value, **({"sizes": SIZES, "spread": 0.3} | world)))
    extra = {} if decides is None else {"decides": decides}
    return truer(view, Part(ABOVE, (view,), **extra))


@pytest.mark.parametrize(
    ("taus", "word"),
    [
        ([0.9, 1, 0.8, 0.9, 1, 0.8, 0.9, 1], "grows"), ([-0.9, -1, -0.8, -0.9, -1, -0.8, -0.9, -1], "shrinks"),
        ([0.1, -0.1, 0.2, 0.0, -0.2, 0.1, 0, 0.1], "flat"), ([1, -1, 0.5, -0.5, 1, -1, 0.3, 0], "unclear"),
        ([0.35, 0.3, 0.4, 0.45, 0.3, 0.35, 0.2, 0.4], "unclear"), ([1.0] * 6, "grows"), ([0.0] * 6, "flat"),
        ([-1.0] * 6, "shrinks"), ([0.3] * 8, "unclear"),
    ],
)  # fmt: skip
def test_words_of_samples_of_tau(taus, word):
    assert word_of(np.array(taus)) == word


def test_grows_needs_the_strict_level_and_flat_the_usual_one():
    taus = np.array([0.4, 0.75, 0.3, 0.9, 0.4, 0.5, 0.75, 0.35])
    low, high = (stats.ttest_1samp(taus, 0).confidence_interval(level).low for level in (0.95, 0.99))
    assert high < 0.3 < low
    assert word_of(taus) == "unclear"


class TestClaim:
    @pytest.mark.parametrize(
        ("value", "word"),
        [(rise, "grows"), (lambda *a: -rise(*a), "shrinks"), (lambda *_: 1.0, "unclear")],
    )
    def test_of_one_cell(self, value, word):
        assert found(value).word == word

    def test_constant_series_have_tau_zero_and_are_flat(self):
        assert found(lambda *_: 1.0, spread=0).word == "flat"

    def test_is_the_mean_over_cells_of_each_seed(self):
        """Truer in two cells of three by every seed: a mean τ of .6 although one cell moves nowhere."""
        value = lambda condition, size: rise(0, size) * (condition["dataset"] != "d02")  # noqa: E731
        both = found(value, conditions=cells(3), spread=0.01)
        assert both.word == "grows"
        assert [each.word for each in both.cells][:2] == ["grows", "grows"]
        assert both.reason.endswith("grows in 2 of 3 cells.")

    def test_counts_seeds_common_to_all_cells(self):
        table = pl.concat([lanes(rise, cells(1), SIZES), lanes(rise, cells(2)[1:], SIZES, seeds=range(304, 312))])
        view = View("trend", table)
        told = truer(view, Part(ABOVE, (view,)))
        assert told.tau is not None
        assert told.tau.n == 4
        assert (told.word, "4 of the 8 seeds that are needed" in told.reason) == ("unclear", True)

    def test_six_equal_seeds_of_one_cell_are_not_enough_for_all_of_them(self):
        """They tell of their own cell; with another cell of eight, what they have in common is no longer equal."""
        few, many = cells(2)
        table = pl.concat([lanes(rise, (few,), SIZES, SEEDS[:6]), lanes(rise, (many,), SIZES, spread=0.6)])
        view = View("trend", table)
        told = truer(view, Part(ABOVE, (view,)))
        assert [each.lacks for each in told.cells] == ["", ""]
        assert (told.word, "6 of the 8 seeds that are needed" in told.reason) == ("unclear", True)

    def test_only_deciding_cells_count(self):
        both = ({"dataset": "a", "tuned": False}, {"dataset": "a", "tuned": True})
        value = lambda condition, size: rise(0, size) * (-1 if condition["tuned"] else 1)  # noqa: E731
        told = found(value, conditions=both, decides=~pl.col("tuned"))
        assert (told.word, len(told.cells)) == ("grows", 1)

    def test_of_one_size_there_is_no_word(self):
        assert truer(None, Part(ABOVE, ())).word == "unclear"
        assert "1 of the 3 sizes that are needed" in found(rise, sizes=(4.0,)).reason

    def test_two_networks_of_one_size_and_seed_have_no_word(self):
        view = View("trend", pl.concat([lanes(rise), lanes(rise)]))
        assert "several conditions fit trend" in truer(view, Part(ABOVE, (view,))).reason


class TestDiffers:
    def cell(self, condition, size):
        return rise(0, size) * (-1 if condition["dataset"] == "d01" else 1)

    def test_where_one_cell_grows_and_one_shrinks(self):
        told = found(self.cell, conditions=cells(2), spread=0.01)
        assert told.word == "differs"
        assert "Truer with size in d00 and less true in d01" in told.reason

    def test_takes_four_sizes(self):
        assert found(self.cell, conditions=cells(2), spread=0.01, sizes=SIZES[:3]).word == "flat"

    @pytest.mark.parametrize("level", [0, 5])
    def test_takes_a_change_beyond_the_flat_margin(self, level):
        """Whatever the numbers themselves are, that of the largest size among them."""
        value = lambda condition, size: 0.01 * self.cell(condition, size) + level * self.cell(condition, np.e)  # noqa: E731
        assert found(value, conditions=cells(2), spread=0.0001).word == "flat"

    def test_is_at_a_level_for_the_cells_that_could(self):
        """Eight noisy seeds are beyond ± .3 at 99 %, and at 1 − .01/24 no more."""
        noisy = {"spread": 2.1}
        few = found(self.cell, conditions=cells(2), **noisy)
        many = found(self.cell, conditions=cells(24), **noisy)
        assert [few.cells[0].word, few.cells[1].word] == ["grows", "shrinks"]
        assert (few.word, many.word) == ("differs", "grows")


class TestCell:
    @pytest.mark.parametrize(
        ("world", "lacks"),
        [
            ({"sizes": SIZES[:2]}, "2 of the 3 sizes that are needed"),
            ({"seeds": SEEDS[:7], "spread": 1.5}, "7 of the 8 seeds that are needed"),
            (
                {"lost": lambda _, size, seed: "censored" if seed < 302 and size == 4 else None},
                "2 of 8 seeds lost a run",
            ),
        ],
    )
    def test_says_what_it_lacks(self, world, lacks):
        (cell,) = found(rise, **world).cells
        assert (cell.word, cell.lacks) == ("unclear", lacks)

    def test_tau_is_kendalls_tau_b_of_each_seed(self):
        (cell,) = found(rise, spread=1.0).cells
        rows = [np.log(SIZES) + NOISE[row % 16, :6] for row in range(8)]
        taus = [np.asarray(stats.kendalltau(SIZES, row))[0] for row in rows]
        assert cell.tau.value == pytest.approx(np.mean(taus), abs=1e-9)
        assert cell.means == pytest.approx(np.mean(rows, axis=0), rel=1e-4)

    def test_narrow_networks_with_more_seeds_do_not_lose_runs(self):
        table = pl.concat([lanes(rise, sizes=SIZES), lanes(rise, sizes=SIZES[:2], seeds=range(308, 316))])
        view = View("trend", table)
        (cell,) = truer(view, Part(ABOVE, (view,))).cells
        assert (cell.seeds, cell.lost, cell.word) == (8, 0, "grows")


class TestTurn:
    HUMP = np.tile([0.0, 1, 2, 3, 2.5, 1.5], (6, 1))

    def test_hump_and_valley(self):
        assert turn(self.HUMP, 0.1) == "hump"
        assert turn(-self.HUMP, 0.1) == "valley"
        assert turn(np.tile(np.arange(6.0), (6, 1)), 0.1) is None

    def test_beyond_the_flat_margin(self):
        assert turn(self.HUMP, 1.4) == "hump"
        assert turn(self.HUMP, 1.6) is None

    def test_every_p_pays_for_the_inner_sizes(self):
        """Page's p of three ordered sizes and three seeds is 1/216: below .01 if doubled, not if tripled."""
        assert turn(np.tile([0.0, 1, 2, 1, 0], (3, 1)), 0.1) == "hump"
        assert turn(np.tile([0.0, 1, 2, 3, 1.5, 0.5], (3, 1)), 0.1) == "hump"
        assert turn(np.tile([0.0, 1, 2, 3, 4, 1.5, 0.5], (3, 1)), 0.1) is None

    @pytest.mark.parametrize("shape", [(6, 4), (1, 6), (0, 6)])
    def test_takes_five_sizes_and_two_seeds(self, shape):
        assert turn(np.ones(shape), 0.1) is None


class TestRecord:
    CONDITIONS = tuple(
        {"dataset": name, "noise": 0.2, "batch": 100, "l2": l2, "teacher.kind": None, "model": "mlp"}
        for name, l2 in (("a", 0.0), ("b", 0.0), ("b", 0.1))
    )

    def told(self, value=rise, **world):
        view = View("trend", lanes(value, **({"conditions": self.CONDITIONS, "sizes": SIZES} | world)))
        return record(narrowed(Findings(Part(ABOVE, (view,), decides=pl.col("l2") == 0.0), trend=view)))

    def test_holds_all_that_the_trend_is_told_from_under_the_names_of_the_verdict(self):
        table = self.told()
        assert table.columns[2:6] == ["dataset", "noise", "batch", "l2"]
        names = {each.name for each in found(rise, conditions=self.CONDITIONS).cells}
        assert set(table["cell"]) == names
        assert table.filter("decides").select("dataset", "noise", "l2", "model").unique().sort("dataset").rows() == [
            ("a", 0.2, None, "mlp"), ("b", 0.2, None, "mlp")
        ]  # fmt: skip
        assert table.filter(~pl.col("decides"))["l2"].unique().to_list() == [0.1]

    def test_a_condition_that_tells_no_cells_apart_is_there_and_a_default_is_not(self):
        """So that another claim that has l2 among its conditions, or has not, knows the cell for the same."""
        assert self.told(conditions=self.CONDITIONS[:1]).columns[2:6] == ["dataset", "noise", "batch", "model"]

    def test_lost_runs_are_there_with_their_reason(self):
        table = self.told(lost=lambda condition, size, seed: "censored" if (size, seed) == (4.0, SEEDS[0]) else None)
        assert table.filter(pl.col("value").is_null())["status"].to_list() == ["censored"] * 3

    def test_without_a_trend_it_is_empty(self):
        view = View("trend", lanes(rise))
        assert record(narrowed(Findings(Part(ABOVE, (view,))))).is_empty()

    def test_cells_that_several_conditions_fit_are_left_out(self):
        """Two rates that decide nothing apart: the trend of that cell cannot be told."""
        twice = tuple(each | {"law": "x"} for each in cells(1)) * 2
        view = View("trend", lanes(rise, conditions=twice))
        assert record(narrowed(Findings(Part(ABOVE, (view,)), trend=view))).is_empty()
