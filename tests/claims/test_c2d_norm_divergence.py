import numpy as np
import pytest
from made_tables import censor, judged, lanes, lose, noise, outcomes, table

CLAIM = "c2d_norm_divergence"
STEPS = (0, 1, 10, 100, 200, 400, 700, 1000)
ARMS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def norms(growth=lambda size: 0.2, held=0.0, spread=0.001, law=np.log, arms=ARMS, **changes):
    """‖θ_t‖/‖θ_0‖ = 1 + growth × ln t, `held` instead of growth for the strongest decay."""
    for l2 in (arms[0], arms[-1]) if len(arms) > 1 else arms:
        for lane in lanes(**{"l2": l2} | changes):
            up = held if l2 else growth(lane["size"])
            for step in STEPS:
                norm = 1 + up * law(max(step, 1)) + spread * noise(lane["seed"], lane["size"], step)
                yield lane | {"step": step, "norm": norm, "relative_norm": norm, "travelled": norm}


def learning_curve(cost=lambda l2: 0.05, preferred=0.01, arms=ARMS, **changes):
    """At the stop the test loss is 1 + cost and the validation loss lowest for one strength; at the end both worse."""
    for l2 in arms:
        for lane in lanes(**{"l2": l2} | changes):
            loss = 1 + (cost(l2) if l2 else 0) + 0.001 * noise(lane["seed"], lane["size"], l2)
            for stop in (True, False):
                yield lane | {
                    "step": 100 if stop else 200, "train_loss": 0.5, "train_accuracy": 0.9, "validation_accuracy": 0.5,
                    "validation_loss": 1.2 + (l2 != preferred) + (not stop), "test_loss": loss + 0.5 * (not stop),
                    "test_accuracy": 0.6, "noisy_test_loss": 2.0, "noisy_test_accuracy": 0.5, "best_loss": stop,
                    "best_accuracy": stop, "end": not stop,
                }  # fmt: skip


def decay_shift(risen=1.0, shift=1.0, sure=True, arms=ARMS, **changes):
    """The smallest eigenvalue at the end is −.1 without decay and `risen` · l2 above that with."""
    for l2 in arms:
        for lane in lanes(**{"l2": l2} | changes):
            if lane["size"] > 8:
                continue
            held = -0.1 + risen * l2 * (1 + 0.01 * noise(lane["seed"], lane["size"], l2))
            yield lane | {
                "lambda_min": held - l2, "lambda_max": 1.0, "lambda_min_held": held,
                "error_min": 0.0005, "converged": sure, "shift_least": shift if l2 else None,
                "shift_most": 1.0 if l2 else None,
            }  # fmt: skip


MADE = {"norms": norms, "learning_curve": learning_curve, "decay_shift": decay_shift}
OWN = {"norms": ("growth", "held", "spread", "law"), "learning_curve": ("cost", "preferred"),
       "decay_shift": ("risen", "shift", "sure")}  # fmt: skip


def tables(*more, **world):
    """The tables of one sweep, and of others by their changes."""
    own = {name for names in OWN.values() for name in names}

    def its(measure, changes):
        return {name: value for name, value in changes.items() if name not in own or name in OWN[measure]}

    sweeps = [world, *more]
    return {name: table(name, *(make(**its(name, each)) for each in sweeps)) for name, make in MADE.items()}


def world():
    return tables()


def told(*more, **changes):
    return judged(CLAIM, **tables(*more, **changes))


def part(verdict, name):
    return next(each for each in verdict.parts if each.name == name)


def shown(verdict, name):
    return [row.estimate.value for row in verdict.beside if row.name == name]


def test_supported_where_the_norm_grows_and_decay_costs():
    found = told()
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == {"mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported"}
    assert found.primary.cells[0].estimate.value == pytest.approx(0.2, abs=0.002)
    assert [each.outcome for each in found.parts] == ["supported", "supported"], [each.reason for each in found.parts]
    assert part(found, "cost of decay").cells[0].estimate.value == pytest.approx(0.05, abs=0.002)
    assert part(found, "curvature").cells[0].estimate.value == pytest.approx(1, abs=0.02)


def test_contradicted_where_norms_shrink_and_decay_helps():
    found = told(growth=lambda size: -0.05, cost=lambda l2: -0.1, risen=-1.0)
    assert found.outcome == "contradicted", found.reason
    assert [each.outcome for each in found.parts] == ["contradicted", "contradicted"]
    assert told(growth=lambda size: -0.05).outcome == "mixed", "the parts hold"


@pytest.mark.parametrize(("growth", "word"), [(0.052, "supported"), (0.048, "inconclusive"), (-0.01, "contradicted")])
def test_a_twentieth_an_efold_is_the_limit(growth, word):
    assert told(growth=lambda size: growth).primary.outcome == word


def test_the_largest_size_decides_and_the_slowest_is_shown():
    found = told(growth=lambda size: 0.2 if size > 4 else 0.01)
    assert found.primary.outcome == "supported"
    assert shown(found, "growth, slowest size of each seed") == pytest.approx([0.01, 0.01], abs=0.002)
    assert told(growth=lambda size: 0.2 if size < 32 else 0.01).primary.outcome == "inconclusive"


def test_only_the_last_efolds_count():
    """Growth that ends at step 130 is none."""
    found = told(law=lambda step: np.log(min(step, 130)))
    assert found.primary.cells[0].estimate.value == pytest.approx(0, abs=0.002)


@pytest.mark.parametrize("prior", ["decay", "l1", "dropout", "smoothing"])
def test_runs_with_any_other_prior_are_no_cells(prior):
    found = judged(CLAIM, **tables() | {"norms": table("norms", norms(), norms(lambda size: 0.0, **{prior: 0.1}))})
    assert found.primary.outcome == "supported"
    assert len(found.primary.cells) == 2


