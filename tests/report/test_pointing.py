"""Marks of figures pointed at: what they say, and the condition that they leave alone. Needs Debian's chromium."""

import re

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import NEEDED, reach, saved, visit
from made_project import HOSTILE, make
from made_verdicts import cell, estimate, verdict
from playwright.sync_api import Locator, Page, expect

from nominima.drawing.card import card
from nominima.drawing.panels import Panel
from nominima.judging.evidence import COLUMNS
from nominima.verbs.report import rendered

pytestmark = NEEDED
CELLS = [
    cell(f"{name}, noise {noise}", estimate(noise - 0.1234, -0.2, 0.3), "supported",
         lost={"censored": 3} if noise else {}, condition={"dataset": name, "noise": noise})
    for name in ("digits", "mnist1d") for noise in (0.0, 0.3)
]  # fmt: skip
NUMBERS = pl.DataFrame(
    {"dataset": name, "noise": noise, "view": "loss", "size": size, "place": None, "seed": seed,
     "value": None if size == 4 and seed < 2 else times * (0.00123 * size + 1e-6 * seed),
     "status": "diverged" if size == 4 and seed < 2 else None}
    for name, noise, times in (("digits", 0.0, 1), ("digits", 0.3, 3), ("mnist1d", 0.0, 9), ("mnist1d", 0.3, 27))
    for size in (4.0, 1600.0) for seed in range(8)
).cast(COLUMNS)  # pyright: ignore[reportArgumentType]  # fmt: skip
PANELS = (Panel("loss", "Loss by size", "loss", log="xy"),)


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """Two claims, one of two conditions only, with one picture: of all four, and of one that no filter knows."""
    strange = cell(f"{HOSTILE}, law", estimate(0, 0, 0), "mixed", condition={"law": "x"})
    drawn = rendered(card(PANELS, NUMBERS, verdict("c1a", cells=[*CELLS, strange]), "A title", "1a2b3c4d5e6f"))
    claims = {"c1a": verdict("c1a", cells=CELLS), "c2a": verdict("c2a", cells=CELLS[2:])}
    return make(tmp_path_factory.mktemp("pointing"), claims, picture=drawn["svg"]).as_uri()


def point(visited: Page, says: str) -> Locator:
    return visited.locator(f"#c1a .point[data-says^='{says}']").first


def hover(visited: Page, mark: Locator) -> str:
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box is not None
    visited.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2)
    return visited.locator(".tip").inner_text()


def conditions(visited: Page) -> list[str]:
    return visited.locator("#c1a tr[data-cell]:visible th").all_inner_texts()[: len(CELLS)]


def test_a_mark_says_its_condition_size_number_interval_count_and_what_is_lost(browser, address):
    visited = visit(browser, address, "#c1a", viewport={"width": 1400, "height": 900})
    told = hover(visited, point(visited, "mnist1d, noise 0.3; parameters 4;")).splitlines()
    assert told[:2] == ["mnist1d, noise 0.3", "parameters 4"]
    assert re.fullmatch(r"loss 0\.133 \[0\.133, 0\.133\]", told[2])
    assert told[3:5] == ["n = 6", "2 diverged"]
    told = hover(visited, point(visited, "mnist1d, noise 0.3; 0.177")).splitlines()
    assert told[:5] == ["mnist1d, noise 0.3", "0.177 [−0.200, 0.300]", "n = 8", "supported", "3 censored"]
    visited.keyboard.press("Escape")
    expect(visited.locator(".tip")).to_be_hidden()


def test_a_mark_in_the_scoreboard_says_it_too(browser, address):
    visited = visit(browser, address, viewport={"width": 1400, "height": 900})
    told = hover(visited, visited.locator(".row .mark").first)
    assert told.startswith("digits, noise 0.0")
    assert "n = 8" in told


