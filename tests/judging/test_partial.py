import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from nominima.judging.evidence import Missing
from nominima.judging.partial import FEWEST, Clustered, configured, partial, within_ranks

SEEDS = tuple(range(6))
OPTIMIZERS, RANKS = 7, 6


def frame(order, best, seeds=SEEDS, spread=0.01, optimizers=OPTIMIZERS, ranks=RANKS):
    """Configured lanes: both numbers of each configuration, which vary over seeds around them."""
    rows = [
        {"size": 10.0, "seed": seed, "place": 10.0 * number + rank, "status": "ok",
         "value": order(number, rank) + spread * (seed - np.mean(seeds)),
         "value_right": best(number, rank) - spread * (seed - np.mean(seeds))}
        for number in range(1, optimizers + 1) for rank in range(1, ranks + 1) for seed in seeds
    ]  # fmt: skip
    return pl.DataFrame(rows)


def inside(number, rank):
    """Best in the middle of the grid, for every optimizer."""
    return -((rank - 3.4) ** 2) + 0.01 * number


def drawn(seed):
    """Two numbers of each configuration by chance, of which the second is best inside the grid."""
    rng = np.random.default_rng(seed)
    one, other = rng.standard_normal((2, OPTIMIZERS + 1, RANKS + 1))
    other[:, [1, RANKS]] = other[:, 2:RANKS].min(axis=1, keepdims=True) - rng.random((OPTIMIZERS + 1, 2))
    return one, other


def interval(sample, level=0.95):
    """Value, low and high."""
    found = sample.estimate(level)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return found.value, found.low, found.high


