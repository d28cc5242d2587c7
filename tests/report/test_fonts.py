"""Pictures in a real browser that has other fonts than they were laid out with. Needs Debian's chromium."""

import os
from pathlib import Path
from shutil import copy

import polars as pl
import pytest
from browsing import CHROMIUM, FLAGS, NEEDED
from made_project import make
from made_verdicts import cell, estimate, verdict
from playwright.sync_api import Browser, Playwright, sync_playwright

from nominima.drawing.card import card
from nominima.drawing.outlined import with_text
from nominima.drawing.panels import Panel
from nominima.judging.evidence import COLUMNS
from nominima.verbs.report import detail, rendered

FONTS = Path("/usr/share/fonts/truetype")
pytestmark = NEEDED
CONFIGURED = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{}</dir><cachedir>{}</cachedir></fontconfig>"""
BOXES = """(selector) => {
  const svg = document.querySelector(selector), all = svg.getBoundingClientRect(), found = [];
  const said = (each) => (each.textContent || each.getAttribute("aria-label") || "").trim();
  const texts = [...svg.querySelectorAll("text, .text[role=img], .tspan[role=img]")].filter(said);
  const boxes = texts.map((each) => [each.getBoundingClientRect(), said(each)]);
  for (const [at, [one, told]] of boxes.entries()) {
    if (one.left < all.left || one.right > all.right || one.top < all.top || one.bottom > all.bottom)
      found.push(`cut: ${told}`);
    for (const [other, also] of boxes.slice(at + 1))
      if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
          Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 5) found.push(`${told} on ${also}`);
  }
  return [boxes.length, found];
}"""
CELLS = [
    cell(f"{name}, noise 0.{at}, {model}, fixed rate", estimate(at / 9, -0.3, 0.3), "supported", lost={"censored": 3})
    for name in ("digits", "mnist1d") for at in (0, 3) for model in ("cnn", "mlp, momentum", "transformer")
]  # fmt: skip
NUMBERS = pl.DataFrame(
    {"dataset": name, "noise": noise, "model": model, "view": "loss", "size": size, "place": None, "seed": seed,
     "value": 9 / size + 0.001 * seed, "status": None}
    for name in ("digits", "mnist1d") for noise in (0.0, 0.3) for model in ("cnn", "mlp", "transformer")
    for size in (4.0, 160.0, 6400.0) for seed in range(8)
).cast(COLUMNS)  # pyright: ignore[reportArgumentType]  # fmt: skip
PANELS = (
    Panel("loss", "Loss on examples that were never seen in training, where it is stopped by validation", "nats"),
)


def started(playwright: Playwright, fonts: Path, folder: Path) -> Browser:
    """A browser that finds the fonts of one folder and no others."""
    configured = folder / f"{fonts.name}.conf"
    configured.write_text(CONFIGURED.format(fonts, folder / "cache"))
    given: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(configured)}
    return playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, env=given)


@pytest.mark.parametrize("font", ["dejavu", "liberation"])
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("draw", [card, detail])
def test_no_text_is_cut_or_lies_on_another_whatever_fonts_there_are(tmp_path, font, draw, alone):
    if not (FONTS / font).is_dir():
        pytest.skip(f"no fonts in {FONTS / font}")
    drawn = rendered(draw(PANELS, NUMBERS, verdict(cells=CELLS), "Bigger is better", "1a2b3c4d5e6f"))
    svg = drawn["svg"] if alone else with_text(drawn["svg"].decode()).encode()
    (tmp_path / "picture.html").write_bytes(b"<!doctype html><meta charset=utf-8><body>" + svg)
    with sync_playwright() as playwright:
        browser = started(playwright, FONTS / font, tmp_path)
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.goto((tmp_path / "picture.html").as_uri())
        count, found = page.evaluate(BOXES, "svg")
        browser.close()
    assert count > 30
    assert found == []


TEXTS = """() => [...document.querySelectorAll("h1, .lead, .name, .word, .trend, .drawn text")].map((each) => {
  const box = each.getBoundingClientRect();
  return [each.textContent, Math.round(box.x), Math.round(box.width)];
})"""


@pytest.mark.skipif(not all((FONTS / each).is_dir() for each in ("dejavu", "liberation")), reason="fonts are missing")
def test_the_page_is_the_same_with_whatever_fonts_there_are_and_with_hardly_any(tmp_path):
    """Without any font at all Chromium ends; one for code alone is the least that it starts with."""
    drawn = rendered(card(PANELS, NUMBERS, verdict(cells=CELLS), "Bigger is better", "1a2b3c4d5e6f"))
    path = make(tmp_path / "project", {"c0a": verdict("c0a", cells=CELLS)}, picture=drawn["svg"])
    (tmp_path / "mono").mkdir()
    copy(FONTS / "dejavu/DejaVuSansMono.ttf", tmp_path / "mono")
    measured: list[list[object]] = []
    with sync_playwright() as playwright:
        for fonts in (FONTS / "dejavu", FONTS / "liberation", tmp_path / "mono"):
            browser = started(playwright, fonts, tmp_path)
            measured.append([])
            for width in (390, 768, 1400):
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.goto(f"{path.as_uri()}#c0a")
                page.evaluate("document.fonts.ready")
                page.locator(".drawn").first.wait_for()
                assert page.evaluate(BOXES, ".drawn")[1] == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                measured[-1].append(page.evaluate(TEXTS))
            browser.close()
    assert all(each == measured[0] for each in measured)