def test_a_click_leaves_the_condition_alone_and_another_brings_all_back(browser, address):
    visited = visit(browser, address, "#c1a", viewport={"width": 1400, "height": 900})
    assert len(conditions(visited)) == 4
    mark = point(visited, "digits, noise 0.3; parameters 1,600;")
    hover(visited, mark)
    before = mark.bounding_box()
    visited.mouse.down()
    visited.mouse.up()
    expect(visited).to_have_url(re.compile(r"#c1a&dataset=digits&noise=0\.3$"))
    assert mark.bounding_box() == before, "it stays under the pointer"
    assert conditions(visited) == ["digits, noise 0.3"]
    assert visited.locator(".row:visible").count() == 1, "the other claim has no such condition"
    pale = visited.locator("#c1a .point.dim").evaluate_all("(all) => all.map((one) => one.ariaLabel.split(';')[0])")
    assert "digits, noise 0.3" not in pale
    assert "digits, noise 0.0" in pale
    assert visited.locator("#c1a [data-name='digits, noise 0.0'].dim").count() > 1, "lines and intervals are paled"
    visited.mouse.down()
    visited.mouse.up()
    expect(visited).to_have_url(re.compile(r"#c1a$"))
    assert len(conditions(visited)) == 4
    visited.go_back()
    expect(visited).to_have_url(re.compile(r"noise=0\.3$"))
    assert conditions(visited) == ["digits, noise 0.3"]


def test_marks_are_walked_and_chosen_by_keyboard_alone(browser, address):
    visited = visit(browser, address, "#c1a")
    expect(visited.locator("#c1a .point").first).to_be_attached()
    visited.locator("#c1a .drawn").first.evaluate("(one) => one.closest('.told').querySelector('h4').tabIndex = -1")
    visited.locator("#c1a h4").first.focus()
    reach(visited, "path", "use")
    first = visited.evaluate("document.activeElement.ariaLabel")
    visited.keyboard.press("ArrowRight")
    assert visited.evaluate("document.activeElement.ariaLabel") != first
    expect(visited.locator(".tip")).to_be_visible()
    visited.keyboard.press("End")
    visited.keyboard.press("ArrowRight")
    visited.keyboard.press("Home")
    assert visited.evaluate("document.activeElement.ariaLabel") == first
    visited.keyboard.press("Enter")
    expect(visited).to_have_url(re.compile(r"#c1a&dataset=digits&noise=0\.0$"))
    visited.keyboard.press("Tab")
    expect(visited.locator(".tip")).to_be_hidden()


def test_a_finger_shows_a_mark_first_and_chooses_it_then(browser, address):
    visited = visit(browser, address, "#c1a", viewport={"width": 390, "height": 844}, has_touch=True)
    mark = point(visited, "digits, noise 0.3; parameters 1,600;")
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box is not None
    for url in (r"#c1a$", r"noise=0\.3$"):
        visited.touchscreen.tap(box["x"] + 2, box["y"] + 2)
        expect(visited.locator(".tip")).to_contain_text("parameters 1,600")
        expect(visited).to_have_url(re.compile(url))
    assert visited.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_no_filter_knows_is_told_as_text_and_chooses_nothing(browser, address):
    visited = visit(browser, address, "#c1a", viewport={"width": 1400, "height": 900})
    told = hover(visited, visited.locator("#c1a .point[role=img]").first)
    assert told.startswith(f"{HOSTILE}, law")
    visited.mouse.down()
    visited.mouse.up()
    expect(visited).to_have_url(re.compile(r"#c1a$"))


def test_the_numbers_of_a_figure_are_a_table_that_is_saved_as_csv(browser, address, tmp_path):
    visited = visit(browser, address, "#c1a")
    visited.locator("#c1a summary", has_text="Its numbers").first.click()
    table = saved(visited, "Numbers of the figure", tmp_path)
    assert table.columns == ["condition", "at", "of", "number", "number low", "number high", "n", "remarks"]
    curve = table.filter(pl.col("condition") == "mnist1d, noise 0.3", pl.col("at") == "parameters 4")
    assert curve.rows() == [("mnist1d, noise 0.3", "parameters 4", "loss", 0.133, 0.133, 0.133, 6, "2 diverged")]
    assert table["condition"].to_list().count("digits, noise 0.0") == 3, "what decides, and two sizes"


def test_axe_finds_nothing_in_drawn_figures(browser, address):
    visited = visit(browser, address, "#c1a&c2a", bypass_csp=True)
    expect(visited.locator("#c2a .point").first).to_be_attached()
    visited.locator("#c1a summary", has_text="Its numbers").first.click()
    hover(visited, point(visited, "digits, noise 0.3;"))
    result = Axe().run(visited)
    assert result.violations_count == 0, result.generate_report()
