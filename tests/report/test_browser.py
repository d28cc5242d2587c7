"""The page as people meet it: a phone, no scripts, a keyboard, paper, the dark. Needs Debian's chromium."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import FOUR, NEEDED, reach, visit
from playwright.sync_api import expect

pytestmark = NEEDED
OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true })"


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
    expect(visited.locator(".drawn")).to_have_count(4)
    widths = visited.locator(".drawn").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width)")
    assert widths == [470] * 4, "a card and every panel, of two claims"
    assert all(len(drawn.get_attribute("aria-label") or "") > 20 for drawn in visited.locator(".drawn").all())


def test_without_scripts_figures_are_pictures(browser, pages):
    visited = visit(browser, pages["ordinary"], "#c0a", java_script_enabled=False)
    image = visited.locator("img").first
    image.scroll_into_view_if_needed()
    assert (box := image.bounding_box())
    assert box["width"] == 470
    assert len(image.get_attribute("alt") or "") > 20


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
