"""Every table of the page as a CSV file, saved from the page itself. Needs Debian's chromium."""

import pytest
from browsing import NEEDED, saved, visit
from made_project import HOSTILE, make
from made_verdicts import CELLS, TREND, cell, estimate, verdict, words

from nominima.judging.record import Truer

pytestmark = NEEDED
FORMULA = '=HYPERLINK("x")'


@pytest.fixture(scope="module")
def visited(browser, tmp_path_factory):
    cells = [*CELLS, cell(FORMULA, estimate(-1.5e-7, -2e-7, -1e-7), "mixed", decides=False, why=HOSTILE)]
    lost = TREND.model_copy(update={"lost": 3, "name": HOSTILE})
    told = verdict("c1a", cells=cells, truer=Truer(word="grows", reason="", cells=[TREND, lost]))
    page = make(tmp_path_factory.mktemp("csv"), {"c1a": told}, {"c1a": words(HOSTILE)})
    return visit(browser, page.as_uri(), "#c1a")


def test_numbers_intervals_and_counts_are_columns_and_remarks_stand_apart(visited, tmp_path):
    table = saved(visited, "slope of the best test loss", tmp_path, by_keyboard=True)
    assert table.columns == [
        "condition", "number", "number low", "number high", "n", "lost", "lost of", "verdict", "controls",
        "controls of", "remarks",
    ]  # fmt: skip
    assert table["number"].to_list() == [-0.12, -0.03, None, -1.5e-7]
    assert table["number low"].to_list() == [-0.15, -0.08, None, -2e-7]
    assert table["lost of"].to_list() == [40, 40, 4, 40]
    assert table["controls of"].to_list() == [2, None, None, None]
    assert table["condition"].to_list() == ["mnist1d, clean", "digits, noise .3", "idx", f"'{FORMULA}"]
    assert table["verdict"].to_list() == ["supported", "inconclusive", "untested", "mixed"]
    assert table["remarks"][0] == "1 censored; 1 diverged"
    assert table["remarks"][3] == f"(variant, does not decide); {HOSTILE}"
    assert [file.name for file in tmp_path.iterdir()] == [
        "c1a-slope-of-the-best-test-loss-on-log-width-nats-per-decade.csv"
    ]


def test_other_tables_are_saved_as_they_are(visited, tmp_path):
    table = saved(visited, "With size", tmp_path)
    assert table["condition"].to_list() == ["mnist1d, clean", HOSTILE]
    assert table["Kendall τ high"].to_list() == [1.0, 1.0]
    assert table["seeds"].to_list() == [8, 8]
    assert table["mean at each size"][0] == "4: -2, 16: -1.4, 64: lost"
    assert table["remarks"].to_list() == [None, "3 lost"]
    assert saved(visited, "Published", tmp_path).row(0) == ("MLP error, h = 47", 0.54, 0.5, 0.4, 0.6, "Greydanus 2020")


def test_every_table_has_its_button_and_paper_has_none(visited):
    assert visited.locator("button.save").count() == visited.locator("table").count() > 8
    assert visited.locator("button.save").filter(visible=True).count() > 0
    visited.emulate_media(media="print")
    assert visited.locator("button.save").filter(visible=True).count() == 0
    visited.emulate_media(media="screen")
