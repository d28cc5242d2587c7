import json
import re
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from laid_out import fits, layers, rows, told, words
from made_verdicts import CELLS, GUARDS, RULE, WITHIN, cell, estimate, untested, verdict

from nominima.drawing.arms import Arms
from nominima.drawing.card import card
from nominima.drawing.facets import FACETS, SERIES
from nominima.drawing.outlined import with_text
from nominima.drawing.panels import Panel
from nominima.drawing.tally import Tally
from nominima.drawing.theme import LOOKS
from nominima.judging.evidence import COLUMNS
from nominima.judging.intervals import NOTHING
from nominima.judging.record import Number, PartVerdict, Verdict
from nominima.judging.rules import Outcome
from nominima.verbs.report import rendered

CODE = "1a2b3c4d5e6f"
LOSS = Panel("loss", "The loss by size", "nats", limit=(0.1, "the claim: below it"))
OTHER = Panel("other", "Another view", "nats", card=True)


def numbers(
    datasets: tuple[str, ...] = ("a", "b"), models: tuple[str, ...] = ("cnn", "mlp"), view: str = "loss"
) -> pl.DataFrame:
    return pl.DataFrame(
        {"dataset": dataset, "model": model, "noise": 0.2, "view": view, "size": size, "place": None, "seed": seed,
         "value": (1 + at) / size + 0.001 * seed, "status": None}
        for dataset in datasets for at, model in enumerate(models) for size in (4.0, 16.0, 64.0) for seed in range(8)
    ).cast(COLUMNS)  # pyright: ignore[reportArgumentType]  # fmt: skip


def grouped(count: int = 6) -> list[Any]:
    """Cells of two data sets, all words among them, one that was lost whole."""
    words = ("supported", "contradicted", "inconclusive")
    lost = cell("mnist1d, noise 0.2, transformer, fixed rate, 7 examples", NOTHING, "untested", lost={"diverged": 8})
    return [
        cell(f"{name}, noise 0.2, {'cnn' if at % 2 else 'mlp'}, fixed rate, {at} examples",
             estimate(at / 10 - 0.2, at / 10 - 0.25, at / 10 - 0.1), words[at % 3], lost={"censored": at} if at else {})
        for name in ("digits", "mnist1d") for at in range(count)
    ] + [lost]  # fmt: skip


def drawn(its: Verdict | None = None, asked: Any = (LOSS,), table: pl.DataFrame | None = None) -> dict[str, Any]:
    return card(asked, numbers() if table is None else table, its or verdict(), "Bigger is better", CODE)


