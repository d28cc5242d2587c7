import math
from functools import cache
from itertools import product

import pytest
from made_tables import TRACE, censor, found, judged, lanes, lose, noise, outcomes, table

from nominima.judging.evidence import numbers, write_numbers

CLAIM = "c3d_small_models"
PARAMETERS = {0: 63, 16: 659, 64: 5699, 256: 71939}
TEACHERS = ("linear", "sparse")
WIDTHS = (4, 16, 32, 64, 256)
CELLS = [f"teacher {teacher}, {examples} examples" for teacher, examples in product(TEACHERS, (100, 400))]


_noise = cache(noise)


def models(
    ratio=lambda _: 0.9, end=lambda _: 1.5, spread=0.0, seeds=200, widths=tuple(PARAMETERS), late=lambda _: False
):  # fmt: skip
    """Stopped networks have `ratio` times the excess of the right small model, those never stopped `end` times.

    Without a spread all replicas are equal: intervals of 200 that are not take a while.
    """
    for (teacher, examples), seed in product(product(TEACHERS, (100, 400)), range(10_000, 10_000 + seeds)):
        small = 20 / examples * math.exp(2 * spread * _noise(teacher, examples, seed))
        for width in widths:
            lane = {"teacher": teacher, "examples": examples, "width": width, "seed": seed}
            own = math.exp(spread * _noise(teacher, examples, seed, width))
            yield lane | {
                "status": "ok", "parameters": PARAMETERS[width], "stop": 50, "censored": late(lane), "bayes": 0.52,
                "excess": small * (ratio(lane) * own if width else 1),
                "excess_end": small * (end(lane) * own if width else 2),
            }  # fmt: skip


def curve(loss=lambda width: 1.2 - 0.1 * math.log2(width), spread=0.003, **changes):
    """The stopped clean test loss of each width."""
    for lane in lanes(**{"sizes": WIDTHS} | changes):
        for stop in (True, False):
            yield lane | {
                "step": 100 if stop else 200, "train_loss": 0.5, "train_accuracy": 0.9, "validation_accuracy": 0.5,
                "validation_loss": 1.2,
                "test_loss": loss(lane["size"]) + spread * _noise(lane["seed"], lane["size"]) + (not stop),
                "test_accuracy": 0.6, "noisy_test_loss": 2.0, "noisy_test_accuracy": 0.5, "best_loss": stop,
                "best_accuracy": stop, "end": not stop,
            }  # fmt: skip


def parted(
    bias=lambda width: 0.3 + 1 / width, bias_end=lambda width: 0.4 - 0.001 * width, slope=0.3, slope_end=0.9,
    spread=0.002, sets=8,    late=lambda width, seed: False, dataset="mnist1d", optimizer="adam", widths=WIDTHS,
):  # fmt: skip
    """Squared bias and variance by width, at the stop and at the end; a participation ratio of P^slope."""
    for (share, point), (width, seed) in product(
        product((0.0, 0.2), ("best", "end")), product(widths, range(300, 300 + sets))
    ):
        own = _noise(share, width, point, seed)
        level = bias(width) if point == "best" else bias_end(width)
        yield {
            "dataset": dataset, "optimizer": optimizer, "noise": share, "width": width, "point": point, "seed": seed,
            "status": "ok", "parameters": width**2, "step": 50, "censored": late(width, seed),
            "bias": level + spread * own, "variance": 0.1 + spread * own,
            "participation": width ** (2 * (slope if point == "best" else slope_end)) * math.exp(spread * own),
        }  # fmt: skip


def tables(models=models, curve=curve, parted=parted):
    """The three tables, of functions that make their rows."""
    return {name: table(name, rows()) for name, rows in
            (("small_models", models), ("learning_curve", curve), ("bias_variance", parted))}  # fmt: skip


@cache
def _usual():
    return tables()


@cache
def _few():
    """Fewer replicas, for what is asked of parts."""
    return table("small_models", models(seeds=8, widths=(0, 256)))


def world():
    return dict(_usual())


def told(**changes):
    """The verdict where one measure is other than usual: its table is made with these changes."""
    made = {"ratio": "small_models", "loss": "learning_curve", "bias": "bias_variance"}
    makers = {"small_models": models, "learning_curve": curve, "bias_variance": parted}
    of = changes.pop("of", None) or next(made[name] for name in made if name in changes)
    few = {} if of == "small_models" else {"small_models": _few()}
    return judged(CLAIM, **world() | few | {of: table(of, makers[of](**changes))})


def part(verdict, name):
    return next(each for each in verdict.parts if each.name == name)


