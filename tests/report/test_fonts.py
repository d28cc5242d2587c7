"""Pictures in a real browser that has other fonts than they were laid out with. Needs Debian's chromium."""

import os
from pathlib import Path

import polars as pl
import pytest
from browsing import CHROMIUM, FLAGS, NEEDED
from made_verdicts import cell, estimate, verdict
from playwright.sync_api import sync_playwright

from nominima.drawing.card import card
from nominima.drawing.panels import Panel
from nominima.judging.evidence import COLUMNS
from nominima.verbs.report import detail, rendered

FONTS = Path("/usr/share/fonts/truetype")
pytestmark = NEEDED
CONFIGURED = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{}</dir><cachedir>{}</cachedir></fontconfig>"""
BOXES = """() => {
  const all = document.querySelector("svg").getBoundingClientRect(), found = [];
  const texts = [...document.querySelectorAll("svg text")].filter((each) => each.textContent.trim());
  const boxes = texts.map((each) => [each.getBoundingClientRect(), each.textContent]);
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


@pytest.mark.parametrize("font", ["dejavu", "liberation"])
@pytest.mark.parametrize("draw", [card, detail])
def test_no_text_is_cut_or_lies_on_another_whatever_fonts_there_are(tmp_path, font, draw):
    if not (FONTS / font).is_dir():
        pytest.skip(f"no fonts in {FONTS / font}")
    (tmp_path / "fonts.conf").write_text(CONFIGURED.format(FONTS / font, tmp_path / "cache"))
    drawn = rendered(draw(PANELS, NUMBERS, verdict(cells=CELLS), "Bigger is better", "1a2b3c4d5e6f"))
    (tmp_path / "picture.html").write_bytes(b"<!doctype html><meta charset=utf-8><body>" + drawn["svg"])
    given: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, env=given)
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.goto((tmp_path / "picture.html").as_uri())
        count, found = page.evaluate(BOXES)
        browser.close()
    assert count > 30
    assert found == []
