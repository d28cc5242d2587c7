"""The page as people meet it: a phone, no scripts, a keyboard, paper, the dark. Needs Debian's chromium."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_project import make, ordinary
from made_verdicts import CELLS, cell, estimate, untested, verdict, words
from playwright.sync_api import Browser, Page, sync_playwright

from nominima.judging.record import Cell, Truer

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser: {CHROMIUM} is missing")
OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true })"


def knob(dataset: str, noise: float) -> Cell:
    found = estimate(-0.1, -0.2, -0.07)
    return cell(f"{dataset}, {noise}", found, "supported", condition={"dataset": dataset, "noise": noise})


FOUR = {
    "c0a_one": verdict("c0a_one", "supported", cells=CELLS[:2]),
    "c0b_two": verdict("c0b_two", "mixed", cells=[knob("digits", 0.0), knob("digits", 0.3), knob("mnist1d", 0.0)]),
    "c1a_three": verdict("c1a_three", "mixed", truer=Truer(word="grows", reason=""), cells=[knob("mnist1d", 0.3)]),
    "c1b_four": untested("c1b_four"),
}
TITLES = {name: words(f"Number {name[4:]}", statement=f"A statement of {name}.") for name in FOUR}
LONG = "a_name_without_any_space_" * 12


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    made = {
        "ordinary": make(tmp_path_factory.mktemp("ordinary"), ordinary() | {"c1a": untested("c1a")}),
        "four": make(tmp_path_factory.mktemp("four"), FOUR, TITLES),
        "empty": make(tmp_path_factory.mktemp("empty"), {}),
        "long": make(tmp_path_factory.mktemp("long"), {"c1a": verdict("c1a", reason=LONG)},
                     {"c1a": words(LONG, statement=LONG)}),
    }  # fmt: skip
    return {name: path.as_uri() for name, path in made.items()}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield started
        started.close()


def visit(browser: Browser, address: str, fragment: str = "", **options) -> Page:
    """Open a page of the project; anything it asks of others, or complains of, is an error."""
    visited = browser.new_context(**options).new_page()
    told: list[str] = []
    visited.on("console", lambda message: told.append(message.text))
    visited.on("pageerror", lambda error: told.append(str(error)))
    visited.on(
        "request", lambda request: told.append(request.url) if not request.url.startswith(("data:", address)) else None
    )
    visited.goto(f"{address}{fragment}", wait_until="load")
    assert told == []
    return visited


@pytest.mark.parametrize(("name", "scheme"), [("ordinary", "light"), ("ordinary", "dark"), ("empty", "light")])
def test_axe_finds_nothing(browser, pages, name, scheme):
    visited = visit(browser, pages[name], color_scheme=scheme, bypass_csp=True)
    visited.evaluate(OPEN)
    result = Axe().run(visited)
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.parametrize("name", ["ordinary", "empty", "long"])
def test_the_page_never_scrolls_sideways(browser, pages, name):
    visited = visit(browser, pages[name])
    visited.evaluate(OPEN)
    for width in (320, 390, 768, 1400):
        visited.set_viewport_size({"width": width, "height": 800})
        assert visited.evaluate("document.documentElement.scrollWidth") <= width


def test_figures_are_seen(browser, pages):
    visited = visit(browser, pages["ordinary"], "#c0a&c1a")
    for fold in visited.locator("summary", has_text="Every panel").all():
        fold.click()
    widths: list[int] = []
    for image in visited.locator("img").all():
        image.scroll_into_view_if_needed()
        widths.append(image.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }"))
    assert widths == [470] * 4, "a card and every panel, of two claims"
    assert all(visited.evaluate("[...document.images].map((image) => image.alt.length > 20)"))


def test_without_scripts_everything_is_there(browser, pages):
    visited = visit(browser, pages["ordinary"], java_script_enabled=False)
    assert not visited.locator("button, select, input").filter(visible=True).count()
    assert visited.locator(".row").count() == 2
    visited.locator(".row a").first.click()
    assert visited.locator("#c0a").get_by_text("A slope whose whole interval lies above zero.").is_visible()
    visited.locator("summary", has_text="Trace").first.click()
    assert visited.get_by_text("nominima trace reports/figures/c0a_bigger_is_better.png").is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_address_opens_its_claim(browser, pages, scripts):
    visited = visit(browser, pages["four"], "#c1a", java_script_enabled=scripts)
    assert visited.locator("details.claim[open] .told").get_attribute("id") == "c1a"
    assert visited.get_by_text("A statement of c1a_three.").is_visible()
    assert visited.evaluate("document.getElementById('c1a').getBoundingClientRect().top") < 400


def test_a_claim_is_found_by_its_whole_name_too(browser, pages):
    visited = visit(browser, pages["four"], "#c1a_three")
    assert visited.get_by_text("A statement of c1a_three.").is_visible()


def seen(visited: Page) -> list[str]:
    return [text.split()[-1] for text in visited.locator(".row:visible .name").all_inner_texts()]


@pytest.mark.parametrize(
    ("field", "value", "rows"),
    [
        ("chapter", "0", ["one", "two"]),
        ("word", "mixed", ["two", "three"]),
        ("trend", "grows", ["three"]),
        ("dataset", "digits", ["two"]),
        ("noise", "0.3", ["two", "three"]),
        ("search", "STATEMENT of  c1b", ["four"]),
        ("search", "no such word", []),
    ],
)
def test_claims_are_sifted_and_the_address_says_so(browser, pages, field, value, rows):
    visited = visit(browser, pages["four"])
    place = visited.locator(f"[name={field}]")
    place.fill(value) if field == "search" else place.select_option(value)
    visited.wait_for_function("location.hash !== ''")
    assert seen(visited) == rows
    assert visited.locator("output").inner_text() == f"{len(rows)} of 4 claims"
    assert visited.locator("details.claim:visible").count() == len(rows)
    assert visited.locator(".chapter:visible").count() == len({FOURTH[row] for row in rows})
    again = visit(browser, pages["four"], "#" + visited.url.partition("#")[2])
    assert seen(again) == rows
    assert again.locator(f"[name={field}]").input_value() == value
    visited.get_by_role("button", name="clear").click()
    visited.wait_for_function("location.hash === ''")
    assert len(seen(visited)) == 4


FOURTH = {"one": "0", "two": "0", "three": "1", "four": "1"}


def test_conditions_are_chosen_together_and_the_others_pale(browser, pages):
    visited = visit(browser, pages["four"], "#dataset=mnist1d&noise=0.3")
    assert seen(visited) == ["three"]
    visited = visit(browser, pages["four"], "#dataset=digits&noise=0.0")
    pale = visited.locator(".row:visible .mark").evaluate_all(
        "(all) => all.map((one) => one.classList.contains('dim'))"
    )
    assert sorted(pale) == [False, True, True]


def test_a_claim_opened_among_sifted_ones_is_in_the_address_with_them(browser, pages):
    visited = visit(browser, pages["four"], "#word=mixed")
    visited.locator(".row:visible a").last.click()
    visited.wait_for_function("location.hash === '#c1a&word=mixed'")
    visited.locator("[rel=prev]").filter(visible=True).click()
    visited.wait_for_function("location.hash === '#c0b&c1a&word=mixed'")
    visited.go_back()
    visited.wait_for_function("document.querySelectorAll('.claim[open]').length === 1")
    again = visit(browser, pages["four"], "#c0b&c1a&word=mixed")
    assert again.locator("details.claim[open]").count() == 2
    assert seen(again) == ["two", "three"]
    again.locator(".row:visible a").last.click()
    again.wait_for_function("location.hash === '#c1a&c0b&word=mixed'")


@pytest.mark.parametrize("fragment", ["#how", "#%", "#word=nonsense", "#nonsense=1", "#=", "#toString&__proto__=1"])
def test_an_address_of_nothing_shows_everything(browser, pages, fragment):
    visited = visit(browser, pages["four"], fragment)
    assert len(seen(visited)) == 4
    assert visited.locator("details.claim[open]").count() == 0


def test_filters_are_worked_by_keyboard_alone(browser, pages):
    visited = visit(browser, pages["four"])
    for _ in range(2):
        visited.keyboard.press("Tab")
    visited.keyboard.type("three")
    visited.wait_for_function("location.hash === '#search=three'")
    reach(visited, "A")
    visited.keyboard.press("Enter")
    visited.wait_for_function("location.hash === '#c1a&search=three'")
    assert visited.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize(
    ("width", "media", "font"),
    [(390, "screen", "DejaVu Sans"), (390, "screen", "Liberation Sans"), (768, "screen", "DejaVu Sans"),
     (1400, "screen", "DejaVu Sans"), (1400, "screen", "Liberation Sans"), (688, "print", "Liberation Sans")],
)  # fmt: skip
def test_rows_are_no_higher_than_a_thumb_and_nothing_in_them_overlaps(browser, pages, width, media, font):
    visited = visit(browser, pages["four"], viewport={"width": width, "height": 844})
    visited.emulate_media(media=media)
    for height, parts in visited.evaluate(BOXES, font):
        assert height <= 44
        for index, one in enumerate(parts):
            for other in parts[index + 1 :]:
                assert apart(one, other), (one, other)


BOXES = """(font) => {
  document.body.style.fontFamily = font;
  const box = (part) => { const at = part.getBoundingClientRect(); return [at.left, at.top, at.right, at.bottom]; };
  return [...document.querySelectorAll(".row")].map((row) =>
    [row.getBoundingClientRect().height,
     [".name", ".word", ".strip", ".trend"].map((part) => box(row.querySelector(part)))]);
}"""


def apart(one: list[float], other: list[float]) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_the_trace_opens_and_its_command_is_copied_by_keyboard_alone(browser, pages):
    visited = visit(browser, pages["ordinary"], "#c0a", permissions=["clipboard-read", "clipboard-write"])
    visited.keyboard.press("Tab")
    visited.locator("summary", has_text="Trace").first.focus()
    visited.keyboard.press("Enter")
    assert visited.locator(".trace[open]").count() == 1
    reach(visited, "BUTTON")
    visited.keyboard.press("Enter")
    visited.locator("button", has_text="copied").wait_for()
    copied = visited.evaluate("navigator.clipboard.readText()")
    assert copied == "nominima trace reports/figures/c0a_bigger_is_better.png"


def test_tab_begins_at_the_link_past_the_filters(browser, pages):
    visited = visit(browser, pages["ordinary"])
    visited.keyboard.press("Tab")
    assert visited.evaluate("document.activeElement.textContent") == "Skip to the scoreboard"
    visited.keyboard.press("Enter")
    reach(visited, "A")
    assert visited.evaluate("document.activeElement.hash") == "#c0a"


def reach(visited: Page, tag: str) -> None:
    """Press Tab until an element of that kind has the focus."""
    for _ in range(60):
        visited.keyboard.press("Tab")
        if visited.evaluate("document.activeElement.tagName") == tag:
            return
    raise AssertionError(f"no {tag} is reached by Tab")


def test_the_policy_stops_what_is_not_of_the_page(browser, pages):
    visited = visit(browser, pages["ordinary"])
    visited.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\" id=probe>x</p>')")
    assert visited.evaluate("getComputedStyle(document.getElementById('probe')).color") != "rgb(255, 0, 0)"


def test_on_paper_claims_are_open_and_light_and_what_is_folded_is_left_out(browser, pages):
    visited = visit(browser, pages["four"], color_scheme="dark", viewport={"width": 700, "height": 1000})
    visited.emulate_media(media="print", color_scheme="dark")
    for shown in ("#c0a table", "#c0a figure", "#c1b .verdict", ".trace summary"):
        assert visited.locator(shown).first.is_visible(), shown
    for hidden in (".trace table", ".fold:not(.trace) summary", ".filters", ".turn"):
        assert visited.locator(hidden).first.is_visible() is False, hidden
    assert visited.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert visited.evaluate("document.documentElement.scrollWidth") <= 700


def test_each_claim_begins_a_sheet_of_paper(browser, pages):
    pdf = visit(browser, pages["four"]).pdf(prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert sheets >= 1 + len(FOUR)
    assert b"/MediaBox [0 0 594" in pdf or b"/MediaBox [0 0 595" in pdf
