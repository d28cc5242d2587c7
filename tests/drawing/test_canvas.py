from typing import Any

import pytest

from nominima.drawing.canvas import Scale


def axis(scale: Scale) -> dict[str, Any]:
    return scale.axis(200).to_dict()


@pytest.mark.parametrize(
    ("scale", "form"),
    [
        (Scale(0, 40), "~r"),
        (Scale(0.01, 40, log=True), "~g"),
        (Scale(1000, 90000, log=True, form=".3~s"), ".3~s"),
    ],
)
def test_round_numbers_are_written_plainly_and_decades_as_short_as_they_are(scale, form):
    """`~g` writes 10 as 1e+1 where an axis is linear."""
    assert axis(scale)["format"] == form


def test_ticks_of_a_linear_axis_are_round_and_within_it():
    assert Scale(-0.3, 41).ticks(200) == [0.0, 10.0, 20.0, 30.0, 40.0]


def test_ticks_of_a_logarithmic_axis_are_as_many_as_have_room():
    wide = Scale(0.9, 110, log=True)
    assert wide.ticks(400) == [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
    assert wide.ticks(60) == [1.0, 10.0, 100.0]
