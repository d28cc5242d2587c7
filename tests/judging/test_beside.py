"""Published numbers next to ours: of one condition, or of none."""

import pytest
from made_lanes import lanes

from nominima.judging.beside import published, shown
from nominima.judging.parts import Published, View

VALUES = {"adam": 0.1, "momentum": 0.2}
BOTH = lanes(lambda its, _: VALUES[its["optimizer"]], [{"optimizer": name} for name in VALUES], spread=0.0)


def told(*where: tuple[str, object], view: str = "gap"):
    return published(Published("a gap", "a paper", 0.3, view=view, where=where), shown(View("gap", BOTH)))


@pytest.mark.parametrize(("optimizer", "value"), VALUES.items())
def test_ours_is_that_of_the_condition_that_fits(optimizer, value):
    row = told(("optimizer", optimizer))
    assert row.ours is not None
    assert (row.ours.value, row.lacks) == (pytest.approx(value), "")


def test_where_several_fit_there_is_none_and_it_says_so():
    row = told()
    assert row.ours is None
    assert row.lacks.startswith("2 conditions fit: ")
    assert ("adam" in row.lacks, "momentum" in row.lacks) == (True, True)


@pytest.mark.parametrize("row", [told(("optimizer", "muon")), told(view="another")])
def test_where_none_fits_there_is_none(row):
    assert (row.ours, row.lacks) == (None, "")