class TestControls:
    def test_growth_under_the_strongest_decay_in_its_own_cell(self):
        found = told({"dataset": "digits", "held": 0.2})
        assert outcomes(found.primary) == {
            "digits, noise 0.0": "inconclusive", "digits, noise 0.2": "inconclusive",
            "mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported",
        }  # fmt: skip
        assert "strongest decay" in found.primary.cells[0].why

    def test_a_weaker_decay_is_none(self):
        weak = norms(lambda size: 0.2, held=0.2, arms=(0.0, 0.01))
        strong = (row for row in norms() if row["l2"])
        assert judged(CLAIM, **tables() | {"norms": table("norms", weak, strong)}).primary.outcome == "supported"

    def test_an_instrument_that_misses_the_shift_leaves_its_cells_untested(self):
        found = part(told({"dataset": "digits", "shift": 0.9}), "curvature")
        assert outcomes(found) == {
            "digits, noise 0.0": "untested", "digits, noise 0.2": "untested",
            "mnist1d, noise 0.0": "supported", "mnist1d, noise 0.2": "supported",
        }  # fmt: skip
        assert "eigenvalues moved by the penalty" in found.cells[0].why


class TestCost:
    @pytest.mark.parametrize(
        ("cost", "word"), [(0.005, "supported"), (-0.01, "inconclusive"), (-0.025, "contradicted")]
    )
    def test_what_contradicts_is_beyond_a_margin(self, cost, word):
        assert part(told(cost=lambda l2: cost), "cost of decay").outcome == word

    def test_only_the_strength_that_validation_prefers_counts(self):
        found = told(cost=lambda l2: 0.05 if l2 == 0.01 else -0.2)
        assert part(found, "cost of decay").outcome == "supported"
        assert shown(found, "decay that validation prefers") == [0.01, 0.01]

    @pytest.mark.parametrize("edge", [0.001, 0.3])
    def test_a_preferred_strength_at_the_edge_is_lost(self, edge):
        found = told(preferred=edge)
        assert {each.outcome for each in found.parts} <= {"inconclusive", "untested"}
        assert part(found, "cost of decay").cells[0].lost == {"edge": 8}
        assert shown(found, "decay that validation prefers") == [edge, edge]
        assert shown(found, "cost of decay, at an edge too") == pytest.approx([0.05, 0.05], abs=0.002)
        assert shown(found, "rise of the smallest eigenvalue, at an edge too") == pytest.approx([1, 1], abs=0.02)

    def test_an_optimizer_with_one_strength_takes_none_from_another(self):
        found = told({"optimizer": "sgd", "arms": (0.0, 0.3), "cost": lambda l2: -0.2})
        cells = part(found, "cost of decay").cells
        assert {cell.condition.get("optimizer", "adam"): cell.outcome for cell in cells} == {"adam": "supported"}
        assert shown(found, "decay that validation prefers") == [0.01, 0.01]

    def test_five_strengths_are_too_few(self):
        found = told(arms=ARMS[:6], preferred=0.01)
        assert found.outcome == "supported"
        assert [each.outcome for each in found.parts] == ["untested", "untested"]
        assert "6 strengths of decay" in found.parts[0].reason

    def test_other_readings_are_shown(self):
        found = told()
        assert shown(found, "cost, at the end of training") == pytest.approx([0.05, 0.05], abs=0.002)
        assert shown(found, "cost, share wrong, stopped by accuracy") == [0, 0]


@pytest.mark.parametrize(("risen", "word"), [(0.55, "supported"), (0.45, "inconclusive"), (-0.1, "contradicted")])
def test_curvature_must_rise_by_half_of_the_decay(risen, word):
    assert part(told(risen=risen), "curvature").outcome == word


def test_eigenvalues_that_are_not_sure_are_lost_and_their_error_is_shown():
    assert part(told(sure=False), "curvature").outcome == "untested"
    assert shown(told(), "error of the smallest eigenvalue, share of the decay") == pytest.approx([0.05, 0.05])


@pytest.mark.parametrize(("law", "sign"), [(np.log, 1), (lambda step: 5 * step**0.5 - 5, -1)])
def test_the_better_fit_is_shown(law, sign):
    """√t is a power of t, 1 + .2 ln t is none."""
    misfits = shown(told(law=law, spread=1e-4), "ln(misfit of a power of t / misfit of a + b ln t)")
    assert len(misfits) == 2
    assert all(sign * misfit > 1 for misfit in misfits)


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
def test_lost_networks_are_counted(share, word):
    found = judged(CLAIM, **{name: lose(name, each, share) for name, each in tables().items()})
    assert found.primary.outcome == word
    assert found.primary.cells[0].lost == {"diverged": round(8 * share)}


def test_networks_without_a_stop_are_censored_where_it_is_read():
    found = judged(CLAIM, **{name: censor(each, 0.25) for name, each in tables().items()})
    assert found.primary.outcome == "supported", "the end is read"
    cost = part(found, "cost of decay")
    assert (cost.outcome, cost.cells[0].lost) == ("inconclusive", {"censored": 2})


def test_untested_says_what_is_missing():
    only_decay = table("norms", (row for row in norms() if row["l2"]))
    assert "no runs without a prior" in judged(CLAIM, **tables() | {"norms": only_decay}).reason
    bare = told(arms=(0.0,))
    assert bare.outcome == "untested"
    assert "growth under the strongest decay" in bare.reason


def test_a_tuned_rate_is_a_variant():
    found = told({"tuned": True, "growth": lambda size: 0.0})
    assert found.outcome == "supported"
    assert sum(not cell.decides for cell in found.primary.cells) == 2
