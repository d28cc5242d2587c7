"""What marks say of themselves, in the pictures that they are in."""

import html
import re

import polars as pl
import pytest
from made_verdicts import verdict

from nominima.drawing.arms import Arms
from nominima.drawing.card import card
from nominima.drawing.panels import Panel
from nominima.drawing.pictures import smaller
from nominima.drawing.says import Spot, lost, of_mark
from nominima.judging.evidence import COLUMNS
from nominima.judging.intervals import NOTHING, Estimate
from nominima.verbs.report import detail, rendered

FOUND = Estimate(value=0.10249, low=0.098, high=0.107, n=8)
NUMBERS = pl.DataFrame(
    {"dataset": "digits", "noise": 0.3, "model": model, "view": "loss", "size": size, "place": None, "seed": seed,
     "value": None if seed == 2 else size / 123456 + seed / 1e6, "status": "diverged" if seed == 2 else None}
    for model in ("cnn", "mlp") for size in (450.0, 12000.0) for seed in range(7)
).cast(COLUMNS)  # pyright: ignore[reportArgumentType]  # fmt: skip
ARMS = Arms("loss", "Two arms", "model", ("cnn", "mlp"), "loss")


def said(picture: bytes) -> list[str]:
    """What the symbols of a picture say."""
    found = re.findall(
        r'<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="symbol', picture.decode()
    )
    return [html.unescape(each) for each in found]


def test_a_mark_says_condition_place_number_count_and_more():
    told = of_mark("digits, mlp", FOUND, "supported", "", place=Spot("parameters", 26122.0, "loss"))
    assert told == "digits, mlp; parameters 26,122; loss 0.102 [0.098, 0.107]; n = 8; supported"
    assert of_mark("", NOTHING) == "all; not defined; n = 0"
    assert "step 0.25;" in of_mark("", FOUND, place=Spot("step", 0.25, "loss"))


def test_what_is_lost_is_counted_by_why():
    lanes = pl.DataFrame(
        {"value": [1.0, None, None, None, None], "status": [None, "diverged", "censored", "diverged", None]}
    )
    assert lost(lanes) == "1 censored, 2 diverged, 1 lost"
    assert lost(lanes.head(1)) == ""


@pytest.mark.parametrize("draw", [card, detail])
def test_points_of_curves_and_numbers_that_decide_say_what_they_are(draw):
    drawn = rendered(draw((Panel("loss", "Loss", "loss"),), NUMBERS, verdict(), "A title", "1a2b3c4d5e6f"))["svg"]
    assert "digits, noise 0.3, mlp; parameters 450; loss 0.00365 [0.00365, 0.00365]; n = 6; 1 diverged" in said(drawn)
    decides = [each for each in said(drawn) if each.startswith("mnist1d, clean; −0.120 [−0.150, −0.100]; n = 8")]
    assert len(decides) == 1
    assert "1 censored" in decides[0]
    small = smaller(drawn.decode())
    assert "loss 0.00365 [0.00365, 0.00365]" in small, "numbers that are told are not rounded"
    assert small.count("data-says=") == len(said(drawn))
    assert small.count('data-name="digits, noise 0.3, mlp"') >= 2, "its line and its intervals"


@pytest.mark.parametrize("draw", [card, detail])
def test_arms_say_what_they_are(draw):
    drawn = rendered(draw((ARMS,), NUMBERS, verdict(), "A title", "1a2b3c4d5e6f"))["svg"]
    assert any(re.fullmatch(r"mlp; 0\.05\S+ \[.*\]; n = 12; 2 lost", each) for each in said(drawn)), said(drawn)
