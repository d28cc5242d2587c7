import pytest
from made_tables import censor, judged, lanes, lose, noise, outcomes, table

CLAIM = "c1d_init_like_solutions"
LAYERS = (("hidden0", "hidden"), ("hidden1", "hidden"), ("output", "output"))


def rows(best=lambda size: 0.02, stretched=0.1, output=0.3, **changes):
    """The second hidden layer has the excess, the first half of it."""
    for lane in lanes(**changes):
        size, seed = lane["size"], lane["seed"]
        points = {"best": best(size), "best_accuracy": best(size), "end": 2 * best(size), "stretched": stretched}
        for layer, role in LAYERS:
            for point, excess in points.items():
                value = output if role == "output" else excess * (1 + 0.02 * noise(seed, layer, point))
                value = value / 2 if layer == "hidden0" else value
                yield lane | {
                    "layer": layer, "role": role, "point": point, "count": size**2, "kurtosis": 0.1,
                    "ks": 2 * value, "excess": value, "sd_ratio": 1 + excess,
                }  # fmt: skip


def world():
    return {"init_likeness": table("init_likeness", rows())}


def told(*more, **changes):
    return judged(CLAIM, init_likeness=table("init_likeness", rows(**changes), *more))


def test_supported_where_the_worst_hidden_layer_is_alike():
    found = told()
    assert found.outcome == "supported", found.reason
    assert found.primary.cells[0].estimate.value == pytest.approx(0.02, rel=0.05)
    assert (found.runs, found.lost) == (16, 0)


def test_contradicted_where_it_is_not():
    assert told(best=lambda size: 0.2).outcome == "contradicted"


def test_mixed_and_inconclusive():
    assert told(rows(best=lambda size: 0.2, dataset="digits")).outcome == "mixed"
    assert told(best=lambda size: 0.05).outcome == "inconclusive"


def test_the_largest_size_decides_and_a_fall_of_the_excess_grows():
    found = told(best=lambda size: 0.16 / size)
    assert (found.outcome, found.truer.word) == ("supported", "grows")
    worst = [row.estimate.value for row in found.beside if row.name == "excess at the stop, worst size of each seed"]
    assert worst == pytest.approx([0.04, 0.04], rel=0.05)
    found = told(best=lambda size: 0.01 * size)
    assert (found.outcome, found.truer.word) == ("contradicted", "shrinks")


def test_where_nothing_moves_there_is_no_trend():
    found = told(best=lambda size: 0.0)
    assert (found.outcome, found.truer.word) == ("supported", "flat")


def test_a_stretched_start_that_passes_leaves_the_cells_of_its_kind_inconclusive():
    found = told(rows(stretched=0.01, dataset="digits"))
    assert outcomes(found.primary) == {
        "digits, noise 0.0": "inconclusive", "digits, noise 0.2": "inconclusive",
        "mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported",
    }  # fmt: skip
    assert "stretched" in found.primary.cells[0].why


def test_a_stretched_start_below_the_limit_will_do_where_it_is_further_than_the_stop():
    """Paired with the cell: the limit straddled, the value off the claim's side or not."""
    assert told(stretched=0.052).outcome == "supported"
    assert told(stretched=0.048).outcome == "inconclusive"


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
@pytest.mark.parametrize("late", [True, False])
def test_lost_and_censored_networks_are_counted(share, word, late):
    made = table("init_likeness", rows(seeds=range(300, 316)))
    gone = censor(made, share) if late else lose("init_likeness", made, share)
    found = judged(CLAIM, init_likeness=gone)
    assert found.outcome == word, found.reason
    assert found.primary.cells[0].lost == {"censored" if late else "diverged": round(share * 16)}


def test_untested_with_few_seeds():
    assert told(seeds=(300, 301, 302)).outcome == "untested"


def test_a_tuned_rate_is_a_variant():
    found = told(rows(best=lambda size: 0.2, tuned=True))
    assert found.outcome == "supported"
    assert sum(not cell.decides for cell in found.primary.cells) == 2


def test_output_layer_and_end_are_shown():
    shown = {row.name: row for row in told().beside}
    assert shown["output layer"].estimate.value == pytest.approx(0.3)
    assert shown["excess at the end"].estimate.value == pytest.approx(0.04, rel=0.05)
    assert shown["distance from the own start"].estimate.value == pytest.approx(0.04, rel=0.05)
    assert shown["largest ratio of standard deviations"].estimate.value == pytest.approx(1.02)
    assert shown["stopped by accuracy"].variant
