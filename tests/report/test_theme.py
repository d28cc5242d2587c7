import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_verdicts import RULE, WITHIN

from nominima.drawing import theme
from nominima.judging.intervals import NOTHING, Estimate


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(
    "colour", sorted({c for colours in theme.COLOURS.values() for c in colours} | set(theme.SIZES))
)
def test_marks_stand_out_from_the_paper(colour):
    assert contrast(colour, theme.PAPER) >= 3


@pytest.mark.parametrize("count", range(1, 30))
def test_ordered_colours_stand_out_and_get_lighter(count):
    colours = theme.sizes(count)
    assert len(colours) == count
    assert all(contrast(colour, theme.PAPER) >= 3 for colour in colours)
    assert [luminance(colour) for colour in colours] == sorted(luminance(colour) for colour in colours)


@pytest.mark.parametrize(
    "colour", [theme.INK, theme.QUIET, theme.NULL, *(colour for _, colour in theme.LOOKS.values())]
)
def test_words_stand_out_from_the_paper(colour):
    assert contrast(colour, theme.PAPER) >= 4.5


@pytest.mark.parametrize("colour", [theme.INK, theme.QUIET, *(colour for _, colour in theme.LOOKS.values())])
def test_words_and_marks_stand_out_from_the_region(colour):
    assert contrast(colour, theme.PREDICTED) >= 4.5


def test_outcomes_differ_without_colour():
    assert len({shape for shape, _ in theme.LOOKS.values()}) == len(theme.LOOKS)


def test_series_beyond_the_colours_differ_by_shape():
    count = len(theme.SHAPES)
    looks = list(zip(theme.palette(count), theme.SHAPES, theme.DASHES[:count], strict=True))
    assert len({(colour, shape) for colour, shape, _ in looks}) == count > 5
    assert len({(colour, str(dash)) for colour, _, dash in looks}) == count


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.1234, "0.123"),
        (-0.05, "−0.05"),
        (12345.0, "1.23e4"),
        (1.2e-5, "1.2e−5"),
        (0.0, "0"),
        (None, "not defined"),
    ],
)
def test_numbers_are_told_shortly(value, told):
    assert theme.number(value) == told


def test_intervals_say_what_is_missing():
    assert theme.interval(Estimate(value=0.12, low=0.08, high=0.15, n=8)) == "0.120 [0.080, 0.150]"
    assert theme.interval(Estimate(value=-1e-9, low=-0.0123, high=4.5, n=8)) == "0.00 [−0.01, 4.50]"
    assert theme.interval(Estimate(value=12345.0, low=0.0, high=20000.0, n=8)) == "12345 [0, 20000]"
    assert theme.interval(Estimate(value=0.0, low=0.0, high=2e-7, n=8)) == "0 [0, 2e−7]"
    assert theme.interval(Estimate(value=0.12, low=None, high=None, n=1)) == "0.12 [no interval]"
    assert theme.interval(NOTHING) == theme.interval(None) == "not defined"


def test_predictions_are_told_in_words():
    assert theme.prediction(RULE) == "below −0.05"
    assert theme.prediction(WITHIN) == "−0.55 to −0.45"


@given(st.text())
def test_only_signs_of_the_font_are_drawn(text):
    assert all(sign.isprintable() and (ord(sign) < 0x400 or sign in "–—‘’“”…−≤≥≈→←∞√") for sign in theme.plain(text))


def test_plain_text_stays():
    assert theme.plain("λ_min ≥ 0 →  1/√(2d)\n× ½ …") == "λ_min ≥ 0 → 1/√(2d) × ½ …"