def shown(verdict, name):
    return [row.estimate.value for row in verdict.beside if row.name == name]


def test_supported_where_wide_networks_lose_nothing():
    found = told(ratio=lambda _: 0.9, spread=0.1, widths=(0, 256))
    assert found.outcome == "supported", found.reason
    assert outcomes(found.primary) == dict.fromkeys(sorted(CELLS), "supported")
    assert found.primary.cells[0].estimate.value == pytest.approx(math.log(0.9), abs=0.03)
    assert [each.outcome for each in found.parts] == ["supported"] * 3, [each.reason for each in found.parts]
    assert shown(found, "Bayes risk, nats") == pytest.approx([0.52] * 4)
    assert shown(found, "excess of the right small model, nats") == pytest.approx([0.2, 0.05] * 2, rel=0.1)
    assert judged(CLAIM, **world()).primary.cells[0].estimate.equal


@pytest.mark.parametrize(("ratio", "word"), [(1.02, "supported"), (1.05, "inconclusive"), (1.08, "contradicted")])
def test_a_twentieth_more_is_the_limit(ratio, word):
    assert told(ratio=lambda _: ratio, spread=0.1, widths=(0, 256)).primary.outcome == word


def test_contradicted_against_the_right_model_though_the_parts_hold_is_mixed_and_names_them():
    found = told(ratio=lambda _: 1.5)
    assert (found.primary.outcome, found.outcome) == ("contradicted", "mixed")
    assert "But its part, every width: supported in both tested cells" in found.reason


def test_the_widest_decides_and_nearness_to_the_small_model_is_the_trend():
    found = told(ratio=lambda lane: {16: 2.0, 64: 1.4, 256: 0.9}[lane["width"]])
    assert (found.primary.outcome, found.truer.word) == ("supported", "grows")
    assert shown(found, "ln(excess / that), worst width of each replica") == pytest.approx([math.log(2)] * 4, abs=1e-3)
    found = told(ratio=lambda lane: {16: 0.8, 64: 1.0, 256: 1.4}[lane["width"]])
    assert (found.primary.outcome, found.truer.word) == ("contradicted", "shrinks")


def test_teachers_and_examples_are_cells():
    found = told(ratio=lambda lane: 1.5 if lane["teacher"] == "sparse" else 0.9)
    assert found.primary.outcome == "mixed"
    assert sorted(outcomes(found.primary).values()) == ["contradicted"] * 2 + ["supported"] * 2


def test_networks_never_stopped_that_lose_as_little_leave_their_cell_undecided():
    found = told(ratio=lambda _: 0.9, end=lambda lane: 0.9 if lane["examples"] == 400 else 1.5)
    assert sorted(outcomes(found.primary).values()) == ["inconclusive"] * 2 + ["supported"] * 2
    assert "never stopped" in next(cell.why for cell in found.primary.cells if cell.outcome == "inconclusive")


@pytest.mark.parametrize("width", [0, 256])
@pytest.mark.parametrize(("share", "word"), [(0.15, "supported"), (0.25, "inconclusive")])
def test_networks_and_small_models_without_a_stop_are_censored(width, share, word):
    found = told(ratio=lambda _: 0.9, late=lambda lane: lane["width"] == width and lane["seed"] < 10_000 + 200 * share)
    assert found.primary.outcome == word
    assert found.primary.cells[0].lost == {"censored": round(200 * share)}


def test_fewer_than_200_replicas_are_too_few():
    assert "199 of the 200 seeds" in told(of="small_models", seeds=199, spread=0.1, widths=(0, 256)).reason


class TestEveryWidth:
    @pytest.mark.parametrize(("rise", "word"), [(0.015, "supported"), (0.02, "inconclusive"), (0.026, "contradicted")])
    def test_no_width_may_be_worse_than_any_narrower_one(self, rise, word):
        found = told(loss=lambda width: 1.2 - 0.1 * math.log2(width) + (0.1 + rise) * (width == 64), spread=0.001)
        assert part(found, "every width").outcome == word

    def test_the_number_is_the_worst_of_all_pairs(self):
        found = told(loss=lambda width: {4: 1.0, 256: 0.95}.get(width, 0.8))
        cell = part(found, "every width").cells[0]
        assert cell.estimate.value == pytest.approx(0.15, abs=0.005)
        assert cell.outcome == "contradicted"

    def test_it_must_fall_in_trend(self):
        found = told(loss=lambda width: 0.9, spread=0.001)
        assert part(found, "every width").outcome == "inconclusive"

    def test_a_tuned_rate_is_a_variant_and_other_families_are_none(self):
        rows = [
            *curve(),
            *curve(loss=lambda width: width / 100, tuned=True),
            *curve(loss=lambda width: width / 100, model="cnn"),
        ]
        found = judged(CLAIM, **world() | {"learning_curve": table("learning_curve", rows)})
        its = part(found, "every width")
        assert its.outcome == "supported"
        assert [cell.decides for cell in its.cells].count(False) == 2
        assert len(its.cells) == 4

    @pytest.mark.parametrize("gone", [lambda made: lose("learning_curve", made, 0.25), lambda made: censor(made, 0.25)])
    def test_lost_networks_are_counted(self, gone):
        made = gone(world()["learning_curve"])
        its = part(judged(CLAIM, **world() | {"learning_curve": made}), "every width")
        assert (its.outcome, sum(its.cells[0].lost.values())) == ("inconclusive", 2 * len(WIDTHS))