def partial_of(x, y, z):
    """By the residuals of ranks, as its textbook definition has it."""
    x, y, z = (np.argsort(np.argsort(each)).astype(float) if each is not z else each for each in (x, y, z))
    off = [each - np.polyval(np.polyfit(z, each, 1), z) for each in (x, y)]
    return np.asarray(np.corrcoef(np.array(off)))[0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_correlation_of_what_the_rank_of_the_rate_leaves(seed):
    one, other = drawn(seed)
    sample = partial(frame(lambda number, rank: one[number, rank], lambda number, rank: other[number, rank]))
    places = [(number, rank) for number in range(1, OPTIMIZERS + 1) for rank in range(1, RANKS + 1)]
    x, y = (np.array([each[place] for place in places]) for each in (one, other))
    z = np.array([float(rank) for _, rank in places])
    assert sample.estimate().value == pytest.approx(partial_of(x, y, z), abs=1e-9)
    assert (sample.estimate().n, sample.runs, sample.lost) == (7, 42, {})


def test_a_correlation_that_the_rate_alone_makes_is_taken_out():
    """Both fall with the rate; what is left of them goes against each other."""
    rng = np.random.default_rng(1)
    off = rng.standard_normal((OPTIMIZERS + 1, RANKS + 1))
    order, best = (lambda n, r: -r + 0.3 * off[n, r]), (lambda n, r: -max(r, 4 - 1.5 * r) - 0.3 * off[n, r])
    its = frame(order, best)
    means = its.group_by("place").agg(pl.col("value", "value_right").mean())
    assert np.asarray(spearmanr(means["value"], means["value_right"]))[0] > 0.4
    assert interval(partial(its))[0] < 0.2


def test_levels_take_out_what_a_line_does_not():
    """Both are highest in the middle of the grid and have nothing else in common."""
    rng = np.random.default_rng(2)
    off, other = 0.3 * rng.standard_normal((2, OPTIMIZERS + 1, RANKS + 1))
    its = frame(lambda n, r: -((r - 3.4) ** 2) + off[n, r], lambda n, r: -((r - 3.4) ** 2) + other[n, r])
    assert interval(partial(its))[0] > 0.9
    assert abs(interval(within_ranks(its))[0]) < 0.5


class TestInterval:
    def test_it_holds_what_is_found_without_any_one_optimizer(self):
        """Six agree and one is the other way round: without it the correlation is another."""
        order = lambda n, r: inside(n, r) if n > 1 else -inside(n, r)  # noqa: E731
        its = frame(order, inside)
        value, low, high = interval(partial(its))
        without = interval(partial(its.filter(pl.col("place") > 20)))[0]
        assert low < value < without <= high

    def test_optimizers_and_not_configurations_are_resampled(self):
        """Rates of one optimizer are alike: the interval is much wider than Fisher's for 42 independent points."""
        level, other = np.random.default_rng(3).standard_normal((2, OPTIMIZERS + 1))
        its = frame(lambda n, r: level[n] + 0.01 * r, lambda n, r: level[n] + other[n] + 0.01 * inside(n, r))
        value, low, high = interval(partial(its))
        fisher = np.tanh(np.arctanh(value) + np.array([-1, 1]) * 1.96 / np.sqrt(42 - 4))
        assert partial(its).estimate().n == 7
        assert high - low > 2 * (fisher[1] - fisher[0])

    def test_what_is_found_without_one_widens_it_to_both_sides(self):
        """A statistic that is far off for six optimizers, below without the first and above without the last."""
        rows = np.arange(7.0)[:, None]

        def statistic(sample):
            if sample.shape[-2] == len(rows):
                return sample[..., 0].mean(axis=-1)
            return np.where(
                sample[..., 0].min(axis=-1) > 0, -50.0, np.where(sample[..., 0].max(axis=-1) < 6, 50.0, 3.0)
            )

        found = Clustered(pl.DataFrame(), tuple(range(7)), rows, statistic).estimate()
        assert (found.value, found.low, found.high) == (3.0, -50.0, 50.0)

    @pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
    def test_perfect_agreement_is_one_at_every_level(self, level):
        assert interval(partial(frame(inside, inside, spread=0.0)), level) == pytest.approx((1, 1, 1), abs=1e-6)


class TestLost:
    def test_a_configuration_of_few_seeds(self):
        for count, lost in ((FEWEST, {}), (FEWEST - 1, {"diverged": 1})):
            gone = (pl.col("place") == 31) & (pl.col("seed") >= count)
            its = frame(inside, inside).with_columns(
                value=pl.when(~gone).then("value"), status=pl.when(gone).then(pl.lit("diverged")).otherwise("status")
            )
            sample = partial(its)
            assert (sample.lost, sample.runs) == (lost, 42)
            assert sample.estimate().value == pytest.approx(1)

    def test_a_configuration_of_which_more_than_a_fifth_is_lost(self):
        for count, lost in ((2, {}), (3, {"censored": 1})):
            gone = (pl.col("place") == 31) & (pl.col("seed") < count)
            its = frame(inside, inside, seeds=tuple(range(10))).with_columns(
                value=pl.when(~gone).then("value"), status=pl.when(gone).then(pl.lit("censored")).otherwise("status")
            )
            assert partial(its).lost == lost

    def test_what_few_seeds_say_is_the_best_of_nothing(self):
        """One lucky seed at the lowest rate, of which the others are lost, does not put the best at the edge."""
        lucky = pl.col("place") == 31
        its = frame(inside, inside).with_columns(
            value_right=pl.when(lucky & (pl.col("seed") > 0)).then(None).when(lucky).then(9.0).otherwise("value_right")
        )
        assert partial(its).lost == {"few": 1}

    @pytest.mark.parametrize("edge", [1, RANKS])
    def test_all_of_an_optimizer_that_is_best_at_an_edge(self, edge):
        sample = partial(frame(inside, lambda n, r: 9.0 if (n, r) == (3, edge) else inside(n, r)))
        assert sample.lost == {"edge": RANKS}
        assert sample.seeds == (1, 2, 4, 5, 6, 7)
        assert sample.most_lost == pytest.approx(1 / 7)

    def test_the_best_that_is_known_counts_where_the_first_is_lost(self):
        its = frame(inside, lambda n, r: 9.0 if (n, r) == (3, 2) else inside(n, r))
        gone = pl.col("place") == 31
        its = its.with_columns(value_right=pl.when(~gone).then("value_right"))
        assert partial(its).lost == {"few": 1}

    def test_everything(self):
        gone = frame(inside, inside).with_columns(value=pl.lit(None, pl.Float64), status=pl.lit("diverged"))
        sample = partial(gone)
        assert (sample.lost, sample.runs, sample.estimate().value) == ({"diverged": 42}, 42, None)

    def test_one_of_the_two_numbers(self):
        with pytest.raises(Missing, match="one of its two numbers"):
            partial(frame(inside, inside).drop("value_right"))


@pytest.mark.parametrize("rates", [9, 10])
def test_more_rates_than_places_tell_apart_are_refused(rates):
    known = {"dataset": "a", "optimizer": "sgd", "dial": 4, "size": 9.0, "seed": 1, "value": 1.0, "status": "ok"}
    lanes = pl.DataFrame({**known, "rate": [0.1 * (1 + at) for at in range(rates)]})
    if rates == 9:
        assert configured(lanes)["place"].to_list() == [11.0 + at for at in range(9)]
    else:
        with pytest.raises(Missing, match="more than 9 rates"):
            configured(lanes)


def test_configurations_are_places_and_no_conditions():
    lanes = pl.DataFrame({
        "dataset": ["a", "a", "a", "b"], "optimizer": ["sgd", "adam", "adam", "sgd"],
        "optimizer.beta1": [None, 0.9, 0.9, None], "rate": [0.1, 0.002, 0.001, 7.0], "dial": [4] * 4, "size": [9.0] * 4,
        "seed": [1] * 4, "value": [1.0, 2.0, 3.0, 4.0], "status": ["ok"] * 4,
    })  # fmt: skip
    found = configured(lanes)
    assert found.columns == ["dataset", "dial", "size", "seed", "value", "status", "place"]
    assert found.select("value", "place").rows() == [(1, 21), (2, 12), (3, 11), (4, 11)]
