"""Pages of made projects, and the browser that opens them."""

from collections.abc import Iterator

import pytest
from browsing import CHROMIUM, FLAGS, FOUR, LONG, TITLES
from made_project import make, ordinary
from made_verdicts import untested, verdict, words
from playwright.sync_api import Browser, sync_playwright


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
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield started
        started.close()
