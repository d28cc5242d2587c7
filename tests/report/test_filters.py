"""Claims chosen on the page, and the address that says which. Needs Debian's chromium."""

import re

import pytest
from browsing import NEEDED, reach, visit
from playwright.sync_api import Page, expect

pytestmark = NEEDED


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
    expect(visited).to_have_url(re.compile("#."))
    assert seen(visited) == rows
    assert visited.locator("output").inner_text() == f"{len(rows)} of 4 claims"
    assert visited.locator("details.claim:visible").count() == len(rows)
    assert visited.locator(".chapter:visible").count() == len({FOURTH[row] for row in rows})
    again = visit(browser, pages["four"], "#" + visited.url.partition("#")[2])
    assert seen(again) == rows
    assert again.locator(f"[name={field}]").input_value() == value
    visited.get_by_role("button", name="clear").click()
    expect(visited).not_to_have_url(re.compile("#"))
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
    expect(visited).to_have_url(re.compile("#c1a&word=mixed$"))
    visited.locator("[rel=prev]").filter(visible=True).click()
    expect(visited).to_have_url(re.compile("#c0b&c1a&word=mixed$"))
    visited.go_back()
    expect(visited.locator(".claim[open]")).to_have_count(1)
    again = visit(browser, pages["four"], "#c0b&c1a&word=mixed")
    assert again.locator("details.claim[open]").count() == 2
    assert seen(again) == ["two", "three"]
    again.locator(".row:visible a").last.click()
    expect(again).to_have_url(re.compile("#c1a&c0b&word=mixed$"))


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
    expect(visited).to_have_url(re.compile("#search=three$"))
    reach(visited, "A")
    visited.keyboard.press("Enter")
    expect(visited).to_have_url(re.compile("#c1a&search=three$"))
    assert visited.evaluate("document.activeElement.tagName") == "SUMMARY"
