"""A page opened in a real browser, Debian's chromium, and what is on it."""

from pathlib import Path

import polars as pl
import pytest
from made_verdicts import CELLS, cell, estimate, untested, verdict, words
from playwright.sync_api import Browser, Page

from nominima.judging.record import Cell, Truer

CHROMIUM = Path("/usr/bin/chromium")
NEEDED = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser: {CHROMIUM} is missing")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


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


def reach(visited: Page, *tags: str) -> None:
    """Press Tab until an element of one of these kinds has the focus."""
    for _ in range(60):
        visited.keyboard.press("Tab")
        if visited.evaluate("document.activeElement.tagName") in tags:
            return
    raise AssertionError(f"none of {tags} is reached by Tab")


def saved(visited: Page, caption: str, to: Path, by_keyboard: bool = False) -> pl.DataFrame:
    """The table of that caption as its button saves it, read again; the file stays in `to`."""
    button = visited.locator("button.save").and_(visited.get_by_label(caption)).first
    with visited.expect_download() as found:
        if by_keyboard:
            button.focus()
            visited.keyboard.press("Enter")
        else:
            button.evaluate("(one) => one.click()")
    file = to / found.value.suggested_filename
    found.value.save_as(file)
    return pl.read_csv(file)
