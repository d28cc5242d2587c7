from itertools import product

import pytest
from made_tables import judged, outcomes, table

CLAIM = "c2a_minima_vanish"
WIDTHS = (1, 2, 4, 8, 16, 32)
SHARES = {(6, 6): 0, (7, 6): 0, (8, 8): 4, (9, 8): 0, (16, 16): 27, (17, 16): 9}
LOWEST = {8: 0.0215080, 16: 0.0134}


def toy_rows(
    gap=lambda width, seed: 0.0005, kind=lambda width, seed: "strict minimum", free="not converged",
    embedded=lambda width, seed: ("saddle", 0.02), starts=72, dataset="mnist1d",
):  # fmt: skip
    """Ends with decay at a gap, and without."""
    for l2, width in product((0.0, 1e-3), WIDTHS):
        for seed in range(300, 300 + (starts if l2 and width >= 16 else 20)):
            end = kind(width, seed) if l2 else free
            strict = end == "strict minimum"
            state, drop = embedded(width, seed) if strict and l2 else ("none", None)
            saddle = state == "saddle"
            yield {
                "dataset": dataset, "l2": l2, "hidden": width, "seed": seed, "status": "ok", "kind": end,
                "parameters": 9 * width + 2, "goe_log10": -0.12 * (9 * width + 2) ** 2, "loss": 1 / width,
                "gap": gap(width, seed), "gradient_norm": 1e-12, "norm": 3.0,
                "lambda_min": 1e-3 if strict else None, "lambda_max": 1.0 if strict else None,
                "fall": 0.0 if strict else None, "embedded": state,
                "embedded_index": 2.0 if saddle else None, "embedded_lambda_min": -0.02 if saddle else None,
                "embedded_lambda_max": 1.0 if saddle else None, "embedded_fall": 1e-3 if saddle else None,
                "embedded_drop": drop,
            }  # fmt: skip


def point_rows():
    """The more directions lead down, the higher; half of the searches end where the gradient is flat."""
    for hidden, way, seed in product((2, 4), (0.6, 0.9), range(300, 306)):
        true, index = way < 0.7, float((seed - 300) % 4)
        yield {
            "dataset": "mnist1d", "hidden": hidden, "way": way, "seed": seed, "status": "ok",
            "kind": "gradient-flat" if not true else "saddle" if index else "strict minimum",
            "parameters": 9 * hidden + 2, "loss": 0.7 + index / (9 * hidden + 2), "gradient_norm": 1e-12,
            "residual": 0.5, "index": index if true else None,
        }  # fmt: skip


def student_rows(shares=None, lowest=None, runs=30):
    """Of the runs of every (units, teachers) so many end in a bad minimum."""
    for (n, k), count in (SHARES | (shares or {})).items():
        for run in range(runs):
            bad = run < count
            yield {
                "teachers": k, "units": n, "seed": 300 + run, "status": "ok", "kind": "strict minimum",
                "loss": (LOWEST | (lowest or {})).get(k, 0.02) if bad else 0.0, "gradient_norm": 1e-12,
                "lambda_min": 0.02, "spurious": bad,
            }  # fmt: skip


def tables(*more, student=None, **changes):
    return {
        "toy_minima": table("toy_minima", toy_rows(**changes), *more),
        "critical_points": table("critical_points", point_rows()),
        "spurious_minima": table("spurious_minima", student_rows(**(student or {}))),
    }


def world():
    return tables()


def told(*more, **changes):
    return judged(CLAIM, **tables(*more, **changes))


def wide(bad, count):
    """So many of the starts at the two largest widths lie that far above."""
    return lambda width, seed: bad if width >= 16 and seed < 300 + count else 0.0005


def test_supported_where_no_wide_network_ends_badly():
    found = told()
    assert found.outcome == "supported", found.reason
    cell = found.primary.cells[0]
    assert (cell.name, cell.estimate.value, cell.estimate.n) == ("mnist1d", 0, 144)
    assert [part.outcome for part in found.parts] == ["supported", "supported"], [each.reason for each in found.parts]


def test_contradicted_where_many_do():
    assert told(gap=wide(0.05, 40)).primary.outcome == "contradicted"


@pytest.mark.parametrize(("bad", "word"), [(0.0101, "inconclusive"), (0.0099, "supported")])
def test_bad_is_more_than_a_hundredth_of_a_nat_above(bad, word):
    assert told(gap=wide(bad, 8)).primary.outcome == word


def test_only_the_two_largest_widths_decide_and_the_rest_is_a_trend():
    found = told(gap=lambda width, seed: 0.5 / width if width < 16 else 0.0005 / width)
    assert (found.primary.outcome, found.truer.word) == ("supported", "grows")


def test_a_strict_minimum_is_asked_and_no_other_end():
    found = told(gap=wide(0.05, 40), kind=lambda width, seed: "minimum with flat directions")
    assert found.primary.cells[0].estimate.value == 0


@pytest.mark.parametrize(("lost", "word"), [(14, "supported"), (15, "inconclusive")])
def test_ends_that_are_not_certain_are_lost(lost, word):
    def kind(width, seed):
        return "not converged" if width == 32 and seed < 300 + lost else "strict minimum"

    found = told(kind=kind)
    assert found.primary.outcome == word, found.reason
    assert found.primary.cells[0].lost == {"not converged": lost}


class TestParts:
    def test_strict_minima_without_decay_are_against_it(self):
        assert [part.outcome for part in told(free="strict minimum").parts] == ["contradicted", "supported"]

    def test_minima_that_stay_minima_are_against_it(self):
        stays = told(embedded=lambda width, seed: ("strict minimum", None))
        assert [part.outcome for part in stays.parts] == ["supported", "contradicted"]

    def test_a_saddle_that_leads_nowhere_lower_does_not_count(self):
        assert told(embedded=lambda width, seed: ("saddle", 0.0)).parts[1].outcome == "contradicted"


def test_the_largest_width_alone_and_searches_without_a_critical_point_are_shown():
    found = told(gap=lambda width, seed: 0.05 if width == max(WIDTHS) else 0.0005)
    beside = {row.name: row.estimate.value for row in found.beside}
    assert (found.primary.cells[0].estimate.value, beside["starts: a bad minimum, largest width"]) == (0.5, 1.0)
    assert beside["searches that end where only the gradient is flat"] == 0.5


class TestCounterExample:
    def test_it_must_not_meet_the_rule(self):
        found = told(student={"shares": {(16, 16): 0, (8, 8): 20}})
        assert found.outcome in ("inconclusive", "untested")
        assert "student as large" in found.primary.cells[0].why

    def test_one_unit_more_must(self):
        found = told(student={"shares": {(9, 8): 20}})
        assert (found.outcome, "one unit larger" in found.primary.cells[0].why) == ("untested", True)

    @pytest.mark.parametrize("lowest", [0.0215090, 0.03])
    def test_the_finder_must_find_the_published_height(self, lowest):
        found = told(student={"lowest": {8: lowest}})
        assert (found.outcome, "bad minima found" in found.primary.cells[0].why) == ("untested", True)

    def test_published_shares_stand_next_to_ours(self):
        ours = {row.name: row.ours for row in told().published}
        assert {name: its and its.value for name, its in ours.items()} == {
            "share of bad minima, n = k, k = 8": pytest.approx(4 / 30, abs=1e-6),
            "share of bad minima, n = k + 1, k = 8": 0.0,
        }


def test_data_sets_are_cells():
    found = told(toy_rows(gap=wide(0.05, 72), dataset="digits"))
    assert outcomes(found.primary) == {"digits": "contradicted", "mnist1d": "supported"}
    assert found.outcome == "mixed"
