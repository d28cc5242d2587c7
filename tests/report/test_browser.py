"""The page as people meet it: a phone, no scripts, a keyboard, paper, the dark. Needs Debian's chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_project import make, ordinary
from made_verdicts import untested, verdict, words
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser: {CHROMIUM} is missing")
OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true })"
LONG = "a_name_without_any_space_" * 12


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, str]:
    made = {
        "ordinary": make(tmp_path_factory.mktemp("ordinary"), ordinary() | {"c1a": untested("c1a")}),
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


def visit(browser: Browser, address: str, **options) -> Page:
    """Open a page of the project; anything it asks of others, or complains of, is an error."""
    visited = browser.new_context(**options).new_page()
    told: list[str] = []
    visited.on("console", lambda message: told.append(message.text))
    visited.on("pageerror", lambda error: told.append(str(error)))
    visited.on(
        "request", lambda request: told.append(request.url) if not request.url.startswith(("data:", address)) else None
    )
    visited.goto(address, wait_until="load")
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
    for width in (320, 400, 1200):
        visited.set_viewport_size({"width": width, "height": 800})
        assert visited.evaluate("document.documentElement.scrollWidth") <= width


def test_figures_are_seen(browser, pages):
    visited = visit(browser, pages["ordinary"])
    assert visited.evaluate("[...document.images].map((image) => image.naturalWidth)") == [470, 470, 470]
    assert all(visited.evaluate("[...document.images].map((image) => image.alt.length > 20)"))


def test_without_scripts_everything_is_there(browser, pages):
    visited = visit(browser, pages["ordinary"], java_script_enabled=False)
    assert visited.locator("button").count() == 0
    visited.locator("summary", has_text="Trace").first.click()
    assert visited.get_by_text("nominima trace reports/figures/c0a_bigger_is_better.png").is_visible()


def test_the_trace_opens_and_its_command_is_copied_by_keyboard_alone(browser, pages):
    visited = visit(browser, pages["ordinary"], permissions=["clipboard-read", "clipboard-write"])
    visited.keyboard.press("Tab")
    assert visited.evaluate("document.activeElement.textContent") == "Skip to the scoreboard"
    reach(visited, "SUMMARY")
    reach(visited, "SUMMARY")
    visited.keyboard.press("Enter")
    assert visited.locator("details[open]").count() == 1
    reach(visited, "BUTTON")
    visited.keyboard.press("Enter")
    visited.locator("button", has_text="copied").wait_for()
    copied = visited.evaluate("navigator.clipboard.readText()")
    assert copied == "nominima trace reports/figures/c0a_bigger_is_better.png"


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


def test_on_paper_tables_are_open_and_light_and_the_trace_is_its_code(browser, pages):
    visited = visit(browser, pages["ordinary"], color_scheme="dark", viewport={"width": 700, "height": 1000})
    visited.emulate_media(media="print", color_scheme="dark")
    assert visited.locator("details:not(.trace) table").first.is_visible()
    assert visited.locator("details.trace summary").first.is_visible()
    for hidden in ("details.trace table", "nav"):
        assert visited.locator(hidden).first.is_visible() is False
    assert visited.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert visited.evaluate("document.documentElement.scrollWidth") <= 700