class TestBias:
    @pytest.mark.parametrize(("share", "word"), [(0.55, "supported"), (0.5, "inconclusive"), (0.45, "contradicted")])
    def test_half_of_its_fall_is_the_limit(self, share, word):
        found = told(bias=lambda width: 0.5 - 0.2 * (share if 32 <= width < 256 else width > 128))
        assert part(found, "bias").outcome == word
        assert part(found, "bias").cells[0].estimate.value == pytest.approx(share, abs=0.02)

    def test_a_bias_that_rises_with_width_is_against_it(self):
        assert part(told(bias=lambda width: 0.3 - 1 / width), "bias").outcome == "contradicted"

    def test_travel_shared_by_ever_more_parameters_is_against_it(self):
        for slope, word in ((0.4, "supported"), (0.6, "contradicted")):
            found = told(of="bias_variance", slope=slope)
            assert (part(found, "travel").outcome, part(found, "bias").outcome) == (word, "supported")

    def test_travel_shared_by_as_few_at_the_end_decides_nothing(self):
        its = part(told(of="bias_variance", slope_end=0.4), "travel")
        assert (its.outcome, "sharing at the end" in its.reason) == ("inconclusive", True)

    def test_a_bias_that_falls_so_at_the_end_too_decides_nothing(self):
        its = part(told(of="bias_variance", bias_end=lambda width: 0.3 + 1 / width), "bias")
        assert (its.outcome, "squared bias at the end" in its.reason) == ("inconclusive", True)

    def test_seven_sets_are_too_few_and_sets_without_a_stop_are_counted(self):
        assert "7 of the 8 seeds" in part(told(of="bias_variance", sets=7), "bias").reason
        late = told(of="bias_variance", late=lambda width, seed: width == 4 and seed < 302)
        assert part(late, "bias").cells[0].lost == {"censored": 2}

    def test_another_optimizer_is_a_variant(self):
        rows = [*parted(), *parted(optimizer="momentum", slope=0.9)]
        found = judged(CLAIM, **world() | {"bias_variance": table("bias_variance", rows)})
        its = part(found, "bias")
        assert (its.outcome, len(its.cells)) == ("supported", 2)
        assert shown(found, "sharing, momentum") == pytest.approx([0.9, 0.9], abs=0.01)

    def test_what_variance_does_is_shown(self):
        found = told(bias=lambda width: 0.3 + 1 / width)
        assert part(found, "bias").cells[0].numbers[1].estimate.value == pytest.approx(1 / 4 - 1 / 256, abs=0.01)
        assert shown(found, "variance, fall to width 32") == pytest.approx([0, 0], abs=0.01)


def test_numbers_of_the_shipped_scale_are_few(tmp_path):
    """Git keeps them: 200 replicas, three widths, 18 seeds in six cells of seven widths, eight sets in eight."""
    widths = (4, 8, 16, 32, 64, 128, 256)
    usual = {"sizes": widths, "seeds": tuple(range(300, 318))}
    curves = [curve(**usual | more) for more in ({}, {"dataset": "digits"}, {"tuned": True})]
    many = world() | {"learning_curve": table("learning_curve", *curves)}
    many["small_models"] = table("small_models", models(spread=0.1))
    kinds = product(("mnist1d", "digits"), ("adam", "momentum"))
    many["bias_variance"] = table(
        "bias_variance", *(parted(dataset=name, optimizer=its, widths=widths) for name, its in kinds)
    )
    write_numbers(tmp_path / "numbers.csv", numbers(found(CLAIM, **many)), TRACE)
    assert (tmp_path / "numbers.csv").stat().st_size < 290_000