def marks(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """The numbers of cells."""
    return [row for row in rows(chart, "point") if "word" in row]


CASES = {
    "ordinary": verdict(),
    "grouped": verdict(cells=grouped()),
    "many": verdict(cells=grouped(19)),
    "untested": untested("c1a"),
    "within": verdict(primary=PartVerdict(name="", rule=WITHIN, outcome="supported", reason="One.", cells=CELLS)),
    "long": verdict(cells=[cell(f"of {'very ' * 20}many words, {at}", estimate(at, at, at), "mixed") for at in (1, 2)]),
}


@pytest.mark.parametrize("name", CASES)
def test_no_word_leaves_the_card_or_lies_on_another(name):
    fits(drawn(CASES[name]))


def test_a_card_has_its_size_and_says_what_it_is_of():
    drawing = rendered(drawn(verdict(cells=grouped())))
    svg = with_text(drawing["svg"].decode())
    assert re.search(r'<svg[^>]* width="900" height="500"', svg)
    assert "<title>Bigger is better</title><desc>mixed: One condition is" in svg
    texts = re.findall(r"<text[^>]*>([^<]*)<", svg)
    for expected in ("Bigger is better", "MIXED", "4 of 12 tested cells support it", "4 contradict it",
                     "4 are undecided", "1 is untested", "? trend unclear", "the claim: below −0.05",
                     "The loss by size", f"trace {CODE}", "digits, noise 0.2", "no number: 8 diverged"):  # fmt: skip
        assert expected in texts
    assert sum("textLength=" in each for each in re.findall(r"<text[^>]*>", svg)) > 30


@pytest.mark.parametrize(
    ("said", "shown"), [("examples", "4000 examples"), ("examples in very many words", "797 examples in…")]
)
def test_what_is_said_beside_a_heading_ends_before_the_numbers(said, shown):
    cells = [
        cell(f"{name}, noise 0.2, {model}, {count} {said}", estimate(1, 0.9, 1.1), "supported")
        for name, count in (("digits", 797), ("mnist1d", 4000)) for model in ("cnn", "mlp")
    ]  # fmt: skip
    chart = drawn(verdict(cells=cells))
    shade = next(layer for layer in layers(chart) if layer["mark"]["type"] == "rect" and "x2" in layer["encoding"])
    notes = {text: right for _, right, _, text in words(chart) if text.startswith(("797", "4000"))}
    assert len(notes) == 2
    assert shown in notes
    assert max(notes.values()) <= shade["encoding"]["x"]["scale"]["range"][0]


def test_nothing_stands_beside_a_heading_where_nothing_goes_without_saying():
    names = [f"{name}, noise 0.2, {model}" for name in ("digits", "mnist1d") for model in ("a", "b")]
    chart = drawn(verdict(cells=[cell(name, estimate(1, 0.9, 1.1), "supported") for name in names]))
    assert not [text for _, _, _, text in words(chart) if "…" in text]


def test_numbers_in_logarithms_are_told_as_multiples_where_the_panel_says_of_what():
    asked = (LOSS._replace(ratio="how many times the loss"),)
    rule = RULE.model_copy(update={"tau": -1.0, "null": 0.0})
    cells = [cell("a", estimate(0.0, -1.0, 1.0), "supported"), cell("b", estimate(2.0, 1.0, 3.0), "contradicted")]
    part = PartVerdict(name="", rule=rule, outcome="mixed", reason="One.", cells=cells)
    chart = drawn(verdict(primary=part), asked)
    assert [round(row["x"], 3) for row in marks(chart)] == [1.0, 7.389]
    assert {"the claim: below 0.368", "how many times the loss"} <= set(told(chart).split(" | "))
    fits(chart)


def test_every_cell_that_decides_has_a_mark_of_its_word():
    cells = [*grouped(), cell("mnist1d, noise 0.2, cnn, tuned rate", estimate(9, 8, 10), "supported", decides=False)]
    chart = drawn(verdict(cells=cells))
    assert sorted(row["x"] for row in marks(chart)) == sorted(cell.estimate.value for cell in cells[:-2])
    assert {row["word"] for row in marks(chart)} == {"supported", "contradicted", "inconclusive"}
    assert "in the detail picture: 1 variant, which decides nothing" in told(chart)
    encoding = next(layer["encoding"] for layer in layers(chart) if "word:N" in str(layer) or "'word'" in str(layer))
    assert encoding["color"]["scale"]["range"] == [color for _, color in LOOKS.values()]


def test_untested_cells_are_not_among_those_of_which_some_support_it():
    words: tuple[Outcome, ...] = ("supported", "supported", "untested")
    cells = [cell(f"a, noise 0.{at}", estimate(1, 0, 2), word) for at, word in enumerate(words)]
    shown = told(drawn(verdict(cells=[*cells, cell("a, noise 0.7", estimate(1, 0, 2), "contradicted")])))
    assert "2 of 3 tested cells support it" in shown
    assert "1 is untested" in shown


def test_families_that_the_names_of_cells_do_not_tell_are_told():
    cells = [cell(f"digits, noise 0.2, {steps} steps", estimate(1, 0, 2), "supported", condition={"model": model})
             for model, steps in (("cnn", 10), ("mlp", 20), ("mlp", 30))]  # fmt: skip
    table = numbers(("a",), ("10", "20", "30")).with_columns(
        pl.when(model="10").then(pl.lit("cnn")).otherwise(pl.lit("mlp")).alias("model"), steps=pl.col("model").cast(int)
    )
    shown = told(drawn(verdict(cells=cells), table=table)).split(" | ")
    assert (shown.count("cnn, 10 steps"), shown.count("mlp, 20 steps")) == (2, 2)


def test_points_that_stand_apart_have_no_lines():
    drawn_lines = [layer for layer in layers(drawn(asked=(LOSS._replace(apart=True),)))
                   if layer["mark"]["type"] == "line" and "color" in layer["encoding"]]  # fmt: skip
    assert drawn_lines == []


def test_what_is_undecided_is_thin_and_hollow_so_that_it_shows_without_colour():
    chart = drawn(verdict(cells=grouped()))
    bars = [row for row in rows(chart, "rule") if "word" in row]
    thick = {row["word"]: row["looks"]["strokeWidth"] for row in bars}
    assert thick["inconclusive"] < thick["supported"] == thick["contradicted"]
    assert LOOKS["inconclusive"][0] not in ("circle", "cross")


def test_a_cell_that_is_asked_for_several_numbers_has_a_row_for_each():
    words: list[tuple[str, float, Outcome]] = [("by L1", 1.0, "supported"), ("by L2", 5.0, "contradicted")]
    asked = [Number(name=name, estimate=estimate(at, at - 1, at + 1), outcome=word) for name, at, word in words]
    of_other = Number(name="of a rule of its own", rule=WITHIN, estimate=estimate(7, 6, 8), outcome="supported")
    chart = drawn(verdict(cells=[cell("a, noise 0.2", NOTHING, "contradicted", numbers=[*asked, of_other])]))
    assert [(row["x"], row["word"]) for row in marks(chart)] == [(1.0, "supported"), (5.0, "contradicted")]
    assert "by L1" in told(chart)


def test_limits_and_the_null_stand_where_the_rule_has_them():
    chart = drawn()
    upright = [row for row in rows(chart, "rule") if set(row) == {"looks", "x"}]
    assert [(row["x"], "strokeDash" in row["looks"]) for row in upright] == [(RULE.tau, False), (RULE.null, True)]
    shades = [row for row in rows(chart, "rect") if set(row) == {"looks", "x", "x2"}]
    assert (shades[1]["x"], shades[1]["x2"]) == (shades[0]["x"], RULE.tau), "the claim is below"


def test_a_card_of_very_many_cells_is_higher_and_not_smaller():
    ordinary, many = drawn(verdict(cells=grouped())), drawn(verdict(cells=grouped(19)))
    assert ordinary["height"] == 500 < many["height"]
    places = sorted(row["y"] for row in marks(many))
    assert min(high - low for low, high in pairwise(places)) >= 12


def test_a_card_without_cells_says_why():
    chart = drawn(untested("c1a"), table=numbers().clear())
    assert "UNTESTED" in told(chart)
    assert "Evidence is missing: there is no measurement of norms." in told(chart)
    assert "Nothing is drawn: there are no numbers." in told(chart)


def test_a_part_that_says_the_opposite_is_told():
    part = PartVerdict(name="depth", rule=WITHIN, outcome="contradicted", reason="Two.", cells=CELLS)
    primary = PartVerdict(name="", rule=RULE, outcome="supported", reason="One.", cells=CELLS)
    assert "but the part “depth” is contradicted" in told(drawn(verdict(primary=primary, parts=[part])))
    assert "depth" not in told(drawn(verdict(parts=[part])))


def test_the_first_panel_stands_on_the_card_or_the_one_that_is_marked():
    both = pl.concat([numbers(), numbers(view="other")])
    assert "The loss by size" in told(drawn(table=both))
    chart = drawn(asked=(LOSS, OTHER), table=both)
    assert "Another view" in told(chart)
    assert "The loss by size" not in told(chart)


def test_data_sets_are_facets_with_the_same_axes_and_what_has_no_room_is_counted():
    names = tuple("abcdef")
    chart = drawn(table=numbers(names, tuple(f"m{at}" for at in range(9))))
    lines = [layer for layer in layers(chart) if layer["mark"]["type"] == "line" and "color" in layer["encoding"]]
    assert len(lines) == FACETS * SERIES
    domains = {json.dumps(layer["encoding"][axis]["scale"]["domain"]) for layer in lines for axis in "y"}
    assert len(domains) == 1
    assert f"thin dashes: the claim: below it; {6 * 9 - FACETS * SERIES} more curves" in told(chart)


def test_one_condition_is_one_curve():
    chart = drawn(table=numbers(("a",), ("mlp",)).drop("model"))
    lines = [layer for layer in layers(chart) if layer["mark"]["type"] == "line" and "color" in layer["encoding"]]
    assert len(lines) == 1


def test_ups_and_downs_and_arms_stand_on_cards_too():
    trends = pl.DataFrame(
        {"claim": name, "view": "trends", "size": None, "place": None, "seed": seed, "value": float(seed % 3 - 1),
         "status": None}
        for name in (f"c{at}a_some_claim" for at in range(20)) for seed in range(6)
    ).cast(COLUMNS)  # pyright: ignore[reportArgumentType]  # fmt: skip
    chart = drawn(asked=(Tally("trends", "Truer?", "claim"),), table=trends)
    names = [text for *_, text in words(chart) if text.endswith("some claim")]
    assert len(names) == 20
    assert all(y < chart["height"] - 40 for *_, y, text in words(chart) if text in names)
    arms = numbers(view="gained").with_columns(by=pl.col("model"))
    chart = drawn(
        asked=(Arms("gained", "What is gained", "by", ("cnn", "mlp"), "share", (0.02, "the claim")),), table=arms
    )
    assert "thin dashes: the claim" in told(chart)
    assert {"cnn", "mlp"} <= {text for *_, text in words(chart)}


def test_a_card_computes_nothing_and_holds_the_numbers():
    chart = drawn(verdict(cells=[CELLS[0].model_copy(update={"guards": GUARDS}), *CELLS[1:]]))
    told = json.dumps(chart)
    assert "aggregate" not in told
    assert "transform" not in told
    assert next((row["x"], row["y"]) for row in marks(chart))[0] == CELLS[0].estimate.value
